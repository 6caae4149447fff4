"""Bounds and values that a description states in words, such as ``between $10 and $500``."""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct

from mockserver.contract.changes import Effect

_NUMBER = (
    r"(?P<{0}_unit>[$€£])?\s?(?P<{0}>-?\d[\d,]{{0,20}}(?:\.\d{{1,20}})?)(?![\d.]{{0,40}}\d)"
    r"\s?(?P<{0}_word>%|[a-z]+)?"
)
_MAX_READ = 2_000
"""The characters of a description in which bounds and values are found."""
_DASHES = "-\u2010\u2011\u2012\u2013\u2014"
_TO = rf"\s?(?P<to>[{_DASHES}]|to|and|through)\s?"
_RANGE = re.compile(
    rf"(?<![\w-]){_NUMBER.format('low')}{_TO}{_NUMBER.format('high')}(?!-\d)", re.IGNORECASE
)
_LOW_WORDS = (
    r"at least|no less than|not less than|minimum(?: is| of)?:?|min\.?:?|from|≥|>=|starting at"
)
_HIGH_WORDS = (
    r"at most|no more than|not more than|up to|maximum(?: is| of)?:?|max\.?:?|limited to|≤|<="
)
_ABOVE_WORDS = r"more than|greater than|above|over|>"
_BELOW_WORDS = r"less than|fewer than|below|under|<"
_LOW = re.compile(rf"(?<!\w)(?P<way>{_LOW_WORDS})\s?{_NUMBER.format('low')}", re.IGNORECASE)
_HIGH = re.compile(rf"(?<!\w)(?P<way>{_HIGH_WORDS})\s?{_NUMBER.format('high')}", re.IGNORECASE)
_ABOVE = re.compile(
    rf"(?<!no )(?<!not )(?<!\w)(?P<way>{_ABOVE_WORDS})\s?{_NUMBER.format('low')}", re.IGNORECASE
)
_BELOW = re.compile(
    rf"(?<!no )(?<!not )(?<!\w)(?P<way>{_BELOW_WORDS})\s?{_NUMBER.format('high')}", re.IGNORECASE
)
_ANY_NUMBER = re.compile(r"[$€£]?\d[\d,]*(?:\.\d+)?%?")
_UNITS = frozenset(
    {
        *("%", "percent", "cent", "dollar", "usd", "eur", "microcent", "credit"),
        *("second", "minute", "hour", "day", "week", "month", "year", "ms"),
        *("character", "char", "byte", "kb", "mb", "gb", "item", "page", "line", "word", "digit"),
    }
)
_QUOTED = r"""(?:"[^"\n]{1,60}"|'[^'\n]{1,60}'|`[^`\n]{1,60}`|“[^”\n]{1,60}”)"""
_LIST = re.compile(rf"{_QUOTED}(?:(?:\s?[,|/]\s?|\s(?:or|and)\s|,\s(?:or|and)\s){_QUOTED})+")
_NAMED = re.compile(
    r"(?:one of|either|any of|allowed(?: values)?|possible values|valid values|values)"
    r"(?: are| is)?:?\s"
    r"(?P<list>\w[\w-]*(?:(?:\s?[,|/]\s?|\sor\s|,\s(?:or|and)\s|\sand\s)\w[\w-]*)+)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s?[,|/]\s?(?:(?:or|and)\s)?|\s(?:or|and)\s", re.IGNORECASE)


class Stated(Struct, frozen=True):
    """What a description states about values."""

    bounds: tuple[tuple[Decimal, bool] | None, tuple[Decimal, bool] | None] = (None, None)
    """The lower and the upper bound, each with whether it is excluded."""
    units: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    """The listed values."""
    numbers: tuple[str, ...] = ()
    """All numbers of the description."""


