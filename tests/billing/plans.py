"""Builders for tests of subscriptions: an account on a plan, its invoices and its grants."""

from datetime import UTC, datetime, timedelta

from mockserver.billing import money, payment_methods, subscription
from mockserver.billing.account import Subscription
from mockserver.billing.context import Context

from .conftest import NOON, WORKING, fresh

STARTER, GROWTH, SCALE = (f"price_{name}_monthly" for name in ("starter", "growth", "scale"))


END = datetime(2026, 4, 18, 12, tzinfo=UTC)
"""The end of the first period of a plan that starts at noon."""


MOMENT = timedelta(milliseconds=1)


def subscribed(price_id: str = STARTER, now: datetime = NOON, card: str = WORKING) -> Context:
    """Return an account that starts a plan at a moment."""
    context = fresh(now=now)
    payment_methods.add(context, card)
    subscription.change(context, price_id)
    return context


def current(context: Context) -> Subscription:
    assert context.account.subscription is not None
    return context.account.subscription


def break_card(context: Context) -> None:
    """Make all further charges of the card fail."""
    wallet = context.account.wallet
    wallet.cards = [payment_methods.declining(card, "insufficient_funds") for card in wallet.cards]


def granted(context: Context) -> list[int]:
    """Return the credits of every grant, oldest first."""
    entries = (entry for entry in context.account.ledger.entries if entry.type == "subscription")
    return [entry.amount_microcents // money.MICROCENTS_PER_CREDIT for entry in entries]


def invoiced(context: Context) -> list[tuple[int, str]]:
    return [(invoice.amount_cents, invoice.status) for invoice in context.account.invoices]
