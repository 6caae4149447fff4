"""Parts of errors of files and settings: a wrong value, and the known names, the nearest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_SHOWN = 40
"""The names that one line lists."""
_MAX_LETTERS = 60
"""The letters of a wrong value in a message."""

_MAX_COMPARED = 200
"""The letters of a wrong name that are compared."""


def shown(value: Any) -> str:
    """Return a wrong value as a message shows it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = str(value)
    text = text if len(text) <= _MAX_LETTERS else f"{text[: _MAX_LETTERS - 3]}..."
    return f"'{text}'" if isinstance(value, str) else text


def candidates(name: str, known: Iterable[str], shown: int = _SHOWN) -> str:
    """Return the end of a sentence on an unknown name: all known names, the nearest first."""
    from difflib import SequenceMatcher  # only for errors

    plain = name[:_MAX_COMPARED].lower()
    by_distance = sorted(
        dict.fromkeys(known),
        key=lambda other: (-SequenceMatcher(None, plain, other.lower()).ratio(), other),
    )
    if not by_distance:
        return ""
    listed = ", ".join(by_distance[:shown])
    more = len(by_distance) - shown
    return f". Known: {listed}" + (f" and {more} more" if more > 0 else "")
