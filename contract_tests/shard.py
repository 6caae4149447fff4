"""The portion of the work that a run does: all of it, a shard, or what failed in the last run.

Drivers divide their work into pieces: an account that is read, an operation, a path, a story. A
driver asks the portion which of its pieces it is to do. With ``--shard 2/4`` each piece is in
exactly one of the four shards, and the same pieces are in a shard whenever it is run. What a piece
needs to be judged, such as readings of the account, each shard does by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_SHARDS = 256
_FIRST = {"tenants": 1, "machine": 2, "stateful": 3}
"""Drivers that are one long piece: the shard that takes it, so that they are in different ones."""


@dataclass(frozen=True)
class Shard:
    """One of several parts of a run."""

    number: int
    """From 1."""
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def note(self) -> str:
        """What a reader of the report must know."""
        return f"shard {self}: the rest of the work is in the other shards"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Parse ``1/4``. Raise ValueError."""
        found = re.fullmatch(r"([0-9]{1,3})/([0-9]{1,3})", text.strip())
        number, count = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= count <= MAX_SHARDS:
            raise ValueError(f"a shard such as 1/4, at most {MAX_SHARDS} of them")
        return cls(number, count)

    def share(self, driver: str, pieces: Sequence[str]) -> list[str]:
        """Return the pieces of this shard."""
        first = _FIRST.get(driver, 0)
        return [
            piece
            for index, piece in enumerate(pieces, first)
            if index % self.count == self.number - 1
        ]


@dataclass(frozen=True)
class Portion:
    """The pieces of work that a run does."""

    shard: Shard | None = None
    failed: Mapping[str, frozenset[str] | None] | None = None
    """The pieces that failed in the last run, by driver; None for all pieces of a driver."""

    @property
    def is_whole(self) -> bool:
        return self.shard is None and self.failed is None

    def has(self, driver: str) -> bool:
        """Return whether a driver has anything to do."""
        return self.failed is None or driver in self.failed

    def of(self, driver: str, pieces: Sequence[str]) -> list[str]:
        """Return the pieces that a driver is to do."""
        chosen = list(pieces)
        if self.failed is not None:
            wanted = self.failed.get(driver, frozenset())
            chosen = [piece for piece in pieces if wanted is None or piece in wanted]
        return chosen if self.shard is None else self.shard.share(driver, chosen)
