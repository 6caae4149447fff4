"""The deliveries that wait to be sent to one URL, ordered by due time and bounded in number."""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from mockserver.webhooks.delivery import Delivery

MAX_BACKLOG = 500


class Backlog:
    """Deliveries ordered by due time; those due at the same time keep their order of arrival."""

    def __init__(self) -> None:
        self._order: list[tuple[datetime, int]] = []
        """Due time and number of each delivery, sorted."""
        # An OrderedDict finds its first entry in constant time; a dict slows down as it is emptied.
        self._by_number: OrderedDict[int, Delivery] = OrderedDict()
        self._positions: dict[str, tuple[datetime, int]] = {}
        """Entries of ``_order`` by delivery id."""
        self._last = 0

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, delivery: Delivery) -> bool:
        return delivery.id in self._positions

    def __iter__(self) -> Iterator[Delivery]:
        return (self._by_number[number] for _, number in self._order)

    @property
    def next_due(self) -> datetime | None:
        """Due time of the first delivery; None if there is none."""
        return self._order[0][0] if self._order else None

    def due_at(self, now: datetime) -> Iterator[Delivery]:
        """Iterate over the deliveries that are due."""
        return (
            self._by_number[number]
            for due, number in takewhile(lambda position: position[0] <= now, self._order)
        )

    def put(self, delivery: Delivery, due: datetime) -> Delivery | None:
        """Add a delivery. If that exceeds the bound, remove and return the oldest one."""
        self._last += 1
        position = (due, self._last)
        insort(self._order, position)
        self._by_number[self._last] = delivery
        self._positions[delivery.id] = position
        delivery.next_attempt_at = due
        if len(self._order) <= MAX_BACKLOG:
            return None
        oldest = next(iter(self._by_number.values()))
        self.remove(oldest)
        return oldest

    def take(self, now: datetime) -> Delivery | None:
        """Remove and return the first delivery that is due; None if none is."""
        if not self._order or self._order[0][0] > now:
            return None
        delivery = self._by_number[self._order[0][1]]
        self.remove(delivery)
        return delivery

    def remove(self, delivery: Delivery) -> bool:
        """Remove a delivery; False if it was not in the backlog."""
        position = self._positions.pop(delivery.id, None)
        if position is None:
            return False
        del self._order[bisect_left(self._order, position)]
        del self._by_number[position[1]]
        return True
