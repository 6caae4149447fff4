"""The way to one address: one call at a time, in order; ways to different addresses know nothing of each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from mockserver.webhooks.backlog import MAX_BACKLOG, Backlog
from mockserver.webhooks.delivery import Delivery, Status
from mockserver.webhooks.target import Target

OVERFLOW = f"More than {MAX_BACKLOG:,} deliveries waited for this endpoint; the oldest had to go."


@dataclass(eq=False)
class DeliveryQueue:
    target: Target
    secret: str
    backlog: Backlog = field(default_factory=Backlog)
    held: list[Delivery] = field(default_factory=list)
    """What is sent a moment after a payer was sent back to the shop."""
    current: Delivery | None = None
    """What is being sent now."""
    counts: dict[Status, int] = field(
        default_factory=lambda: {"delivered": 0, "failed": 0, "dropped": 0}
    )
    worker: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        return self.current is None and not self.held and not len(self.backlog)

    def pending(self) -> Iterator[Delivery]:
        """What is not done with, whenever it is due."""
        if self.current is not None:
            yield self.current
        yield from self.held
        yield from self.backlog

    def put(self, delivery: Delivery, due: datetime) -> None:
        """Let it wait, and drop the oldest if there is no room."""
        oldest = self.backlog.put(delivery, due)
        if oldest is not None:
            self.drop(oldest, OVERFLOW)

    def drop(self, delivery: Delivery, reason: str) -> None:
        delivery.drop(reason)
        self.counts["dropped"] += 1

    def end(self, delivery: Delivery, status: Status) -> None:
        delivery.status, delivery.next_attempt_at = status, None
        self.counts[status] += 1

    def due_at(self, now: datetime) -> Iterator[Delivery]:
        """What is to be done now."""
        if self.current is not None:
            yield self.current
        yield from self.held
        yield from self.backlog.due_at(now)

    def clear(self, reason: str, concerns: Callable[[Delivery], bool] = lambda _: True) -> None:
        """Drop what is pending (that concerns somebody); what is being sent is not tried again."""
        for delivery in [each for each in self.backlog if concerns(each)]:
            self.backlog.remove(delivery)
            self.drop(delivery, reason)
        for delivery in [each for each in self.held if concerns(each)]:
            self.held.remove(delivery)
            self.drop(delivery, reason)
        if self.current is not None and concerns(self.current):
            self.current.reason = reason

    def close(self, reason: str) -> None:
        """Drop everything, and hang up."""
        self.clear(reason)
        if self.current is not None:
            self.drop(self.current, reason)
        if self.timer is not None:
            self.timer.cancel()
        if self.worker is not None:
            self.worker.cancel()
