"""Checkout sessions: opened by a deposit or for a price, paid once on a page or by the control API.

Documented: deposits and checkouts open Stripe sessions. The rest is assumed, modelled on Stripe.
"""

from __future__ import annotations

from datetime import timedelta

from mockserver.billing import (
    auto_recharge,
    bounds,
    invoices,
    money,
    payment_methods,
    promo,
    subscription,
)
from mockserver.billing.account import (
    AutoRechargeRequest,
    Card,
    CheckoutSession,
    Consent,
    PortalSession,
)
from mockserver.billing.catalogue import CheckoutMode, Plan
from mockserver.billing.context import Context
from mockserver.billing.errors import SessionClosed, SessionNotFound, WrongCheckoutMode
from mockserver.billing.subscription import Due

LIFETIME = timedelta(hours=24)
ANY_WORKING_CARD = "pm_card_visa"
"""The card that pays if no card is named and the account has none."""


def open_deposit(
    context: Context,
    amount_cents: int,
    *,
    success_url: str | None = None,
    cancel_url: str | None = None,
    promo_code: str | None = None,
    auto_recharge: AutoRechargeRequest | None = None,
) -> CheckoutSession:
    """Open a session for a deposit. No money moves until it is paid.

    Raise PromoCodeRefused if this account cannot use the promo code for this amount now.
    """
    if promo_code is not None:
        promo_code = promo.check(context, promo_code, amount_cents).code
    session = _open(context, amount_cents, "Deposit", success_url, cancel_url)
    session.promo_code = promo_code
    session.auto_recharge = auto_recharge
    context.audit(
        "deposit.created", session_id=session.id, amount_cents=amount_cents, promo_code=promo_code
    )
    return session


def open_price(
    context: Context, price_id: str, mode: str, success_url: str | None, cancel_url: str | None
) -> CheckoutSession:
    """Open a session for a price of the catalogue.

    Raise UnknownPrice, or WrongCheckoutMode if the mode is not the one that the price needs.
    """
    item = context.catalogue.price(price_id)
    expected: CheckoutMode = "subscription" if isinstance(item, Plan) else "payment"
    if mode != expected:
        raise WrongCheckoutMode(mode, price_id, expected)
    if isinstance(item, Plan):
        amount = subscription.price_due(context, item).amount_cents
    else:
        amount = item.amount_cents
    session = _open(context, amount, item.name, success_url, cancel_url)
    session.price_id = price_id
    context.audit("checkout.created", session_id=session.id, price_id=price_id)
    return session


def complete(
    context: Context, session_id: str, stripe_id: str | None = None, *, authenticated: bool = False
) -> CheckoutSession:
    """Pay a session in one step. Paying it again changes nothing.

    ``stripe_id`` names the payer's card; without it the default card pays, or a card that always
    works. A card with 3-D Secure is declined with ``authentication_required`` unless its holder is
    ``authenticated``. Raise SessionNotFound, SessionClosed or CardDeclined.
    """
    session = get(context, session_id)
    if session.closed == "complete":
        return session
    must_be_open(context, session)
    item = context.catalogue.price(session.price_id) if session.price_id is not None else None
    payer = _charge(context, stripe_id, authenticated)
    if (
        isinstance(item, Plan) or session.auto_recharge is not None
    ) and context.account.wallet.find(payer) is None:
        payment_methods.must_be_savable(context, payer)
    session.closed, session.completed_at, session.last_decline_code = "complete", context.now, None
    if isinstance(item, Plan):
        context.audit("checkout.completed", session_id=session.id, price_id=session.price_id)
        # As with Stripe, the card that paid for a plan also pays for its renewals.
        payment_methods.set_default(context, _save(context, payer).id)
        subscription.start(context, item, plan_due(context, session, item))
    else:
        _credit(context, session)
        if session.auto_recharge is not None:
            _enable_auto_recharge(context, session.auto_recharge, payer)
    return session


def plan_due(context: Context, session: CheckoutSession, plan: Plan) -> Due:
    """Return the terms on which a session sells a plan: those of the time when it was opened.

    As with Stripe, a trial belongs to the session, and the account may have used one since.
    """
    if plan.trial_days and session.amount_cents == 0:
        start = session.completed_at or context.now
        return Due(0, plan.monthly_credits, start + timedelta(days=plan.trial_days))
    return Due(session.amount_cents, plan.credits)


