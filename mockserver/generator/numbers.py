"""Integers and numbers within bounds."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from fractions import Fraction
from random import Random

from msgspec import Struct

from mockserver.generator.errors import Unsatisfiable

_DEFAULT_SPAN = 1_000
_BITS = {"int32": 31, "int64": 63}
_LARGEST = Fraction(sys.float_info.max)
_ATTEMPTS = 30


class Bounds(Struct, frozen=True):
    """An interval, open or closed at each end, and the number that values must be a multiple of."""

    minimum: Fraction | None = None
    exclusive_minimum: bool = False
    """Whether the minimum itself is excluded."""
    maximum: Fraction | None = None
    exclusive_maximum: bool = False
    multiple_of: Fraction | None = None

    def intersect(self, other: Bounds) -> Bounds:
        """Return the bounds that contain the values within both."""
        minimum, exclusive_minimum = self._tighter(
            (self.minimum, self.exclusive_minimum), (other.minimum, other.exclusive_minimum), 1
        )
        maximum, exclusive_maximum = self._tighter(
            (self.maximum, self.exclusive_maximum), (other.maximum, other.exclusive_maximum), -1
        )
        steps = [
            multiple_of
            for multiple_of in (self.multiple_of, other.multiple_of)
            if multiple_of is not None
        ]
        return Bounds(
            minimum,
            exclusive_minimum,
            maximum,
            exclusive_maximum,
            _common_multiple(steps) if steps else None,
        )

    @staticmethod
    def _tighter(
        first: tuple[Fraction | None, bool], second: tuple[Fraction | None, bool], sign: int
    ) -> tuple[Fraction | None, bool]:
        if first[0] is None or second[0] is None:
            return first if second[0] is None else second
        return max(first, second, key=lambda limit: ((limit[0] or 0) * sign, limit[1]))


def format_bounds(format: str | None) -> Bounds:
    """Return the bounds of ``int32`` and ``int64``."""
    bits = _BITS.get(format or "")
    return (
        Bounds()
        if bits is None
        else Bounds(Fraction(-(1 << bits)), False, Fraction((1 << bits) - 1))
    )


def integers(bounds: Bounds, format: str | None = None) -> Callable[[Random], int]:
    """Return a maker of integers. Raise Unsatisfiable if the bounds contain none."""
    multiple_of = (
        _common_multiple([bounds.multiple_of, Fraction(1)]) if bounds.multiple_of else Fraction(1)
    )
    size = int(multiple_of)
    low, high = _default_range(*_multiples(bounds, multiple_of), size)
    first, last = _multiples(format_bounds(format), multiple_of)
    low, high = max(low, first or low), min(high, last or high)
    if low > high:
        raise Unsatisfiable("no integer lies between the bounds")
    return lambda random: random.randint(low, high) * size


def reals(bounds: Bounds) -> Callable[[Random], float]:
    """Return a maker of numbers. Raise Unsatisfiable if the bounds contain none."""
    if bounds.multiple_of is not None:
        return _stepped(bounds, bounds.multiple_of)
    span = Fraction(_DEFAULT_SPAN)
    low = bounds.minimum
    if low is None:
        low = (
            Fraction(0)
            if bounds.maximum is None or bounds.maximum > 0
            else bounds.maximum - max(span, -bounds.maximum / 100)
        )
    high = low + max(span, abs(low) / 100) if bounds.maximum is None else bounds.maximum
    if low > high or (low == high and (bounds.exclusive_minimum or bounds.exclusive_maximum)):
        raise Unsatisfiable("no number lies between the bounds")
    return lambda random: _between(bounds, low, high, random)


def fits(value: float, bounds: Bounds) -> bool:
    """Return whether a number is within bounds.

    Multiples must also be exact in floating-point arithmetic, which other validators use.
    """
    exact = fraction(value)
    if bounds.minimum is not None and (
        exact < bounds.minimum or (bounds.exclusive_minimum and exact == bounds.minimum)
    ):
        return False
    if bounds.maximum is not None and (
        exact > bounds.maximum or (bounds.exclusive_maximum and exact == bounds.maximum)
    ):
        return False
    if bounds.multiple_of is None:
        return True
    factor = value / float(bounds.multiple_of)
    return (
        math.isfinite(factor)
        and (factor == int(factor))
        and (exact / bounds.multiple_of).denominator == 1
    )


def fraction(number: object) -> Fraction:
    """Return a number of a schema exactly as it is written."""
    return Fraction(str(number))


def _between(bounds: Bounds, low: Fraction, high: Fraction, random: Random) -> float:
    for attempt in range(_ATTEMPTS):
        exact = low + (high - low) * Fraction(random.random())
        value = float(min(max(exact, -_LARGEST), _LARGEST))
        rounded = round(value, 2 + attempt // 4)
        for candidate in (rounded, value):
            if fits(candidate, bounds):
                return candidate
    for exact in (low, high, (low + high) / 2):
        if fits(float(exact), bounds):
            return float(exact)
    raise Unsatisfiable("no number was found between the bounds")


def _stepped(bounds: Bounds, multiple_of: Fraction) -> Callable[[Random], float]:
    first, last = _multiples(bounds, multiple_of)
    if first is not None and last is not None and first > last:
        raise Unsatisfiable("no multiple lies between the bounds")
    low, high = _default_range(first, last, 1)

    def draw(random: Random) -> float:
        for attempt in range(_ATTEMPTS * 2):
            # Small multiples are exact in floating point more often than large ones.
            factor = (
                random.randint(low, high)
                if attempt < _ATTEMPTS
                else min(max(attempt - _ATTEMPTS, low), high)
            )
            exact = multiple_of * factor
            value = int(exact) if exact.denominator == 1 else float(exact)
            if fits(value, bounds):
                return value
        raise Unsatisfiable("no multiple was found between the bounds")

    return draw


def _multiples(bounds: Bounds, multiple_of: Fraction) -> tuple[int | None, int | None]:
    """Return the smallest and the largest factor whose multiple is within bounds."""
    first = last = None
    if bounds.minimum is not None:
        first = math.ceil(bounds.minimum / multiple_of)
        first += bounds.exclusive_minimum and first * multiple_of == bounds.minimum
    if bounds.maximum is not None:
        last = math.floor(bounds.maximum / multiple_of)
        last -= bounds.exclusive_maximum and last * multiple_of == bounds.maximum
    return first, last


def _default_range(first: int | None, last: int | None, size: int) -> tuple[int, int]:
    """Return a finite range where one or both limits are missing."""
    span = max(1, _DEFAULT_SPAN // size)
    if first is None:
        return (0, span) if last is None else (0, last) if last > 0 else (last - span, last)
    return first, first + span if last is None else last


def _common_multiple(steps: list[Fraction]) -> Fraction:
    result = steps[0]
    for multiple_of in steps[1:]:
        result = Fraction(
            math.lcm(
                result.numerator * multiple_of.denominator,
                multiple_of.numerator * result.denominator,
            ),
            result.denominator * multiple_of.denominator,
        )
    return result
