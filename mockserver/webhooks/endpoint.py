"""An endpoint that was registered, and the modes in which a test wants it to be served."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from mockserver.billing.events import Event
from mockserver.webhooks.delivery import Delivery
from mockserver.webhooks.queue import DeliveryQueue

HOLD = timedelta(seconds=10)
"""How long deliveries wait, by the mock's clock, for others with which they could change places."""

CheckoutOrder = Literal["any", "webhook_first", "redirect_first"]


@dataclass(slots=True)
class Modes:
    """What goes wrong on purpose. The defaults: nothing."""

    duplicate: bool = False
    """Each event is delivered twice, with the same id."""
    drop_next: int = 0
    """So many of the next deliveries are never sent; it counts down."""
    drop_share: float = 0
    """Of those after them, such a share is never sent."""
    reorder: int = 1
    """Groups of so many are sent in another order."""
    delay_seconds: int = 0
    """By the mock's clock: a clock that stands still has to be moved."""
    checkout: CheckoutOrder = "any"
    """Whether a payer is sent back to the shop before its server is told of the payment, or after."""


@dataclass(eq=False)
class Endpoint:
    id: str
    queue: DeliveryQueue
    events: frozenset[str]
    """The types that it wants; all, if there are none."""
    account_id: str | None
    """The account whose events it wants; None: all accounts'."""
    modes: Modes
    created_at: datetime
    chance: Random
    group: list[Delivery] = field(default_factory=list)
    """What waits to be sent in another order."""

    def wants(self, account_id: str, event: Event) -> bool:
        if self.account_id not in (None, account_id):
            return False
        return not self.events or event.type in self.events

    def is_dropped(self) -> bool:
        """Whether the next delivery is one that is never sent."""
        modes = self.modes
        if modes.drop_next > 0:
            modes.drop_next -= 1
            return True
        return modes.drop_share > 0 and self.chance.random() < modes.drop_share

    def accept(self, delivery: Delivery, due: datetime) -> None:
        """Let a delivery wait for its turn, as the modes say."""
        due += timedelta(seconds=self.modes.delay_seconds)
        if self.modes.reorder == 1:
            self.queue.put(delivery, due)
            return
        self.queue.put(delivery, due + HOLD)
        # Whoever waited too long has gone alone.
        self.group = [each for each in self.group if each in self.queue.backlog]
        self.group.append(delivery)
        if len(self.group) >= self.modes.reorder:
            for each in _in_another_order(self.group, self.chance):
                self.queue.backlog.remove(each)
                self.queue.put(each, due)
            self.group = []


def _in_another_order(items: list[Delivery], chance: Random) -> list[Delivery]:
    shuffled = items[:]
    while len(items) > 1 and shuffled == items:
        chance.shuffle(shuffled)
    return shuffled
