"""Names of files, for any names in a document."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX_LENGTH = 80
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
"""Names that Windows gives to devices."""


class FileNames:
    """Assigns a unique file name, without an ending, to each part of a document.

    Names that differ only in case count as equal, because some file systems compare them that way.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str, default: str) -> str:
        """Return a safe file name. ``default`` is for names without a letter that is safe."""
        safe = _UNSAFE.sub("-", name)[:_MAX_LENGTH].strip("-.") or default
        preferred = f"{safe}-" if _RESERVED.match(safe) else safe
        unique, number = preferred, 1
        while unique.lower() in self._taken:
            number += 1
            unique = f"{preferred}-{number}"
        self._taken.add(unique.lower())
        return unique
