"""The bounds of a schema in words: ``1 to 100``, ``at most 255 characters``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

_SIZE_KEYWORDS = (
    ("minLength", "maxLength", "character", "characters"),
    ("minItems", "maxItems", "entry", "entries"),
    ("minProperties", "maxProperties", "field", "fields"),
)


def in_words(node: dict[str, Any]) -> tuple[str, ...]:
    """Return all bounds that a schema object sets: range first, then sizes."""
    return (*_range(node), *_sizes(node))


def minimum(node: dict[str, Any]) -> int | None:
    """Return the smallest integer that a schema object allows, or None if it has no lower bound."""
    limit, excluded = _limit(node, "minimum", "exclusiveMinimum")
    if limit is None or not math.isfinite(limit):
        return None
    return math.floor(limit) + 1 if excluded else math.ceil(limit)


def maximum(node: dict[str, Any]) -> int | None:
    """Return the largest integer that a schema object allows, or None if it has no upper bound."""
    limit, excluded = _limit(node, "maximum", "exclusiveMaximum")
    if limit is None or not math.isfinite(limit):
        return None
    return math.ceil(limit) - 1 if excluded else math.floor(limit)


def _range(node: dict[str, Any]) -> Iterator[str]:
    minimum, exclusive_minimum = _limit(node, "minimum", "exclusiveMinimum")
    maximum, exclusive_maximum = _limit(node, "maximum", "exclusiveMaximum")
    if (
        minimum is not None
        and maximum is not None
        and not exclusive_minimum
        and not exclusive_maximum
    ):
        yield f"{_number(minimum)} to {_number(maximum)}"
    else:
        if minimum is not None:
            yield f"{'more than' if exclusive_minimum else 'at least'} {_number(minimum)}"
        if maximum is not None:
            yield f"{'less than' if exclusive_maximum else 'at most'} {_number(maximum)}"
    if "multipleOf" in node:
        yield f"a multiple of {_number(node['multipleOf'])}"


def _limit(node: dict[str, Any], plain: str, exclusive: str) -> tuple[float | None, bool]:
    """Return a limit and whether it is excluded.

    The exclusive keyword is a flag in OpenAPI 3.0 and a separate limit in 3.1.
    """
    limit, excluded = node.get(plain), node.get(exclusive, False)
    if isinstance(excluded, bool):
        return limit, excluded
    return (
        (limit, False)
        if limit is not None and _is_stricter(limit, excluded, plain)
        else (excluded, True)
    )


def _is_stricter(limit: float, exclusive: float, plain: str) -> bool:
    return limit > exclusive if plain == "minimum" else limit < exclusive


def _sizes(node: dict[str, Any]) -> Iterator[str]:
    for minimum_keyword, maximum_keyword, singular, plural in _SIZE_KEYWORDS:
        minimum, maximum = node.get(minimum_keyword) or None, node.get(maximum_keyword)
        if minimum is not None and maximum is not None:
            yield (
                f"{minimum} {singular if minimum == 1 else plural}"
                if minimum == maximum
                else f"{minimum} to {maximum} {plural}"
            )
        elif minimum is not None:
            yield f"at least {minimum} {singular if minimum == 1 else plural}"
        elif maximum is not None:
            yield f"at most {maximum} {singular if maximum == 1 else plural}"
    if node.get("uniqueItems"):
        yield "unique entries"


def _number(value: float) -> str:
    return (
        str(int(value))
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15
        else str(value)
    )
