"""A page of HTML taken apart, for tests that need no browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from mockserver.docs import html
from mockserver.docs.options import Options
from tests.docs.specs import Json, reference

_VOID = {"meta", "link", "input", "br", "hr"}
_BLOCKS = ("details", "div", "dl", "figure", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre")
_ENDS = {
    **{block: {"p"} for block in (*_BLOCKS, "section", "table", "ul")},
    "li": {"li"},
    "th": {"th", "td"},
    "td": {"th", "td"},
    "tr": {"th", "td", "tr"},
}
"""For each tag, the elements that it ends: their own end tags can be left out."""
_OPEN_ENDED = {"li", "p", "td", "th", "tr"}


@dataclass
class Element:
    """A part of a page: a tag with what is in it."""

    tag: str
    attributes: dict[str, str]
    parts: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All its text, as it is written."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    @property
    def words(self) -> str:
        """Its text with every run of spaces as one."""
        return " ".join(self.text.split())

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def all(self, tag: str | None = None, class_: str | None = None) -> Iterator[Element]:
        """Every element in it of a tag and a class, in the order of the page."""
        waiting = self.parts[::-1]
        while waiting:
            part = waiting.pop()
            if isinstance(part, Element):
                if tag in (None, part.tag) and (class_ is None or class_ in part.classes):
                    yield part
                waiting += reversed(part.parts)

    def at(self, anchor: str) -> Element:
        """The element with an id."""
        return next(element for element in self.all() if element.attributes.get("id") == anchor)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self._open[-1].tag in _ENDS.get(tag, ()):
            self._open.pop()
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        while self._open[-1].tag != tag:
            left = self._open.pop()
            assert left.tag in _OPEN_ENDED, f"<{left.tag}> is ended by </{tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)


def parsed(text: str) -> Element:
    """Parse a page. Fails if an element is not closed, or closed by another."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    return parser.root


def made(document: Json, *, live: bool = False) -> str:
    """Return the page of a document."""
    return (html.live_page if live else html.page)(reference(document), Options())


def made_and_parsed(document: Json, *, live: bool = False) -> Element:
    return parsed(made(document, live=live))
