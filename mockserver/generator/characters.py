"""Sets of characters as ranges of code points: what a regular expression allows at one position."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from random import Random

Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
NEWLINES: Ranges = ((10, 10), (13, 13), (0x2028, 0x2029))
SHORTHANDS: dict[str, Ranges] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((32, 32), (9, 13), (160, 160)),
}
_SURROGATES = (0xD800, 0xDFFF)
_SEARCH_END = 0x3100
"""End of the search for characters with a property. The common alphabets are below it."""
_HAN = (0x4E00, 0x4FFF)
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_PRINTABLE = "".join(map(chr, range(32, 127)))


def single(char: str) -> Ranges:
    """Return the set of one character."""
    return ((ord(char), ord(char)),)


def normalized(ranges: Ranges) -> Ranges:
    """Return the same set with its ranges sorted and merged."""
    tidied: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if tidied and first <= tidied[-1][1] + 1:
            tidied[-1] = (tidied[-1][0], max(last, tidied[-1][1]))
        else:
            tidied.append((first, last))
    return tuple(tidied)


def complement(ranges: Ranges) -> Ranges:
    """Return all other characters, surrogates excluded."""
    others: list[tuple[int, int]] = []
    at = 0
    for first, last in normalized((*ranges, _SURROGATES)):
        if at < first:
            others.append((at, first - 1))
        at = last + 1
    if at <= LAST:
        others.append((at, LAST))
    return tuple(others)


@lru_cache(maxsize=64)
def with_property(name: str) -> Ranges:
    """Return characters with a Unicode property: ``L``, ``Lu``, ``Letter``, ``Script=Greek``.

    The set is not complete, but large enough to choose from.
    """
    kind, _, value = name.rpartition("=")
    wanted = _CATEGORIES.get(value.lower(), value)
    if kind in {"", "gc", "General_Category"} and len(wanted) <= 2:
        codes = [
            code
            for code in range(_SEARCH_END)
            if unicodedata.category(chr(code)).startswith(wanted)
        ]
    elif value.lower() in {"han", "hani"}:
        return (_HAN,)
    else:
        start = f"{_SCRIPTS.get(value.lower(), value).upper()} "
        codes = [
            code for code in range(_SEARCH_END) if unicodedata.name(chr(code), "").startswith(start)
        ]
    return normalized(tuple((code, code) for code in codes))


@lru_cache(maxsize=2048)
def choices(ranges: Ranges, broad: bool) -> str:
    """Return the readable characters of a set: letters and digits if broad, else all printable."""
    for alphabet in (_PLAIN, _PRINTABLE) if broad else (_PRINTABLE,):
        found = "".join(char for char in alphabet if _within(ord(char), ranges))
        if found and (broad or has_size(ranges, len(found)) or not found.isspace()):
            return found
    return ""


def has_size(ranges: Ranges, number: int) -> bool:
    """Return whether a set has exactly that many characters."""
    return sum(last - first + 1 for first, last in ranges) == number


def draw(ranges: Ranges, broad: bool, random: Random) -> str:
    """Return a random character of a non-empty set."""
    # A broad set sometimes needs a character that is no letter, for instance next to a word
    # boundary.
    found = choices(ranges, broad and random.random() < 0.9)
    if found and (broad or random.random() < 0.9 or has_size(ranges, len(found))):
        return random.choice(found)
    first, last = random.choice(ranges)
    code = random.randint(first, min(last, first + 0x500))
    return chr(code) if not _SURROGATES[0] <= code <= _SURROGATES[1] else chr(first)


def _within(code: int, ranges: Ranges) -> bool:
    return any(first <= code <= last for first, last in ranges)


_CATEGORIES = {
    "letter": "L",
    "lowercase_letter": "Ll",
    "uppercase_letter": "Lu",
    "lowercase": "Ll",
    "uppercase": "Lu",
    "alphabetic": "L",
    "alpha": "L",
    "number": "N",
    "decimal_number": "Nd",
    "punctuation": "P",
    "symbol": "S",
    "separator": "Z",
    "space_separator": "Zs",
    "mark": "M",
}
_SCRIPTS = {
    "latn": "latin",
    "grek": "greek",
    "cyrl": "cyrillic",
    "hebr": "hebrew",
    "arab": "arabic",
}
