"""Counts the failures that are of the way to the deployment, and not judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

NOISY_STATUSES = (502, 503, 504)
"""Statuses after which a safe request is repeated."""
CLOSED, TIMEOUT, THROTTLED = "closed", "timeout", "429"
_WORDS = {
    CLOSED: "connections closed without a whole response",
    TIMEOUT: "no response within --timeout",
    THROTTLED: "429 (too many requests)",
}


@dataclass
class Counts:
    """What was seen of one kind of noise."""

    failed: int = 0
    """Responses, or attempts without one."""
    repeated: int = 0
    """Requests that were sent again because of it."""
    recovered: int = 0
    """Requests that succeeded when they were repeated."""
    unknown: int = 0
    """Writes that were not repeated: nobody knows whether they arrived."""
    of_gateway: int = 0
    """Responses that a gateway, and not the API, has sent."""
    operations: set[str] = field(default_factory=set)


@dataclass
class Noise:
    """Failures that are not judged, by kind: a status, ``closed`` or ``timeout``."""

    requests: int = 0
    """All attempts, those that succeeded included."""
    kinds: dict[str, Counts] = field(default_factory=dict)

    def of(self, kind: str) -> Counts:
        """Return what was seen of a kind."""
        return self.kinds.setdefault(kind, Counts())

    def is_known(self, kind: str) -> bool:
        """Return whether requests have succeeded after this failure when they were repeated."""
        return kind in self.kinds and self.kinds[kind].recovered > 0

    def notes(self) -> list[str]:
        """Return a sentence for each kind."""
        return [self._note(kind, counts) for kind, counts in self.kinds.items() if counts.failed]

    def _note(self, kind: str, counts: Counts) -> str:
        what = _WORDS.get(kind, kind)
        if counts.of_gateway == counts.failed and kind not in _WORDS:
            what += " from a gateway"
        share = 100 * counts.failed / max(1, self.requests)
        count = len(counts.operations)
        noun = "operation" if count == 1 else "operations"
        parts = [f"{count} {noun}, {share:.1f} % of responses", *_outcomes(kind, counts)]
        return f"{what}: {'; '.join(parts)}"


def _outcomes(kind: str, counts: Counts) -> Iterator[str]:
    again = counts.repeated - counts.recovered
    if kind == THROTTLED:
        yield "waited and repeated" + (f", {again:,} requests are not judged" if again else "")
    elif counts.repeated:
        yield "repeated once, " + (
            f"{again:,} of {counts.repeated:,} failed again" if again else "all succeeded"
        )
    if counts.unknown:
        yield f"{counts.unknown:,} writes were not repeated, and may have arrived"
