"""The most requests that a run may send, a part of them reserved for putting things back."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

from contract_tests.errors import KitError
from contract_tests.http.channel import Outgoing

_Item = TypeVar("_Item")


def in_turn(groups: Iterable[Iterable[_Item]]) -> Iterator[_Item]:
    """Yield the first of each group, then the second of each, and so on."""
    left = [iter(group) for group in groups]
    while left:
        for group in list(left):
            try:
                yield next(group)
            except StopIteration:
                left.remove(group)


class Spent(KitError):
    """No request is left for what is tried at the moment."""


class Budget:
    """Counts the requests of a run, retries and the kit's own included."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self._reserved = 0
        self._end = total
        """The count at which the present share ends."""
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """The requests that are neither used nor reserved."""
        return max(0, self.total - self.used - self._reserved)

    def reserve(self, count: int) -> None:
        """Keep requests for putting things back. Raise Spent if there are not as many left."""
        with self._lock:
            if count > self.left:
                raise Spent(f"--budget {self.total} is used up")
            self._reserved += count

    def share(self, count: int) -> None:
        """Begin a share of so many requests."""
        self._end = self.used + count

    def take(self) -> None:
        """Count a request that is about to leave. Raise Spent if none is left."""
        with self._lock:
            if not self.left or self.used >= self._end:
                raise Spent(f"--budget {self.total} is used up")
            self.used += 1

    def take_reserved(self) -> None:
        """Count a request that puts something back. Raise Spent if none is left."""
        with self._lock:
            if self.used >= self.total:
                raise Spent(f"--budget {self.total} is used up")
            self.used += 1
            self._reserved = max(0, self._reserved - 1)


class Additions:
    """The gate that keeps requests for the removal of what the run adds."""

    def __init__(self, budget: Budget, operation: str) -> None:
        self._budget = budget
        self._operation = operation

    def before(self, outgoing: Outgoing) -> None:
        """Keep two requests, as a removal is tried twice. Raise Spent."""
        if outgoing.operation is not None and outgoing.operation.id == self._operation:
            self._budget.reserve(2)

    def after(self, outgoing: Outgoing, exchange: object) -> None:
        """Do nothing: what was refused may have been added all the same."""
