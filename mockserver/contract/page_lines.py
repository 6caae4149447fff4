"""A saved page as lines: the same form for text, Markdown and HTML."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from msgspec import Struct

from mockserver.openapi import yaml_file
from mockserver.openapi.yaml_file import FileError

MAX_LINE = 10_000
"""The characters of a line."""
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "br", "button", "dd", "details", "div", "dl", "dt"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main"),
        *("nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "thead", "tr", "ul"),
    }
)
"""Elements that begin a line."""
_HIDDEN = frozenset({"script", "style", "template", "svg", "noscript"})
_CELLS = frozenset({"td", "th"})


class Line(Struct, frozen=True):
    """One line of a page."""

    text: str
    number: int
    cells: tuple[str, ...] = ()
    """The cells of a row of a table, if the page has tables."""


def lines_of(path: Path) -> list[Line]:
    """Return the lines of a saved page that are not empty. Raise FileError."""
    text = _text_of(path)
    suffix = path.suffix.lower()
    if suffix in (".html", ".htm") or text.lstrip()[:1] == "<":
        lines = _html(text)
    else:
        lines = [*_plain(text, is_markdown=suffix in (".md", ".markdown"))]
    for line in lines:
        if len(line.text) > MAX_LINE:
            raise FileError(path, f"has a line of more than {MAX_LINE} characters", line.number)
    return lines


def _text_of(path: Path) -> str:
    """Return the text of a page, in UTF-16 too if it says so, as some browsers save it."""
    data = yaml_file.read(path)
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(path, f"is not {'UTF-16' if is_wide else 'UTF-8'} text", 1) from None
    if "\0" in text:
        raise FileError(path, "is not UTF-8 text", text.count("\n", 0, text.index("\0")) + 1)
    return text


def _plain(text: str, *, is_markdown: bool) -> Iterator[Line]:
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or (is_markdown and (line.startswith("```") or set(line) <= set("|-: "))):
            continue
        is_row = is_markdown and len(line) > 1 and line[0] == line[-1] == "|"
        if is_row:
            cells = re.split(r"(?<!\\)\|", line[1:-1])
            yield Line(line, number, tuple(cell.strip().replace("\\|", "|") for cell in cells))
            continue
        if is_markdown:
            line = re.sub(r'<a id="[^"]*"></a>', "", line).lstrip("#").replace("`", "").strip()
        if line:
            yield Line(line, number)


def _html(text: str) -> list[Line]:
    parser = _Parser()
    parser.feed(text)
    parser.close()
    parser.end_line()
    return parser.lines


class _Parser(HTMLParser):
    """Collects the lines of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[Line] = []
        self._text: list[str] = []
        self._cells: list[str] | None = None
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Begin an element."""
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "tr":
            self.end_line()
            self._cells = []
        elif tag in _CELLS:
            self._text.clear()
        elif tag in _BLOCKS and self._cells is None:
            self.end_line()
        elif tag in _BLOCKS:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if tag in _HIDDEN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag in _CELLS and self._cells is not None:
            self._cells.append(_joined(self._text))
            self._text.clear()
        elif tag == "tr" and self._cells is not None:
            cells, self._cells = tuple(self._cells), None
            self.lines.append(Line("".join(cells), self.getpos()[0], cells))
            self._text.clear()
        elif tag in _BLOCKS and self._cells is None:
            self.end_line()

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if not self._hidden:
            self._text.append(data)

    def end_line(self) -> None:
        """End a line. The text of an element has several if it has line breaks."""
        number = self.getpos()[0]
        for text in "".join(self._text).splitlines():
            if text.strip():
                self.lines.append(Line(text.strip(), number))
        self._text.clear()


def _joined(text: list[str]) -> str:
    return " ".join("".join(text).split())
