"""Pages, scripts and style sheets without what a browser does not need."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"^(?://.*|/\*.*\*/)$")
_CSS_SPACE = re.compile(r"(?<=[;{},:])\s+|\s+(?=[{}])")
_SCRIPT = re.compile(
    r"""
    (?P<kept>
        "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `(?:\\.|[^`\\])*`
        | (?<![\w)\]])/(?![/*\s])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/[a-z]*  # a pattern
    )
    | [ ]*(?P<sign>[{}()\[\]=,;:?<>*&|!])[ ]*
    """,
    re.VERBOSE,
)
_LINE_END = re.compile(r"(?<=[{(,;\[&|?:=])\n|\n(?=[)\].?:&|])")

_LINE = re.compile(r"\s*\n\s*(?=</?(?:details|div|figure|section|ul)\b)")
_PARAGRAPH_END = re.compile(
    r"</p>\s*(?=<(?:details|div|dl|figure|h[1-6]|ol|p|pre|section|table|ul|/div|/li|/section)\b)"
)


def markup(text: str) -> str:
    """Return a page without the ends of paragraphs that HTML implies, and with fewer lines."""
    return _LINE.sub("", _PARAGRAPH_END.sub("", text))


def script(text: str) -> str:
    """Return a script without comments, indentation and spaces between signs.

    Texts and patterns are kept. A comment must be a line of its own, a text end where its line
    does, and a pattern begin without a space.
    """
    return _LINE_END.sub("", _SCRIPT.sub(_part, _lines(text)))


def style(text: str) -> str:
    """Return a style sheet without comments and spaces between signs."""
    return _CSS_SPACE.sub("", _lines(text))


def _part(found: re.Match[str]) -> str:
    return found["kept"] or found["sign"]


def _lines(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not _COMMENT.match(line))
