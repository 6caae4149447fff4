"""Bounds of a schema in words: ``1 to 100``, ``at most 255 characters``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

_COUNTED = (
    ("minLength", "maxLength", "character", "characters"),
    ("minItems", "maxItems", "entry", "entries"),
    ("minProperties", "maxProperties", "field", "fields"),
)


def in_words(node: dict[str, Any]) -> tuple[str, ...]:
    """All bounds that a schema object sets, in the order in which people ask for them."""
    return (*_range(node), *_counts(node))


def least(node: dict[str, Any]) -> int | None:
    """The least whole number that a schema object allows, where it sets a bound."""
    limit, shut_out = _limit(node, "minimum", "exclusiveMinimum")
    if limit is None or not math.isfinite(limit):
        return None
    return math.floor(limit) + 1 if shut_out else math.ceil(limit)


def _range(node: dict[str, Any]) -> Iterator[str]:
    least, above = _limit(node, "minimum", "exclusiveMinimum")
    most, below = _limit(node, "maximum", "exclusiveMaximum")
    if least is not None and most is not None and not above and not below:
        yield f"{_number(least)} to {_number(most)}"
    else:
        if least is not None:
            yield f"{'more than' if above else 'at least'} {_number(least)}"
        if most is not None:
            yield f"{'less than' if below else 'at most'} {_number(most)}"
    if "multipleOf" in node:
        yield f"a multiple of {_number(node['multipleOf'])}"


def _limit(node: dict[str, Any], plain: str, exclusive: str) -> tuple[float | None, bool]:
    """A limit, and whether it is itself shut out: by a flag in OpenAPI 3.0, by a number of its own in 3.1."""
    limit, shut_out = node.get(plain), node.get(exclusive, False)
    if isinstance(shut_out, bool):
        return limit, shut_out
    return (
        (limit, False)
        if limit is not None and _is_stricter(limit, shut_out, plain)
        else (shut_out, True)
    )


def _is_stricter(limit: float, exclusive: float, plain: str) -> bool:
    return limit > exclusive if plain == "minimum" else limit < exclusive


def _counts(node: dict[str, Any]) -> Iterator[str]:
    for minimum, maximum, one, many in _COUNTED:
        least, most = node.get(minimum) or None, node.get(maximum)
        if least is not None and most is not None:
            yield (
                f"{least} {one if least == 1 else many}"
                if least == most
                else f"{least} to {most} {many}"
            )
        elif least is not None:
            yield f"at least {least} {one if least == 1 else many}"
        elif most is not None:
            yield f"at most {most} {one if most == 1 else many}"
    if node.get("uniqueItems"):
        yield "no entry twice"


def _number(value: float) -> str:
    return (
        str(int(value))
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15
        else str(value)
    )
