"""A successful response with what was asked, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from contract_tests.findings.severity import Nature
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Operation, Provenance

Json = dict[str, Any]


@dataclass(frozen=True)
class Violation:
    """One thing that does not hold."""

    kind: str
    where: str
    """JSON pointer into the body, or into the exchange if it begins with ``/response``."""
    rule: str
    expected: str
    got: str
    provenance: Provenance = "assumed"
    nature: Nature | None = None
    """How bad it is; None for the severity of its kind."""


@dataclass(frozen=True)
class Response:
    """A response with a JSON object, and its request's parameters with defaults."""

    exchange: Exchange
    operation: Operation
    body: Json
    params: Json

    @cached_property
    def objects(self) -> list[tuple[str, Json]]:
        """Every object in the body with its place, lists generalised."""
        found: list[tuple[str, Json]] = []
        left: list[tuple[str, Any]] = [("", self.body)]
        while left:
            where, node = left.pop()
            if isinstance(node, dict):
                found.append((where, node))
                inner = [(f"{where}/{name}", value) for name, value in node.items()]
            else:
                inner = [(f"{where}/*", item) for item in node]
            left += [child for child in reversed(inner) if isinstance(child[1], dict | list)]
        return found


Rule = Callable[[Response], Iterator[Violation]]
"""What must hold of one successful response by itself."""


ONE_MOMENT = timedelta(seconds=1)
"""How much times may differ that a deployment reads from its clock in one request."""


def moment(text: str) -> datetime:
    """Return the moment that a body writes down. Raises ValueError."""
    return datetime.fromisoformat(text)


def are_close(first: str | None, second: str | None) -> bool:
    """Return whether two times are those of one request. Raises ValueError."""
    if first is None or second is None:
        return first is second
    return abs(moment(first) - moment(second)) <= ONE_MOMENT


def guarded(found: Iterator[Violation]) -> Iterator[Violation]:
    """Yield violations while bodies have the expected shape; the schema judges the rest."""
    try:
        yield from found
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        StopIteration,
        RuntimeError,
    ):
        return
