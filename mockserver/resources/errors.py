"""Error responses in a document's own shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cached_property
from typing import Any

import orjson
from msgspec import Struct

from mockserver.engine.behaviour import ErrorResponse
from mockserver.engine.errors import Headers, Problem, Refusal, envelope
from mockserver.engine.examples import examples_of
from mockserver.engine.media_types import concrete, is_xml, sendable
from mockserver.generator import Generator, Maker, NoValue
from mockserver.json_bytes import kept
from mockserver.openapi.contract import Contract, Operation, is_json
from mockserver.openapi.schemas import Schema, Validator
from mockserver.resources.error_codes import with_code
from mockserver.resources.error_entries import Entries, entries_in, problems_of
from mockserver.resources.minimal_value import minimal_value

_SENTENCES = (
    *("message", "detail", "description", "error_description", "error", "title", "msg"),
    *("error_message", "errorMessage", "reason", "error_detail", "details", "text", "summary"),
)
"""Names of properties that hold the sentence for people. The first that a body has is filled in."""
_STATUSES = ("status", "code", "statusCode", "status_code")
"""Names of properties that hold the HTTP status if they are integers."""


def server_error(operation: Operation | None) -> int:
    """Return a server error that an operation documents, preferably not a 500; else 501."""
    statuses = operation.statuses if operation is not None else ()
    documented = [status for status in statuses if status >= 500]
    return max(documented, key=lambda status: status != 500, default=501)


class _Shape(Struct, frozen=True):
    """The body of one documented error."""

    media_type: str
    schema: Schema
    validator: Validator
    drafts: list[Any]
    """Bodies to start from: examples, then a small value."""
    entries: Entries | None
    """The array of problems that the body may have."""


class ErrorBodies:
    """Writes refusals as a document describes its errors."""

    def __init__(self, contract: Contract, generator: Generator) -> None:
        self._contract = contract
        self._generator = generator
        self._shapes: dict[tuple[str, int], list[_Shape]] = {}
        """The shapes that were found for an operation and a status, the best one first."""
        self._makers: dict[bytes, Maker] = {}
        """By schema. Operations share the schemas of errors."""

    def response(self, refusal: Refusal, operation: Operation | None) -> ErrorResponse:
        """Return a response that the document allows, where it documents one at all."""
        status = self._status(refusal, operation)
        sentence, headers = _sentence(refusal), refusal.headers
        documented = self._documented(status, operation)
        if documented is not None:
            media_type = _text_type(documented)
            if media_type is not None or not documented:
                response = ErrorResponse(status, sentence, headers, media_type, is_final=True)
                response.unsaid = sentence if media_type is None else ""
                return response
        for shape in self._shapes_of(status, operation):
            for draft in self._drafts(shape, status):
                for body in self._bodies(shape, draft, status, refusal):
                    if shape.validator.is_valid(body):
                        response = self._written(shape, status, body, headers)
                        response.unsaid = "" if _says(body, refusal) else sentence
                        return response
        return ErrorResponse(status, envelope(refusal), headers, is_final=True)

    def _bodies(self, shape: _Shape, draft: Any, status: int, refusal: Refusal) -> Iterator[Any]:
        """Yield a draft with the problems in its array, with the sentence, and as it is."""
        sentence, entries, contract = _sentence(refusal), shape.entries, self._contract
        if draft is None:  # any value is valid: one that says what is wrong
            yield envelope(refusal)
        if entries is not None:
            problems = problems_of(refusal)
            texts = list(map(_problem, problems)) if len(problems) > 1 else [sentence]
            items = [
                entries.entry(problem, text, status, contract)
                for problem, text in zip(problems, texts, strict=True)
            ]
            has_place = _place_of_sentence(entries.placed(draft, [], contract))[1] is not None
            if not has_place:
                for listed in (items, items[:1]):
                    body = entries.placed(draft, listed, contract)
                    if isinstance(body, dict):
                        yield {**body, **_with_status(body, status)}
                    yield body
            elif not isinstance(refusal.detail, str):
                body = entries.placed(draft, items, contract)
                yield from list(_filled(body, status, sentence, ()))[:-1]
        yield from _filled(draft, status, sentence, self._names(shape.schema))

    def _written(self, shape: _Shape, status: int, body: Any, headers: Headers) -> ErrorResponse:
        """Return a body of a documented error in its media type."""
        if is_xml(shape.media_type):
            from mockserver.engine.xml_body import encode_xml  # most documents have no XML

            body = encode_xml(body, shape.schema, self._contract)
        return ErrorResponse(status, body, headers, shape.media_type, is_final=True)

    def _status(self, refusal: Refusal, operation: Operation | None) -> int:
        """Return the documented status of an invalid or unauthenticated request.

        An invalid one is a 422, or a 400 in many APIs. Some document a 403 in place of the 401.
        """
        if operation is None:
            return refusal.status
        responses = operation.node["responses"]
        if refusal.status == 401 and "403" in responses and operation.response(401) is None:
            return 403
        if refusal.status != 422 or "422" in responses:
            return refusal.status
        return 400 if "400" in responses else self._usual_status

    @cached_property
    def _usual_status(self) -> int:
        """The status of invalid requests that most operations of the document name."""
        counts = Counter(
            status
            for operation in self._contract.operations.values()
            for status in ("400", "422")
            if status in operation.node["responses"]
        )
        return 400 if counts["400"] > counts["422"] else 422

    def _documented(self, status: int, operation: Operation | None) -> Mapping[str, Any] | None:
        """Return the media objects of an operation's status; None if it is not documented."""
        response = operation.response(status) if operation is not None else None
        return self._content(response) if response is not None else None

    def _shapes_of(self, status: int, operation: Operation | None) -> Iterator[_Shape]:
        """Yield the shapes of documented errors, those that fit best first.

        Each is compiled when it is needed, and kept for the next refusal.
        """
        key = (operation.operation_id if operation is not None else "", status)
        kept = self._shapes.setdefault(key, [])
        yield from list(kept)
        seen = {id(shape.schema) for shape in kept}
        for media_type, media, is_own in self._errors_like(status, operation):
            schema = media.get("schema", {})
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            validator = self._contract.validator(schema, closed=True)
            drafts = [example.value for example in examples_of(self._contract, media)]
            if not is_own:
                agreeing = [with_code(draft, schema, status, self._contract) for draft in drafts]
                drafts = [*agreeing, *drafts]
            small = minimal_value(schema, self._contract, _SENTENCES)
            drafts += [with_code(small, schema, status, self._contract), small]
            entries = entries_in(schema, self._contract, _SENTENCES)
            kept.append(_Shape(media_type, schema, validator, drafts, entries))
            yield kept[-1]

    def _drafts(self, shape: _Shape, status: int) -> Iterator[Any]:
        """Yield bodies to start from; the last one is generated."""
        yield from shape.drafts
        key = kept(orjson.dumps(shape.schema))
        try:
            if key not in self._makers:
                self._makers[key] = self._generator.compile(shape.schema)
            yield self._makers[key].make(("error", status))
        except NoValue:
            return

    def _names(self, schema: Schema) -> list[str]:
        """Return the names of properties that a body may hold the sentence in."""
        properties = self._contract.follow(schema).get("properties", {})
        return [name for name in _SENTENCES if name in properties]

    def _errors_like(
        self, status: int, operation: Operation | None
    ) -> Iterator[tuple[str, Schema, bool]]:
        """Yield the media objects of documented errors, those that fit best first.

        Each has its media type, and whether it is documented for this very status. They are those
        of the operation's status, of that status in the whole document, of the operation's other
        errors, and of all other errors.
        """
        own = [operation] if operation is not None else []
        number = str(status)
        everywhere = list(self._contract.operations.values())
        candidates = [
            *((one.response(status), number in one.node["responses"]) for one in own),
            *((one.node["responses"].get(number), True) for one in everywhere),
            *((response, False) for one in own for response in _errors(one)),
            *((response, False) for one in everywhere for response in _errors(one)),
        ]
        for response, is_own in candidates:
            content = self._content(response) if response else {}
            for is_written in (is_json, is_xml):
                yield from ((name, content[name], is_own) for name in content if is_written(name))

    def _content(self, response: Schema) -> dict[str, Schema]:
        """Return media objects by media type; a range such as ``*/*`` stands for its usual one."""
        content = sendable(self._contract.follow(response).get("content", {}), "an error")
        ranges = {concrete(name): media for name, media in content.items() if "*" in name}
        return ranges | {name: media for name, media in content.items() if "*" not in name}


