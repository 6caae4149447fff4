"""Makes text safe in a Markdown page, whatever its origin.

Names, titles and summaries are plain text: Markdown syntax in them is escaped. Descriptions are
Markdown and keep their meaning within limits: HTML is shown as text, an open fence is closed, links
lead only to the web, and nothing can define a reference for the whole page.
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
# In order: backslash escapes, code spans, unmatched backticks, autolinks, possibly unsafe syntax.
_SPECIAL = re.compile(
    r"\\.|(`+)(?!`).+?(?<!`)\1(?!`)|`+|<https?://[^\s<>`]+>|<|\]\(|\]:", re.DOTALL
)
_BACKTICKS = re.compile(r"`+")
_DESTINATION = re.compile(r"\]\(\s*([^\s)]*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SAFE_SCHEMES = ("http:", "https:", "mailto:")
_MAX_HEADING = 6


# --- plain text


def plain(text: str) -> str:
    """Return a plain text on one line without Markdown or HTML meaning.

    It is not escaped for the beginning of a paragraph.
    """
    return _MARKUP.sub(_escaped, " ".join(text.split())).replace("<", "&lt;")


def paragraph(text: str) -> str:
    """Return a plain text as a paragraph."""
    return _MARKUP_AT_START.sub(lambda found: f"{found[1]}\\{found[2]}", plain(text))


def _escaped(found: re.Match[str]) -> str:
    return "&amp;" if found[0] == "&" else "".join(f"\\{character}" for character in found[0])


def code(text: str, *, in_table: bool = False) -> str:
    """Return a text as a code span."""
    line = " ".join(text.split()) or " "
    if in_table:
        # Cells are split first, at pipes without a backslash. Two backslashes would end the cell.
        line = re.sub(r"\\*\|", r"\\|", line)
    ticks = "`" * (max((len(run) for run in _BACKTICKS.findall(line)), default=0) + 1)
    padding = " " if "`" in (line[0], line[-1]) else ""
    return f"{ticks}{padding}{line}{padding}{ticks}"


def fence(text: str, language: str) -> str:
    """Return a text as a code block."""
    ticks = "`" * max(3, *(len(run) + 1 for run in _BACKTICKS.findall(text)), 3)
    return f"{ticks}{language}\n{text}\n{ticks}"


def folded(title: str, block: str) -> list[str]:
    """Return the lines of a foldable block. Its title is HTML, not Markdown."""
    summary = html.escape(" ".join(title.split()))
    return [f"<details><summary>{summary}</summary>", "", block, "", "</details>", ""]


def link(text: str, anchor: str) -> str:
    """Return a link to a part of this page. The text is Markdown."""
    return f"[{text}](#{anchor})"


def anchor(name: str) -> str:
    """Return the target of links to a part of this page."""
    return f'<a id="{html.escape(name)}"></a>'


# --- descriptions


def cell(text: str) -> str:
    """Return a description for a table cell: on one line, with escaped pipes."""
    line = _safe_inline(" ".join(text.split()))
    # Pipes after a backslash are already escaped.
    return re.sub(r"\\*\|", r"\\|", line)


def prose(text: str, heading: int) -> str:
    """Return a description as paragraphs; its highest heading becomes one of the given level."""
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
    """Yield blocks in the order of their lines: first line, end, and the lines made safe."""
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
    """Return a table row in which no code span extends from one cell into the next."""
    return "|".join(_safe_inline(part) for part in re.split(r"(?<!\\)\|", line))


def _safe_inline(text: str) -> str:
    """Return running text made safe. Code spans stay as they are: CommonMark reads them first."""
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
            # Unmatched backticks could start a code span with the text around them.
            return piece if piece.strip("`") else "\\`" * len(piece)


def _is_safe(text: str, at: int) -> bool:
    """Return whether the link whose text ends here leads to the web or into these pages."""
    found = _DESTINATION.match(text, at)
    written = html.unescape(found[1]) if found is not None else ""
    target = re.sub(r"[\\<\x00-\x20]", "", written)
    scheme = _SCHEME.match(target)
    return scheme is None or scheme[0].lower() in _SAFE_SCHEMES
