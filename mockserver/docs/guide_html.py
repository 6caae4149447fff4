"""Guides as HTML pages, with the look, the navigation and the search of the reference."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from mockserver.docs import html, reference_search
from mockserver.docs.guide_search import Entry, guide_entries
from mockserver.docs.guide_text import (
    anchor_of,
    is_index,
    parse,
    plain_text,
    search_words,
    sections,
)
from mockserver.docs.guides import Guide
from mockserver.docs.highlighting import highlighted
from mockserver.docs.model import Reference

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_WEB = ("http://", "https://", "mailto:")
_TABS = {
    "bash": ("curl", "curl"),
    "python": ("pytest", "python"),
    "ts": ("TypeScript", "javascript"),
}
"""Labels and classes of code that is shown in tabs. The classes are those of the samples."""
_OUTPUT = ("json", "text")
_NARROW = 2
"""The number of columns whose cells need no names when they are stacked."""


@dataclass(frozen=True, slots=True)
class Places:
    """The addresses of pages, as links of a guide write them."""

    suffix: str = ".html"
    """The ending of a page's address."""
    index: str = "index.html"
    reference: str = "../reference.html"
    others: Mapping[str, str] = field(default_factory=dict)
    """Addresses of further files, by their path from the folder of the guides."""


SERVED = Places("", "./", "../reference", {"../../spec/openapi.yaml": "../../openapi.yaml"})
"""The addresses on a server."""


class GuidePages:
    """The pages of all guides. Each is rendered when it is asked for."""

    def __init__(
        self, guides: Sequence[Guide], reference: Reference, places: Places | None = None
    ) -> None:
        self._guides = {guide.name: guide for guide in guides}
        self._reference = reference
        self._places = places or Places()
        self._names = {guide.file: guide.name for guide in guides}
        self._entries = guide_entries(tuple(guides))

    @property
    def names(self) -> list[str]:
        """The names of the pages, without an ending."""
        return list(self._guides)

    @cached_property
    def _reference_entry(self) -> Entry:
        return reference_search.entry(self._reference, self._places.reference)

    def page(self, name: str) -> str:
        """Return the page of a guide. Raise KeyError if there is none of this name."""
        guide = self._guides[name]
        start, *parts = sections(parse(guide.text), "h2")
        links = _Links(self._names, self._places)
        order = list(self._guides.values())
        suffix = self._places.suffix
        following = order[order.index(guide) + 1 :]
        facts = {
            "guide": guide,
            "title": f"{guide.title} · {self._reference.title}",
            "summary": guide.purpose,
            "site": self._reference.title,
            "groups": groupby(order, key=lambda other: other.group),
            "href": self._href,
            "places": self._places,
            "start": links.body(start.blocks),
            "sections": [
                (part, links.body(part.blocks), " ".join(search_words(part.blocks)))
                for part in parts
            ],
            "is_index": is_index,
            "synonyms": html.synonyms(self._reference),
            "next": following[0] if following else None,
            "entries": [
                self._reference_entry,
                *self._entries.entries("", suffix, guide),
            ],
        }
        return html.guide_page(facts)

    def _href(self, guide: Guide) -> str:
        if guide.name == "index":
            return self._places.index
        return f"{quote(guide.name)}{self._places.suffix}"


class _Links:
    """Renders the blocks of a guide with links to the pages."""

    def __init__(self, names: Mapping[str, str], places: Places) -> None:
        self._names, self._places = names, places
        self._renderer = _Renderer(self._address)

    def body(self, blocks: Sequence[Token]) -> Markup:
        """Return blocks as HTML."""
        parts = groupby(blocks, key=lambda token: token.type == "fence" and token.level == 0)
        return Markup("").join(
            _code(list(run)) if is_code else self._renderer.blocks(list(run))
            for is_code, run in parts
        )

    def _address(self, target: str) -> str | None:
        """Return the address that a link leads to; None for files that are no pages."""
        if target.lower().startswith(_WEB):
            return target
        path, _, fragment = target.partition("#")
        anchor = f"#{quote(anchor_of(unquote(fragment)))}" if fragment else ""
        if not path:
            return anchor or None
        path = posixpath.normpath(unquote(path))
        if path in self._names:
            name = self._names[path]
            page = self._places.index if name == "index" else f"{quote(name)}{self._places.suffix}"
            return f"{page}{anchor}"
        if path in ("../reference.md", "../reference.html"):
            return self._places.reference + (f"#{fragment}" if fragment else "")
        return self._places.others.get(path)


