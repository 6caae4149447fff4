"""Auto-recharge: a card is charged when usage takes the balance below a threshold.

Documented: the defaults, the minimum and the maximum. Assumed: failures, the pause and the history.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from mockserver.billing import invoices, money, payment_methods
from mockserver.billing.account import Attempt, AutoRecharge, Card, Consent
from mockserver.billing.context import Context
from mockserver.billing.errors import CardDeclined, NoUsableCard, UnknownCard

MAX_FAILURES = 3
"""The number of consecutive failures that disables auto-recharge."""
PAUSE = timedelta(seconds=60)
"""The shortest time between two attempts."""


class Check(Struct, frozen=True):
    """The result of a dry run: the card that would be charged and whether it would work."""

    card: Card | None
    message: str
    card_expired: bool = False
    days_until_expiry: int | None = None
    works: bool = False


def configure(
    context: Context,
    *,
    enabled: bool,
    threshold_microcents: int,
    amount_cents: int,
    stripe_payment_method_id: str | None = None,
    consent: Consent | None = None,
) -> AutoRecharge:
    """Replace the settings.

    Raise UnknownCard if the named card is not on the account, or NoUsableCard if auto-recharge is
    enabled without a card or with an expired one.
    """
    account = context.account
    if stripe_payment_method_id is not None:
        named = account.wallet.find(stripe_payment_method_id)
        if named is None:
            raise UnknownCard(stripe_payment_method_id)
        stripe_payment_method_id = named.stripe_id
    settings = account.auto_recharge
    if enabled:
        card = _payer(context, stripe_payment_method_id)
        if card is None or context.now >= card.expires_at:
            raise NoUsableCard()
        settings.consecutive_failures = 0
    settings.enabled = enabled
    settings.threshold_microcents = threshold_microcents
    settings.amount_cents = amount_cents
    settings.stripe_payment_method_id = stripe_payment_method_id
    settings.consent = consent or Consent()
    settings.updated_at = context.now
    context.audit(
        "auto_recharge.updated",
        enabled=enabled,
        threshold_microcents=threshold_microcents,
        recharge_amount_cents=amount_cents,
    )
    return settings


def disable(context: Context) -> AutoRecharge:
    """Disable auto-recharge and keep the other settings."""
    settings = context.account.auto_recharge
    settings.enabled = False
    settings.updated_at = context.now
    context.audit("auto_recharge.disabled")
    return settings


def check(context: Context) -> Check:
    """Report whether the card would work, without charging it."""
    card = _payer(context, context.account.auto_recharge.stripe_payment_method_id)
    if card is None:
        return Check(None, "This account has no payment method. Add a card first.")
    days = (card.expires_at - context.now).days
    refusal = card.decline_code(context.now)
    if refusal == "expired_card":
        return Check(
            card, f"The {card.label} has expired.", card_expired=True, days_until_expiry=days
        )
    if refusal is not None:
        return Check(
            card, f"The {card.label} would be declined ({refusal}).", days_until_expiry=days
        )
    return Check(card, f"The {card.label} would be charged.", days_until_expiry=days, works=True)


def run_if_due(context: Context) -> None:
    """Recharge if the balance is below the threshold.

    Within 60 seconds of the last attempt, nothing happens.
    """
    settings = context.account.auto_recharge
    if not settings.enabled or context.account.ledger.balance >= settings.threshold_microcents:
        return
    if settings.attempts and context.now - settings.attempts[-1].created_at < PAUSE:
        return
    system = context.at(context.now)
    card = _payer(system, settings.stripe_payment_method_id)
    try:
        _succeed(system, payment_methods.charge(card, system.now))
    except CardDeclined as error:
        _fail(system, card, error.code)
    except NoUsableCard:
        _fail(system, card, "no_payment_method")


def _payer(context: Context, stripe_id: str | None) -> Card | None:
    wallet = context.account.wallet
    return wallet.default if stripe_id is None else wallet.find(stripe_id)


def _succeed(context: Context, card: Card) -> None:
    account, settings = context.account, context.account.auto_recharge
    before = account.ledger.balance
    amount = money.in_microcents(settings.amount_cents)
    attempt_id = account.ids.uuid()
    context.credit(
        "auto_recharge",
        amount,
        "Auto-recharge",
        reference_type="auto_recharge",
        reference_id=attempt_id,
    )
    invoice = invoices.issue(context, settings.amount_cents, "Auto-recharge")
    settings.attempts.append(
        Attempt(
            attempt_id,
            "succeeded",
            settings.amount_cents,
            before,
            account.ledger.balance,
            card.id,
            invoice.id,
            None,
            context.now,
        )
    )
    settings.consecutive_failures = 0
    context.audit(
        "auto_recharge.succeeded", amount_cents=settings.amount_cents, invoice=invoice.number
    )
    context.record_activity("auto_recharge", f"Auto-recharge with {card.label}", amount)


def _fail(context: Context, card: Card | None, reason: str) -> None:
    account, settings = context.account, context.account.auto_recharge
    balance = account.ledger.balance
    settings.attempts.append(
        Attempt(
            account.ids.uuid(),
            "failed",
            settings.amount_cents,
            balance,
            balance,
            card.id if card else None,
            None,
            reason,
            context.now,
        )
    )
    settings.consecutive_failures += 1
    context.audit("auto_recharge.failed", amount_cents=settings.amount_cents, reason=reason)
    context.record_activity("auto_recharge_failed", f"Auto-recharge failed ({reason})")
    if settings.consecutive_failures >= MAX_FAILURES:
        settings.enabled = False
        context.audit("auto_recharge.disabled", reason="three failures in a row")
