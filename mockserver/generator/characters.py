"""Sets of characters, as ranges of their codes: what a regular expression allows in one place."""

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
"""Where the search for characters of a kind ends: the alphabets that people write with are below it."""
_HAN = (0x4E00, 0x4FFF)
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_PRINTABLE = "".join(map(chr, range(32, 127)))


def single(char: str) -> Ranges:
    """One character, as a set."""
    return ((ord(char), ord(char)),)


def normalized(ranges: Ranges) -> Ranges:
    """The same set with its ranges in order, none of them overlapping."""
    tidied: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if tidied and first <= tidied[-1][1] + 1:
            tidied[-1] = (tidied[-1][0], max(last, tidied[-1][1]))
        else:
            tidied.append((first, last))
    return tuple(tidied)


def complement(ranges: Ranges) -> Ranges:
    """Every other character. Halves of characters are none."""
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
    """Characters with a property of Unicode (``L``, ``Lu``, ``Letter``, ``Script=Greek``): enough to choose from."""
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
    """What to choose from: letters and digits where nearly all is allowed, else what can be printed."""
    for alphabet in (_PLAIN, _PRINTABLE) if broad else (_PRINTABLE,):
        found = "".join(char for char in alphabet if _within(ord(char), ranges))
        if found and (broad or has_size(ranges, len(found)) or not found.isspace()):
            return found
    return ""


def has_size(ranges: Ranges, number: int) -> bool:
    """Whether that many characters are all there are."""
    return sum(last - first + 1 for first, last in ranges) == number


def draw(ranges: Ranges, broad: bool, random: Random) -> str:
    """One character of a set. The set is not empty."""
    # Where nearly all is allowed, something else than a letter is needed at times: next to the edge of a word.
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