class _Renderer(RendererHTML):
    """Renders code, links and tables. HTML is escaped, comments and images are left out."""

    def __init__(self, address: Callable[[str], str | None]) -> None:
        super().__init__()
        self._address = address
        self._columns: list[str] = []
        self._column = -1

    def blocks(self, tokens: Sequence[Token]) -> Markup:
        """Return tokens as HTML."""
        return Markup(self.render(tokens, _OPTIONS, {}))  # noqa: S704 (all text is escaped)

    def fence(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return str(_figure([tokens[index]]))

    def html_block(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        text = _COMMENT.sub("", tokens[index].content).strip()
        return f"<p>{escape(text)}</p>\n" if text else ""

    def html_inline(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return str(escape(_COMMENT.sub("", tokens[index].content)))

    def image(self, *_: Any) -> str:
        return ""

    def table_open(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Begin a table. Cells are stacked on phones, so those of a wide one name their columns."""
        end = next(i for i in range(index, len(tokens)) if tokens[i].type == "thead_close")
        self._columns = [
            plain_text([tokens[i + 1]]) for i in range(index, end) if tokens[i].type == "th_open"
        ]
        return "<div class=table><table>\n"

    def table_close(self, *_: Any) -> str:
        return "</table></div>\n"

    def tr_open(self, *_: Any) -> str:
        self._column = -1
        return "<tr>"

    def td_open(self, *_: Any) -> str:
        self._column += 1
        if not self._is_wide:
            return "<td>"
        return f'<td data-label="{escape(self._columns[self._column])}">'

    @property
    def _is_wide(self) -> bool:
        return len(self._columns) > _NARROW

    def link_open(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        target = str(tokens[index].attrGet("href"))
        address = self._address(target)
        if address is not None:
            is_web = address.lower().startswith(_WEB)
            relation = ' rel="noopener noreferrer"' if is_web else ""
            return f'<a href="{escape(address)}"{relation}>'
        end = next(i for i in range(index, len(tokens)) if tokens[i].type == "link_close")
        shown = "".join(token.content for token in tokens[index + 1 : end])
        tokens[end].meta = {"path": project_path(target, shown)}
        return ""

    def link_close(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        if "path" not in tokens[index].meta:
            return "</a>"
        path = tokens[index].meta["path"]
        return f" (<code>{escape(path)}</code>)" if path else ""


_OPTIONS = MarkdownIt("commonmark").options


def project_path(target: str, text: str) -> str:
    """Return the path of a file in the project, or nothing if the text of the link names it."""
    path = re.sub(r"^(?:\.\./)+", "", unquote(target.partition("#")[0]))
    return "" if posixpath.basename(path) in text or path in text else path


def _code(fences: list[Token]) -> Markup:
    """Return successive code blocks: in tabs if they are one example in several languages."""
    figures: list[list[Token]] = []
    for token in fences:
        if figures and _language(token) in _OUTPUT and _language(figures[-1][0]) == "bash":
            figures[-1].append(token)
        else:
            figures.append([token])
    languages = [_language(figure[0]) for figure in figures]
    is_example = len(languages) > 1 and len({*languages} & {*_TABS}) == len(languages)
    shown = Markup("").join(_figure(figure, is_labelled=is_example) for figure in figures)
    return Markup("<div class=ss>\n{}</div>\n").format(shown) if is_example else shown


def _figure(tokens: list[Token], *, is_labelled: bool = False) -> Markup:
    """Return code and its output. With a label, it is one of several languages."""
    pre = Markup("").join(
        Markup("<pre>{}</pre>").format(highlighted(token.content.rstrip(), _language(token)))
        for token in tokens
    )
    if not is_labelled:
        return Markup("<figure>{}</figure>\n").format(pre)
    label, kind = _TABS[_language(tokens[0])]
    caption = Markup("<figcaption>{}</figcaption>").format(label)
    return Markup("<figure class={}>{}{}</figure>\n").format(kind, caption, pre)


def _language(token: Token) -> str:
    return token.info.strip().partition(" ")[0].lower()
