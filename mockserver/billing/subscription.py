"""Subscriptions: monthly plans (assumed, modelled on Stripe).

An upgrade applies at once, a downgrade at the end of the period. A period's credits are granted
when the period is paid. A declined renewal leaves the subscription ``past_due``. The charge is
retried after 3, 5 and 7 days; if the last retry fails, the subscription ends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from mockserver.billing import invoices, money, payment_methods
from mockserver.billing.account import RETRY_AFTER, Account, Invoice, Subscription
from mockserver.billing.audit import Detail
from mockserver.billing.catalogue import Catalogue, Plan, PlanSlug
from mockserver.billing.context import Context
from mockserver.billing.errors import CardDeclined, NoUsableCard, SubscriptionPastDue, UnknownPrice


class Change(Struct, frozen=True):
    """The effect of moving to a plan now."""

    kind: Literal["start", "upgrade", "downgrade", "keep"]
    """``keep`` chooses the current plan, which cancels a scheduled change."""
    amount_cents: int
    """The amount charged at once."""
    credits: int
    """The credits granted at once."""
    takes_effect_at: datetime


def start(context: Context, plan: Plan) -> Subscription:
    """Begin a plan that has just been paid for.

    It replaces the current subscription, whose unpaid invoice becomes void.
    """
    account = context.account
    if account.subscription is not None:
        _void_unpaid(context, account.subscription)
    account.subscription = subscription = Subscription(
        account.ids.uuid(), plan.slug, "active", context.now, 1
    )
    _invoice(context, plan.price_cents, f"{plan.name} plan")
    _grant(context, plan.monthly_credits, plan)
    _audit(context, "subscription.started", plan=plan.slug)
    context.record_activity("subscription", f"Started the {plan.name} plan")
    return subscription


def preview(context: Context, plan: Plan) -> Change:
    """Return the effect of moving to a plan now, without changing anything."""
    subscription = context.account.subscription
    if subscription is None:
        return Change("start", plan.price_cents, plan.monthly_credits, context.now)
    current = context.catalogue.plan(subscription.plan)
    if plan.price_cents > current.price_cents:
        return Change("upgrade", *_prorated(context, subscription, current, plan), context.now)
    if plan.slug == subscription.plan:
        return Change("keep", 0, 0, context.now)
    return Change("downgrade", 0, 0, subscription.period_end)


def change(context: Context, price_id: str, *, authenticated: bool = False) -> Subscription | None:
    """Move to the plan of that price.

    An upgrade applies at once and is prorated by the second; a downgrade applies at the end of the
    period. A card with 3-D Secure pays only if its holder is ``authenticated``.
    Raise UnknownPrice, NoUsableCard, CardDeclined or SubscriptionPastDue.
    """
    plan = context.catalogue.price(price_id)
    if not isinstance(plan, Plan):
        known = [other.price_id for other in context.catalogue.plans if other.price_id]
        raise UnknownPrice(price_id, known)
    subscription = context.account.subscription
    if subscription is None:
        payment_methods.charge_present(
            context, context.account.wallet.default, authenticated=authenticated
        )
        return start(context, plan)
    current = context.catalogue.plan(subscription.plan)
    if plan.price_cents > current.price_cents:
        _upgrade(context, subscription, current, plan, authenticated)
    elif plan.slug == subscription.plan:
        schedule(context, subscription, None)
    else:
        schedule(context, subscription, plan.slug)
    return subscription


def schedule(context: Context, subscription: Subscription, plan: PlanSlug | None) -> None:
    """Schedule the plan for the next period; None keeps the current one.

    Scheduling what is already scheduled changes nothing.
    """
    if subscription.pending_plan == plan:
        return
    subscription.pending_plan = plan
    _audit(context, "subscription.scheduled", plan=subscription.plan, pending_plan=plan)
    context.record_activity(
        "subscription", f"At the period's end: the {plan or subscription.plan} plan"
    )


def catch_up(account: Account, catalogue: Catalogue, now: datetime) -> None:
    """Do all renewals and retries that fell due, in order of time, each at its own time."""
    while account.subscription is not None and account.subscription.due_at <= now:
        context = Context(account, catalogue, account.subscription.due_at, "system")
        if account.subscription.status == "past_due":
            _retry(context, account.subscription)
        else:
            _renew(context, account.subscription)


def _upgrade(
    context: Context, subscription: Subscription, current: Plan, plan: Plan, authenticated: bool
) -> None:
    if subscription.status == "past_due":
        raise SubscriptionPastDue()
    payment_methods.charge_present(
        context, context.account.wallet.default, authenticated=authenticated
    )
    price, credits = _prorated(context, subscription, current, plan)
    subscription.plan, subscription.pending_plan = plan.slug, None
    _invoice(context, price, f"Upgrade to the {plan.name} plan, prorated")
    _grant(context, credits, plan)
    _audit(context, "subscription.upgraded", plan=plan.slug, amount_cents=price)
    context.record_activity("subscription", f"Upgraded to the {plan.name} plan")


def _prorated(
    context: Context, subscription: Subscription, current: Plan, plan: Plan
) -> tuple[int, int]:
    """Return the extra cents and credits of a more expensive plan for the rest of the period."""
    left = int((subscription.period_end - context.now).total_seconds())
    whole = int((subscription.period_end - subscription.period_start).total_seconds())
    price = (plan.price_cents - current.price_cents) * left // whole
    return price, (plan.monthly_credits - current.monthly_credits) * left // whole


def _renew(context: Context, subscription: Subscription) -> None:
    if subscription.pending_plan == "free":
        _end(context, subscription, "at the period's end")
        return
    if subscription.pending_plan is not None:
        subscription.plan, subscription.pending_plan = subscription.pending_plan, None
    subscription.period += 1
    plan = context.catalogue.plan(subscription.plan)
    try:
        payment_methods.charge(context.account.wallet.default, context.now)
    except (CardDeclined, NoUsableCard) as error:
        invoice = _invoice(context, plan.price_cents, f"{plan.name} plan", paid=False)
        subscription.status, subscription.retries, subscription.unpaid_invoice_id = (
            "past_due",
            0,
            invoice.id,
        )
        _audit(
            context,
            "subscription.past_due",
            plan=plan.slug,
            invoice=invoice.number,
            reason=_reason(error),
        )
        context.record_activity("subscription", f"The renewal of the {plan.name} plan failed")
        return
    _invoice(context, plan.price_cents, f"{plan.name} plan")
    _renewed(context, plan)


def _retry(context: Context, subscription: Subscription) -> None:
    invoice = next(
        old for old in context.account.invoices if old.id == subscription.unpaid_invoice_id
    )
    plan = context.catalogue.plan(subscription.plan)
    try:
        payment_methods.charge(context.account.wallet.default, context.now)
    except (CardDeclined, NoUsableCard) as error:
        subscription.retries += 1
        _audit(
            context,
            "subscription.retry_failed",
            plan=plan.slug,
            invoice=invoice.number,
            reason=_reason(error),
        )
        if subscription.retries == len(RETRY_AFTER):
            _void_unpaid(context, subscription)
            _end(context, subscription, "unpaid")
        return
    invoices.pay(context, invoice)
    subscription.status, subscription.unpaid_invoice_id, subscription.retries = "active", None, 0
    _renewed(context, plan)


def _void_unpaid(context: Context, subscription: Subscription) -> None:
    for invoice in context.account.invoices:
        if invoice.id == subscription.unpaid_invoice_id:
            invoices.void(context, invoice)
            return


def _renewed(context: Context, plan: Plan) -> None:
    _grant(context, plan.monthly_credits, plan)
    _audit(context, "subscription.renewed", plan=plan.slug)
    context.record_activity("subscription", f"Renewed the {plan.name} plan")


def _end(context: Context, subscription: Subscription, why: str) -> None:
    context.account.subscription = None
    _audit(context, "subscription.ended", plan=subscription.plan, reason=why)
    context.record_activity("subscription", f"The {subscription.plan} plan ended ({why})")


def _audit(context: Context, action: str, **details: Detail) -> None:
    """Audit a change and emit the state of the subscription after it."""
    context.audit(action, **details)
    current = context.account.subscription
    facts = {
        "id": current.id if current else None,
        "plan": current.plan if current else context.catalogue.free_plan.slug,
        "status": current.status if current else "none",
        "current_period_start": current.period_start if current else None,
        "current_period_end": current.period_end if current else None,
        "pending_plan": current.pending_plan if current else None,
        "cancel_at_period_end": current is not None and current.pending_plan == "free",
    }
    context.emit("subscription.updated", context.account.audit_log[-1].id, facts)


def _grant(context: Context, credits: int, plan: Plan) -> None:
    subscription = context.account.subscription
    context.credit(
        "subscription",
        credits * money.MICROCENTS_PER_CREDIT,
        f"{credits:,} credits of the {plan.name} plan",
        reference_type="subscription",
        reference_id=subscription.id if subscription else None,
    )


def _invoice(
    context: Context, amount_cents: int, description: str, *, paid: bool = True
) -> Invoice:
    subscription = context.account.subscription
    period = (subscription.period_start, subscription.period_end) if subscription else None
    return invoices.issue(context, amount_cents, description, paid=paid, period=period)


def _reason(error: CardDeclined | NoUsableCard) -> str:
    return error.code if isinstance(error, CardDeclined) else "no_payment_method"
