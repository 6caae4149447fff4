"""Error responses in a document's own shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from mockserver.engine.behaviour import ErrorResponse
from mockserver.engine.errors import Problem, Refusal, envelope
from mockserver.generator import Generator, NoValue
from mockserver.openapi.contract import Contract, Operation, is_json
from mockserver.openapi.schemas import Schema

_SENTENCES = ("message", "detail", "description", "error_description", "error", "title", "msg")
"""Names of properties that hold the sentence for people. The first that a body has is filled in."""
_STATUSES = ("status", "code", "statusCode", "status_code")
"""Names of properties that hold the HTTP status if they are integers."""


class ErrorBodies:
    """Writes refusals as a document describes its errors."""

    def __init__(self, contract: Contract, generator: Generator) -> None:
        self._contract = contract
        self._generator = generator

    def response(self, refusal: Refusal, operation: Operation | None) -> ErrorResponse:
        """Return a response that the document allows, where it documents one at all."""
        status = self._status(refusal, operation)
        documented = self._documented(status, operation)
        if documented is not None:
            media_type = _text_type(documented)
            if media_type is not None or not documented:
                return ErrorResponse(status, _sentence(refusal), refusal.headers, media_type)
        for media_type, media in self._json_errors(status, operation):
            body = self._body(media, status, _sentence(refusal))
            if body is not None:
                return ErrorResponse(status, body, refusal.headers, media_type)
        return ErrorResponse(status, envelope(refusal), refusal.headers)

    def _status(self, refusal: Refusal, operation: Operation | None) -> int:
        """Return the documented status of an invalid request: 422, or 400 in many APIs."""
        if operation is None or refusal.status != 422:
            return refusal.status
        responses = operation.node["responses"]
        return 400 if "422" not in responses and "400" in responses else 422

    def _documented(self, status: int, operation: Operation | None) -> Mapping[str, Any] | None:
        """Return the media objects of an operation's status; None if it is not documented."""
        response = operation.response(status) if operation is not None else None
        return self._content(response) if response is not None else None

    def _body(self, media: Schema, status: int, sentence: str) -> Any:
        """Return a body that satisfies a schema and holds the sentence; None if nothing does."""
        schema = media.get("schema", {})
        validator = self._contract.validator(schema, closed=True)
        for draft in self._drafts(media, schema, status):
            for body in _filled(draft, status, sentence):
                if body is not None and validator.is_valid(body):
                    return body
        return None

    def _drafts(self, media: Schema, schema: Schema, status: int) -> Iterator[Any]:
        """Yield bodies to start from: examples, then a generated value."""
        examples = media.get("examples", {}).values()
        yield from (self._contract.follow(example).get("value") for example in examples)
        for place in (media, self._contract.follow(schema)):
            if "example" in place:
                yield place["example"]
        try:
            yield self._generator.compile(schema).make(("error", status))
        except NoValue:
            return

    def _json_errors(
        self, status: int, operation: Operation | None
    ) -> Iterator[tuple[str, Schema]]:
        """Yield the JSON media objects of documented errors, those that fit best first.

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
            for media_type, media in self._content(response).items():
                if is_json(media_type):
                    yield media_type, media

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


def _filled(draft: Any, status: int, sentence: str) -> Iterator[Any]:
    """Yield a body with sentence and status filled in, with the sentence alone, and as it is."""
    if isinstance(draft, str):
        yield sentence
    body = deepcopy(draft)
    target, name = _place_of_sentence(body)
    if name is not None:
        target[name] = sentence
        numbers = {
            key: status
            for key in _STATUSES
            if isinstance(target.get(key), int) and not isinstance(target[key], bool)
        }
        before = dict(target)
        target.update(numbers)
        yield body
        target.update(before)
        yield body
    yield draft


def _place_of_sentence(body: Any) -> tuple[dict[str, Any], str | None]:
    """Return the outermost object with a property for the sentence, and the property's name."""
    level = [body]
    while level:
        objects = [value for value in level if isinstance(value, dict)]
        for value in objects:
            for name in _SENTENCES:
                if isinstance(value.get(name), str):
                    return value, name
        lists = [value for value in level if isinstance(value, list)]
        level = [child for value in objects for child in value.values()]
        level += [child for value in lists for child in value]
    return {}, None
