"""The words that distinguish a section of the guides from all others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from markdown_it.token import Token

from mockserver.docs.guide_text import plain_text

_WORD = re.compile(r"[a-z\d]+(?:[-_][a-z\d]+)*")
_MIN_LENGTH = 4
_RARE = 3
"""In so many sections a word may be."""


class Keywords:
    """Finds rare words. It knows the words of all sections."""

    def __init__(self, sections: Iterable[Sequence[Token]]) -> None:
        self._uses = Counter(
            word for blocks in sections for word in dict.fromkeys(_words(plain_text(blocks)))
        )

    def of(self, blocks: Sequence[Token], known: str, max_length: int) -> list[str]:
        """Return rare words of a section that are not known: repeated ones and identifiers.

        The most frequent come first. Together with spaces they are at most so long.
        """
        counts = Counter(
            word
            for word in _words(plain_text(blocks))
            if self._uses[word] <= _RARE and word not in known.lower()
        )
        kept: list[str] = []
        room = max_length
        for word, count in counts.most_common():
            if len(word) < room and (count > 1 or not word.isalpha()):
                kept.append(word)
                room -= len(word) + 1
        return kept


def _words(text: str) -> list[str]:
    return [
        word
        for word in _WORD.findall(text.lower())
        if len(word) >= _MIN_LENGTH and not word.isdecimal()
    ]
