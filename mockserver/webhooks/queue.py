"""The queue of one URL: deliveries are sent one at a time, independently of other queues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct, field

from mockserver.webhooks.backlog import MAX_BACKLOG, Backlog
from mockserver.webhooks.delivery import Delivery, Status
from mockserver.webhooks.target import Target

OVERFLOW = (
    f"More than {MAX_BACKLOG:,} deliveries waited for this endpoint; the oldest one was dropped."
)


class DeliveryQueue(Struct, eq=False):
    """The deliveries to one URL, and the task that sends them."""

    target: Target
    secret: str
    """Key of the signatures."""
    backlog: Backlog = field(default_factory=Backlog)
    held: list[Delivery] = field(default_factory=list)
    """Deliveries that are held back until a browser has followed a redirect."""
    current: Delivery | None = None
    """The delivery that is being sent."""
    counts: dict[Status, int] = field(
        default_factory=lambda: {"delivered": 0, "failed": 0, "dropped": 0}
    )
    worker: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    """Wakes the queue when its next delivery is due."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is pending."""
        return self.current is None and not self.held and not len(self.backlog)

    def pending(self) -> Iterator[Delivery]:
        """Iterate over all unfinished deliveries, whether due or not."""
        if self.current is not None:
            yield self.current
        yield from self.held
        yield from self.backlog

    def put(self, delivery: Delivery, due: datetime) -> None:
        """Add a delivery; if the backlog is full, its oldest delivery is dropped."""
        oldest = self.backlog.put(delivery, due)
        if oldest is not None:
            self.drop(oldest, OVERFLOW)

    def drop(self, delivery: Delivery, reason: str) -> None:
        """Mark a delivery as dropped and count it."""
        delivery.drop(reason)
        self.counts["dropped"] += 1

    def end(self, delivery: Delivery, status: Status) -> None:
        """Mark a delivery as finished and count it."""
        delivery.status, delivery.next_attempt_at = status, None
        self.counts[status] += 1

    def due_at(self, now: datetime) -> Iterator[Delivery]:
        """Iterate over the deliveries that are due, being sent or held back."""
        if self.current is not None:
            yield self.current
        yield from self.held
        yield from self.backlog.due_at(now)

    def clear(self, reason: str, concerns: Callable[[Delivery], bool] = lambda _: True) -> None:
        """Drop pending deliveries; the one that is being sent is not retried."""
        for delivery in [delivery for delivery in self.backlog if concerns(delivery)]:
            self.backlog.remove(delivery)
            self.drop(delivery, reason)
        for delivery in [delivery for delivery in self.held if concerns(delivery)]:
            self.held.remove(delivery)
            self.drop(delivery, reason)
        if self.current is not None and concerns(self.current):
            self.current.reason = reason

    def close(self, reason: str) -> None:
        """Drop all deliveries and close the connection."""
        self.clear(reason)
        if self.current is not None:
            self.drop(self.current, reason)
        if self.timer is not None:
            self.timer.cancel()
        if self.worker is not None:
            self.worker.cancel()
