"""What a page is made of, without its prose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from tools.recording.caller import Json
from tools.recording.values import REWORDED, json_changes

_PROSE_TAGS = frozenset(
    {
        *("p", "em", "strong", "b", "i", "code", "pre", "br", "a", "ul", "ol", "li", "span", "hr"),
        *("small", "abbr", "table", "thead", "tbody", "tr", "td", "th", "h1", "h2", "h3", "h4"),
        *("h5", "h6", "blockquote", "kbd", "div", "details", "summary"),
    }
)
_KEPT = (
    *("id", "name", "data-testid", "type", "action", "method", "href", "src", "for", "role", "rel"),
    *("inputmode", "autocomplete", "required", "checked", "disabled", "maxlength", "pattern"),
    *("http-equiv", "lang", "aria-invalid", "aria-current", "form", "formaction", "autofocus"),
)
_VALUES = ("hidden", "radio", "checkbox")
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr"),
    }
)
_FACT = re.compile(r"-?\$?\d[\d,.:]*\d|\d|pm_\w+|price_\w+|sk_\w+|cs_\w+|INV-\d+")


class _Reader(HTMLParser):
    """Collects the elements of a page, and the text inside each that has a ``data-testid``."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[list[str]] = []
        self._open: list[tuple[str, list[str] | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        text = None
        if "data-testid" in given:
            text = [given["data-testid"]]
            self.texts.append(text)
        if tag not in _VOID:
            self._open.append((tag, text))

    def handle_endtag(self, tag: str) -> None:
        """Close the element and what was left open in it."""
        while self._open:
            if self._open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        """Add a text to all elements with a ``data-testid`` around it."""
        for tag, text in self._open:
            if text is not None and tag not in ("script", "style"):
                text.append(data)


def changes(before: str, after: str, *, prose: bool) -> Iterator[tuple[str, Any, Any]]:
    """Yield what differs between two pages; ``prose`` leaves out tags that text is made of."""
    old, new = structure(before, prose=prose), structure(after, prose=prose)
    found = list(json_changes(old, new, "page"))
    yield from found
    if not found:
        wording = list(json_changes(_texts(before), _texts(after), "page"))
        for place, here, there in wording:
            yield place + REWORDED, here, there
        if not wording:
            yield "page" + REWORDED, "...", "..."


def structure(page: str, *, prose: bool) -> Json:
    """Return how often each element occurs, and the amounts and dates in each named element."""
    reader = _read(page)
    elements = Counter(
        _shown(tag, given) for tag, given in reader.elements if _counts(tag, given, prose)
    )
    facts = [[name, *_FACT.findall(" ".join(text))] for name, *text in reader.texts]
    return {"elements": dict(sorted(elements.items())), "facts": facts}


def _texts(page: str) -> Json:
    reader = _read(page)
    return {"texts": [[name, " ".join(" ".join(text).split())] for name, *text in reader.texts]}


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def _counts(tag: str, given: dict[str, str], prose: bool) -> bool:
    if not prose or tag not in _PROSE_TAGS:
        return True
    return any(name in given for name in ("id", "name", "data-testid", "action"))


def _shown(tag: str, given: dict[str, str]) -> str:
    kept = [name for name in _KEPT if name in given]
    kept += ["value"] if given.get("type") in _VALUES or tag in ("option", "button") else []
    return " ".join((tag, *(f'{name}="{given.get(name, "")}"' for name in kept)))
