"""The order of ledger entries, which is assumed: rules about neighbours hold in either one.

Where all entries were made at the same moment, the chain of balances shows the order.
"""

from __future__ import annotations

from itertools import pairwise

from contract_tests.billing import effects
from contract_tests.judge import views
from contract_tests.judge.views import Views
from contract_tests.judge.violation import Json


def is_oldest_first(entries: list[Json]) -> bool:
    """Return whether ledger entries are listed oldest first."""
    if views.is_oldest_first(entries):
        return True
    return is_one_moment(entries) and not _chains(entries) and _chains(entries[::-1])


def is_one_moment(entries: list[Json]) -> bool:
    """Return whether all entries were made at the same moment, which leaves their order open."""
    return len({str(entry.get("created_at")) for entry in entries}) == 1


def newest_first(entries: list[Json]) -> list[Json]:
    """Return ledger entries, newest first."""
    return entries[::-1] if is_oldest_first(entries) else entries


def whole_ledger(read: Views) -> list[Json] | None:
    """Return all ledger entries, newest first; None unless all pages were read."""
    entries = read.as_listed(effects.LEDGER)
    return None if entries is None else newest_first(entries)


def _chains(entries: list[Json]) -> bool:
    """Return whether each entry, newest first, continues the one after it."""
    return all(
        newer["balance_after_microcents"]
        == older["balance_after_microcents"] + newer["amount_microcents"]
        for newer, older in pairwise(entries)
    )
