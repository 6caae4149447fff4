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
from mockserver.engine.media_types import is_xml
from mockserver.generator import Generator, Maker, NoValue
from mockserver.openapi.contract import Contract, Operation, is_json
from mockserver.openapi.schemas import Schema, Validator
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
                return ErrorResponse(status, sentence, headers, media_type, is_final=True)
        for shape in self._shapes_of(status, operation):
            for draft in self._drafts(shape, status):
                for body in _filled(draft, status, sentence, self._names(shape.schema)):
                    if shape.validator.is_valid(body):
                        return self._written(shape, status, body, headers)
        return ErrorResponse(status, envelope(refusal), headers, is_final=True)

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
        for media_type, media in self._errors_like(status, operation):
            schema = media.get("schema", {})
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            validator = self._contract.validator(schema, closed=True)
            drafts = [example.value for example in examples_of(self._contract, media)]
            drafts.append(minimal_value(schema, self._contract, _SENTENCES))
            kept.append(_Shape(media_type, schema, validator, drafts))
            yield kept[-1]

    def _drafts(self, shape: _Shape, status: int) -> Iterator[Any]:
        """Yield bodies to start from; the last one is generated."""
        yield from shape.drafts
        key = orjson.dumps(shape.schema)
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
    ) -> Iterator[tuple[str, Schema]]:
        """Yield the media objects of documented errors, those that fit best first.

        They are those of the operation's status, of that status in the whole document, of the
        operation's other errors, and of all other errors.
        """
        own = [operation] if operation is not None else []
        everywhere = list(self._contract.operations.values())
        candidates = [
            *(candidate.response(status) for candidate in own),
            *(candidate.node["responses"].get(str(status)) for candidate in everywhere),
            *(response for candidate in own for response in _errors(candidate)),
            *(response for candidate in everywhere for response in _errors(candidate)),
        ]
        for response in filter(None, candidates):
            content = self._content(response)
            for is_written in (is_json, is_xml):
                yield from ((name, content[name]) for name in content if is_written(name))

    def _content(self, response: Schema) -> dict[str, Schema]:
        content: dict[str, Schema] = self._contract.follow(response).get("content", {})
        return content


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
