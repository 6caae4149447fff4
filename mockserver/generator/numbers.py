"""Integers and numbers within bounds."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from mockserver.generator.errors import DeadEnd

_USUAL_SPAN = 1_000
_WIDTHS = {"int32": 31, "int64": 63}
_LARGEST = Fraction(sys.float_info.max)
_TRIES = 30


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval, open or closed at each end, and what the values have to be multiples of."""

    least: Fraction | None = None
    above: bool = False
    """Whether the least is itself too small."""
    most: Fraction | None = None
    below: bool = False
    step: Fraction | None = None

    def meet(self, other: Bounds) -> Bounds:
        """The values that are within both."""
        least, above = self._tighter((self.least, self.above), (other.least, other.above), 1)
        most, below = self._tighter((self.most, self.below), (other.most, other.below), -1)
        steps = [step for step in (self.step, other.step) if step is not None]
        return Bounds(least, above, most, below, _common_multiple(steps) if steps else None)

    @staticmethod
    def _tighter(
        one: tuple[Fraction | None, bool], two: tuple[Fraction | None, bool], sign: int
    ) -> tuple[Fraction | None, bool]:
        if one[0] is None or two[0] is None:
            return one if two[0] is None else two
        return max(one, two, key=lambda limit: ((limit[0] or 0) * sign, limit[1]))


def width(format: str | None) -> Bounds:
    """The bounds of ``int32`` and ``int64``."""
    bits = _WIDTHS.get(format or "")
    return (
        Bounds()
        if bits is None
        else Bounds(Fraction(-(1 << bits)), False, Fraction((1 << bits) - 1))
    )


def integers(bounds: Bounds, format: str | None = None) -> Callable[[Random], int]:
    """A maker of integers. Raises DeadEnd where there is none."""
    step = _common_multiple([bounds.step, Fraction(1)]) if bounds.step else Fraction(1)
    size = int(step)
    low, high = _window(*_multiples(bounds, step), size)
    first, last = _multiples(width(format), step)
    low, high = max(low, first or low), min(high, last or high)
    if low > high:
        raise DeadEnd("no integer lies between the bounds")
    return lambda random: random.randint(low, high) * size


def reals(bounds: Bounds) -> Callable[[Random], float]:
    """A maker of numbers. Raises DeadEnd where there is none."""
    if bounds.step is not None:
        return _stepped(bounds, bounds.step)
    span = Fraction(_USUAL_SPAN)
    low = bounds.least
    if low is None:
        low = (
            Fraction(0)
            if bounds.most is None or bounds.most > 0
            else bounds.most - max(span, -bounds.most / 100)
        )
    high = low + max(span, abs(low) / 100) if bounds.most is None else bounds.most
    if low > high or (low == high and (bounds.above or bounds.below)):
        raise DeadEnd("no number lies between the bounds")
    return lambda random: _between(bounds, low, high, random)


def fits(value: float, bounds: Bounds) -> bool:
    """Whether a number is within bounds. Multiples must be exact, also as other validators reckon."""
    exact = fraction(value)
    if bounds.least is not None and (
        exact < bounds.least or (bounds.above and exact == bounds.least)
    ):
        return False
    if bounds.most is not None and (exact > bounds.most or (bounds.below and exact == bounds.most)):
        return False
    if bounds.step is None:
        return True
    times = value / float(bounds.step)
    return math.isfinite(times) and (times == int(times)) and (exact / bounds.step).denominator == 1


def fraction(number: object) -> Fraction:
    """A number of a schema, exactly as it is written."""
    return Fraction(str(number))


def _between(bounds: Bounds, low: Fraction, high: Fraction, random: Random) -> float:
    for attempt in range(_TRIES):
        exact = low + (high - low) * Fraction(random.random())
        value = float(min(max(exact, -_LARGEST), _LARGEST))
        rounded = round(value, 2 + attempt // 4)
        for candidate in (rounded, value):
            if fits(candidate, bounds):
                return candidate
    for exact in (low, high, (low + high) / 2):
        if fits(float(exact), bounds):
            return float(exact)
    raise DeadEnd("no number was found between the bounds")


def _stepped(bounds: Bounds, step: Fraction) -> Callable[[Random], float]:
    first, last = _multiples(bounds, step)
    if first is not None and last is not None and first > last:
        raise DeadEnd("no multiple lies between the bounds")
    low, high = _window(first, last, 1)

    def draw(random: Random) -> float:
        for attempt in range(_TRIES * 2):
            # Small multiples are exact more often than large ones.
            times = (
                random.randint(low, high)
                if attempt < _TRIES
                else min(max(attempt - _TRIES, low), high)
            )
            exact = step * times
            value = int(exact) if exact.denominator == 1 else float(exact)
            if fits(value, bounds):
                return value
        raise DeadEnd("no multiple was found between the bounds")

    return draw


def _multiples(bounds: Bounds, step: Fraction) -> tuple[int | None, int | None]:
    """The first and the last of the factors whose multiples of a step are within bounds."""
    first = last = None
    if bounds.least is not None:
        first = math.ceil(bounds.least / step)
        first += bounds.above and first * step == bounds.least
    if bounds.most is not None:
        last = math.floor(bounds.most / step)
        last -= bounds.below and last * step == bounds.most
    return first, last


def _window(first: int | None, last: int | None, size: int) -> tuple[int, int]:
    """Where to choose from, when one side or both are open."""
    span = max(1, _USUAL_SPAN // size)
    if first is None:
        return (0, span) if last is None else (0, last) if last > 0 else (last - span, last)
    return first, first + span if last is None else last


def _common_multiple(steps: list[Fraction]) -> Fraction:
    result = steps[0]
    for step in steps[1:]:
        result = Fraction(
            math.lcm(result.numerator * step.denominator, step.numerator * result.denominator),
            result.denominator * step.denominator,
        )
    return result
