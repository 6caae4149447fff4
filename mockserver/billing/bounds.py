"""How much an account keeps of what only passes through it, so that a mock can run for weeks.

What is money, and what an account says of itself, stays for good: ledger, usage, invoices, recharges, the audit log and
recent activity (``history.py`` keeps most of them small). Dropped are things that somebody opens, uses within minutes
and never asks for again; whoever does is told that they do not exist, as after the restart of a server. No other part
of the account changes, and no id is given out twice.
"""

from collections.abc import Callable
from typing import TypeVar

Thing = TypeVar("Thing")

MAX_CHECKOUT_SESSIONS = 100
"""Closed and expired ones go first. What a paid one did stays: its ledger entry, its invoice, its audit entries."""
MAX_PORTAL_SESSIONS = 50
"""A visit to the portal; opening another costs one request."""
MAX_SETUP_INTENTS = 50
"""A card is collected right after its setup intent was made, or never."""
MAX_CHALLENGES = 50
"""Used ones and those out of time go first. A challenge lasts 10 minutes."""
MAX_MESSAGES = 50
"""The newest stay: tests look for the code or the alert that they have just caused."""

_DROPPED_AT_ONCE = 4
"""A quarter: looking for what can go is not done for each new one."""


def make_room(
    things: dict[str, Thing], limit: int, is_done: Callable[[Thing], bool] = lambda _: False
) -> None:
    """Drop the oldest, if there are as many as there may be: first of those that are done, then of the others."""
    if len(things) < limit:
        return
    oldest_first = sorted(things, key=lambda id: not is_done(things[id]))
    for id in oldest_first[: limit // _DROPPED_AT_ONCE]:
        del things[id]
