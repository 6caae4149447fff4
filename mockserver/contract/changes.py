"""What changed between two versions of a contract, and how much it matters to clients."""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from pathlib import Path

from msgspec import Struct

from mockserver.openapi.problems import Pointer


class Severity(StrEnum):
    """What a change means for a client of the old version."""

    BREAKING = "breaking"
    """A correct client may fail."""
    UNCLEAR = "unclear"
    """A correct client may fail, but this cannot be decided. Compare it by hand."""
    ADDITIVE = "additive"
    """A correct client works as before."""
    EDITORIAL = "editorial"
    """Only words, examples or names of the document changed."""


class Direction(StrEnum):
    """Who sends a value: the client (request) or the server (response)."""

    REQUEST = "request"
    RESPONSE = "response"


class Effect(Enum):
    """What a change does to the set of valid values, or to clients whatever the direction is."""

    NARROWS = auto()
    WIDENS = auto()
    INCOMPARABLE = auto()
    """Some values became valid and others invalid, or this cannot be decided."""
    BREAKS = auto()
    """Breaks clients in either direction."""
    COMPATIBLE = auto()
    """Breaks no client in either direction."""
    UNKNOWN = auto()
    """May break clients; a reader has to decide it."""
    WORDS = auto()
    """Has no effect on values."""


def severity_of(effect: Effect, direction: Direction) -> Severity:
    """Return what an effect means: requests must not be narrowed, responses not be widened."""
    if effect is Effect.WORDS:
        return Severity.EDITORIAL
    if effect is Effect.UNKNOWN:
        return Severity.UNCLEAR
    harmless = Effect.WIDENS if direction is Direction.REQUEST else Effect.NARROWS
    return Severity.ADDITIVE if effect in (harmless, Effect.COMPATIBLE) else Severity.BREAKING


class Change(Struct, frozen=True):
    """One change, in one sentence."""

    kind: str
    severity: Severity
    text: str
    pointer: Pointer
    """The place in the new document, or in the old one if ``in_old`` is set."""
    in_old: bool = False
    keyword: str = ""
    """The keyword that changed at this place; empty if the place itself was added or removed."""
    users: tuple[str, ...] = ()
    """The requests and responses that are affected."""
    path: Path | None = None
    line: int | None = None
    provenance: str | None = None


_ORDER = [*Severity]


def at_least(change: Change, severity: Severity) -> bool:
    """Return whether a change is as severe as ``severity``."""
    return _ORDER.index(change.severity) <= _ORDER.index(severity)


def in_order(changes: list[Change]) -> list[Change]:
    """Return changes with the most severe first, and by place within a severity."""
    return sorted(
        changes, key=lambda change: (_ORDER.index(change.severity), change.line or 0, change.text)
    )
