"""The names that a value can have, for errors of files and settings: the nearest name first."""

from __future__ import annotations

from collections.abc import Iterable

_SHOWN = 40
"""The names that one line lists."""


def candidates(name: str, known: Iterable[str], shown: int = _SHOWN) -> str:
    """Return the end of a sentence on an unknown name: all known names, the nearest first."""
    from difflib import SequenceMatcher  # only for errors

    plain = name.lower()
    by_distance = sorted(
        dict.fromkeys(known),
        key=lambda other: (-SequenceMatcher(None, plain, other.lower()).ratio(), other),
    )
    if not by_distance:
        return ""
    listed = ", ".join(by_distance[:shown])
    more = len(by_distance) - shown
    return f". Known: {listed}" + (f" and {more} more" if more > 0 else "")
