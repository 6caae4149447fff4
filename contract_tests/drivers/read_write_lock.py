"""A lock for one account that several threads use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ReadWriteLock:
    """Lets reads run at the same time, and writes alone: each read has one right response."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._readers = 0
        self._waiting = 0
        """Writers that wait. Readers let them go first."""
        self._is_taken = False

    @contextmanager
    def take(self, *, alone: bool) -> Iterator[None]:
        """Hold the lock for the block."""
        with self._condition:
            self._waiting += alone
            self._condition.wait_for(
                lambda: not self._is_taken and not (self._readers if alone else self._waiting)
            )
            self._waiting -= alone
            self._is_taken = alone
            self._readers += not alone
        try:
            yield
        finally:
            with self._condition:
                self._is_taken = False
                self._readers -= not alone
                self._condition.notify_all()
