"""Rules of any successful response, whatever its operation.

They apply to a new operation from its first day.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from contract_tests.http.exchange import Exchange
from contract_tests.judge.violation import (
    ONE_MOMENT,
    Json,
    Response,
    Rule,
    Violation,
    moment,
)


def times_are_ordered(response: Response) -> Iterator[Violation]:
    """Check that things are created before they are paid, and that periods end after they begin."""
    for where, node in response.objects:
        if _LATER.isdisjoint(node):
            continue
        for earlier, later in _PAIRS_OF_TIMES:
            first, last = node.get(earlier), node.get(later)
            if not isinstance(first, str) or not isinstance(last, str):
                continue
            if moment(first) - moment(last) > ONE_MOMENT:
                yield Violation(
                    "time", f"{where}/{later}", "order", f"not before {earlier} ({first})", last
                )


def pages_add_up(response: Response) -> Iterator[Violation]:
    """Check ``total``, ``has_more`` and the length of a page against each other."""
    page = page_of(response)
    if page is None:
        return
    items, total, offset, size = page
    expected = max(0, min(size, total - offset))
    where, got = f"/{_list_name(response.body)}", f"{len(items)} entries"
    if len(items) > size:
        limit = f"at most {size} entries"
        yield Violation("pagination", where, "limit", limit, str(len(items)))
    elif len(items) != expected:
        yield Violation("pagination", where, "length", f"{expected} of {total} from {offset}", got)
    more = offset + len(items) < total
    if response.body["has_more"] is not more:
        got = f"{response.body['has_more']} with {total} in all, {len(items)} from {offset}"
        yield Violation("pagination", "/has_more", "has_more", str(more), got)


def pages_are_the_ones_asked_for(response: Response) -> Iterator[Violation]:
    """Check that ``page`` and ``per_page`` are returned as they were sent."""
    if page_of(response) is None:
        return
    for name in ("page", "per_page"):
        if name in response.body and name in response.params:
            expected, got = response.params[name], response.body[name]
            if got != expected:
                yield Violation("pagination", f"/{name}", "echo", str(expected), str(got))


def lists_are_newest_first(response: Response) -> Iterator[Violation]:
    """Check that lists are newest first, and have no entry twice."""
    for where, items in _lists(response.body):
        times = [
            moment(item["created_at"]) for item in items if isinstance(item.get("created_at"), str)
        ]
        if any(after > before for before, after in pairwise(times)):
            yield Violation(
                "order",
                f"{where}/*/created_at",
                "newest_first",
                "newest first",
                "an older entry before a newer",
            )
        ids = [item["id"] for item in items if isinstance(item.get("id"), str)]
        if len(set(ids)) != len(ids):
            twice = next(id for id in ids if ids.count(id) > 1)
            yield Violation(
                "pagination", f"{where}/*/id", "unique", "each entry once", f"{twice} twice"
            )


def allowance_adds_up(response: Response) -> Iterator[Violation]:
    """Check that rate-limit headers fit each other, and that ``Retry-After`` is on 429 only."""
    exchange = response.exchange
    limit, left = number(exchange, "X-RateLimit-Limit"), number(exchange, "X-RateLimit-Remaining")
    headers = f"/response/{exchange.status}/headers"
    if limit is not None and left is not None and left > limit:
        got = f"{left} of {limit}"
        yield Violation(
            "headers",
            f"{headers}/x-ratelimit-remaining",
            "remaining",
            "no more than the limit",
            got,
            "observed",
        )
    reset = number(exchange, "X-RateLimit-Reset")
    if reset is not None and reset < _FIRST_UNIX_TIME:
        yield Violation(
            "headers",
            f"{headers}/x-ratelimit-reset",
            "reset",
            "Unix time in seconds",
            str(reset),
            "observed",
        )
    if exchange.response_header("Retry-After") is not None:
        yield Violation(
            "headers", f"{headers}/retry-after", "retry_after", "on 429 alone", "on 200", "observed"
        )


_FIRST_UNIX_TIME = 1_000_000_000
"""In 2001. A smaller number is a count of seconds, not a time."""

EVERYWHERE: tuple[Rule, ...] = (
    times_are_ordered,
    pages_add_up,
    pages_are_the_ones_asked_for,
    lists_are_newest_first,
    allowance_adds_up,
)

_PAIRS_OF_TIMES = (
    ("created_at", "paid_at"),
    ("created_at", "expires_at"),
    ("period_start", "period_end"),
    ("current_period_start", "current_period_end"),
    ("started_at", "current_period_start"),
)
_LATER = frozenset(later for _, later in _PAIRS_OF_TIMES)


def page_of(response: Response) -> tuple[list[Json], int, int, int] | None:
    """Return a page's entries, the total, its offset and its size; None if it is no page."""
    name = _list_name(response.body)
    if name is None or "total" not in response.body or "has_more" not in response.body:
        return None
    params = response.params
    size = params.get("limit", params.get("per_page"))
    offset = params["offset"] if "offset" in params else (params.get("page", 1) - 1) * (size or 0)
    return (response.body[name], response.body["total"], offset, size) if size else None


def _list_name(body: Json) -> str | None:
    names = [name for name, value in body.items() if isinstance(value, list)]
    return names[0] if len(names) == 1 else None


def _lists(body: Json) -> Iterator[tuple[str, list[Json]]]:
    for name, value in body.items():
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            yield f"/{name}", value


def number(exchange: Exchange, name: str) -> int | None:
    text = exchange.response_header(name)
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
