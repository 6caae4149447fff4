"""The fields beside a list: totals, pages and cursors, by the conventions of their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.openapi.schemas import Schema
from mockserver.resources.paging import Names, Page
from mockserver.resources.shapes import Shape, Shapes
from mockserver.resources.words import plain, singular

_TOTALS = frozenset(
    {
        *("total", "totalcount", "totalitems", "totalresults", "totalelements", "itemcount"),
        *("totalrecords", "totalhits", "totalsize", "recordcount", "resultcount"),
    }
)
_COUNTS = frozenset({"count", "size", "numberofelements", "pagecount"})
_MORE = frozenset({"hasmore", "hasnext", "hasnextpage", "more", "hasmoreitems"})
_BACK = frozenset({"hasprevious", "hasprev", "haspreviouspage", "hasprevpage"})
_NEXT_CURSORS = frozenset(
    {
        *("nextcursor", "nextpagetoken", "nexttoken", "nextmarker", "endcursor", "cursor"),
        *("continuationtoken", "nextpagekey", "nextoffset", "nextpagecursor", "offset"),
    }
)
_NEXT_URLS = frozenset({"next", "nextpage", "nextpageurl", "nexturl", "nextlink", "uri", "path"})
_PREVIOUS = frozenset(
    {
        *("previous", "prev", "previouspage", "prevpage", "previouspageurl", "prevurl"),
        *("prevlink", "previouslink", "prevcursor", "previouscursor", "prevmarker"),
    }
)
_THESE = frozenset({"url", "self", "firstpageurl"})
_LIMITS = frozenset({"limit", "perpage", "pagesize", "itemsperpage"})
_PAGES = frozenset({"page", "pagenumber", "currentpage", "number"})
_ALL_PAGES = frozenset({"pages", "totalpages", "pagecount", "lastpage"})
_OFFSETS = frozenset({"offset", "skip", "start", "startindex"})
_NEXT_OBJECTS = frozenset({"next", "nextpage"})
_MAX_DEPTH = 3


class Envelope:
    """The fields beside one page of a list."""

    def __init__(self, shapes: Shapes, names: Names, page: Page, urls: Mapping[str, str]) -> None:
        self._shapes = shapes
        self._names = names
        self._page = page
        self._urls = urls
        """The relative URLs of ``this`` page and of the ``next`` one, if there is one."""

    def fields(self, schema: Schema, noun: str, depth: int = 0) -> dict[str, Any]:
        """Return the fields whose names say what they hold. None stands for no value."""
        found: dict[str, Any] = {}
        for name, property in self._shapes.of(schema).properties.items():
            shape = self._shapes.of(property)
            word = plain(name)
            if shape.is_object:
                if word in _NEXT_OBJECTS and not self._page.has_more:
                    found[name] = None
                elif depth < _MAX_DEPTH and word not in ("data", noun):
                    inner = self.fields(property, noun, depth + 1)
                    found |= {name: inner} if inner else {}
                continue
            value = self._value(word, noun, shape, depth)
            if value is not _UNKNOWN:
                found[name] = value
        return found

    def _value(self, word: str, noun: str, shape: Shape, depth: int) -> Any:
        page = self._page
        if shape.types & {"integer", "number"}:
            return self._number(word, noun)
        if "boolean" in shape.types and word in _MORE | _BACK:
            return page.has_more if word in _MORE else page.start > 0
        if "string" in shape.types and shape.first("enum") is None:
            return self._text(word, depth)
        return _UNKNOWN

    def _text(self, word: str, depth: int) -> Any:
        """Return a cursor or a URL."""
        if word in _NEXT_CURSORS:
            return self._cursor()
        if word in _NEXT_URLS or (depth and word == "href"):
            return self._urls.get("next")
        if word in _PREVIOUS:
            return None
        return self._urls["this"] if word in _THESE else _UNKNOWN

    def _number(self, word: str, noun: str) -> Any:
        page = self._page
        numbers = [
            (_ALL_PAGES, page.pages),
            (_TOTALS, page.total),
            (_LIMITS, page.limit),
            (_PAGES, page.number + self._names.first_page - 1),
            (_OFFSETS, page.start + self._names.first_offset),
            (_COUNTS, page.total if word == "count" else page.end - page.start),
        ]
        for words, value in numbers:
            if word in words:
                return value
        if word.endswith("count") and singular(word.removesuffix("count")) == noun:
            return page.total
        if word in ("nextpage", "nextoffset"):
            following = page.end + self._names.first_offset
            value = page.number + 1 if word == "nextpage" else following
            return value if page.has_more else None
        return _UNKNOWN

    def _cursor(self) -> str | None:
        page = self._page
        if not page.has_more:
            return None
        return page.last if self._names.after is not None else str(page.end)


class _Unknown:
    """A field whose name says nothing."""


_UNKNOWN = _Unknown()
