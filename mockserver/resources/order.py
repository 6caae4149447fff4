"""The order of lists by parameters such as ``sort=-name`` or ``order_by=name desc``. It is pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mockserver.resources.account import Item
from mockserver.resources.words import plain

SORTS = frozenset({"sort", "sortby", "orderby", "ordering", "sortfield", "sortkey", "sortcolumn"})
"""Plain names of parameters that name the properties to sort by."""
DIRECTIONS = frozenset({"order", "sortorder", "direction", "sortdirection", "orderdirection"})
"""Plain names of parameters that say whether a list ascends."""
_PARTS = re.compile(r"[:. ]+")

Entry = tuple[str, Item]


class Order(NamedTuple):
    """The order that a request asks for."""

    properties: tuple[tuple[str, bool], ...] = ()
    """Names of properties, and whether each one descends."""
    is_ascending: bool | None = None
    """Whether the list ascends by the time of creation; None without a direction."""
    unclear: tuple[str, ...] = ()
    """The names of parameters whose values name neither a property nor a direction."""


def order_of(
    parameters: Sequence[Mapping[str, Any]], params: Mapping[str, Any], properties: Sequence[str]
) -> Order:
    """Return the order that the query of a request asks for."""
    known = {plain(name): name for name in properties}
    is_ascending: bool | None = None
    named: list[tuple[str, bool | None]] = []
    unclear = []
    for name in (parameter["name"] for parameter in parameters if parameter.get("in") == "query"):
        words = _words(params.get(name)) if plain(name) in SORTS | DIRECTIONS else []
        for word in words:
            head, is_descending = _read(word)
            if plain(head) in known:
                named.append((known[plain(head)], is_descending))
            elif not head and is_descending is not None:
                is_ascending = not is_descending
            else:
                unclear.append(str(name))
    usual = is_ascending is False
    found = tuple((name, usual if down is None else down) for name, down in named)
    return Order(found, is_ascending, tuple(dict.fromkeys(unclear)))


def ordered(entries: list[Entry], order: Order) -> list[Entry]:
    """Return the items of a list by some of their properties; those without one come last."""
    for name, is_descending in reversed(order.properties):
        with_value = [entry for entry in entries if entry[1].data.get(name) is not None]
        without = [entry for entry in entries if entry[1].data.get(name) is None]
        with_value.sort(key=lambda entry: _rank(entry[1].data[name]), reverse=is_descending)
        entries = [*with_value, *without]
    return entries


def _words(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    texts = [part for part in values if isinstance(part, str)]
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def _read(word: str) -> tuple[str, bool | None]:
    """Return the name in one part of an order, and whether it descends; None if it is not said."""
    sign = word[0] if word[0] in "+-" else ""
    parts = _PARTS.split(word.removeprefix(sign))
    is_descending = {"-": True, "+": False}.get(sign)
    if parts[-1].lower() in ("asc", "ascending", "desc", "descending"):
        is_descending = parts.pop().lower().startswith("desc")
    return ".".join(parts), is_descending


def _rank(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (0, float(value) if abs(value) < 1e300 else 0.0, "")
    return (1, 0.0, str(value).lower())
