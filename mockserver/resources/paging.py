"""Pages of lists by the conventions of parameter names: offsets, pages and cursors. It is pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from mockserver.resources.order import DIRECTIONS, SORTS
from mockserver.resources.words import plain

_LIMITS = frozenset(
    {
        *("limit", "perpage", "pagesize", "size", "maxresults", "maxitems", "top", "take"),
        *("count", "first", "pagelimit", "maxpagesize", "resultsperpage", "itemsperpage"),
    }
)
_OFFSETS = frozenset({"offset", "skip", "start", "startindex", "pageoffset"})
_PAGES = frozenset({"page", "pagenumber", "pageno", "pageindex", "currentpage"})
_AFTER = frozenset({"startingafter", "after", "sinceid", "lastid", "startafter", "afterid"})
_BEFORE = frozenset({"endingbefore", "before", "maxid", "beforeid"})
_TOKENS = frozenset(
    {
        *("pagetoken", "cursor", "nexttoken", "nextcursor", "nextpagetoken", "marker"),
        *("continuationtoken", "nextmarker", "startcursor", "bookmark"),
    }
)
_DEFAULT_LIMIT, _MAX_LIMIT = 20, 1_000
_MAX_DIGITS = 10
PAGING = _LIMITS | _OFFSETS | _PAGES | _AFTER | _BEFORE | _TOKENS | SORTS | DIRECTIONS
"""Plain names of parameters that select or order a page. No filter has such a name."""

Key = str


class Names(Struct, frozen=True):
    """The parameters of one list, by what they mean; None where it has none."""

    limit: str | None = None
    offset: str | None = None
    page: str | None = None
    after: str | None = None
    before: str | None = None
    token: str | None = None
    first_page: int = 1
    """The number of the first page."""
    first_offset: int = 0
    """The offset of the first item."""


class Page(NamedTuple):
    """A part of a list, and how to go on."""

    start: int
    end: int
    total: int
    limit: int
    number: int
    """The number of the page, from 1."""
    last: Key | None
    """The key of the last item of the page."""
    unclear: tuple[str, ...] = ()
    """The names of parameters whose values could not be understood."""

    @property
    def has_more(self) -> bool:
        """Whether items follow."""
        return self.end < self.total

    @property
    def pages(self) -> int:
        """The number of pages of the list."""
        return -(-self.total // max(self.limit, 1))


def names_of(parameters: Sequence[Mapping[str, Any]]) -> Names:
    """Return the parameters of a list by what their names mean."""
    kinds = {
        "limit": _LIMITS,
        "offset": _OFFSETS,
        "page": _PAGES,
        "after": _AFTER,
        "before": _BEFORE,
        "token": _TOKENS,
    }
    found: dict[str, str] = {}
    first_page, first_offset = 1, 0
    for parameter in parameters:
        if parameter.get("in") != "query":
            continue
        name = parameter["name"]
        for kind, words in kinds.items():
            if plain(name) in words:
                found.setdefault(kind, name)
                schema = parameter.get("schema", {})
                if kind == "page" and schema.get("minimum", schema.get("default")) == 0:
                    first_page = 0
                if kind == "offset" and schema.get("minimum", schema.get("default")) == 1:
                    first_offset = 1
    return Names(**found, first_page=first_page, first_offset=first_offset)


def page_of(names: Names, params: Mapping[str, Any], keys: Sequence[Key]) -> Page:
    """Return the page that a request selects. What cannot be understood selects the first one."""
    sizes = _text(params, names.limit)
    size = _number(sizes)
    limit = min(size if size is not None else _DEFAULT_LIMIT, _MAX_LIMIT)
    unclear = [names.limit] if sizes is not None and size is None else []
    end: int | None = None
    start: int | None = 0
    name: str | None = None
    if (after := _text(params, names.after)) is not None:
        name, start = names.after, keys.index(after) + 1 if after in keys else None
    elif (before := _text(params, names.before)) is not None:
        end = keys.index(before) if before in keys else len(keys)
        name, start = names.before, max(0, end - limit) if before in keys else None
    elif (token := _text(params, names.token)) is not None:
        name, start = names.token, _number(token)
    elif (text := _text(params, names.offset)) is not None:
        # Some APIs call a cursor an offset.
        name, number = names.offset, _number(text)
        start = max(0, number - names.first_offset) if number is not None else None
    elif (text := _text(params, names.page)) is not None:
        number = _number(text)
        start = max(0, number - names.first_page) * limit if number is not None else None
        name = names.page
    unclear += [name] if start is None else []
    start = min(start or 0, len(keys))
    end = min(len(keys), start + limit) if end is None or name in unclear else end
    last = keys[end - 1] if end > start else None
    number = start // max(limit, 1) + 1
    found = tuple(name for name in unclear if name is not None)
    return Page(start, end, len(keys), limit, number, last, found)


def next_params(names: Names, page: Page) -> dict[str, str] | None:
    """Return the parameters of the next page; None if there is none."""
    if not page.has_more or not page.limit:
        return None
    if names.after is not None and page.last is not None:
        return {names.after: page.last}
    if names.token is not None:
        return {names.token: str(page.end)}
    if names.page is not None:
        return {names.page: str(page.number + names.first_page)}
    if names.offset is not None:
        return {names.offset: str(page.end + names.first_offset)}
    return None


def _number(text: str | None) -> int | None:
    """Return a whole number, at most one that is beyond every list; None for other texts."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) < _MAX_DIGITS else 10**_MAX_DIGITS


def _text(params: Mapping[str, Any], name: str | None) -> str | None:
    value = params.get(name) if name is not None else None
    return str(value) if isinstance(value, str | int) and str(value) else None
