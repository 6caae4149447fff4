"""Short-lived records are bounded: the oldest are dropped, and nothing else changes."""

from __future__ import annotations

from datetime import timedelta

from mockserver.billing import bounds, checkout, setup_intents, verification
from mockserver.billing.context import Context
from mockserver.billing.invariants import violations
from tests.billing.conftest import at, fresh


def context() -> Context:
    return fresh()


def books_are_in_order(context: Context) -> bool:
    return violations(context.account, context.catalogue, context.now) == []


def test_closed_checkout_sessions_are_dropped_before_open_ones() -> None:
    """The oldest open session survives as long as closed ones can be dropped."""
    here = context()
    oldest = checkout.open_deposit(here, 1_000)
    paid = checkout.open_deposit(here, 5_000)
    checkout.complete(here, paid.id)
    balance, invoices = here.account.ledger.balance, len(here.account.invoices)
    for _ in range(bounds.MAX_CHECKOUT_SESSIONS):
        checkout.expire(here, checkout.open_deposit(here, 1_000).id)
    sessions = here.account.checkout_sessions
    assert len(sessions) <= bounds.MAX_CHECKOUT_SESSIONS
    assert oldest.id in sessions
    assert paid.id not in sessions
    assert (here.account.ledger.balance, len(here.account.invoices)) == (balance, invoices)
    assert books_are_in_order(here)


def test_the_oldest_open_checkout_sessions_are_dropped() -> None:
    """If all sessions are open, the oldest are dropped."""
    here = context()
    opened = [
        checkout.open_deposit(here, 1_000).id for _ in range(bounds.MAX_CHECKOUT_SESSIONS + 1)
    ]
    assert opened[0] not in here.account.checkout_sessions
    assert opened[-1] in here.account.checkout_sessions
    assert books_are_in_order(here)


def test_portal_sessions_and_setup_intents_are_bounded() -> None:
    """The newest portal sessions and setup intents are kept."""
    here = context()
    for _ in range(2 * max(bounds.MAX_PORTAL_SESSIONS, bounds.MAX_SETUP_INTENTS)):
        portal, intent = checkout.open_portal(here), setup_intents.create(here)
    assert len(here.account.portal_sessions) <= bounds.MAX_PORTAL_SESSIONS
    assert len(here.account.setup_intents) <= bounds.MAX_SETUP_INTENTS
    assert portal.id in here.account.portal_sessions
    assert intent.id in here.account.setup_intents
    assert books_are_in_order(here)


def test_expired_challenges_are_dropped_first() -> None:
    """A challenge that can still be confirmed outlives expired ones."""
    here = context()
    for _ in range(bounds.MAX_CHALLENGES - 1):
        verification.initiate(here, "close_account", "email")
    later = at(here, here.now + timedelta(hours=1))
    current = verification.initiate(later, "close_account", "email")
    for _ in range(bounds.MAX_CHALLENGES // 2):
        verification.initiate(later, "close_account", "email")
    assert len(here.account.challenges) <= bounds.MAX_CHALLENGES
    assert current.id in here.account.challenges
    assert len(here.account.outbox) == bounds.MAX_MESSAGES
    assert books_are_in_order(later)
