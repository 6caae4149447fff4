"""A fault rule, as users write it: which requests it selects, how many, and how they fail."""

import re
from collections.abc import Collection, Iterator
from http import HTTPStatus
from typing import Literal

from msgspec import Struct

from mockserver.candidates import candidates
from mockserver.faults.latency import Latency

Place = list[str | int]
"""Path of a field in a rule, such as ``["latency", "ms"]``."""
Problem = tuple[Place, str]
"""An invalid field, and what is wrong with it as the end of a sentence."""

MAX_NEXT = 1_000_000
MAX_RETRY_AFTER = 86_400
MAX_HEADERS = 20
MAX_TEXT = 1_000

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FRAMING = frozenset(
    {"connection", "content-length", "content-type", "transfer-encoding", "x-mock-fault"}
)
"""Headers that the server sets: other values would make the response unreadable or ambiguous."""
_WITH_RETRY_AFTER = (429, 503)
_CONNECTION_LABELS = {
    "reset": "connection-reset",
    "truncated_body": "truncated-body",
    "answer_lost": "answer-lost",
}


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule by which requests fail. Without ``next`` and ``share`` it applies to every request."""

    name: str | None = None
    operations: list[str] | None = None
    """The operationIds whose requests it selects; None for all."""
    next: int | None = None
    """How many requests it applies to, before it is used up."""
    share: float | None = None
    """Share of the requests that it applies to: more than 0, at most 1."""
    status: int | None = None
    """Status code of an error, sent instead of the operation's response."""
    detail: str | None = None
    """Message of that error."""
    headers: dict[str, str] | None = None
    """Additional headers of that error."""
    retry_after_seconds: int | None = None
    """Value of that error's Retry-After header; for 429 and 503."""
    connection: Literal["reset", "truncated_body", "answer_lost"] | None = None
    """How the connection breaks: ``reset`` before the operation runs, the others after it ran."""
    latency: Latency | None = None
    """Delay before the operation runs."""

    @property
    def decides(self) -> bool:
        """Whether it determines the response. One such rule at most applies to a request."""
        return self.status is not None or self.connection is not None

    @property
    def label(self) -> str:
        """The rule's name, or else a description of its effect, such as ``status-503``."""
        if self.name is not None:
            return self.name
        if self.status is not None:
            return f"status-{self.status}"
        if self.connection is not None:
            return _CONNECTION_LABELS[self.connection]
        return "latency"


def problems(rule: Rule, operations: Collection[str] | None = None) -> Iterator[Problem]:
    """Report everything that is invalid in a rule; operations are checked if they are given."""
    if rule.name is not None and not NAME.fullmatch(rule.name):
        yield (
            ["name"],
            "must be letters, digits, dots, dashes and underscores, at most 64",
        )
    yield from _operation_problems(rule, operations)
    yield from _count_problems(rule)
    yield from _response_problems(rule)
    if rule.latency is not None:
        yield from ((["latency", *place], problem) for place, problem in rule.latency.problems())
    if rule.status is not None and rule.connection is not None:
        yield (
            ["connection"],
            "cannot be combined with status: a rule either sends an error or breaks the connection",
        )
    if not rule.decides and rule.latency is None:
        yield [], "has no effect: add a status, a connection or a latency"


def _operation_problems(rule: Rule, operations: Collection[str] | None) -> Iterator[Problem]:
    if rule.operations is None:
        return
    if not rule.operations:
        yield ["operations"], "must name at least one operation; leave it out to select all"
    if operations is None:
        return
    for index, name in enumerate(rule.operations):
        if name not in operations:
            known = candidates(name[:100], operations)
            yield (
                ["operations", index],
                f"'{name[:100]}' is not an operation of the contract{known}",
            )


def _count_problems(rule: Rule) -> Iterator[Problem]:
    if rule.next is not None and not 1 <= rule.next <= MAX_NEXT:
        yield ["next"], f"must be from 1 to {MAX_NEXT:,}"
    if rule.share is not None and not 0 < rule.share <= 1:
        yield ["share"], "must be more than 0 and at most 1"
    if rule.next is not None and rule.share is not None:
        yield (
            ["share"],
            "cannot be combined with next: a rule applies to a number of requests or to a share",
        )


def _response_problems(rule: Rule) -> Iterator[Problem]:
    if rule.status is None:
        for name in ("detail", "headers", "retry_after_seconds"):
            if getattr(rule, name) is not None:
                yield [name], "requires a status"
        return
    if not 400 <= rule.status <= 599:
        yield ["status"], "must be an error status, from 400 to 599"
    if rule.detail is not None and not 1 <= len(rule.detail) <= MAX_TEXT:
        yield ["detail"], f"must have 1 to {MAX_TEXT:,} characters"
    if rule.retry_after_seconds is not None:
        if rule.status not in _WITH_RETRY_AFTER:
            yield ["retry_after_seconds"], "requires status 429 or 503"
        elif not 0 <= rule.retry_after_seconds <= MAX_RETRY_AFTER:
            yield ["retry_after_seconds"], f"must be from 0 to {MAX_RETRY_AFTER:,}"
    yield from _header_problems(rule.headers or {})


def _header_problems(headers: dict[str, str]) -> Iterator[Problem]:
    if len(headers) > MAX_HEADERS:
        yield ["headers"], f"must have at most {MAX_HEADERS} entries"
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            yield ["headers", name[:100]], "is not a valid header name"
        elif name.lower() in _FRAMING:
            yield ["headers", name], "is set by the server and cannot be changed"
        elif len(value) > MAX_TEXT or not value.isascii() or (value and not value.isprintable()):
            yield ["headers", name], f"must be printable ASCII, at most {MAX_TEXT:,} characters"


def phrase(status: int) -> str:
    """Return the reason phrase of a status as a sentence."""
    try:
        return f"{HTTPStatus(status).phrase}."
    except ValueError:
        return f"Error {status}."
