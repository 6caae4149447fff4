"""Converts Markdown descriptions to HTML. Everything else is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

from mockserver.docs.highlighting import highlighted

_MAX_HEADING = 6
_MAX_SUMMARY = 200
_PLAIN = re.compile(r"[^\W_](?:[\w ,.;:()'?/%$=+-](?<!_))*")
"""Text that Markdown and HTML leave as it is. An underscore may be emphasis."""
_SAFE_LINK = re.compile(r"(?:https?://|mailto:|#)[^\x00-\x20\x7f]*", re.IGNORECASE)
_ID = re.compile(r"\s*\{#([A-Za-z][\w-]{0,79})\}\s*$")
# --- descriptions


def prose(text: str, heading: int, after: Markup | str = "") -> Markup:
    """Return a description as blocks.

    Its highest heading becomes one of the given level. ``after`` is added to its last line.
    """
    html = _prose(text, heading)
    end = Markup("</p>")
    return html.removesuffix(end) + after + end if after and html.endswith(end) else html + after


@lru_cache(maxsize=4096)
def inline(text: str) -> Markup:
    """Return a description as running text, for places without room for blocks."""
    line = " ".join(text.split())
    if _PLAIN.fullmatch(line):
        return Markup(line)  # noqa: S704 (it has no character with a meaning)
    html = _parser().renderInline(line)
    return Markup(html)  # noqa: S704 (the parser escapes HTML in the text)


def summary(text: str) -> str:
    """Return the first paragraph of a description as plain text, cut if it is long."""
    shown = inline(text.strip().partition("\n\n")[0]).striptags()
    return shown if len(shown) <= _MAX_SUMMARY else shown[:_MAX_SUMMARY].rpartition(" ")[0] + "..."


@lru_cache(maxsize=4096)
def _prose(text: str, heading: int) -> Markup:
    tokens = _parser().parse(text)
    shift = heading - min(
        (int(token.tag[1]) for token in tokens if token.type == "heading_open"), default=heading
    )
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            _move_id(token, tokens[index + 1])
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(_MAX_HEADING, int(token.tag[1]) + shift)}"
    parser = _parser()
    html = parser.renderer.render(tokens, parser.options, {})
    return Markup(html.strip())  # noqa: S704 (as above)


def _move_id(heading: Token, inline: Token) -> None:
    """Make an id at the end of a heading, ``Errors {#errors}``, that of its element."""
    texts = inline.children or []
    found = _ID.search(texts[-1].content) if texts and texts[-1].type == "text" else None
    if found is not None:
        texts[-1].content = texts[-1].content[: found.start()].rstrip()
        heading.attrSet("id", found[1])


@cache
def _parser() -> MarkdownIt:
    """Return a CommonMark parser with tables, but without HTML and without images to fetch."""
    parser = (
        MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
        .enable("table")
        .disable("image")
    )
    parser.validateLink = _is_safe_link  # type: ignore[method-assign]
    return parser


class _Renderer(RendererHTML):
    """Renders highlighted code, and external links without a referrer."""

    def fence(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        token = tokens[index]
        language = token.info.strip().partition(" ")[0]
        return f"<pre>{highlighted(token.content.rstrip(), language)}</pre>\n"

    def code_block(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return f"<pre>{highlighted(tokens[index].content.rstrip(), '')}</pre>\n"

    def link_open(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any) -> str:
        if not str(tokens[index].attrGet("href")).startswith("#"):
            tokens[index].attrSet("rel", "noopener noreferrer")
        return self.renderToken(tokens, index, options, env)


def _is_safe_link(url: str) -> bool:
    """Return whether a link leads to the web, to a mailbox or to a place on this page."""
    return _SAFE_LINK.fullmatch(url) is not None
