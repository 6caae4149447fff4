"""Compares what was sent with what is shown. Servers may write values in another form."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from contract_tests.openapi.resources import identity_names, is_certain_identity

Json = dict[str, Any]
_MASKS = "*\u2022\u2026"
"""Characters that stand for hidden ones."""
_MAX_DEPTH = 4
_OF_LISTS = ("data", "items", "results", "records", "entries", "content")


def differs(sent: Any, shown: Any) -> bool:
    """Return whether two values are certainly different.

    Texts are equal if they have the same letters and digits in any case, numbers if one may be the
    other one rounded, and times if they are within a second. Lists and objects are not compared.
    """
    if any(isinstance(value, dict | list) for value in (sent, shown)) or _is_masked(shown):
        return False
    if sent is None or shown is None:
        return sent is not shown
    if isinstance(sent, bool) or isinstance(shown, bool):
        return _flag(sent) != _flag(shown)
    numbers = _number(sent), _number(shown)
    if numbers[0] is not None and numbers[1] is not None:
        return abs(numbers[0] - numbers[1]) > (0 if _are_whole(sent, shown) else 0.5)
    moments = _moment(sent), _moment(shown)
    if moments[0] is not None and moments[1] is not None:
        return abs((moments[0] - moments[1]).total_seconds()) > 1
    return _letters(sent) != _letters(shown)


def _is_masked(value: Any) -> bool:
    return isinstance(value, str) and any(mask in value for mask in _MASKS)


def _flag(value: Any) -> str:
    return {"1": "true", "0": "false"}.get(str(value).lower(), str(value).lower())


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _are_whole(*values: Any) -> bool:
    return all(isinstance(value, int) for value in values)


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=None) - (found.utcoffset() or found - found)


def _letters(value: Any) -> str:
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    return "".join(letter for letter in text if letter.isalnum())


# ------------------------------------------------------------------------------------------- bodies


def thing_in(body: Any, names: Iterable[str]) -> Json:
    """Return the object in a body that has most of these properties: the outer one, or one within.

    An empty one if there is none.
    """
    wanted = set(names)
    return max(_objects(body), key=lambda thing: len(wanted & thing.keys()), default={})


def _objects(body: Any, depth: int = 0) -> Iterator[Json]:
    if isinstance(body, dict):
        yield body
        for value in body.values() if depth < _MAX_DEPTH else ():
            if isinstance(value, dict):
                yield from _objects(value, depth + 1)


def entries_in(body: Any, depth: int = 0) -> list[Json] | None:
    """Return the objects of the list that a body is or holds; None if it has none, or several."""
    if isinstance(body, list):
        return body if all(isinstance(entry, dict) for entry in body) else None
    if not isinstance(body, dict) or depth > _MAX_DEPTH:
        return None
    lists = {name: value for name, value in body.items() if isinstance(value, list)}
    named = [value for name, value in lists.items() if name.lower() in _OF_LISTS]
    candidates = named if len(named) == 1 else list(lists.values())
    if len(candidates) == 1:
        return entries_in(candidates[0], depth + 1)
    if lists:
        return None
    inner = [
        found
        for value in body.values()
        if isinstance(value, dict) and (found := entries_in(value, depth + 1)) is not None
    ]
    return inner[0] if len(inner) == 1 else None


def identity_in(thing: Json, parameter: str, noun: str) -> tuple[str, str, bool] | None:
    """Return the property that names a thing, its value, and whether that is certain."""
    scalars = frozenset(
        name
        for name, value in thing.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    )
    for name in identity_names(parameter, noun, scalars):
        return name, str(thing[name]), is_certain_identity(parameter, name)
    return None


def is_same_thing(one: Mapping[str, Any], other: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Return whether two objects show the same values of some properties, at least one."""
    common = [name for name in names if name in one and name in other]
    return bool(common) and not any(differs(one[name], other[name]) for name in common)
