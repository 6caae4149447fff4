"""Anchors for links to parts of a page."""

from __future__ import annotations

import re

_NOT_WORD = re.compile(r"[^\w]+")
_MAX_LENGTH = 80


class Anchors:
    """Assigns a unique anchor to each part, derived from its name.

    Anchors are in lower case because some forges compare them that way. The same name gets a number
    only if another part has it already. Pages write them without quotes.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, kind: str, name: str) -> str:
        """Return ``kind-name``, or ``kind-name-2`` for the second part of that name."""
        slug = _NOT_WORD.sub("-", name.lower()).strip("-")[:_MAX_LENGTH].strip("-")
        preferred = f"{kind}-{slug}" if slug else kind
        anchor, number = preferred, 1
        while anchor in self._taken:
            number += 1
            anchor = f"{preferred}-{number}"
        self._taken.add(anchor)
        return anchor
