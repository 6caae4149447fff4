"""Filters of lists: query parameters whose names are properties of the items. It is pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.resources.paging import PAGING
from mockserver.resources.shapes import Shape
from mockserver.resources.words import plain, singular

_NAMES = frozenset({"name", "id", "slug", "username"})
"""Properties of an object that a filter of its name may mean: ``tags=red`` for ``{name: red}``."""


def filters_of(parameters: Sequence[Mapping[str, Any]], item: Shape) -> dict[str, str]:
    """Return the properties that query parameters filter by, by the names of the parameters."""
    properties: dict[str, str] = {}
    for name in item.properties:
        properties.setdefault(singular(name), name)
        properties.setdefault(plain(name).removesuffix("list").removesuffix("ids"), name)
    for name in item.properties:
        properties[plain(name)] = name
    found = {}
    for parameter in parameters:
        name = str(parameter.get("name"))
        if parameter.get("in") == "query" and plain(name) not in PAGING:
            property = properties.get(plain(name)) or properties.get(singular(name))
            if property is not None:
                found[name] = property
    return found


def matches(data: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Return whether an item has the wanted values, by property."""
    return all(_has(data.get(name), value) for name, value in wanted.items())


def is_value(value: Any) -> bool:
    """Return whether a parameter has a value that can be compared, or several."""
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(part, str | int | float | bool) for part in values)


def refers(data: Mapping[str, Any], noun: str, key: str) -> bool:
    """Return whether an item names another one: ``project_id: 7`` or ``projects: [{id: 7}]``."""
    for name, value in data.items():
        if singular(name) in (noun, noun + "id", noun + "gid", noun + "uuid"):
            values = value if isinstance(value, list) else [value]
            if any(key in _texts(part) for part in values):
                return True
    return False


def _has(value: Any, wanted: Any) -> bool:
    texts = {str(part).lower() for part in (wanted if isinstance(wanted, list) else [wanted])}
    values = value if isinstance(value, list) else [value]
    return any(text.lower() in texts for part in values for text in _texts(part))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [
            str(part)
            for name, part in value.items()
            if plain(name) in _NAMES | {"gid", "uuid"} and isinstance(part, str | int)
        ]
    return [str(value)] if isinstance(value, str | int | float) else []
