"""What waits to be delivered to one address: in order of time, and never more than so much of it."""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from mockserver.webhooks.delivery import Delivery

MAX_BACKLOG = 500


class Backlog:
    """Deliveries, each with the moment at which it is due. What is due at the same moment keeps its order."""

    def __init__(self) -> None:
        self._turns: list[tuple[datetime, int]] = []
        """When whose turn is, sorted."""
        self._by_number: OrderedDict[int, Delivery] = OrderedDict()
        """By the order in which they came; the dictionary of Python would look ever longer for its first entry."""
        self._numbers: dict[str, tuple[datetime, int]] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._turns)

    def __contains__(self, delivery: Delivery) -> bool:
        return delivery.id in self._numbers

    def __iter__(self) -> Iterator[Delivery]:
        return (self._by_number[number] for _, number in self._turns)

    @property
    def next_due(self) -> datetime | None:
        return self._turns[0][0] if self._turns else None

    def due_at(self, now: datetime) -> Iterator[Delivery]:
        """Those whose moment has come."""
        return (
            self._by_number[number]
            for moment, number in takewhile(lambda turn: turn[0] <= now, self._turns)
        )

    def put(self, delivery: Delivery, due: datetime) -> Delivery | None:
        """Let it wait: the oldest delivery, if that one has to go to make room."""
        self._last += 1
        turn = (due, self._last)
        insort(self._turns, turn)
        self._by_number[self._last] = delivery
        self._numbers[delivery.id] = turn
        delivery.next_attempt_at = due
        if len(self._turns) <= MAX_BACKLOG:
            return None
        oldest = next(iter(self._by_number.values()))
        self.remove(oldest)
        return oldest

    def take(self, now: datetime) -> Delivery | None:
        """The next that is due, which waits no longer; None if none is due yet."""
        if not self._turns or self._turns[0][0] > now:
            return None
        delivery = self._by_number[self._turns[0][1]]
        self.remove(delivery)
        return delivery

    def remove(self, delivery: Delivery) -> bool:
        """Let it wait no longer: whether it did."""
        turn = self._numbers.pop(delivery.id, None)
        if turn is None:
            return False
        del self._turns[bisect_left(self._turns, turn)]
        del self._by_number[turn[1]]
        return True
