"""Anchors: what a link to a part of the page is made of."""

from __future__ import annotations

import re

_NOT_WORD = re.compile(r"[^\w]+")
_MAX_LENGTH = 80


class Anchors:
    """Gives every part an anchor of its own, which follows from its name alone while no other part has that name.

    They are in lower case: forges compare them so.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, kind: str, name: str) -> str:
        """``kind-name``; the second of the same name is ``kind-name-2``."""
        slug = _NOT_WORD.sub("-", name.lower()).strip("-")[:_MAX_LENGTH].strip("-")
        preferred = f"{kind}-{slug}" if slug else kind
        anchor, number = preferred, 1
        while anchor in self._taken:
            number += 1
            anchor = f"{preferred}-{number}"
        self._taken.add(anchor)
        return anchor
