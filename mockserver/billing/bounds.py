"""Upper bounds for short-lived records, so that a mock can run for weeks.

Ledger, usage, invoices, recharges, audit log and recent activity are kept forever (``history.py``
packs most of them). Sessions, setup intents, challenges and messages are used within minutes. At
the bound, the oldest of their kind are dropped. A dropped record is reported as not found, as after
a restart of the server. Nothing else in the account changes, and no id is issued twice.
"""

from collections.abc import Callable
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

MAX_CHECKOUT_SESSIONS = 100
"""Closed and expired sessions are dropped first. Their ledger, invoice and audit entries stay."""
MAX_PORTAL_SESSIONS = 50
"""A dropped portal session is replaced by one request."""
MAX_SETUP_INTENTS = 50
"""A card is collected shortly after its setup intent was created, or never."""
MAX_CHALLENGES = 50
"""Used and expired challenges are dropped first. A challenge is valid for 10 minutes."""
MAX_MESSAGES = 50
"""The newest are kept: a test reads the code or the alert that it has just triggered."""

_DROPPED_AT_ONCE = 4
"""A quarter of the limit is dropped at once, so that not every new record causes a search."""


def make_room(
    items: dict[str, Item], limit: int, is_done: Callable[[Item], bool] = lambda _: False
) -> None:
    """Drop the oldest items if the limit is reached: those that are done first, then the others."""
    if len(items) < limit:
        return
    done = [id for id, item in items.items() if is_done(item)]
    done_first = dict.fromkeys([*done, *items])
    for id in islice(done_first, limit // _DROPPED_AT_ONCE):
        del items[id]
