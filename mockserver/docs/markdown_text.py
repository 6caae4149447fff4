"""Text made safe to stand in a Markdown page, wherever it came from.

Two sorts come in. Names, titles and summaries are plain text: whatever in them means something in Markdown is escaped.
Descriptions are Markdown themselves, and stay so, but cannot do more than they should: HTML is shown instead of
obeyed, a fence that is never closed is closed, a link goes nowhere but to the web, and nothing defines a reference,
which would hold for the whole page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKUP = re.compile(r"[\\`*\[\]|]|~~|(?<![^\W_])_|_(?![^\W_])|(?:^|(?<=\s))#|&(?=#?\w+;)")
_MARKUP_AT_START = re.compile(r"^(\d*)([>=+.)-])")
# In order: what a backslash escapes, a code span, backticks that begin none, an autolink, then what may be unsafe.
_SPECIAL = re.compile(
    r"\\.|(`+)(?!`).+?(?<!`)\1(?!`)|`+|<https?://[^\s<>`]+>|<|\]\(|\]:", re.DOTALL
)
_BACKTICKS = re.compile(r"`+")
_DESTINATION = re.compile(r"\]\(\s*([^\s)]*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SAFE_SCHEMES = ("http:", "https:", "mailto:")
_MAX_HEADING = 6


# ---------------------------------------------------------------------------------------------------------- plain text


def plain(text: str) -> str:
    """A plain text on one line, without any meaning in Markdown or HTML. Not for the beginning of a paragraph."""
    return _MARKUP.sub(_escaped, " ".join(text.split())).replace("<", "&lt;")


def paragraph(text: str) -> str:
    """A plain text as a paragraph of its own."""
    return _MARKUP_AT_START.sub(lambda found: f"{found[1]}\\{found[2]}", plain(text))


def _escaped(found: re.Match[str]) -> str:
    return "&amp;" if found[0] == "&" else "".join(f"\\{character}" for character in found[0])


def code(text: str, *, in_table: bool = False) -> str:
    """A text as a code span."""
    line = " ".join(text.split()) or " "
    if in_table:
        # Cells are cut apart before anything else, at pipes without a backslash; two would end the cell.
        line = re.sub(r"\\*\|", r"\\|", line)
    ticks = "`" * (max((len(run) for run in _BACKTICKS.findall(line)), default=0) + 1)
    padding = " " if "`" in (line[0], line[-1]) else ""
    return f"{ticks}{padding}{line}{padding}{ticks}"


def fence(text: str, language: str) -> str:
    """A text as a code block."""
    ticks = "`" * max(3, *(len(run) + 1 for run in _BACKTICKS.findall(text)), 3)
    return f"{ticks}{language}\n{text}\n{ticks}"


def folded(title: str, block: str) -> list[str]:
    """Lines that unfold a block. What stands on the first of them is HTML, not Markdown."""
    summary = html.escape(" ".join(title.split()))
    return [f"<details><summary>{summary}</summary>", "", block, "", "</details>", ""]


def link(text: str, anchor: str) -> str:
    """A link to a part of this page; the text is Markdown."""
    return f"[{text}](#{anchor})"


def anchor(name: str) -> str:
    """The place that a link to a part of this page leads to."""
    return f'<a id="{html.escape(name)}"></a>'


# -------------------------------------------------------------------------------------------------------- descriptions


def cell(text: str) -> str:
    """A description in a cell of a table: on one line, its pipes escaped."""
    line = _safe_inline(" ".join(text.split()))
    # A pipe that has a backslash is escaped already.
    return re.sub(r"\\*\|", r"\\|", line)


def prose(text: str, heading: int) -> str:
    """A description as paragraphs of its own; its highest heading becomes one of the given level."""
    lines = re.sub(r"\r\n?", "\n", text).rstrip().split("\n")
    tokens = _parser().parse("\n".join(lines))
    safe: list[str] = []
    next_line = 0
    for start, end, piece in _pieces(tokens, lines, heading):
        safe += [_safe_inline(line) for line in lines[next_line:start]]
        safe += piece
        next_line = end
    safe += [_safe_inline(line) for line in lines[next_line:]]
    return "\n".join(safe).strip("\n")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _pieces(
    tokens: list[Token], lines: list[str], heading: int
) -> Iterator[tuple[int, int, list[str]]]:
    """Blocks in the order of their lines: from, to, and their lines made safe."""
    levels = [
        int(token.tag[1]) for token in tokens if token.type == "heading_open" and token.level == 0
    ]
    shift = heading - min(levels, default=heading)
    next_line = 0
    for index, token in enumerate(tokens):
        if token.map is None or token.map[0] < next_line or token.nesting == -1:
            continue
        start, end = token.map
        if token.type == "heading_open" and token.level == 0:
            depth = min(_MAX_HEADING, int(token.tag[1]) + shift)
            yield (
                start,
                end,
                [f"{'#' * depth} {_safe_inline(' '.join(tokens[index + 1].content.split()))}"],
            )
        elif token.type in ("fence", "code_block"):
            closing = [token.markup] if token.level == 0 and _is_unclosed(token, lines) else []
            yield start, end, [*lines[start:end], *closing]
        elif token.type == "tr_open":
            yield start, start + 1, [_safe_row(lines[start])]
            end = start + 1
        elif token.type == "inline":
            yield start, end, _safe_inline("\n".join(lines[start:end])).split("\n")
        else:
            continue
        next_line = end


def _is_unclosed(token: Token, lines: list[str]) -> bool:
    if token.type != "fence" or token.map is None:
        return False
    start, end = token.map
    last = lines[end - 1].strip() if end - 1 > start else ""
    return not (last.startswith(token.markup) and not last.strip(token.markup[0]))


def _safe_row(line: str) -> str:
    """A row of a table: no code span reaches from one cell into the next."""
    return "|".join(_safe_inline(part) for part in re.split(r"(?<!\\)\|", line))


def _safe_inline(text: str) -> str:
    """Running text, code spans left as they are. (By CommonMark, they come before all else once there is no HTML.)"""
    return _SPECIAL.sub(lambda found: _made_safe(found[0], text, found.start()), text)


def _made_safe(piece: str, text: str, at: int) -> str:
    match piece:
        case "<" | "\\<":
            return "&lt;"
        case "](":
            return piece if _is_safe(text, at) else "]\\("
        case "]:":
            return "]\\:"
        case _:
            # Backticks that begin no code span here could begin one with what is put beside them.
            return piece if piece.strip("`") else "\\`" * len(piece)


def _is_safe(text: str, at: int) -> bool:
    """Whether the link whose text ends here leads to the web, or to a place in these pages."""
    found = _DESTINATION.match(text, at)
    written = html.unescape(found[1]) if found is not None else ""
    target = re.sub(r"[\\<\x00-\x20]", "", written)
    scheme = _SCHEME.match(target)
    return scheme is None or scheme[0].lower() in _SAFE_SCHEMES
