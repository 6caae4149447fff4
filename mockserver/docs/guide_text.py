"""Guides taken apart: headings with anchors, sections, and what a search finds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markdown_it import MarkdownIt
from markdown_it.token import Token

_NOT_SLUG = re.compile(r"[^\w\- ]")
_ID = re.compile(r'\bid="([\w-]+)"')
_SEARCH = re.compile(r"<!-- *search: *(.*?) *-->", re.DOTALL)
_MAX_EXCERPT = 110
_MAX_TERMS = 70
_MAX_WORDS_PER_LINK = 20
"""In an index."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the blocks below it, up to the next heading."""

    title: str
    """Empty for what comes before the first heading."""
    anchor: str
    blocks: list[Token]
    level: str = ""
    """The tag of the heading; empty without one."""


def parse(text: str) -> list[Token]:
    """Return the blocks of a guide, without pictures.

    Its headings have the ids that links of forges use.
    """
    tokens = list(_without_pictures(_parser().parse(text.removeprefix("\ufeff"))))
    seen: Counter[str] = Counter()
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            slug = slug_of(plain_text([tokens[index + 1]]))
            token.attrSet("id", anchor_of(f"{slug}-{seen[slug]}" if seen[slug] else slug))
            seen[slug] += 1
    return tokens


def anchor_of(slug: str) -> str:
    """Return the id of a heading for the fragment of a link. Ids of the layout are avoided."""
    return f"{slug}-section" if slug in _layout_ids() else slug


def slug_of(title: str) -> str:
    """Return the anchor that forges make of a heading."""
    return _NOT_SLUG.sub("", title.lower()).replace(" ", "-")


def sections(tokens: Sequence[Token], *levels: str) -> Iterator[Section]:
    """Yield the sections that begin with headings of some levels, such as ``h2``."""
    title = anchor = level = ""
    blocks: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type == "heading_open" and token.level == 0 and token.tag in levels:
            yield Section(title, anchor, blocks, level)
            level = token.tag
            title, anchor = plain_text([tokens[index + 1]]), str(token.attrGet("id"))
            blocks = []
            index += 3
        else:
            blocks.append(token)
            index += 1
    yield Section(title, anchor, blocks, level)


def plain_text(tokens: Sequence[Token]) -> str:
    """Return the text of blocks on one line, without their code blocks."""
    words = " ".join(_inline_text(token) for token in tokens if token.type == "inline")
    return " ".join(words.split())


def excerpt(tokens: Sequence[Token]) -> str:
    """Return the beginning of the text of blocks, and the code words of the rest."""
    text = plain_text(tokens)
    if len(text) <= _MAX_EXCERPT:
        return text
    start = text[:_MAX_EXCERPT].rpartition(" ")[0]
    terms = dict.fromkeys(
        child.content
        for token in tokens
        for child in token.children or ()
        if child.type == "code_inline" and child.content not in start
    )
    rest = " ".join(terms)[:_MAX_TERMS]
    return f"{start} … {rest}".strip()


def search_words(tokens: Sequence[Token]) -> list[str]:
    """Return the words of comments such as ``<!-- search: latency, timeout -->``."""
    comments = (token.content for token in tokens if token.type == "html_block")
    found = " ".join(words for comment in comments for words in _SEARCH.findall(comment))
    return found.replace(",", " ").split()


def is_index(tokens: Sequence[Token]) -> bool:
    """Return whether a section does little more than link to other pages."""
    if any(token.type == "fence" for token in tokens):
        return False
    children = (child for token in tokens for child in token.children or ())
    targets = (str(child.attrGet("href")) for child in children if child.type == "link_open")
    count = sum(not target.startswith("#") for target in targets)
    return count > 1 and len(plain_text(tokens).split()) < _MAX_WORDS_PER_LINK * count


def _without_pictures(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield blocks without the paragraphs that consist of pictures, which pages do not load."""
    index = 0
    while index < len(tokens):
        content = tokens[index + 1].children if tokens[index].type == "paragraph_open" else None
        if content and all(child.type in ("image", "softbreak") for child in content):
            index += 3
        else:
            yield tokens[index]
            index += 1


def _inline_text(token: Token) -> str:
    shown = ("text", "code_inline")
    return "".join(
        child.content if child.type in shown else " " if child.type == "softbreak" else ""
        for child in token.children or ()
    )


@cache
def _layout_ids() -> frozenset[str]:
    layout = files("mockserver.docs").joinpath("templates", "layout.html").read_text("utf-8")
    return frozenset(_ID.findall(layout))


@cache
def _parser() -> MarkdownIt:
    # HTML is parsed, so that comments can be left out. All other HTML is escaped when rendered.
    return MarkdownIt("commonmark", {"html": True}).enable("table")
