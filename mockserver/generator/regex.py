"""Parser for the regular expressions of JSON Schema (ECMA 262)."""

from __future__ import annotations

from msgspec import Struct

from mockserver.generator import characters
from mockserver.generator.characters import Ranges

UNBOUNDED = 1 << 31
_SPECIAL = frozenset("*+?|)")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}


class UnsupportedPattern(ValueError):
    """An expression that this parser cannot read."""


class CharacterClass(Struct, frozen=True):
    """One character of a set."""

    ranges: Ranges
    broad: bool = False
    """Whether the set is defined by the characters that it excludes."""


class Sequence(Struct, frozen=True):
    """Parts that match one after the other."""

    parts: tuple[Node, ...]


class Alternation(Struct, frozen=True):
    """Options of which one matches."""

    options: tuple[Node, ...]


class Repeat(Struct, frozen=True):
    """A part that is repeated."""

    part: Node
    minimum: int
    maximum: int


class Group(Struct, frozen=True):
    """A group that can be referred back to."""

    part: Node
    names: tuple[str, ...]


class Backreference(Struct, frozen=True):
    """The text that a group matched before."""

    name: str


class Lookaround(Struct, frozen=True):
    """A condition on the text before or after a position. It matches no characters itself."""

    part: Node
    ahead: bool
    positive: bool


class Anchor(Struct, frozen=True):
    """A condition on the position: ``^``, ``$``, or the word boundaries ``b`` and ``B``."""

    kind: str


Node = (
    CharacterClass | Sequence | Alternation | Repeat | Group | Backreference | Lookaround | Anchor
)


def parse(expression: str) -> Node:
    """Return the tree of an expression. Raise UnsupportedPattern."""
    reader = _Reader(expression)
    node = reader.alternation()
    if reader.more():
        raise UnsupportedPattern(f"{expression!r} has an unmatched ')'")
    return node


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._groups = 0

    def more(self) -> bool:
        return self._at < len(self._text)

    def alternation(self) -> Node:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Alternation(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self.more() and self._text[self._at] not in "|)":
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        while self.more():
            bounds = self._quantifier()
            if bounds is None:
                break
            if not self._take("?"):
                self._take("+")
            part = Repeat(part, *bounds)
        return part

    def _quantifier(self) -> tuple[int, int] | None:
        for sign, bounds in (("*", (0, UNBOUNDED)), ("+", (1, UNBOUNDED)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        end = self._text.find("}", self._at)
        if self._text[self._at] != "{" or end < 0:
            return None
        minimum, comma, maximum = self._text[self._at + 1 : end].partition(",")
        if not minimum.isdigit() or (maximum and not maximum.isdigit()):
            return None
        self._at = end + 1
        return int(minimum), int(maximum) if maximum else UNBOUNDED if comma else int(minimum)

    def _atom(self) -> Node:
        char = self._next()
        if char in "^$":
            return Anchor(char)
        if char == ".":
            return CharacterClass(characters.complement(characters.NEWLINES), broad=True)
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char in _SPECIAL:
            raise UnsupportedPattern(f"{self._text!r} has a {char!r} with nothing to repeat")
        return CharacterClass(characters.single(char))

    def _group(self) -> Node:
        for sign, ahead, positive in (
            ("?=", True, True),
            ("?!", True, False),
            ("?<=", False, True),
            ("?<!", False, False),
        ):
            if self._take(sign):
                return Lookaround(self._group_body(), ahead, positive)
        if self._take("?:"):
            return self._group_body()
        self._groups += 1
        names = [str(self._groups)]
        if self._take("?<") or self._take("?P<"):
            names.append(self._until(">"))
        elif self._take("?"):
            raise UnsupportedPattern(f"{self._text!r} has a group of an unsupported kind")
        return Group(self._group_body(), tuple(names))

    def _group_body(self) -> Node:
        node = self.alternation()
        if not self._take(")"):
            raise UnsupportedPattern(f"{self._text!r} has an unclosed '('")
        return node

    def _escape(self) -> Node:
        char = self._next()
        if char in "bB":
            return Anchor(char)
        if char == "A":
            return Anchor("^")
        if char in "zZ":
            return Anchor("$")
        if char == "k" and self._take("<"):
            return Backreference(self._until(">"))
        if char in "123456789":
            while self.more() and self._text[self._at].isdigit():
                char += self._next()
            return Backreference(char)
        ranges = self._escaped(char)
        return CharacterClass(ranges, broad=char in "DWSP")

    def _escaped(self, char: str) -> Ranges:
        """Return the characters that an escape represents, inside or outside a class."""
        if char.lower() in characters.SHORTHANDS:
            ranges = characters.SHORTHANDS[char.lower()]
            return characters.complement(ranges) if char.isupper() else ranges
        if char in "pP":
            name = self._until("}") if self._take("{") else self._next()
            ranges = characters.with_property(name)
            if not ranges:
                raise UnsupportedPattern(f"{self._text!r} has an unknown Unicode property {name!r}")
            return characters.complement(ranges) if char == "P" else ranges
        if char == "u" and self._take("{"):
            return characters.single(chr(self._hex(self._until("}"))))
        if char in "ux":
            return characters.single(self._code(4 if char == "u" else 2))
        if char == "c":
            return characters.single(chr(ord(self._next().upper()) % 32))
        return characters.single(_CONTROLS.get(char, char))

    def _code(self, digits: int) -> str:
        """Return a character by its code. Two surrogate escapes make one character."""
        code = self._hex("".join(self._next() for _ in range(digits)))
        if 0xD800 <= code < 0xDC00 and self._take("\\u"):
            low = self._hex("".join(self._next() for _ in range(4)))
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        return chr(code)

    def _class(self) -> Node:
        negated = self._take("^")
        ranges: Ranges = ()
        while not self._take("]"):
            first = self._member()
            if (
                self._text[self._at : self._at + 1] == "-"
                and self._text[self._at + 1 : self._at + 2] != "]"
            ):
                self._at += 1
                last = self._member()
                if first[0][0] == first[-1][1] and last[0][0] == last[-1][1]:
                    first = ((first[0][0], last[0][0]),)
                else:
                    first = (*first, *characters.single("-"), *last)
            ranges = (*ranges, *first)
        ranges = characters.normalized(ranges)
        return (
            CharacterClass(characters.complement(ranges), broad=True)
            if negated
            else CharacterClass(ranges)
        )

    def _member(self) -> Ranges:
        char = self._next()
        if char != "\\":
            return characters.single(char)
        char = self._next()
        return characters.single("\b") if char == "b" else self._escaped(char)

    def _hex(self, digits: str) -> int:
        try:
            code = int(digits, 16)
        except ValueError:
            code = -1
        if not 0 <= code <= characters.LAST:
            raise UnsupportedPattern(f"{self._text!r} has an invalid character code {digits!r}")
        return code

    def _until(self, end: str) -> str:
        at = self._text.find(end, self._at)
        if at < 0:
            raise UnsupportedPattern(f"{self._text!r} has no closing {end!r}")
        found, self._at = self._text[self._at : at], at + 1
        return found

    def _take(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found

    def _next(self) -> str:
        if not self.more():
            raise UnsupportedPattern(f"{self._text!r} ends unexpectedly")
        self._at += 1
        return self._text[self._at - 1]
