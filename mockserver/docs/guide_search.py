"""What a search finds on other pages, as JSON for the pages that link to them.

Each entry is a page: its title, address and text, and its ``parts``. A part is a list of a title, a
text and an anchor. Empty texts at its end are left out, and so is the anchor that a script can make
of the title.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from mockserver.docs.guide_text import Section, excerpt, parse, sections, slug_of
from mockserver.docs.guides import Guide
from mockserver.docs.model import Reference

Entry = dict[str, Any]


def of_guides(
    guides: Sequence[Guide], folder: str, suffix: str, *, with_texts: bool = True
) -> Iterator[Entry]:
    """Yield the guides without their index.

    An address begins with ``folder`` and ends with ``suffix``. Without texts, sections have only
    their titles, and those of the third level are left out. That takes a fifth of the space.
    """
    levels = ("h2", "h3") if with_texts else ("h2",)
    for guide in guides:
        if guide.name != "index":
            _, *parts = sections(parse(guide.text), *levels)
            yield {
                "title": guide.title,
                "href": f"{folder}{quote(guide.name)}{suffix}",
                "text": guide.purpose,
                "parts": [_part(section, with_texts) for section in parts],
            }


def of_operations(reference: Reference, page: str) -> Iterator[Entry]:
    """Yield the reference, whose page has an address, with its operations."""
    parts = [
        [operation.summary or operation.heading, operation.heading, operation.anchor]
        for operation in reference.operations
    ]
    yield {"title": f"{reference.title} reference", "href": page, "text": "", "parts": parts}


def _part(section: Section, with_text: bool) -> list[str]:
    text = excerpt(section.blocks) if with_text else ""
    if not section.title.isascii() or slug_of(section.title) != section.anchor:
        return [section.title, text, quote(section.anchor)]
    return [section.title, text] if text else [section.title]
