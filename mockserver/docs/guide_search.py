"""What a search finds in guides and in the reference, for pages that link to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from mockserver.docs.guide_text import excerpt, parse, sections
from mockserver.docs.guides import Guide
from mockserver.docs.model import Reference

Entry = Mapping[str, str]
"""A section of another page: ``title``, ``section``, ``text`` and ``href``."""


def of_guides(
    guides: Sequence[Guide], folder: str, suffix: str, *, with_texts: bool = True
) -> Iterator[Entry]:
    """Yield the sections of guides, without those of the index.

    An address begins with ``folder`` and ends with ``suffix``. Without texts, only guides as a
    whole have one, which takes a third of the space.
    """
    for guide in guides:
        if guide.name != "index":
            yield from _sections(guide, f"{folder}{quote(guide.name)}{suffix}", with_texts)


def of_operations(reference: Reference, page: str) -> Iterator[Entry]:
    """Yield the operations of a reference, whose page has an address."""
    for operation in reference.operations:
        yield {
            "title": operation.summary or operation.heading,
            "section": operation.heading,
            "text": "",
            "href": f"{page}#{operation.anchor}",
        }


def _sections(guide: Guide, href: str, with_texts: bool) -> Iterator[Entry]:
    for section in sections(parse(guide.text), "h1", "h2", "h3"):
        if section.title:
            is_first = section.title == guide.title
            yield {
                "title": section.title,
                "section": "Guide" if is_first else guide.title,
                "text": excerpt(section.blocks) if with_texts or is_first else "",
                "href": href if is_first else f"{href}#{quote(section.anchor)}",
            }
