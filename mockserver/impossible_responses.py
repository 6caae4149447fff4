"""The responses of a document that no value satisfies."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time
from typing import NamedTuple

import orjson

from mockserver.engine.examples import examples_of, problem_of
from mockserver.generator import Generator, NoValue
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema

_SEED = 1


class _Body(NamedTuple):
    """The body of a response in one media type."""

    pointer: tuple[str, ...]
    """The place of the response in the document."""
    media_type: str
    media: Schema


def warn(contract: Contract, seconds: float) -> int:
    """Add a warning for each response body that no value satisfies, within a bounded time.

    Return the number of bodies that were not tried.
    """
    until = process_time() + seconds
    generator = Generator(contract.schemas, _SEED)
    reasons: dict[bytes, str | None] = {}
    untried = 0
    for body in _bodies(contract):
        key = orjson.dumps([body.media.get("schema", {}), body.media_type])
        if key not in reasons:
            if process_time() > until:
                untried += 1
                continue
            reasons[key] = _reason(generator, body.media.get("schema", {}))
        reason = reasons[key]
        if reason is not None and not _has_example(contract, body):
            problem = f"the schema of its body: {reason}; the mock cannot send it"
            contract.problems.warn(body.pointer, problem)
    return untried


def _bodies(contract: Contract) -> Iterator[_Body]:
    for operation in contract.operations.values():
        place = ("paths", operation.path, operation.method, "responses")
        for status, reference in operation.node["responses"].items():
            response = contract.follow(reference)
            for media_type, media in response.get("content", {}).items():
                yield _Body((*place, str(status)), media_type, media)


def _reason(generator: Generator, schema: Schema) -> str | None:
    """Return why no value satisfies a schema; None if one does."""
    try:
        generator.compile(schema)
    except NoValue as error:
        return str(error)
    return None


def _has_example(contract: Contract, body: _Body) -> bool:
    """Return whether an example can be sent instead."""
    schema = body.media.get("schema", {})
    return any(
        problem_of(example.value, schema, body.media_type, contract) is None
        for example in examples_of(contract, body.media)
    )
