"""Strings that match a regular expression, of a length within bounds."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from mockserver.generator import characters, regex
from mockserver.generator.regex import (
    UNBOUNDED,
    Anchor,
    Back,
    Chars,
    Either,
    Group,
    Look,
    Node,
    Repeat,
    Sequence,
)
from mockserver.schemas import Validator

_USUAL_EXTRA = 10
"""How much longer than it must be a repeated part usually gets."""

_ANY = Chars(characters.complement(((0, 31), (32, 47), (58, 64), (91, 96), (123, characters.LAST))))
_PADDING = Repeat(_ANY, 0, UNBOUNDED)


class Pattern:
    """One expression, or several that one string has to match one after the other."""

    def __init__(self, *expressions: str) -> None:
        """Raises regex.Unreadable."""
        self._node: Node = Sequence(
            tuple(_open_ended(regex.parse(expression)) for expression in expressions)
        )
        self.least, self.most = _lengths(self._node)

    def draw(self, random: Random, least: int, most: int) -> str:
        """A string that most likely matches: what looks around itself may need another try."""
        text = _Text(random)
        text.write(self._node, max(least, self.least), most)
        return text.finished()


class _Text:
    """A string as it grows from left to right."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._text = ""
        self._groups: dict[str, str] = {}
        self._ahead: list[tuple[int, str]] = []

    def finished(self) -> str:
        """The string, with what was asked for ahead written over what stands there."""
        text = self._text
        for at, wanted in self._ahead:
            text = (
                text[:at] + (wanted + text[at + len(wanted) :])[: max(len(text) - at, len(wanted))]
            )
        return text

    def write(self, node: Node, least: int, most: int) -> None:
        """Append what a node allows, between so many and so many characters where that can be."""
        match node:
            case Chars(ranges, broad):
                if ranges:
                    self._text += characters.draw(ranges, broad, self._random)
            case Sequence(parts):
                self._sequence(parts, least, most)
            case Either(options):
                fitting = [
                    option
                    for option in options
                    if _lengths(option)[0] <= most and _lengths(option)[1] >= least
                ]
                self.write(self._random.choice(fitting or options), least, most)
            case Repeat(part, fewest, highest):
                self._repeat(part, fewest, highest, least, most)
            case Group(part, names):
                began = len(self._text)
                self.write(part, least, most)
                self._groups.update(dict.fromkeys(names, self._text[began:]))
            case Back(name):
                self._text += self._groups.get(name, "")
            case Look(part, ahead=True, wanted=True):
                self._look(part, most)
            case Look(part, ahead=False, wanted=True) if not self._text:
                # Nothing holds the start: what has to come before can be put there.
                self.write(part, 0, most)
            case Look() | Anchor():
                pass

    def _sequence(self, parts: tuple[Node, ...], least: int, most: int) -> None:
        lengths = [_lengths(part) for part in parts]
        rest_least, rest_most = (
            sum(length[0] for length in lengths),
            sum(length[1] for length in lengths),
        )
        for part, (shortest, longest) in zip(parts, lengths, strict=True):
            rest_least, rest_most = rest_least - shortest, rest_most - longest
            began = len(self._text)
            self.write(part, max(shortest, least - rest_most), min(longest, most - rest_least))
            written = len(self._text) - began
            least, most = least - written, most - written

    def _repeat(self, part: Node, fewest: int, highest: int, least: int, most: int) -> None:
        shortest, longest = _lengths(part)
        times = max(fewest, -(-least // longest) if longest else 0)
        limit = min(
            highest, most // shortest if shortest else highest, times + self._extra(part, times)
        )
        times = self._random.randint(times, max(times, limit))
        if isinstance(part, Chars) and part.ranges:
            self._text += self._run(part, times)
            return
        for left in range(times - 1, -1, -1):
            began = len(self._text)
            self.write(
                part,
                max(shortest, least - left * longest),
                max(shortest, min(longest, most - left * shortest)),
            )
            written = len(self._text) - began
            least, most = least - written, most - written

    def _extra(self, part: Node, times: int) -> int:
        if part is _ANY:
            return 0
        return max(0, _USUAL_EXTRA - times) if isinstance(part, Chars) else 2

    def _run(self, part: Chars, times: int) -> str:
        found = characters.choices(part.ranges, part.broad)
        if found and (part.broad or characters.covers(part.ranges, len(found))):
            return "".join(self._random.choices(found, k=times))
        return "".join(characters.draw(part.ranges, part.broad, self._random) for _ in range(times))

    def _look(self, part: Node, most: int) -> None:
        wanted = _Text(self._random)
        wanted.write(part, 0, most)
        self._ahead.append((len(self._text), wanted.finished()))


@lru_cache(maxsize=4096)
def _lengths(node: Node) -> tuple[int, int]:
    """The fewest and the most characters that a node takes."""
    least, most = 0, 0
    match node:
        case Chars():
            least, most = 1, 1
        case Sequence(parts):
            least, most = (sum(bound) for bound in zip((0, 0), *map(_lengths, parts), strict=True))
        case Either(options):
            least, most = (
                min(_lengths(option)[0] for option in options),
                max(_lengths(option)[1] for option in options),
            )
        case Repeat(part, fewest, highest):
            least, most = _lengths(part)[0] * fewest, _lengths(part)[1] * highest
        case Group(part):
            least, most = _lengths(part)
        case Back():
            most = UNBOUNDED
    return least, min(most, UNBOUNDED)


def matches(expression: str, text: str) -> bool:
    """Whether a text matches, as validators see it: their expressions are not Python's."""
    return _matcher(expression).is_valid(text)


@lru_cache(maxsize=512)
def _matcher(expression: str) -> Validator:
    return Validator({"pattern": expression})


def _open_ended(node: Node) -> Node:
    """The expression with room around it, where nothing holds it to the start or the end."""
    if isinstance(node, Either):
        return Either(tuple(_open_ended(option) for option in node.options))
    parts = node.parts if isinstance(node, Sequence) else (node,)
    before = () if parts and _is_anchor(parts[0], "^") else (_PADDING,)
    after = () if parts and _is_anchor(parts[-1], "$") else (_PADDING,)
    return Sequence((*before, *parts, *after))


def _is_anchor(node: Node, kind: str) -> bool:
    """Whether a part surely stands at the start or the end."""
    match node:
        case Anchor(found):
            return found == kind
        case Group(part):
            return _is_anchor(part, kind)
        case Either(options):
            return all(_is_anchor(option, kind) for option in options)
        case Sequence(parts):
            return bool(parts) and _is_anchor(parts[0 if kind == "^" else -1], kind)
        case _:
            return False
