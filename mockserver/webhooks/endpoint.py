"""Registered endpoints, and the modes in which a test has them misbehave."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Literal

from msgspec import Struct, field

from mockserver.webhooks.delivery import Delivery
from mockserver.webhooks.event import Event
from mockserver.webhooks.queue import DeliveryQueue

HOLD = timedelta(seconds=10)
"""How long, on the mock's clock, a delivery waits for others to be reordered with."""

CheckoutOrder = Literal["any", "webhook_first", "redirect_first"]


class Modes(Struct):
    """Deliberate misbehaviour of an endpoint's deliveries; by default there is none."""

    duplicate: bool = False
    """Each event is delivered twice, with the same event id."""
    drop_next: int = 0
    """How many of the next deliveries are dropped; counted down with each."""
    drop_share: float = 0
    """Share of the deliveries, after those of ``drop_next``, that is dropped: 0 to 1."""
    reorder: int = 1
    """Size of the groups whose deliveries are sent in a different order."""
    delay_seconds: int = 0
    """Delay of each delivery on the mock's clock. If the clock is frozen, it must be advanced."""
    checkout: CheckoutOrder = "any"
    """Whether webhooks are sent before or after a page redirects the payer's browser."""


class Endpoint(Struct, eq=False):
    """A URL that receives events, with its queue and its modes."""

    id: str
    queue: DeliveryQueue
    events: frozenset[str]
    """The event types that it receives; empty for all."""
    account_id: str | None
    """The account whose events it receives; None for all accounts."""
    modes: Modes
    created_at: datetime
    random: Random
    group: list[Delivery] = field(default_factory=list)
    """Deliveries that wait to be sent in a different order."""

    def wants(self, account_id: str, event: Event) -> bool:
        """Return whether an event of an account is delivered to this endpoint."""
        if self.account_id not in (None, account_id):
            return False
        return not self.events or event.type in self.events

    def is_dropped(self) -> bool:
        """Decide whether the next delivery is dropped, and count it."""
        modes = self.modes
        if modes.drop_next > 0:
            modes.drop_next -= 1
            return True
        return modes.drop_share > 0 and self.random.random() < modes.drop_share

    def accept(self, delivery: Delivery, due: datetime) -> None:
        """Queue a delivery, delayed and reordered as the modes say."""
        due += timedelta(seconds=self.modes.delay_seconds)
        if self.modes.reorder == 1:
            self.queue.put(delivery, due)
            return
        self.queue.put(delivery, due + HOLD)
        # Deliveries that waited for HOLD have been sent without the others.
        self.group = [member for member in self.group if member in self.queue.backlog]
        self.group.append(delivery)
        if len(self.group) >= self.modes.reorder:
            for reordered in _in_another_order(self.group, self.random):
                self.queue.backlog.remove(reordered)
                self.queue.put(reordered, due)
            self.group = []


def _in_another_order(items: list[Delivery], random: Random) -> list[Delivery]:
    shuffled = items[:]
    while len(items) > 1 and shuffled == items:
        random.shuffle(shuffled)
    return shuffled
