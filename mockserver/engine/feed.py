"""Passes events to those who watch them. Nothing is done while nobody does."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

MAX_WATCHERS = 20
MAX_BACKLOG = 20_000
"""How many events wait for one watcher. Beyond that, the oldest are dropped and counted."""

T = TypeVar("T")


class TooManyWatchers(Exception):
    """The maximum number of watchers exists already."""


class Entry(Generic[T]):
    """One event. Its rendering is shared by all watchers."""

    __slots__ = ("event", "rendered")

    def __init__(self, event: T) -> None:
        self.event = event
        self.rendered = b""
        """The rendered event; empty until a watcher needs it."""


class Watcher(Generic[T]):
    """The backlog of one reader."""

    def __init__(self) -> None:
        self._backlog: deque[Entry[T]] = deque()
        self._changes: dict[str, None] = {}
        self._is_filled = asyncio.Event()
        self.dropped = 0
        """Events that were dropped because the reader was too slow."""

    def put(self, entry: Entry[T]) -> None:
        """Add an event."""
        if len(self._backlog) >= MAX_BACKLOG:
            self._backlog.popleft()
            self.dropped += 1
        self._backlog.append(entry)
        self._is_filled.set()

    def announce(self, change: str) -> None:
        """Add the name of a change. A name is reported once, however often it comes."""
        self._changes[change] = None
        self._is_filled.set()

    async def wait(self) -> None:
        """Wait until there is something to take."""
        await self._is_filled.wait()

    def take(self, most: int) -> list[Entry[T]]:
        """Remove and return the oldest events."""
        taken = [self._backlog.popleft() for _ in range(min(most, len(self._backlog)))]
        if not self._backlog:
            self._is_filled.clear()
        return taken

    def take_changes(self) -> list[str]:
        """Remove and return the names of changes."""
        changes = [*self._changes]
        self._changes.clear()
        return changes

    @property
    def has_more(self) -> bool:
        """Whether events wait."""
        return bool(self._backlog)


class Feed(Generic[T]):
    """All watchers of one kind of event."""

    def __init__(self) -> None:
        self.watchers: list[Watcher[T]] = []

    def watch(self) -> Watcher[T]:
        """Add a watcher. Raise TooManyWatchers."""
        if len(self.watchers) >= MAX_WATCHERS:
            raise TooManyWatchers(
                f"{MAX_WATCHERS} streams are open already. Close one, such as a browser tab."
            )
        watcher: Watcher[T] = Watcher()
        self.watchers.append(watcher)
        return watcher

    def unwatch(self, watcher: Watcher[T]) -> None:
        """Remove a watcher."""
        self.watchers.remove(watcher)

    def publish(self, event: T) -> None:
        """Add an event to every backlog."""
        entry = Entry(event)
        for watcher in self.watchers:
            watcher.put(entry)

    def announce(self, change: str) -> None:
        """Add the name of a change to every backlog."""
        for watcher in self.watchers:
            watcher.announce(change)
