"""A rule: which requests it is about, how many of them it hits, and what happens to those. What people write."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from mockserver.faults.latency import Latency

Place = list[str | int]
Problem = tuple[Place, str]
"""Where in a rule something is wrong, and what, as the end of a sentence."""

MAX_NEXT = 1_000_000
MAX_RETRY_AFTER = 86_400
MAX_HEADERS = 20
MAX_TEXT = 1_000

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FRAMING = frozenset(
    {"connection", "content-length", "content-type", "transfer-encoding", "x-mock-fault"}
)
"""Headers that belong to the server: with another value the answer could not be read, or not be told apart."""
_WITH_RETRY_AFTER = (429, 503)
_BROKEN = {
    "reset": "connection-reset",
    "truncated_body": "truncated-body",
    "answer_lost": "answer-lost",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What is left out is not wanted: no operations are all operations, neither next nor share is while on."""

    name: str | None = None
    operations: list[str] | None = None
    next: int | None = None
    """So many requests, and then no more."""
    share: float | None = None
    """So large a part of the requests."""
    status: int | None = None
    """Answered in the operation's stead."""
    detail: str | None = None
    headers: dict[str, str] | None = None
    retry_after_seconds: int | None = None
    connection: Literal["reset", "truncated_body", "answer_lost"] | None = None
    """``reset``: before anything is done. The others: after the operation was carried out."""
    latency: Latency | None = None
    """Before anything else."""

    @property
    def decides(self) -> bool:
        """Whether it does more than take time: of such, one request suffers one."""
        return self.status is not None or self.connection is not None

    @property
    def label(self) -> str:
        """Its name, or else what it does."""
        if self.name is not None:
            return self.name
        if self.status is not None:
            return f"status-{self.status}"
        if self.connection is not None:
            return _BROKEN[self.connection]
        return "latency"


def problems(rule: Rule, operations: Collection[str] | None = None) -> Iterator[Problem]:
    """All that is wrong with a rule. Its operations are looked at when it is known which there are."""
    if rule.name is not None and not NAME.fullmatch(rule.name):
        yield ["name"], "must be letters, digits, dots, dashes and underscores, at most 64"
    yield from _of_target(rule, operations)
    yield from _of_number(rule)
    yield from _of_answer(rule)
    if rule.latency is not None:
        yield from ((["latency", *place], problem) for place, problem in rule.latency.problems())
    if rule.status is not None and rule.connection is not None:
        yield (
            ["connection"],
            "does not go with status: the answer is either one of its own, or the operation's",
        )
    if not rule.decides and rule.latency is None:
        yield [], "says nothing that is to happen: give it a status, a connection or a latency"


def _of_target(rule: Rule, operations: Collection[str] | None) -> Iterator[Problem]:
    if rule.operations is None:
        return
    if not rule.operations:
        yield ["operations"], "must name an operation; leave it out to mean all"
    if operations is None:
        return
    for index, name in enumerate(rule.operations):
        if name not in operations:
            yield (
                ["operations", index],
                f"'{name[:100]}' is no operation of the contract{_alike(name, operations)}",
            )


def _of_number(rule: Rule) -> Iterator[Problem]:
    if rule.next is not None and not 1 <= rule.next <= MAX_NEXT:
        yield ["next"], f"must be from 1 to {MAX_NEXT:,}"
    if rule.share is not None and not 0 < rule.share <= 1:
        yield ["share"], "must be more than 0 and at most 1"
    if rule.next is not None and rule.share is not None:
        yield (
            ["share"],
            "does not go with next: a rule hits the next so many requests, or a share of all",
        )


def _of_answer(rule: Rule) -> Iterator[Problem]:
    if rule.status is None:
        for name in ("detail", "headers", "retry_after_seconds"):
            if getattr(rule, name) is not None:
                yield [name], "belongs to a status, and there is none"
        return
    if not 400 <= rule.status <= 599:
        yield ["status"], "must be that of an error, from 400 to 599"
    if rule.detail is not None and not 1 <= len(rule.detail) <= MAX_TEXT:
        yield ["detail"], f"must have 1 to {MAX_TEXT:,} characters"
    if rule.retry_after_seconds is not None:
        if rule.status not in _WITH_RETRY_AFTER:
            yield ["retry_after_seconds"], "belongs to the statuses 429 and 503"
        elif not 0 <= rule.retry_after_seconds <= MAX_RETRY_AFTER:
            yield ["retry_after_seconds"], f"must be from 0 to {MAX_RETRY_AFTER:,}"
    yield from _of_headers(rule.headers or {})


def _of_headers(headers: dict[str, str]) -> Iterator[Problem]:
    if len(headers) > MAX_HEADERS:
        yield ["headers"], f"must be at most {MAX_HEADERS}"
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            yield ["headers", name[:100]], "is not the name of a header"
        elif name.lower() in _FRAMING:
            yield ["headers", name], "cannot be chosen: it belongs to the server"
        elif len(value) > MAX_TEXT or not value.isascii() or (value and not value.isprintable()):
            yield ["headers", name], f"must be printable ASCII, at most {MAX_TEXT:,} characters"


def _alike(name: str, known: Collection[str]) -> str:
    """What may have been meant."""
    from difflib import get_close_matches

    found = get_close_matches(name, known, n=2, cutoff=0.6)
    return f" (did you mean {' or '.join(found)}?)" if found else ""


def phrase(status: int) -> str:
    """What a status says of itself."""
    try:
        return f"{HTTPStatus(status).phrase}."
    except ValueError:
        return f"Error {status}."
