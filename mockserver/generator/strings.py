"""Strings within the constraints of a schema: length, patterns and formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import chain, permutations
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.generator import formats, limits, names, regex
from mockserver.generator.errors import Unsatisfiable
from mockserver.generator.patterns import Pattern
from mockserver.generator.seeded_random import SeededRandom
from mockserver.openapi.schemas import DRAFT_4, Dialect, Validator

Source = Callable[[SeededRandom], Any]

_ATTEMPTS = 40
_PROBES = 24
_DEFAULT_MAX_LENGTH = 200
_MAX_RELIABLE_SOURCES = 2


class StringConstraints(Struct, frozen=True):
    """The constraints of a schema on a string."""

    min_length: int = 0
    max_length: int | None = None
    patterns: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    def intersect(self, other: StringConstraints) -> StringConstraints:
        """Return the constraints of both."""
        tops = [limit for limit in (self.max_length, other.max_length) if limit is not None]
        return StringConstraints(
            max(self.min_length, other.min_length),
            min(tops) if tops else None,
            tuple(dict.fromkeys((*self.patterns, *other.patterns))),
            tuple(dict.fromkeys((*self.formats, *other.formats))),
        )

    def validator(self, dialect: Dialect) -> Validator | None:
        """Return a validator for the constraints, or None if there are none."""
        return _compiled(self, dialect) if self != StringConstraints() else None


@lru_cache(maxsize=4_096)
def _compiled(constraints: StringConstraints, dialect: Dialect) -> Validator:
    """Return the validator of constraints, which many schemas share."""
    parts: list[dict[str, Any]] = [{"minLength": constraints.min_length}]
    if constraints.max_length is not None:
        parts.append({"maxLength": constraints.max_length})
    parts += [{"pattern": expression} for expression in constraints.patterns]
    parts += [{"format": format} for format in constraints.formats]
    return dialect.compile({"type": "string", "allOf": parts})


class StringMaker:
    """Generates strings from the sources that can meet the constraints."""

    __slots__ = ("constraints", "sources", "validator")

    def __init__(
        self, constraints: StringConstraints, sources: list[Source], dialect: Dialect = DRAFT_4
    ) -> None:
        self.constraints = constraints
        self.sources = sources
        self.validator = constraints.validator(dialect)

    def draw(self, seeded: SeededRandom) -> str:
        """Return a string that meets the constraints. Raise Unsatisfiable if none was found."""
        for source in self.sources:
            for _ in range(_ATTEMPTS):
                text = source(seeded)
                if self.fits(text):
                    return str(text)
        raise Unsatisfiable("no string was found that meets the constraints")

    def fits(self, text: object) -> bool:
        """Return whether a value is a string that meets the constraints."""
        return isinstance(text, str) and (self.validator is None or self.validator.is_valid(text))


def string_maker(
    constraints: StringConstraints, name: str, seeded: SeededRandom, dialect: Dialect = DRAFT_4
) -> StringMaker:
    """Return a maker of strings for a property with that name. Raise Unsatisfiable."""
    if constraints.max_length is not None and constraints.min_length > constraints.max_length:
        raise Unsatisfiable("minLength is larger than maxLength")
    limits.check_characters(constraints.min_length)
    maker = StringMaker(constraints, [], dialect)
    unreliable: list[Source] = []
    words: Source = partial(_words, replace(constraints, max_length=_upper_limit(constraints)))
    sources: Iterator[Source] = chain(_sources(constraints, name), [words])
    for source in sources:
        is_certain = maker.validator is None or (
            source is words and not constraints.formats and not constraints.patterns
        )
        hits = _PROBES if is_certain else sum(maker.fits(source(seeded)) for _ in range(_PROBES))
        if hits >= _PROBES // 4:
            maker.sources.append(source)
        elif hits:
            unreliable.append(source)
        if len(maker.sources) == _MAX_RELIABLE_SOURCES:
            break
    # Sources that rarely succeed come last.
    maker.sources += unreliable
    if not maker.sources:
        raise Unsatisfiable("no string was found that has the required length, format and pattern")
    return maker


def _sources(constraints: StringConstraints, name: str) -> Iterator[Source]:
    """Yield sources of strings, the most natural first."""
    for format in constraints.formats:
        yield from formats.samples(format)
    guess = names.string_guess(name)
    if guess is not None and not constraints.formats:
        yield guess
    yield from _from_expressions(constraints)
    if constraints.formats and constraints.patterns:
        yield from _spliced_samples(constraints)


def _from_expressions(constraints: StringConstraints) -> Iterator[Source]:
    """Yield strings of each pattern, of patterns in a row, and of the format's expression."""
    shapes = [shape for shape in map(formats.expression, constraints.formats) if shape is not None]
    orders = list(permutations(constraints.patterns[:3])) if len(constraints.patterns) > 1 else []
    for expressions in (
        *((expression,) for expression in constraints.patterns),
        *orders,
        *((expression,) for expression in shapes),
    ):
        pattern = _pattern(*expressions)
        if pattern is not None:
            max_length = (
                constraints.max_length if constraints.max_length is not None else regex.UNBOUNDED
            )
            yield partial(_matching, pattern, constraints.min_length, max_length)


def _matching(pattern: Pattern, min_length: int, max_length: int, seeded: SeededRandom) -> str:
    return pattern.draw(seeded.random, min_length, max_length)


def _spliced_samples(constraints: StringConstraints) -> Iterator[Source]:
    """Yield samples of a format with one end replaced by a match of the pattern.

    For example, ``^2031-`` makes a date of the year 2031.
    """
    for expression in constraints.patterns:
        pattern = _pattern(expression)
        if pattern is not None:
            for format in constraints.formats:
                for sample in formats.samples(format):
                    yield partial(_splice, pattern, sample)


def _splice(pattern: Pattern, sample: formats.Sample, seeded: SeededRandom) -> str:
    text, piece = sample(seeded), pattern.draw(seeded.random, 0, regex.UNBOUNDED)
    return (
        piece + text[len(piece) :]
        if seeded.random.random() < 0.5
        else text[: -len(piece) or None] + piece
    )


def _words(constraints: StringConstraints, seeded: SeededRandom) -> str:
    """Return plain words, cut or padded to the required length."""
    min_length, max_length = constraints.min_length, constraints.max_length or 0
    text = seeded.fake.sentence(3).rstrip(".") if max_length >= 24 else seeded.fake.word()
    if len(text) < min_length:
        text = f"{text} {seeded.fake.sentence(8)} " * (min_length // (len(text) + 12) + 1)
        return (
            text[
                : seeded.random.randint(
                    min_length, max(min_length, min(max_length, min_length + 20))
                )
            ]
            .rstrip()
            .ljust(min_length, "x")
        )
    return text[:max_length].rstrip().ljust(min_length, "x")


def _upper_limit(constraints: StringConstraints) -> int:
    top = max(_DEFAULT_MAX_LENGTH, constraints.min_length)
    return top if constraints.max_length is None else min(constraints.max_length, top)


def _pattern(*expressions: str) -> Pattern | None:
    try:
        return Pattern(*expressions)
    except regex.UnsupportedPattern:
        return None
