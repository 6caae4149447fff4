"""A good answer with what was asked, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Operation, Provenance

Json = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """One thing that is not true."""

    kind: str
    where: str
    """JSON pointer into the body, lists generalised; into the exchange, if it begins with ``/response``."""
    rule: str
    expected: str
    got: str
    provenance: Provenance = "assumed"


@dataclass(frozen=True)
class Answer:
    """A good answer and what was asked, with the contract's defaults."""

    exchange: Exchange
    operation: Operation
    body: Json
    params: Json


Rule = Callable[[Answer], Iterator[Fault]]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