def decline(context: Context, session_id: str, reason: str) -> CheckoutSession:
    """Record a declined payment: the session stays open and the ledger unchanged.

    Raise SessionNotFound or SessionClosed.
    """
    session = get(context, session_id)
    must_be_open(context, session)
    session.last_decline_code = reason
    context.audit("checkout.declined", session_id=session.id, reason=reason)
    return session


def expire(context: Context, session_id: str) -> CheckoutSession:
    """Close a session unpaid. Expiring it again changes nothing.

    Raise SessionNotFound, or SessionClosed if the session was paid.
    """
    session = get(context, session_id)
    if session.status(context.now) == "expired":
        return session
    must_be_open(context, session)
    session.closed = "expired"
    context.audit("checkout.expired", session_id=session.id)
    return session


def get(context: Context, session_id: str) -> CheckoutSession:
    """Return a session of this account. Raise SessionNotFound if there is none of that id."""
    session = context.account.checkout_sessions.get(session_id)
    if session is None:
        raise SessionNotFound(session_id)
    return session


def open_portal(context: Context) -> PortalSession:
    """Open the customer portal."""
    bounds.make_room(context.account.portal_sessions, bounds.MAX_PORTAL_SESSIONS)
    session = PortalSession(context.account.ids.token("bps_"), context.now)
    context.account.portal_sessions[session.id] = session
    context.audit("portal.opened")
    return session


def _open(
    context: Context,
    amount_cents: int,
    description: str,
    success_url: str | None,
    cancel_url: str | None,
) -> CheckoutSession:
    bounds.make_room(
        context.account.checkout_sessions,
        bounds.MAX_CHECKOUT_SESSIONS,
        lambda session: session.status(context.now) != "open",
    )
    session = CheckoutSession(
        id=context.account.ids.token("cs_test_"),
        amount_cents=amount_cents,
        description=description,
        success_url=success_url,
        cancel_url=cancel_url,
        created_at=context.now,
        expires_at=context.now + LIFETIME,
    )
    context.account.checkout_sessions[session.id] = session
    return session


def must_be_open(context: Context, session: CheckoutSession) -> None:
    """Raise SessionClosed unless the session can still be paid."""
    status = session.status(context.now)
    if status != "open":
        raise SessionClosed(session.id, status)


def _charge(context: Context, stripe_id: str | None, authenticated: bool) -> str:
    """Charge the payer's card, saved or not, and return its Stripe id. Raise CardDeclined."""
    wallet = context.account.wallet
    card = wallet.default if stripe_id is None else wallet.find(stripe_id)
    if card is None:
        card = payment_methods.make_card(context, stripe_id or ANY_WORKING_CARD, id="")
    return payment_methods.charge_present(context, card, authenticated=authenticated).stripe_id


def _save(context: Context, stripe_id: str) -> Card:
    """Return the payer's card as saved on the account, for future charges."""
    return context.account.wallet.find(stripe_id) or payment_methods.add(context, stripe_id)


def _credit(context: Context, session: CheckoutSession) -> None:
    amount = money.in_microcents(session.amount_cents)
    context.credit(
        "deposit", amount, session.description, reference_type="deposit", reference_id=session.id
    )
    invoice = invoices.issue(context, session.amount_cents, session.description)
    context.audit(
        "deposit.completed",
        session_id=session.id,
        amount_cents=session.amount_cents,
        invoice=invoice.number,
    )
    context.record_activity("deposit", session.description, amount)
    if session.promo_code is not None:
        session.bonus_cents = promo.redeem(
            context, session.promo_code, session.amount_cents, reference_id=session.id
        )


def _enable_auto_recharge(context: Context, request: AutoRechargeRequest, stripe_id: str) -> None:
    _save(context, stripe_id)
    auto_recharge.configure(
        context,
        enabled=True,
        threshold_microcents=request.threshold_microcents,
        amount_cents=request.amount_cents,
        stripe_payment_method_id=stripe_id,
        consent=Consent(source="deposit_flow"),
    )
