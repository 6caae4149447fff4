"""The usage of one account: events in order of time, with tallies derived from them."""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct, field

from mockserver.billing.history import History

UsageType = Literal["light", "js", "pdf", "ocr", "crawl"]
CREDITS_PER_REQUEST: dict[UsageType, int] = {"light": 1, "js": 5, "pdf": 3, "ocr": 6, "crawl": 1}
"""The price of one request (for ``crawl``, of one page) in credits."""


class UsageEvent(Struct, frozen=True):
    """Requests of one type that were charged together."""

    id: str
    type: UsageType
    requests: int
    credits: int
    created_at: datetime


class Tally(Struct):
    """Requests and credits by type."""

    requests: dict[UsageType, int] = field(
        default_factory=lambda: dict.fromkeys(CREDITS_PER_REQUEST, 0)
    )
    credits: dict[UsageType, int] = field(
        default_factory=lambda: dict.fromkeys(CREDITS_PER_REQUEST, 0)
    )

    def add(self, type: UsageType, requests: int, credits: int) -> None:
        self.requests[type] += requests
        self.credits[type] += credits

    @property
    def total_requests(self) -> int:
        return sum(self.requests.values())

    @property
    def total_credits(self) -> int:
        return sum(self.credits.values())


class UsageLog(Struct, dict=True):
    """All usage events of one account in order of time, with tallies per UTC day and month."""

    events: MutableSequence[UsageEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events = History(self.events)
        self._days: dict[date, Tally] = {}
        self._months: dict[tuple[int, int], int] = {}
        for event in self.events:
            self._count(event)

    def append(self, event: UsageEvent) -> None:
        self.events.append(event)
        self._count(event)

    def day(self, day: date) -> Tally:
        return self._days.get(day) or Tally()

    @property
    def days(self) -> Iterator[tuple[date, Tally]]:
        """The days with usage, in order, each with its tally."""
        yield from sorted(self._days.items(), key=lambda pair: pair[0])

    def credits_in_month(self, moment: datetime) -> int:
        """Return the credits used in the UTC month of ``moment``."""
        return self._months.get((moment.year, moment.month), 0)

    def between(self, first: date, last: date) -> Tally:
        """Return the tally of the days from ``first`` to ``last``, both included."""
        total = Tally()
        for day in days_between(first, last):
            tally = self._days.get(day)
            if tally is not None:
                for type in CREDITS_PER_REQUEST:
                    total.add(type, tally.requests[type], tally.credits[type])
        return total

    def _count(self, event: UsageEvent) -> None:
        day = self._days.setdefault(event.created_at.date(), Tally())
        day.add(event.type, event.requests, event.credits)
        month = (event.created_at.year, event.created_at.month)
        self._months[month] = self._months.get(month, 0) + event.credits


def days_between(first: date, last: date) -> Iterator[date]:
    """Iterate over the days from ``first`` to ``last``, both included."""
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))
