"""What must be true of any good answer by itself, whatever its operation: so of a new one from its first day."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from contract_tests.http.exchange import Exchange
from contract_tests.judge import money
from contract_tests.judge.answer import Answer, Fault, Json, Rule, moment


def displays_say_their_numbers(answer: Answer) -> Iterator[Fault]:
    """Each ``*_display`` is the amount beside it, rounded toward minus infinity."""
    for where, node in _objects(answer.body, ""):
        for name, text in node.items():
            if not name.endswith("_display"):
                continue
            amount = _amount(node, name.removesuffix("_display"))
            if amount is _NONE:
                continue
            expected = None if amount is None else money.display(amount)
            if text != expected:
                yield Fault(
                    "display",
                    f"{where}/{name}",
                    "display",
                    f"{expected}, as the number beside it",
                    str(text),
                )


def times_are_ordered(answer: Answer) -> Iterator[Fault]:
    """A thing is created before it is paid or changed; a period ends after it begins."""
    for where, node in _objects(answer.body, ""):
        for earlier, later in _PAIRS_OF_TIMES:
            first, last = node.get(earlier), node.get(later)
            if isinstance(first, str) and isinstance(last, str) and moment(first) > moment(last):
                yield Fault(
                    "time", f"{where}/{later}", "order", f"not before {earlier} ({first})", last
                )


def pages_add_up(answer: Answer) -> Iterator[Fault]:
    """``total`` counts all matches, ``has_more`` says whether entries follow, a page is as long as it can be."""
    page = page_of(answer)
    if page is None:
        return
    items, total, offset, size = page
    expected = max(0, min(size, total - offset))
    if len(items) > size:
        yield Fault(
            "pagination",
            f"/{_list_name(answer.body)}",
            "limit",
            f"at most {size} entries",
            str(len(items)),
        )
    elif len(items) != expected:
        got = f"{len(items)} entries"
        yield Fault(
            "pagination",
            f"/{_list_name(answer.body)}",
            "length",
            f"{expected} of {total} from {offset}",
            got,
        )
    more = offset + len(items) < total
    if answer.body["has_more"] is not more:
        got = f"{answer.body['has_more']} with {total} in all, {len(items)} from {offset}"
        yield Fault("pagination", "/has_more", "has_more", str(more), got)
    for name in ("page", "per_page"):
        if (
            name in answer.body
            and name in answer.params
            and answer.body[name] != answer.params[name]
        ):
            yield Fault(
                "pagination", f"/{name}", "echo", str(answer.params[name]), str(answer.body[name])
            )


def lists_are_newest_first(answer: Answer) -> Iterator[Fault]:
    """Lists are newest first, and no entry is there twice."""
    for where, items in _lists(answer.body):
        times = [
            moment(each["created_at"]) for each in items if isinstance(each.get("created_at"), str)
        ]
        if any(after > before for before, after in pairwise(times)):
            yield Fault(
                "order",
                f"{where}/*/created_at",
                "newest_first",
                "newest first",
                "an older entry before a newer",
            )
        ids = [each["id"] for each in items if isinstance(each.get("id"), str)]
        if len(set(ids)) != len(ids):
            twice = next(each for each in ids if ids.count(each) > 1)
            yield Fault(
                "pagination", f"{where}/*/id", "unique", "each entry once", f"{twice} twice"
            )


def headers_know_the_caller(answer: Answer) -> Iterator[Fault]:
    """Rate-limit headers fit each other; ``Retry-After`` belongs to 429; the warning follows the balance shown."""
    exchange = answer.exchange
    limit, left = number(exchange, "X-RateLimit-Limit"), number(exchange, "X-RateLimit-Remaining")
    headers = f"/response/{exchange.status}/headers"
    if limit is not None and left is not None and left > limit:
        got = f"{left} of {limit}"
        yield Fault(
            "headers",
            f"{headers}/x-ratelimit-remaining",
            "remaining",
            "no more than the limit",
            got,
            "observed",
        )
    if exchange.response_header("Retry-After") is not None:
        yield Fault(
            "headers", f"{headers}/retry-after", "retry_after", "on 429 alone", "on 200", "observed"
        )
    shown = exchange.response_header("X-AlterLab-Balance")
    if shown is None:
        return
    warned = exchange.response_header("X-AlterLab-Balance-Warning")
    expected = money.warning(_microcents(shown))
    if warned != expected:
        where = f"{headers}/x-alterlab-balance-warning"
        yield Fault("headers", where, "warning", str(expected), f"{warned} at {shown}", "observed")


EVERYWHERE: tuple[Rule, ...] = (
    displays_say_their_numbers,
    times_are_ordered,
    pages_add_up,
    lists_are_newest_first,
    headers_know_the_caller,
)

_PAIRS_OF_TIMES = (
    ("created_at", "paid_at"),
    ("created_at", "expires_at"),
    ("period_start", "period_end"),
    ("current_period_start", "current_period_end"),
    ("started_at", "current_period_start"),
)
_NONE = object()


def page_of(answer: Answer) -> tuple[list[Json], int, int, int] | None:
    """Of a page: its entries, how many there are in all, how many stand before it, how many fit on it."""
    name = _list_name(answer.body)
    if name is None or "total" not in answer.body or "has_more" not in answer.body:
        return None
    params = answer.params
    size = params.get("limit", params.get("per_page"))
    offset = params["offset"] if "offset" in params else (params.get("page", 1) - 1) * (size or 0)
    return (answer.body[name], answer.body["total"], offset, size) if size else None


def _list_name(body: Json) -> str | None:
    names = [name for name, value in body.items() if isinstance(value, list)]
    return names[0] if len(names) == 1 else None


def _lists(body: Json) -> Iterator[tuple[str, list[Json]]]:
    for name, value in body.items():
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            yield f"/{name}", value


def _objects(node: Any, where: str) -> Iterator[tuple[str, Json]]:
    """Every object in a body with its place, lists generalised."""
    if isinstance(node, dict):
        yield where, node
        for name, value in node.items():
            yield from _objects(value, f"{where}/{name}")
    elif isinstance(node, list):
        for each in node:
            yield from _objects(each, f"{where}/*")


def _amount(node: Json, stem: str) -> Any:
    """The amount in microcents that a display stands beside; ``_NONE`` if there is none."""
    for suffix, factor in (("_microcents", 1), ("_cents", money.MICROCENTS_PER_CENT)):
        value = node.get(stem + suffix, _NONE)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return None if value is None else value * factor
    return _NONE


def number(exchange: Exchange, name: str) -> int | None:
    text = exchange.response_header(name)
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _microcents(display: str) -> int:
    """The amount that a display shows."""
    whole, _, fraction = display.replace("$", "").replace(",", "").partition(".")
    units = int(whole.lstrip("-") + fraction) * (-1 if whole.startswith("-") else 1)
    return units * (100 * money.MICROCENTS_PER_CENT // int(10 ** len(fraction)))
