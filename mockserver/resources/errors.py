"""Error bodies in a document's own shape."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from mockserver.engine.errors import Problem, Refusal, envelope
from mockserver.generator import Generator, NoValue
from mockserver.openapi.contract import Contract, Operation, is_json
from mockserver.openapi.schemas import Schema

_SENTENCES = ("message", "detail", "description", "error_description", "error", "title", "msg")
"""Names of properties that hold the sentence for people; the first that a body has is filled in."""
_STATUSES = ("status", "code", "statusCode", "status_code")
"""Names of properties that hold the HTTP status, where they are numbers."""


class ErrorBodies:
    """Writes refusals as a document describes its errors."""

    def __init__(self, contract: Contract, generator: Generator) -> None:
        self._contract = contract
        self._generator = generator

    def status(self, refusal: Refusal, operation: Operation | None) -> int:
        """Return the documented status that fits best: FastAPI's 422 is other APIs' 400."""
        if operation is None or refusal.status != 422:
            return refusal.status
        documented = [status for status in (422, 400) if str(status) in operation.node["responses"]]
        return documented[0] if documented else refusal.status

    def body(self, status: int, refusal: Refusal, operation: Operation | None) -> Any:
        """Return a body that satisfies the documented schema and says what is wrong.

        Without a schema for that status, or if nothing satisfies it, it is the mock's own envelope.
        """
        for media in self._media(status, operation):
            schema = media.get("schema", {})
            validator = self._contract.validator(schema, closed=True)
            for draft in self._drafts(media, schema, status):
                for body in (_filled(draft, status, _sentence(refusal)), draft):
                    if validator.is_valid(body):
                        return body
        return envelope(refusal)

    def _drafts(self, media: Schema, schema: Schema, status: int) -> Iterator[Any]:
        """Yield bodies to start from: examples, then generated values."""
        examples = media.get("examples", {}).values()
        yield from (self._contract.follow(example).get("value") for example in examples)
        for place in (media, self._contract.follow(schema)):
            if "example" in place:
                yield place["example"]
        try:
            yield self._generator.compile(schema).make(("error", status))
        except NoValue:
            return

    def _media(self, status: int, operation: Operation | None) -> Iterator[Schema]:
        """Yield the JSON media objects of documented errors, those that fit best first.

        They are those of the operation's own status, then of its other errors, then of the whole
        document, whose unknown paths have no operation.
        """
        operations = [operation] if operation is not None else []
        everywhere = [*operations, *self._contract.operations.values()]
        responses = [candidate.response(status) for candidate in operations or everywhere]
        responses += [
            candidate.response(other)
            for candidate in everywhere
            for other in candidate.statuses
            if other >= 400
        ]
        for response in filter(None, responses):
            for name, media in self._contract.follow(response).get("content", {}).items():
                if is_json(name):
                    yield media


def _sentence(refusal: Refusal) -> str:
    """Return what is wrong, in one line."""
    if isinstance(refusal.detail, str):
        return refusal.detail
    return "; ".join(map(_problem, refusal.detail))


def _problem(problem: Problem) -> str:
    place = ".".join(map(str, problem["loc"]))
    return f"{place}: {problem['msg']}"


def _filled(draft: Any, status: int, sentence: str) -> Any:
    """Return a body with the sentence and the status in the properties that are made for them."""
    if isinstance(draft, str):
        return sentence
    body = deepcopy(draft)
    target = _object_with_sentence(body)
    if target is None:
        return body
    for name in _SENTENCES:
        if isinstance(target.get(name), str):
            target[name] = sentence
            break
    for name in _STATUSES:
        if isinstance(target.get(name), int) and not isinstance(target[name], bool):
            target[name] = status
    return body


def _object_with_sentence(body: Any) -> dict[str, Any] | None:
    """Return the outermost object that has a property for the sentence."""
    level = [body]
    while level:
        for value in level:
            if isinstance(value, dict) and any(
                isinstance(value.get(name), str) for name in _SENTENCES
            ):
                return value
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
    return None
