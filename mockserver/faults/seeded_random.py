"""Chance that repeats: the same words give the same numbers, whatever else happens in between."""

import math
from hashlib import blake2b
from typing import NamedTuple

_BITS = 64


class Draw(NamedTuple):
    """Three independent numbers between 0 and 1, neither of which they reach."""

    share: float
    """Decides whether a fault happens."""
    first: float
    second: float

    @property
    def normal(self) -> float:
        """A number of the standard normal distribution (Box and Muller)."""
        return math.sqrt(-2 * math.log(self.first)) * math.cos(2 * math.pi * self.second)


def draw(*words: object) -> Draw:
    """The numbers that belong to these words."""
    size = _BITS // 8
    digest = blake2b("\0".join(map(str, words)).encode(), digest_size=3 * size).digest()
    parts = (int.from_bytes(digest[start : start + size], "big") for start in (0, size, 2 * size))
    # 52 bits of 64: half a step off both ends is still exact as a float.
    return Draw(*(((part >> 12) + 0.5) / 2**52 for part in parts))
