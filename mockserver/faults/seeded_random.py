"""Reproducible random numbers, derived from the values that identify a request."""

import math
from hashlib import blake2b
from typing import NamedTuple

_BITS = 64


class Draw(NamedTuple):
    """Three independent, uniformly distributed numbers between 0 and 1, both exclusive."""

    share: float
    """Compared with a rule's share."""
    first: float
    """Determines a latency, alone or with ``second``."""
    second: float

    @property
    def normal(self) -> float:
        """A number of the standard normal distribution (Box-Muller transform)."""
        return math.sqrt(-2 * math.log(self.first)) * math.cos(2 * math.pi * self.second)


def draw(*values: object) -> Draw:
    """Return the numbers of these values: the same for the same values, in every process."""
    size = _BITS // 8
    digest = blake2b("\0".join(map(str, values)).encode(), digest_size=3 * size).digest()
    parts = (int.from_bytes(digest[start : start + size], "big") for start in (0, size, 2 * size))
    # Of 64 bits 52 are used, so that half a step away from 0 and 1 is exact in a float.
    return Draw(*(((part >> 12) + 0.5) / 2**52 for part in parts))
