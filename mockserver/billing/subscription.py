"""Subscriptions: monthly and yearly plans (assumed, modelled on Stripe).

An upgrade applies at once, a downgrade at the end of the period. A change to a longer interval is
an upgrade that starts a new period, a change to a shorter one is a downgrade. A trial is the first
period of an account's first plan: it grants the credits of a month and costs nothing.

A period's credits are granted when the period is paid. A declined renewal leaves the subscription
``past_due``. The charge is retried after 3, 5 and 7 days; if the last retry fails, the subscription
ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

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


class Due(NamedTuple):
    """What a plan costs at once, and the credits that it grants at once."""

    amount_cents: int
    credits: int
    trial_end: datetime | None = None
    """The end of the trial; None if there is none."""


def start(context: Context, plan: Plan, due: Due | None = None) -> Subscription:
    """Begin a plan that has just been paid for, by default on the terms of ``price_due``.

    It replaces the current subscription, whose unpaid invoice becomes void.
    """
    due = due or price_due(context, plan)
    account = context.account
    if account.subscription is not None:
        _void_unpaid(context, account.subscription)
    account.subscription = subscription = Subscription(
        account.ids.uuid(),
        plan.slug,
        "active",
        context.now,
        period=1 if due.trial_end is None else 0,
        months=plan.months,
        moved_anchor=due.trial_end,
    )
    _invoice(context, due.amount_cents, f"{plan.name} plan{', trial' if due.trial_end else ''}")
    _grant(context, due.credits, plan)
    _audit(context, "subscription.started", plan=plan.slug)
    context.record_activity("subscription", f"Started the {plan.name} plan")
    return subscription


def trial_end_of(context: Context, plan: Plan) -> datetime | None:
    """Return when a trial that starts now ends; None if the plan or the account has none."""
    if not plan.trial_days or any(
        entry.action == "subscription.started" for entry in context.account.audit_log
    ):
        return None
    return context.now + timedelta(days=plan.trial_days)


def price_due(context: Context, plan: Plan) -> Due:
    """Return what a plan that starts now costs at once, and the credits that it grants."""
    trial_end = trial_end_of(context, plan)
    if trial_end is not None:
        return Due(0, plan.monthly_credits, trial_end)
    return Due(plan.price_cents, plan.credits)


def preview(context: Context, plan: Plan) -> Change:
    """Return the effect of moving to a plan now, without changing anything."""
    subscription = context.account.subscription
    if subscription is None:
        due = price_due(context, plan)
        return Change("start", due.amount_cents, due.credits, context.now)
    current = context.catalogue.plan(subscription.plan)
    if _is_upgrade(current, plan):
        due = _prorated(context, subscription, current, plan)
        return Change("upgrade", due.amount_cents, due.credits, context.now)
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
    if _is_upgrade(current, plan):
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
    due = _prorated(context, subscription, current, plan)
    subscription.plan, subscription.pending_plan = plan.slug, None
    _use_interval(subscription, plan, context.now)
    _invoice(context, due.amount_cents, f"Upgrade to the {plan.name} plan, prorated")
    _grant(context, due.credits, plan)
    _audit(context, "subscription.upgraded", plan=plan.slug, amount_cents=due.amount_cents)
    context.record_activity("subscription", f"Upgraded to the {plan.name} plan")


def _is_upgrade(current: Plan, plan: Plan) -> bool:
    """Return whether a change of the plan applies at once."""
    return (plan.months, plan.price_cents) > (current.months, current.price_cents)


def _prorated(context: Context, subscription: Subscription, current: Plan, plan: Plan) -> Due:
    """Return what an upgrade costs at once, and the credits that it grants.

    Within an interval, these are the extra cents and credits for the rest of the period. A longer
    interval is due as a whole, less the unused part of the current period. A trial costs nothing.
    """
    left = int((subscription.period_end - context.now).total_seconds())
    whole = int((subscription.period_end - subscription.period_start).total_seconds())
    if subscription.is_trial:
        return Due(0, max(0, plan.monthly_credits - current.monthly_credits) * left // whole)
    if plan.months == current.months:
        extra_cents, extra_credits = (
            plan.price_cents - current.price_cents,
            max(0, plan.credits - current.credits),
        )
        return Due(extra_cents * left // whole, extra_credits * left // whole)
    return Due(
        max(0, plan.price_cents - current.price_cents * left // whole),
        max(0, plan.credits - current.credits * left // whole),
    )


def _use_interval(subscription: Subscription, plan: Plan, moment: datetime) -> None:
    """Begin a new period if the plan has another interval than the current one."""
    if plan.months == subscription.months:
        return
    subscription.months = plan.months
    if not subscription.is_trial:
        subscription.moved_anchor, subscription.period = moment, 1


def _renew(context: Context, subscription: Subscription) -> None:
    if subscription.pending_plan == "free":
        _end(context, subscription, "at the period's end")
        return
    if subscription.pending_plan is not None:
        subscription.plan, subscription.pending_plan = subscription.pending_plan, None
    plan = context.catalogue.plan(subscription.plan)
    if plan.months == subscription.months or subscription.is_trial:
        subscription.period += 1
        subscription.months = plan.months
    else:
        _use_interval(subscription, plan, subscription.period_end)
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
    _grant(context, plan.credits, plan)
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