def stated(text: str) -> Stated:
    """Return what a description states about values."""
    numbers = tuple(sorted(found.replace(",", "") for found in _ANY_NUMBER.findall(text)))
    text = text[:_MAX_READ]
    values = _values(text)
    matches = [match for match in _RANGE.finditer(text) if _is_range(match)]
    if len(matches) > 1:
        return Stated(values=values, numbers=numbers)
    if matches:
        found = matches[0]
        low, high = _number(found["low"]), _number(found["high"])
        bounds = (low, False), (high, False)
        return Stated(bounds, _units(found, "low", "high"), values, numbers)
    lows = [(match, False) for match in _LOW.finditer(text)]
    lows += [(match, True) for match in _ABOVE.finditer(text)]
    highs = [(match, False) for match in _HIGH.finditer(text)]
    highs += [(match, True) for match in _BELOW.finditer(text)]
    if len(lows) > 1 or len(highs) > 1:
        return Stated(values=values, numbers=numbers)
    units: frozenset[str] = frozenset()
    low_bound = high_bound = None
    for match, is_excluded in lows:
        low_bound = _number(match["low"]), is_excluded
        units |= _units(match, "low")
    for match, is_excluded in highs:
        high_bound = _number(match["high"]), is_excluded
        units |= _units(match, "high")
    return Stated((low_bound, high_bound), units, values, numbers)


def change(old: str, new: str) -> Effect | None:
    """Return what another description means for the values of a parameter.

    It is None if nothing of what it states about values changed, and ``UNKNOWN`` if numbers
    changed that are not known to be bounds.
    """
    before, after = stated(old), stated(new)
    found: set[Effect] = set()
    if before.values != after.values:
        found.add(_change_of_values(before.values, after.values))
    if (before.bounds, before.units) != (after.bounds, after.units):
        found.add(_change_of_bounds(before, after))
    elif before.numbers != after.numbers:
        found.add(Effect.UNKNOWN)
    if len(found) > 1:
        is_known = Effect.UNKNOWN not in found
        return Effect.INCOMPARABLE if is_known or Effect.NARROWS in found else Effect.UNKNOWN
    return found.pop() if found else None


def _change_of_values(before: frozenset[str], after: frozenset[str]) -> Effect:
    if not before or not after:
        return Effect.UNKNOWN  # a list in words may be a list of examples
    if before < after:
        return Effect.WIDENS
    return Effect.NARROWS if after < before else Effect.INCOMPARABLE


def _change_of_bounds(before: Stated, after: Stated) -> Effect:
    is_bounded = any(before.bounds) and any(after.bounds)
    if is_bounded and before.units and after.units and before.units != after.units:
        return Effect.UNKNOWN
    effects = {
        _change_of_bound(old, new, sign)
        for old, new, sign in zip(before.bounds, after.bounds, (-1, 1), strict=True)
        if old != new
    }
    return (
        effects.pop() if len(effects) == 1 else Effect.INCOMPARABLE if effects else Effect.UNKNOWN
    )


def _change_of_bound(
    old: tuple[Decimal, bool] | None, new: tuple[Decimal, bool] | None, sign: int
) -> Effect:
    """Compare two bounds. The sign is that of an upper one."""
    if old is None or new is None:
        return Effect.NARROWS if old is None else Effect.WIDENS
    before, after = (sign * old[0], not old[1]), (sign * new[0], not new[1])
    return Effect.WIDENS if after > before else Effect.NARROWS


def _is_range(match: re.Match[str]) -> bool:
    """Return whether two numbers are the ends of a range: not those of a date or of a list."""
    is_between = "between" in match.string[: match.start()].lower()
    is_joined = match["to"].lower() != "and" or is_between
    return is_joined and _number(match["low"]) <= _number(match["high"])


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _units(match: re.Match[str], *names: str) -> frozenset[str]:
    """Return the units of the numbers of a match: a sign before it or a word after it."""
    words = [(match[f"{name}_word"] or "").lower().removesuffix("s") for name in names]
    signs = [match[f"{name}_unit"] for name in names]
    return frozenset({*filter(None, signs), *(word for word in words if word in _UNITS)})


def _values(text: str) -> frozenset[str]:
    """Return the values of a list in words: of quoted ones, or of words after ``one of``."""
    found: set[str] = set()
    for match in _LIST.finditer(text):
        found |= {quoted[1:-1] for quoted in re.findall(_QUOTED, match[0])}
    for match in _NAMED.finditer(text):
        found |= {*_BETWEEN.split(match["list"])}
    return frozenset(found)
