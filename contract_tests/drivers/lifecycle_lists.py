"""Reads a whole list of things, page by page, and says whether nothing can be missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from contract_tests.drivers.lifecycle_values import Json, entries_in
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract, Operation, Place
from contract_tests.openapi.resources import plain

MAX_PAGES = 15
_SIZES = frozenset(
    {"limit", "pagesize", "perpage", "size", "maxresults", "top", "take", "first", "pagelimit"}
)
_OFFSETS = frozenset({"offset", "skip", "startindex", "pageoffset", "startat"})
_PAGES = frozenset({"page", "pagenumber", "pageno", "pageindex"})
_CURSORS = frozenset(
    {
        *("cursor", "after", "startingafter", "pagetoken", "nextpagetoken", "nexttoken", "token"),
        *("marker", "continuation", "continuationtoken", "before", "endingbefore", "startcursor"),
        "nextcursor",
    }
)
_OF_FORM = re.compile(r"sort|order|dir|fields|include|expand|embed|format|pretty|lang|locale")
"""Parameters that change how entries are shown, not which ones."""
_TOTALS = frozenset({"total", "totalcount", "totalitems", "totalresults", "totalrecords"})
_MORE = frozenset({"hasmore", "hasnext", "hasnextpage"})
_NEXT = frozenset(
    {"next", "nextcursor", "nextpagetoken", "nextpage", "nexttoken", "nexturl", "nextmarker"}
)
_ROUND = 5
"""A list whose length is a multiple of it, and at least twice as long, may be cut off."""
_MAX_DEPTH = 3

Ask = Callable[[Mapping[str, Any]], Exchange]
"""Sends the request of a list with these query parameters."""


@dataclass(frozen=True)
class Listed:
    """The entries of a list."""

    exchange: Exchange
    """The last page."""
    entries: list[Json]
    doubt: str
    """Why entries may be missing; empty if the list is complete."""


def read_list(contract: Contract, operation: Operation, ask: Ask) -> Listed:
    """Read a list to its end, or as far as the kit knows how."""
    query = {plain(each.node["name"]): each for each in _query_of(operation)}
    given: dict[str, Any] = {}
    size = next((query[name] for name in query if name in _SIZES), None)
    if size is not None and isinstance(most := _schema(contract, size).get("maximum"), int):
        given[size.node["name"]] = min(most, 1_000)
    first = ask(given)
    entries = entries_in(first.json)
    if first.status != 200 or entries is None:
        return Listed(first, [], f"the list answers {first.status}, or has no array of objects")
    doubt = _filtered(contract, query)
    step = _stepper(contract, query, len(entries))
    found, exchange, is_over = list(entries), first, False
    for number in range(1, MAX_PAGES):
        more = _more(exchange, len(found))
        following = step(number, exchange) if more is not False else None
        if following is None:
            is_over = more is False or (more is None and not _has_cursor(query))
            break
        exchange = ask({**given, **following})
        page = entries_in(exchange.json) or []
        fresh = [entry for entry in page if entry not in found]
        if exchange.status != 200 or not fresh:
            is_over = exchange.status == 200
            break
        found += fresh
    if not doubt and not is_over:
        doubt = "the kit does not know how to read its other pages"
    if not doubt and len(found) == len(entries) and _may_be_cut(exchange, len(found), query):
        doubt = f"it may be cut off after {len(found)} entries"
    return Listed(exchange, found, doubt)


def _query_of(operation: Operation) -> Iterator[Place]:
    for parameter in operation.parameters:
        if parameter.node["in"] == "query":
            yield parameter


def _schema(contract: Contract, parameter: Place) -> Mapping[str, Any]:
    if "schema" not in parameter.node:
        return {}
    node: Mapping[str, Any] = contract.at(parameter.child("schema")).node
    return node


def _is_of_paging(name: str) -> bool:
    return name in _SIZES | _OFFSETS | _PAGES | _CURSORS


def _filtered(contract: Contract, query: Mapping[str, Place]) -> str:
    """Return why a list may show some of its entries only; empty if it shows all."""
    for name, parameter in query.items():
        if _is_of_paging(name) or _OF_FORM.search(name):
            continue
        if parameter.node.get("required") or "default" in _schema(contract, parameter):
            return f"the parameter '{parameter.node['name']}' may leave entries out"
    return ""


def _has_cursor(query: Mapping[str, Place]) -> bool:
    return any(name in _CURSORS for name in query)


def _stepper(
    contract: Contract, query: Mapping[str, Place], size: int
) -> Callable[[int, Exchange], dict[str, Any] | None]:
    """Return what gives the query of a further page, counted from 1; None if there is none."""

    def step(number: int, exchange: Exchange) -> dict[str, Any] | None:
        for name, parameter in query.items():
            if name in _OFFSETS and size:
                return {parameter.node["name"]: number * size}
            if name in _PAGES:
                schema = _schema(contract, parameter)
                is_from_0 = 0 in (schema.get("minimum"), schema.get("default"))
                return {parameter.node["name"]: number if is_from_0 else number + 1}
        return _link(exchange) or _cursor(query, exchange)

    return step


def _link(exchange: Exchange) -> dict[str, Any] | None:
    """Return the query of the URL that a response names as the next page."""
    header = exchange.response_header("link") or ""
    found = re.search(r'<([^>]*)>[^,]*;\s*rel="?next"?', header)
    url = (
        found[1]
        if found
        else next(
            (value for name, value in _marks(exchange.json) if name in _NEXT and "?" in str(value)),
            "",
        )
    )
    query = parse_qs(urlsplit(str(url)).query)
    return {name: values[0] for name, values in query.items()} or None


def _cursor(query: Mapping[str, Place], exchange: Exchange) -> dict[str, Any] | None:
    """Return the query of a page that begins after a cursor which a response names."""
    name = next((query[name].node["name"] for name in query if name in _CURSORS), None)
    value = next(
        (
            value
            for mark, value in _marks(exchange.json)
            if mark in _NEXT and isinstance(value, str | int) and value
        ),
        None,
    )
    return {name: value} if name is not None and value is not None else None


def _marks(body: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield what a body says beside its list: names in one form, and values."""
    if not isinstance(body, dict) or depth > _MAX_DEPTH:
        return
    for name, value in body.items():
        if isinstance(value, dict):
            if plain(name) in _NEXT and isinstance(value.get("href"), str):
                yield plain(name), value["href"]
            yield from _marks(value, depth + 1)
        elif not isinstance(value, list):
            yield plain(name), value


def _more(exchange: Exchange, count: int) -> bool | None:
    """Return whether there are more entries than these; None if a response does not say."""
    marks = dict(_marks(exchange.json))
    for name in _MORE:
        if isinstance(marks.get(name), bool):
            return bool(marks[name])
    totals = [marks[name] for name in _TOTALS if isinstance(marks.get(name), int)]
    if totals:
        return bool(totals[0] > count)
    nexts = [value for name, value in marks.items() if name in _NEXT]
    if nexts:
        return any(nexts)
    return True if 'rel="next"' in (exchange.response_header("link") or "") else None


def _may_be_cut(exchange: Exchange, count: int, query: Mapping[str, Place]) -> bool:
    """Return whether the server may have ended the list without saying so."""
    if _more(exchange, count) is False or any(name in _OFFSETS | _PAGES for name in query):
        return False
    return count >= 2 * _ROUND and count % _ROUND == 0
