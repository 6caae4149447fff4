"""What processes send each other: findings and counts, bounded, without secrets.

A worker sends an ``Update`` to its master as a message of Locust, and the master sends lines to the
command: ``Listening``, ``Progress`` and an ``Outcome`` at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import msgspec

from contract_tests.findings.finding import Finding, Key
from contract_tests.http.exchange import Exchange, Headers

NAME = "contract-tests"
"""The type of the messages among those of Locust."""
MAX_FINDINGS = 1_000
"""Findings that a process keeps. Further ones are counted."""
MAX_BATCH = 50
"""New findings in one message."""
MAX_BYTES = 8_000_000
"""The size of a message. A master drops what is larger."""
_MAX_TEXT, _MAX_BODY, _MAX_STEP_BODY = 2_000, 16_000, 2_000


@dataclass(frozen=True)
class Seen:
    """What was seen of one operation."""

    statuses: dict[int, int] = field(default_factory=dict)
    valid: list[tuple[str, str]] = field(default_factory=list)
    invalid: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Counts:
    """Everything that a worker counts, since it began."""

    exchanges: int = 0
    judged: int = 0
    times: list[tuple[Key, int]] = field(default_factory=list)
    """How often each finding was seen."""
    left_out: int = 0
    """Findings beyond MAX_FINDINGS."""
    operations: dict[str, Seen] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0
    """Processor time of the process."""
    judge_seconds: float = 0.0
    """Processor time of the judge in it."""
    lag_seconds: float = 0.0
    """How late the process was on average, when it wanted to go on after a pause."""
    held_seconds: float = 0.0
    """How long users waited for the judge, together."""
    accounts: int = 0
    """Accounts on which somebody played."""
    books: int = 0
    """How often all views of an account were read while nobody used it."""
    was_read: bool = False
    """Whether an account could be read at the end."""
    unread: dict[str, int] = field(default_factory=dict)
    """Accounts that could not be read at the end, by reason."""
    peak_bytes: int = 0
    """The most memory that the process had."""
    is_final: bool = False


@dataclass(frozen=True)
class Update:
    """What a worker sends every few seconds."""

    counts: Counts
    findings: list[Finding] = field(default_factory=list)
    """Those that are new since the last update."""


@dataclass(frozen=True)
class Row:
    """The times of one operation, in milliseconds; ``operation`` is empty for all together."""

    operation: str
    requests: int
    failures: int
    """Requests without a whole response, or with a 5xx."""
    per_second: float
    p50: float
    p95: float
    p99: float
    longest: float


class Listening(msgspec.Struct, tag=True):
    """Where a master listens for workers."""

    port: int


class Progress(msgspec.Struct, tag=True):
    """How far a load test is."""

    requests: int
    findings: int
    users: int


class Outcome(msgspec.Struct, tag=True):
    """What came of a load test."""

    counts: Counts
    findings: list[Finding]
    rows: list[Row]
    errors: list[tuple[str, int, int]]
    """Failures: what happened, in how many operations, how often."""
    seconds: float
    """From the first user to the last."""
    workers: int
    stopped: str = ""
    """Why it ended before its time."""


Line = Listening | Progress | Outcome


def packed(update: Update) -> bytes:
    """Return an update as bytes."""
    return msgspec.msgpack.encode(update)


def unpacked(message: object) -> Update | None:
    """Return the update of a message; None for a message that is too large or malformed."""
    if not isinstance(message, bytes) or len(message) > MAX_BYTES:
        return None
    try:
        return msgspec.msgpack.decode(message, type=Update)
    except msgspec.DecodeError:
        return None


def line(message: Line) -> bytes:
    """Return a line for the command."""
    return msgspec.json.encode(message) + b"\n"


def read_line(text: bytes) -> Line:
    """Return what a line says. Raise ValueError."""
    found: Line = msgspec.json.decode(text, type=Line)
    return found


def bounded(finding: Finding) -> Finding:
    """Return a finding of a bounded size that can be encoded: lone surrogates are escaped."""
    texts: dict[str, Any] = {
        field.name: _text(value)
        for field in fields(finding)
        if isinstance(value := getattr(finding, field.name), str)
    }
    shown = finding.exchange
    return replace(
        finding,
        **texts,
        exchange=_exchange(shown, _MAX_BODY) if shown is not None else None,
        steps=tuple(_exchange(step, _MAX_STEP_BODY) for step in finding.steps),
    )


def _exchange(exchange: Exchange, most: int) -> Exchange:
    return replace(
        exchange,
        url=_text(exchange.url),
        path=_text(exchange.path),
        request_headers=_headers(exchange.request_headers),
        request_body=exchange.request_body[:most],
        response_headers=_headers(exchange.response_headers),
        response_body=exchange.response_body[:most],
        error=_text(exchange.error),
    )


def _headers(headers: Headers) -> Headers:
    return tuple((_text(name), _text(value)) for name, value in headers[:50])


def _text(text: str) -> str:
    return text[:_MAX_TEXT].encode("utf-8", "backslashreplace").decode()
