"""The ledger: append-only entries whose sum is the balance, always (assumed)."""

from array import array
from collections.abc import MutableSequence, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

from mockserver.billing import money
from mockserver.billing.history import History
from mockserver.engine.pages import Page, newest_first

EntryType = Literal["deposit", "auto_recharge", "bonus", "usage", "refund", "subscription"]
ReferenceType = Literal[
    "deposit", "auto_recharge", "promo", "signup", "scrape", "crawl", "refund", "subscription"
]

_DEPOSITED: frozenset[str] = frozenset({"deposit", "auto_recharge"})
_SPENT: frozenset[str] = frozenset({"usage", "refund"})
_BOUGHT: frozenset[str] = frozenset({"deposit", "auto_recharge", "bonus"})


class Entry(Struct, frozen=True):
    """One credit (positive) or debit (negative), in microcents."""

    id: str
    type: EntryType
    amount_microcents: int
    balance_after_microcents: int
    reference_type: ReferenceType
    reference_id: str | None
    description: str
    created_at: datetime

    def facts(self) -> dict[str, Any]:
        """Return the entry as the data of an event."""
        return {
            "id": self.id,
            "type": self.type,
            "amount_microcents": self.amount_microcents,
            "balance_after_microcents": self.balance_after_microcents,
            "reference_type": self.reference_type,
            "reference_id": self.reference_id,
            "description": self.description,
            "created_at": self.created_at,
        }


class Ledger(Struct, dict=True):
    """All entries of one account in order of writing, with running totals derived from them."""

    entries: MutableSequence[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entries = History(self.entries)
        self._positions: dict[str, array[int]] = {}
        self._deposited = 0
        self._spent = 0
        self._opening: dict[tuple[int, int], int] = {}
        self._bought: dict[tuple[int, int], int] = {}
        for position, entry in enumerate(self.entries):
            self._count(position, entry)

    @property
    def balance(self) -> int:
        """The sum of all entries, in microcents."""
        entries = self.entries
        # Every request reads this several times.
        newest = entries.newest if isinstance(entries, History) else entries
        return newest[-1].balance_after_microcents if newest else 0

    @property
    def deposited_cents(self) -> int:
        """Deposits and auto recharges, in whole cents."""
        return money.in_cents(self._deposited)

    @property
    def spent_cents(self) -> int:
        """Usage less refunds, in whole cents, rounded down."""
        return money.in_cents(-self._spent)

    def append(
        self,
        *,
        id: str,
        type: EntryType,
        amount: int,
        reference_type: ReferenceType,
        reference_id: str | None,
        description: str,
        now: datetime,
    ) -> Entry:
        """Append an entry. The caller decides whether the balance must cover a debit."""
        entry = Entry(
            id, type, amount, self.balance + amount, reference_type, reference_id, description, now
        )
        self.entries.append(entry)
        self._count(len(self.entries) - 1, entry)
        return entry

    def page(self, *, limit: int, offset: int, reference_type: str | None = None) -> Page[Entry]:
        """Return a page of entries, newest first: all, or those of one reference type."""
        if reference_type is None:
            return newest_first(self.entries, limit=limit, offset=offset)
        positions: Sequence[int] = self._positions.get(reference_type, ())
        page = newest_first(positions, limit=limit, offset=offset)
        return Page([self.entries[position] for position in page.items], page.total, page.has_more)

    def bought_in_month(self, month: tuple[int, int]) -> int:
        """Return a month's opening balance plus deposits, recharges and bonuses, in microcents."""
        return self._opening.get(month, self.balance) + self._bought.get(month, 0)

    def _count(self, position: int, entry: Entry) -> None:
        self._positions.setdefault(entry.reference_type, array("I")).append(position)
        month = (entry.created_at.year, entry.created_at.month)
        self._opening.setdefault(month, entry.balance_after_microcents - entry.amount_microcents)
        if entry.type in _DEPOSITED:
            self._deposited += entry.amount_microcents
        if entry.type in _SPENT:
            self._spent += entry.amount_microcents
        if entry.type in _BOUGHT:
            self._bought[month] = self._bought.get(month, 0) + entry.amount_microcents
