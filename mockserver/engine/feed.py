"""Passes events to those who watch them. Nothing is done while nobody does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

MAX_WATCHERS = 20
MAX_WATCHED = 20_000
"""How many events wait for one watcher. Beyond that, the oldest are dropped and counted."""
BATCH = 500
"""The highest number of events that are rendered as one."""
_PAUSE_SECONDS = 0.2
"""Events are collected for this time, so that many of them are one batch."""

T = TypeVar("T")


class TooManyWatchers(Exception):
    """The maximum number of watchers exists already."""


class Watcher:
    """The backlog of one reader: rendered batches of events, and names of changes."""

    def __init__(self) -> None:
        self._batches: deque[tuple[bytes, int]] = deque()
        self._waiting = 0
        self._changes: dict[str, None] = {}
        self.is_filled = asyncio.Event()
        """Set while there is something to take."""
        self.dropped = 0
        """Events that were dropped because the reader was too slow."""

    def put(self, batch: bytes, count: int) -> None:
        """Add a batch of ``count`` events."""
        self._batches.append((batch, count))
        self._waiting += count
        while self._waiting > MAX_WATCHED:
            _, lost = self._batches.popleft()
            self._waiting -= lost
            self.dropped += lost
        self.is_filled.set()

    def announce(self, changes: Iterable[str]) -> None:
        """Add names of changes. A name is reported once, however often it comes."""
        self._changes |= dict.fromkeys(changes)
        self.is_filled.set()

    def take(self) -> bytes | None:
        """Remove and return the oldest batch; None if there is none."""
        if not self._batches:
            return None
        batch, count = self._batches.popleft()
        self._waiting -= count
        return batch

    def take_dropped(self) -> int:
        """Return how many events were dropped since the last call."""
        dropped, self.dropped = self.dropped, 0
        return dropped

    def take_changes(self) -> list[str]:
        """Remove and return the names of changes."""
        changes = [*self._changes]
        self._changes.clear()
        return changes


Render = Callable[[Sequence[T]], bytes]
"""Returns a batch of events as all watchers get it."""


class Feed(Generic[T]):
    """All watchers of one kind of event. Each batch is rendered once for all of them."""

    def __init__(self) -> None:
        self.watchers: list[Watcher] = []
        self._pending: list[T] = []
        self._changes: dict[str, None] = {}
        self._is_filled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._render: Render[T] = lambda _: b""

    def watch(self, render: Render[T]) -> Watcher:
        """Add a watcher of future events. Raise TooManyWatchers."""
        if len(self.watchers) >= MAX_WATCHERS:
            raise TooManyWatchers(
                f"{MAX_WATCHERS} streams are open already. Close one, such as a browser tab."
            )
        self._pass_on()
        self._render = render
        watcher = Watcher()
        self.watchers.append(watcher)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        return watcher

    def unwatch(self, watcher: Watcher) -> None:
        """Remove a watcher."""
        self.watchers.remove(watcher)
        if not self.watchers and self._task is not None:
            self._task.cancel()
            self._task = None
            self._pending.clear()
            self._changes.clear()

    def publish(self, event: T) -> None:
        """Add an event. Call it only if there are watchers."""
        self._pending.append(event)
        self._is_filled.set()

    def announce(self, change: str) -> None:
        """Add the name of a change."""
        if self.watchers:
            self._changes[change] = None
            self._is_filled.set()

    async def _run(self) -> None:
        while True:
            await self._is_filled.wait()
            self._pass_on()
            await asyncio.sleep(_PAUSE_SECONDS)

    def _pass_on(self) -> None:
        """Render what is pending, and add it to every backlog."""
        self._is_filled.clear()
        pending, self._pending = self._pending, []
        for start in range(0, len(pending), BATCH):
            events = pending[start : start + BATCH]
            batch = self._render(events)
            for watcher in self.watchers:
                watcher.put(batch, len(events))
        if self._changes:
            for watcher in self.watchers:
                watcher.announce(self._changes)
            self._changes = {}