def _errors(operation: Operation) -> Iterator[Schema]:
    """Yield the error responses of an operation. ``default`` is one unless it is the only one."""
    responses = operation.node["responses"]
    for name, response in responses.items():
        if name[0] in "45" or (name == "default" and len(responses) > 1):
            yield response


def _text_type(content: Mapping[str, Any]) -> str | None:
    """Return the media type of plain text, where errors are text and not JSON."""
    if any(map(is_json, content)):
        return None
    return next((name for name in content if name.startswith("text/")), None)


def _sentence(refusal: Refusal) -> str:
    """Return what is wrong, in one line."""
    if isinstance(refusal.detail, str):
        return refusal.detail
    return "; ".join(map(_problem, refusal.detail))


def _says(body: Any, refusal: Refusal) -> bool:
    """Return whether a body holds the sentence of a refusal, or its first problem."""
    said = problems_of(refusal)[0]["msg"]
    level = [body]
    while level:
        value = level.pop()
        if isinstance(value, str) and said in value:
            return True
        level += value.values() if isinstance(value, dict) else ()
        level += value if isinstance(value, list) else ()
    return False


def _problem(problem: Problem) -> str:
    place = ".".join(map(str, problem["loc"]))
    return f"{place}: {problem['msg']}"


def _filled(draft: Any, status: int, sentence: str, names: Iterable[str]) -> Iterator[Any]:
    """Yield a body with sentence and status filled in, with the sentence alone, and as it is.

    ``names`` are properties to add where the draft has no place for the sentence.
    """
    if isinstance(draft, str):
        yield sentence
    body = deepcopy(draft)
    target, name = _place_of_sentence(body)
    if name is not None:
        target[name] = sentence
        if isinstance(target, dict):
            before = dict(target)
            target.update(_with_status(target, status))
            yield body
            target.update(before)
        yield body
    elif isinstance(draft, dict):
        for added in names:
            yield {**draft, **_with_status(draft, status), added: sentence}
            yield {**draft, added: sentence}
    yield draft


def _with_status(body: Mapping[str, Any], status: int) -> dict[str, int]:
    """Return the integer properties of a body that hold the status."""
    return {
        key: status
        for key in _STATUSES
        if isinstance(body.get(key), int) and not isinstance(body[key], bool)
    }


def _place_of_sentence(body: Any) -> tuple[Any, str | int | None]:
    """Return the outermost object with a property for the sentence, and the property's name.

    Else it is the first list of texts, and the index of a text.
    """
    level, texts = [body], None
    while level:
        objects = [value for value in level if isinstance(value, dict)]
        for value in objects:
            for name in _SENTENCES:
                if isinstance(value.get(name), str):
                    return value, name
        lists = [value for value in level if isinstance(value, list)]
        texts = texts or next((value for value in lists if value and _is_text(value[0])), None)
        level = [child for value in objects for child in value.values()]
        level += [child for value in lists for child in value]
    return (texts, 0) if texts is not None else ({}, None)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
