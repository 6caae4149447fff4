"""Refunds: charged usage, such as failed requests, is credited back to the balance (assumed).

A refund is a credit and never returns a deposit to a card: ``total_spent_cents`` counts usage less
refunds, and a ledger entry of the type ``refund`` is positive.
"""

from __future__ import annotations

from mockserver.billing import money
from mockserver.billing.account import Account
from mockserver.billing.context import Context
from mockserver.billing.errors import RefundRefused
from mockserver.billing.ledger import Entry

DESCRIPTION = "Refund of failed requests"


def refundable_cents(account: Account) -> int:
    """Return how much can be refunded: charged usage less earlier refunds, in whole cents."""
    return max(account.ledger.spent_cents, 0)


def refund(context: Context, amount_cents: int, description: str = DESCRIPTION) -> Entry:
    """Refund charged usage in part or in whole, whatever the balance is.

    Raise RefundRefused unless the amount is from 1 to ``refundable_cents``.
    """
    refundable = refundable_cents(context.account)
    if not 1 <= amount_cents <= refundable:
        raise RefundRefused(refundable)
    return grant(context, amount_cents, description)


def grant(context: Context, amount_cents: int, description: str = DESCRIPTION) -> Entry:
    """Credit a refund without a limit, as the fixture of a persona may demand."""
    amount = money.in_microcents(amount_cents)
    entry = context.credit("refund", amount, description, reference_type="refund")
    context.audit("refund.granted", amount_cents=amount_cents)
    context.record_activity("refund", description, amount)
    return entry
