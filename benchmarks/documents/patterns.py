"""Strings for regular expressions."""

from __future__ import annotations

import random
import re
import string
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import re._constants as constants  # type: ignore[import-not-found]
    import re._parser as parser  # type: ignore[import-not-found]

_LETTERS = string.ascii_lowercase + string.digits
_CLASSES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": _LETTERS + "_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_letters,
    "CATEGORY_NOT_WORD": "-. ",
    "CATEGORY_NOT_SPACE": _LETTERS,
}
_LONGEST_REPEAT = 8


def text_for(pattern: str, chance: random.Random, shortest: int = 0) -> str | None:
    """Return a string that may match, or None for a pattern that Python cannot read."""
    try:
        parsed = parser.parse(_in_python(pattern))
    except (re.error, OverflowError, RecursionError):
        return None
    return _sequence(parsed, chance, shortest)


def _in_python(pattern: str) -> str:
    classes = {r"\p{L}": "a-zA-Z", r"\p{N}": "0-9", r"\p{Lu}": "A-Z", r"\p{Ll}": "a-z"}
    for name, plain in classes.items():
        pattern = pattern.replace(name, plain)
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern)


def _sequence(items: Any, chance: random.Random, shortest: int) -> str:
    return "".join(_item(str(kind), value, chance, shortest) for kind, value in items)


def _item(kind: str, value: Any, chance: random.Random, shortest: int) -> str:
    if kind in {"LITERAL", "NOT_LITERAL", "ANY", "IN"}:
        return _character(kind, value, chance)
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        low, high, body = value
        high = min(int(high), max(low, shortest, 1 if low == 0 else low + _LONGEST_REPEAT))
        times = chance.randint(max(low, min(shortest, high)), high)
        return "".join(_sequence(body, chance, 0) for _ in range(times))
    if kind in {"SUBPATTERN", "ATOMIC_GROUP"}:
        return _sequence(value[-1] if kind == "SUBPATTERN" else value, chance, shortest)
    return _sequence(chance.choice(value[1]), chance, shortest) if kind == "BRANCH" else ""


def _character(kind: str, value: Any, chance: random.Random) -> str:
    if kind == "LITERAL":
        return chr(value)
    if kind == "NOT_LITERAL":
        return chance.choice(_LETTERS.replace(chr(value), ""))
    return chance.choice(_characters(value) if kind == "IN" else _LETTERS)


def _characters(items: Any) -> str:
    found: list[str] = []
    negated = False
    for kind, value in items:
        if kind == constants.NEGATE:
            negated = True
        elif kind == constants.LITERAL:
            found.append(chr(value))
        elif kind == constants.RANGE:
            low, high = value
            found += [chr(code) for code in range(low, min(high, low + 128) + 1)]
        elif kind == constants.CATEGORY:
            found += _CLASSES.get(str(value), _LETTERS)
    if negated:
        return "".join(one for one in _LETTERS + "-_" if one not in found) or "~"
    plain = [one for one in found if one.isalnum()]
    return "".join(plain or found)
