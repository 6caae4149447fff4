"""Strings that match a regular expression and have a length within bounds."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from mockserver.generator import characters, limits, regex
from mockserver.generator.regex import (
    UNBOUNDED,
    Alternation,
    Anchor,
    Backreference,
    CharacterClass,
    Group,
    Lookaround,
    Node,
    Repeat,
    Sequence,
    UnsupportedPattern,
)
from mockserver.openapi.schemas import DRAFT_4, Validator

_MAX_EXTRA = 10
"""Default limit for the number of repetitions beyond the required ones."""

_ANY = CharacterClass(
    characters.complement(((0, 31), (32, 47), (58, 64), (91, 96), (123, characters.LAST)))
)
_PADDING = Repeat(_ANY, 0, UNBOUNDED)


class Pattern:
    """One regular expression, or several that consecutive parts of a string must match."""

    def __init__(self, *expressions: str) -> None:
        """Raise UnsupportedPattern for one that cannot be parsed, or has long texts only."""
        self._node: Node = Sequence(
            tuple(_with_padding(regex.parse(expression)) for expression in expressions)
        )
        self.min_length, self.max_length = _lengths(self._node)
        if self.min_length > limits.MAX_CHARACTERS:
            raise UnsupportedPattern("the texts of a pattern are too long")

    def draw(self, random: Random, min_length: int, max_length: int) -> str:
        """Return a string that very likely matches. Lookarounds may need retries."""
        text = _StringWriter(random)
        text.write(self._node, max(min_length, self.min_length), max_length)
        return text.finished()


class _StringWriter:
    """Builds a string from left to right."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._text = ""
        self._groups: dict[str, str] = {}
        self._lookaheads: list[tuple[int, str]] = []

    def finished(self) -> str:
        """Return the string, with the text that lookaheads require written over it."""
        text = self._text
        for at, positive in self._lookaheads:
            text = (
                text[:at]
                + (positive + text[at + len(positive) :])[: max(len(text) - at, len(positive))]
            )
        return text

    def write(self, node: Node, min_length: int, max_length: int) -> None:
        """Append text that matches a node, within the length limits if possible."""
        match node:
            case CharacterClass(ranges, broad):
                if ranges:
                    self._text += characters.draw(ranges, broad, self._random)
            case Sequence(parts):
                self._sequence(parts, min_length, max_length)
            case Alternation(options):
                fitting = [
                    option
                    for option in options
                    if _lengths(option)[0] <= max_length and _lengths(option)[1] >= min_length
                ]
                self.write(self._random.choice(fitting or options), min_length, max_length)
            case Repeat(part, minimum, maximum):
                self._repeat(part, minimum, maximum, min_length, max_length)
            case Group(part, names):
                began = len(self._text)
                self.write(part, min_length, max_length)
                self._groups.update(dict.fromkeys(names, self._text[began:]))
            case Backreference(name):
                self._text += self._groups.get(name, "")
            case Lookaround(part, ahead=True, positive=True):
                self._write_lookahead(part, max_length)
            case Lookaround(part, ahead=False, positive=True) if not self._text:
                # The expression is not anchored at its start, so the lookbehind's text can be
                # written there.
                self.write(part, 0, max_length)
            case Lookaround() | Anchor():
                pass

    def _sequence(self, parts: tuple[Node, ...], min_length: int, max_length: int) -> None:
        lengths = [_lengths(part) for part in parts]
        rest_min, rest_max = (
            sum(length[0] for length in lengths),
            sum(length[1] for length in lengths),
        )
        for part, (shortest, longest) in zip(parts, lengths, strict=True):
            rest_min, rest_max = rest_min - shortest, rest_max - longest
            began = len(self._text)
            self.write(
                part, max(shortest, min_length - rest_max), min(longest, max_length - rest_min)
            )
            written = len(self._text) - began
            min_length, max_length = min_length - written, max_length - written

    def _repeat(
        self, part: Node, minimum: int, maximum: int, min_length: int, max_length: int
    ) -> None:
        shortest, longest = _lengths(part)
        times = max(minimum, -(-min_length // longest) if longest else 0)
        limit = min(
            maximum,
            max_length // shortest if shortest else maximum,
            times + self._extra_repetitions(part, times),
        )
        times = self._random.randint(times, max(times, limit))
        if isinstance(part, CharacterClass) and part.ranges:
            self._text += self._character_run(part, times)
            return
        for left in range(times - 1, -1, -1):
            began = len(self._text)
            self.write(
                part,
                max(shortest, min_length - left * longest),
                max(shortest, min(longest, max_length - left * shortest)),
            )
            written = len(self._text) - began
            min_length, max_length = min_length - written, max_length - written

    def _extra_repetitions(self, part: Node, times: int) -> int:
        if part is _ANY:
            return 0
        return max(0, _MAX_EXTRA - times) if isinstance(part, CharacterClass) else 2

    def _character_run(self, part: CharacterClass, times: int) -> str:
        found = characters.choices(part.ranges, part.broad)
        if found and (part.broad or characters.has_size(part.ranges, len(found))):
            return "".join(self._random.choices(found, k=times))
        return "".join(characters.draw(part.ranges, part.broad, self._random) for _ in range(times))

    def _write_lookahead(self, part: Node, max_length: int) -> None:
        positive = _StringWriter(self._random)
        positive.write(part, 0, max_length)
        self._lookaheads.append((len(self._text), positive.finished()))


@lru_cache(maxsize=4096)
def _lengths(node: Node) -> tuple[int, int]:
    """Return the minimum and maximum number of characters that a node matches."""
    min_length, max_length = 0, 0
    match node:
        case CharacterClass():
            min_length, max_length = 1, 1
        case Sequence(parts):
            min_length, max_length = (
                sum(bound) for bound in zip((0, 0), *map(_lengths, parts), strict=True)
            )
        case Alternation(options):
            min_length, max_length = (
                min(_lengths(option)[0] for option in options),
                max(_lengths(option)[1] for option in options),
            )
        case Repeat(part, minimum, maximum):
            min_length, max_length = _lengths(part)[0] * minimum, _lengths(part)[1] * maximum
        case Group(part):
            min_length, max_length = _lengths(part)
        case Backreference():
            max_length = UNBOUNDED
    return min_length, min(max_length, UNBOUNDED)


def matches(expression: str, text: str) -> bool:
    """Return whether a text matches by the validators' rules, which differ from Python's ``re``."""
    return _matcher(expression).is_valid(text)


@lru_cache(maxsize=512)
def _matcher(expression: str) -> Validator:
    return DRAFT_4.validator({"pattern": expression})


def _with_padding(node: Node) -> Node:
    """Add room around an expression that is not anchored at its start or end."""
    if isinstance(node, Alternation):
        return Alternation(tuple(_with_padding(option) for option in node.options))
    parts = node.parts if isinstance(node, Sequence) else (node,)
    before = () if parts and _is_anchor(parts[0], "^") else (_PADDING,)
    after = () if parts and _is_anchor(parts[-1], "$") else (_PADDING,)
    return Sequence((*before, *parts, *after))


def _is_anchor(node: Node, kind: str) -> bool:
    """Return whether a node always matches the start or the end."""
    match node:
        case Anchor(found):
            return found == kind
        case Group(part):
            return _is_anchor(part, kind)
        case Alternation(options):
            return all(_is_anchor(option, kind) for option in options)
        case Sequence(parts):
            return bool(parts) and _is_anchor(parts[0 if kind == "^" else -1], kind)
        case _:
            return False
