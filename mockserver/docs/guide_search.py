"""What a search finds on other pages, as JSON for the pages that link to them.

An entry is a list: title, address, words, text, parts. A part is a list, too: title, words, text,
anchor. Empty values at its end are left out, and so is an anchor that a script can make of the
title. Words come in two kinds, divided by ``|``: those that the author names for the search
(``<!-- search: ... -->``), and those that distinguish the text from others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote

from mockserver.docs.guide_text import (
    Section,
    excerpt,
    is_index,
    parse,
    search_words,
    sections,
    slug_of,
)
from mockserver.docs.guides import Guide
from mockserver.docs.keywords import Keywords

Entry = list[Any]
_MAX_WORDS = 90
_MAX_WORDS_ALONE = 36


@lru_cache(maxsize=4)
def guide_entries(guides: tuple[Guide, ...], *, with_texts: bool = True) -> GuideEntries:
    """Return the entries of guides. Those of the same guides are made once."""
    return GuideEntries(guides, with_texts=with_texts)


class GuideEntries:
    """The entries of guides. Their index, and sections that only link to others, have none.

    Without texts, words are fewer, and sections of the third level have an entry only if their
    author names words for the search. That takes a third of the space.
    """

    def __init__(self, guides: Sequence[Guide], *, with_texts: bool = True) -> None:
        self._with_texts = with_texts
        self._guides = {
            guide: list(sections(parse(guide.text), "h2", "h3"))
            for guide in guides
            if guide.name != "index"
        }
        self._keywords = Keywords(
            section.blocks for parts in self._guides.values() for section in parts
        )

    @cached_property
    def _found(self) -> dict[Guide, tuple[str, list[list[str]]]]:
        """By guide: the words of its beginning, and the parts that are shown."""
        return {
            guide: (
                " ".join(search_words(start.blocks)),
                [self._part(guide, part) for part in parts if self._is_shown(part)],
            )
            for guide, (start, *parts) in self._guides.items()
        }

    def entries(self, folder: str, suffix: str, without: Guide | None = None) -> Iterator[Entry]:
        """Yield an entry for each guide. Its address is its name between folder and suffix."""
        for guide, (named, shown) in self._found.items():
            if guide != without:
                href = f"{folder}{quote(guide.name)}{suffix}"
                yield [guide.title, href, named, guide.purpose, shown]

    def _is_shown(self, section: Section) -> bool:
        is_named = section.level == "h2" or bool(search_words(section.blocks))
        return (self._with_texts or is_named) and not is_index(section.blocks)

    def _part(self, guide: Guide, section: Section) -> list[str]:
        named = " ".join(search_words(section.blocks))
        known = f"{guide.title} {section.title} {named}"
        limit = _MAX_WORDS if self._with_texts else _MAX_WORDS_ALONE
        found = " ".join(self._keywords.of(section.blocks, known, limit - len(named)))
        text = excerpt(section.blocks) if self._with_texts else ""
        return part(section.title, named, found, text, section.anchor)


def part(title: str, named: str, found: str, text: str, anchor: str) -> list[str]:
    """Return a part of an entry."""
    words = f"{named}|{found}" if found else named
    own = "" if title.isascii() and slug_of(title) == anchor else quote(anchor)
    values = [title, words, text, own]
    while not values[-1]:
        values.pop()
    return values
