"""Strings within all that a schema asks of them: length, expressions, formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import permutations
from typing import Any

from mockserver.generator import formats, names, regex
from mockserver.generator.chance import Chance
from mockserver.generator.errors import DeadEnd
from mockserver.generator.patterns import Pattern
from mockserver.schemas import Validator

Source = Callable[[Chance], Any]

_TRIES = 40
_PROBES = 24
_LONGEST_BY_CHOICE = 200
_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Demands:
    """What a schema asks of a string."""

    least: int = 0
    most: int | None = None
    patterns: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    def meet(self, other: Demands) -> Demands:
        """What both ask."""
        tops = [limit for limit in (self.most, other.most) if limit is not None]
        return Demands(
            max(self.least, other.least),
            min(tops) if tops else None,
            tuple(dict.fromkeys((*self.patterns, *other.patterns))),
            tuple(dict.fromkeys((*self.formats, *other.formats))),
        )

    def validator(self) -> Validator | None:
        """What decides whether a string is right; None where any is."""
        if self == Demands():
            return None
        parts: list[dict[str, Any]] = [{"minLength": self.least}]
        if self.most is not None:
            parts.append({"maxLength": self.most})
        parts += [{"pattern": expression} for expression in self.patterns]
        parts += [{"format": format} for format in self.formats]
        return Validator({"type": "string", "allOf": parts}, validate_formats=True)


@dataclass(slots=True)
class Strings:
    """A maker of strings. The sources that never give a string that fits are left out from the start."""

    demands: Demands
    sources: list[Source]
    check: Validator | None = field(init=False)

    def __post_init__(self) -> None:
        self.check = self.demands.validator()

    def draw(self, chance: Chance) -> str:
        """A string that fits. Raises DeadEnd when none was found."""
        for source in self.sources:
            for _ in range(_TRIES):
                text = source(chance)
                if self.fits(text):
                    return str(text)
        raise DeadEnd("no string was found that fits")

    def fits(self, text: object) -> bool:
        """Whether it is a string, and one that fits."""
        return isinstance(text, str) and (self.check is None or self.check.is_valid(text))


def strings(demands: Demands, name: str, chance: Chance) -> Strings:
    """A maker of strings for a property of that name. Raises DeadEnd where none was found."""
    if demands.most is not None and demands.least > demands.most:
        raise DeadEnd("minLength is larger than maxLength")
    made = Strings(demands, [])
    lucky: list[Source] = []
    for source in _sources(demands, name):
        hits = sum(made.fits(source(chance)) for _ in range(_PROBES))
        if hits >= _PROBES // 4:
            made.sources.append(source)
        elif hits:
            lucky.append(source)
        if len(made.sources) == _ENOUGH:
            break
    # What fits only by luck comes last.
    made.sources += lucky
    if not made.sources:
        raise DeadEnd(
            "no string was found that has the length, the format and the pattern that are asked for"
        )
    return made


def _sources(demands: Demands, name: str) -> Iterator[Source]:
    """Where strings may come from, the most natural first."""
    for format in demands.formats:
        yield from formats.samples(format)
    guess = names.text(name)
    if guess is not None and not demands.formats:
        yield guess
    yield from _from_expressions(demands)
    if demands.formats and demands.patterns:
        yield from _grafts(demands)
    yield partial(_words, replace(demands, most=_top(demands)))


def _from_expressions(demands: Demands) -> Iterator[Source]:
    """Strings of a pattern, of several patterns in a row, and of the shape of a format."""
    shapes = [shape for shape in map(formats.expression, demands.formats) if shape is not None]
    orders = list(permutations(demands.patterns[:3])) if len(demands.patterns) > 1 else []
    for expressions in (
        *((expression,) for expression in demands.patterns),
        *orders,
        *((expression,) for expression in shapes),
    ):
        pattern = _pattern(*expressions)
        if pattern is not None:
            most = demands.most if demands.most is not None else regex.UNBOUNDED
            yield partial(_matching, pattern, demands.least, most)


def _matching(pattern: Pattern, least: int, most: int, chance: Chance) -> str:
    return pattern.draw(chance.random, least, most)


def _grafts(demands: Demands) -> Iterator[Source]:
    """A sample of the format whose start or end the pattern writes over: ``^2031-`` makes a date of 2031."""
    for expression in demands.patterns:
        pattern = _pattern(expression)
        if pattern is not None:
            for format in demands.formats:
                for sample in formats.samples(format):
                    yield partial(_graft, pattern, sample)


def _graft(pattern: Pattern, sample: formats.Sample, chance: Chance) -> str:
    text, piece = sample(chance), pattern.draw(chance.random, 0, regex.UNBOUNDED)
    return (
        piece + text[len(piece) :]
        if chance.random.random() < 0.5
        else text[: -len(piece) or None] + piece
    )


def _words(demands: Demands, chance: Chance) -> str:
    """Plain words, cut or filled up to the length that is asked for."""
    least, most = demands.least, demands.most or 0
    text = chance.fake.sentence(3).rstrip(".") if most >= 24 else chance.fake.word()
    if len(text) < least:
        text = f"{text} {chance.fake.sentence(8)} " * (least // (len(text) + 12) + 1)
        return (
            text[: chance.random.randint(least, max(least, min(most, least + 20)))]
            .rstrip()
            .ljust(least, "x")
        )
    return text[:most].rstrip().ljust(least, "x")


def _top(demands: Demands) -> int:
    top = max(_LONGEST_BY_CHOICE, demands.least)
    return top if demands.most is None else min(demands.most, top)


def _pattern(*expressions: str) -> Pattern | None:
    try:
        return Pattern(*expressions)
    except regex.Unreadable:
        return None
