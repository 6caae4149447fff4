"""How long a request is held up: always the same, between two bounds, or with a long tail."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

from mockserver.faults.seeded_random import Draw

MAX_MS = 60_000
"""Nobody waits longer: also the end of every tail, and of the sum of all rules that hold up one request."""

_P95 = 1.6448536269514722
"""The point of the standard normal distribution below which 95 of 100 lie."""
_SHAPES = ({"ms"}, {"min_ms", "max_ms"}, {"median_ms", "p95_ms"})


@dataclass(frozen=True, slots=True)
class Latency:
    """One of three: ``ms``; ``min_ms`` and ``max_ms`` (uniform); ``median_ms`` and ``p95_ms`` (lognormal)."""

    ms: int | None = None
    min_ms: int | None = None
    max_ms: int | None = None
    median_ms: int | None = None
    p95_ms: int | None = None

    def milliseconds(self, draw: Draw) -> float:
        """The time that belongs to a draw."""
        if self.min_ms is not None and self.max_ms is not None:
            return self.min_ms + (self.max_ms - self.min_ms) * draw.first
        if self.median_ms is not None and self.p95_ms is not None:
            sigma = math.log(self.p95_ms / self.median_ms) / _P95
            # Beyond 50 the exponential is past any bound, and would soon be past what a float holds.
            return min(float(MAX_MS), self.median_ms * math.exp(min(50.0, sigma * draw.normal)))
        return float(self.ms or 0)

    def problems(self) -> Iterator[tuple[list[str | int], str]]:
        """All that is wrong with it."""
        given = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if getattr(self, each.name) is not None
        }
        if set(given) not in _SHAPES:
            yield [], "must be 'ms' alone, or 'min_ms' and 'max_ms', or 'median_ms' and 'p95_ms'"
            return
        least = 1 if "median_ms" in given else 0
        for name, value in given.items():
            if not least <= value <= MAX_MS:
                yield [name], f"must be from {least} to {MAX_MS:,}"
        names = list(given)
        low, high = names[0], names[-1]
        if given[low] > given[high]:
            yield [high], f"must not be less than {low}"
