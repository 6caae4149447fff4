"""What differs between two JSON values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Change = tuple[str, Any, Any]
"""Where, before, after."""

REWORDED = " (wording)"
"""The end of a place whose change only people see."""
MISSING = "(missing)"


def json_changes(old: Any, new: Any, place: str = "") -> Iterator[Change]:
    """Yield where two JSON values differ, each place as a pointer."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            here, there = old.get(name, MISSING), new.get(name, MISSING)
            yield from json_changes(here, there, f"{place}/{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (here, there) in enumerate(zip(old, new, strict=True)):
            yield from json_changes(here, there, f"{place}/{index}")
    elif old != new or type(old) is not type(new):
        yield place, old, new
