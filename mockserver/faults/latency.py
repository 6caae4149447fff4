"""How long a request is delayed: fixed, uniformly distributed, or lognormal (with a long tail)."""

import math
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import fields

from mockserver.faults.seeded_random import Draw

MAX_MS = 60_000
"""Upper bound of every delay, and of the sum of all delays of one request."""

_P95 = 1.6448536269514722
"""The 95th percentile of the standard normal distribution."""
_FORMS = ({"ms"}, {"min_ms", "max_ms"}, {"median_ms", "p95_ms"})


class Latency(Struct, frozen=True, forbid_unknown_fields=True):
    """A delay in milliseconds of real time, in one of three forms.

    ``ms`` is fixed; ``min_ms`` and ``max_ms`` bound a uniform distribution; ``median_ms`` and
    ``p95_ms`` describe a lognormal one.
    """

    ms: int | None = None
    min_ms: int | None = None
    max_ms: int | None = None
    median_ms: int | None = None
    p95_ms: int | None = None

    def milliseconds(self, draw: Draw) -> float:
        """Return the delay for a draw."""
        if self.min_ms is not None and self.max_ms is not None:
            return self.min_ms + (self.max_ms - self.min_ms) * draw.first
        if self.median_ms is not None and self.p95_ms is not None:
            sigma = math.log(self.p95_ms / self.median_ms) / _P95
            # An exponent above 50 exceeds MAX_MS in any case; a much larger one overflows a float.
            return min(float(MAX_MS), self.median_ms * math.exp(min(50.0, sigma * draw.normal)))
        return float(self.ms or 0)

    def problems(self) -> Iterator[tuple[list[str | int], str]]:
        """Report everything that is invalid: where, and what as the end of a sentence."""
        given = {
            form.name: getattr(self, form.name)
            for form in fields(self)
            if getattr(self, form.name) is not None
        }
        if set(given) not in _FORMS:
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
