"""Plans, their changes and renewals, and their invoices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from mockserver.billing import account, checkout, invoices, subscription
from mockserver.billing.account import CheckoutSession, Invoice, Subscription
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.catalogue import Plan
from mockserver.billing.context import Context
from mockserver.billing.errors import CardDeclined
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, together, wraps

Json = Any

_CHANGE, _READ, _INVOICES = "change_plan", "get_subscription", "list_invoices"
_SUBSCRIBER, _NEW = "sk_test_subscriber", "sk_test_new"
_STARTER, _GROWTH = {"price_id": "price_starter_monthly"}, {"price_id": "price_growth_monthly"}


def _note_the_difference(
    original: Original,
    context: Context,
    current: Subscription,
    old: Plan,
    new: Plan,
    authenticated: bool,
) -> None:
    original.memory["difference"] = new.price_cents - old.price_cents
    original(context, current, old, new, authenticated)
    del original.memory["difference"]


def _invoice_in_full(
    original: Original, context: Context, amount: int, *args: Any, **kwargs: Any
) -> Invoice:
    invoice: Invoice = original(context, original.memory.get("difference", amount), *args, **kwargs)
    return invoice


def _at_once(original: Original, context: Context, current: Subscription, plan: Any) -> None:
    original(context, current, plan)
    if plan is not None:
        current.plan, current.pending_plan = plan, None


def _never_take_back(
    original: Original, context: Context, current: Subscription, plan: Any
) -> None:
    if plan is not None:
        original(context, current, plan)


def _renew_without_invoice(original: Original, context: Context, current: Subscription) -> None:
    written = context.account.invoices
    before = len(written)
    original(context, current)
    if current.status == "active":
        del written[before:]


def _renew_though_declined(original: Original, context: Context, current: Subscription) -> None:
    original(context, current)
    if current.status == "past_due":
        current.status, current.unpaid_invoice_id = "active", None


def _grant_nothing(_: Original, context: Context, plan: Plan) -> None:
    context.audit("subscription.renewed", plan=plan.slug)
    context.record_activity("subscription", f"Renewed the {plan.name} plan")


def _upgrade_though_declined(
    original: Original,
    context: Context,
    current: Subscription,
    old: Plan,
    new: Plan,
    authenticated: bool,
) -> None:
    try:
        original(context, current, old, new, authenticated)
    except CardDeclined:
        current.plan = new.slug
        raise


def _forget_the_schedule(original: Original, call: Call) -> Json:
    body = original(call)
    if call.context.account.subscription is not None:
        call.context.account.subscription.pending_plan = None
    return body


def _thirty_days(_: Original, anchor: datetime, months: int) -> datetime:
    return anchor + timedelta(days=30 * months)


def _count_open_sessions(
    original: Original, context: Context, *args: Any, **kwargs: Any
) -> Invoice:
    """Number invoices by a counter that every session increments, abandoned ones too."""
    invoice: Invoice = original(context, *args, **kwargs)
    sessions = context.account.checkout_sessions.values()
    abandoned = sum(1 for session in sessions if session.closed is None)
    invoice = replace(invoice, number=f"INV-{len(context.account.invoices) + abandoned:06d}")
    context.account.invoices[-1] = invoice
    return invoice


def _no_invoice_for_packs(original: Original, context: Context, session: CheckoutSession) -> None:
    original(context, session)
    if session.price_id is not None:
        context.account.invoices.pop()


def _invoice_the_bonus(original: Original, context: Context, session: CheckoutSession) -> None:
    original(context, session)
    invoices = context.account.invoices
    invoices[-1] = replace(
        invoices[-1], amount_cents=invoices[-1].amount_cents + session.bonus_cents
    )


def _hide_the_payment(original: Original, invoice: Invoice, base_url: str) -> Json:
    return original(replace(invoice, paid_at=None), base_url)


def _deposits_have_periods(
    original: Original, context: Context, *args: Any, **kwargs: Any
) -> Invoice:
    invoice: Invoice = original(context, *args, **kwargs)
    if invoice.period_start is None:
        invoice = replace(invoice, period_start=context.now, period_end=context.now)
        context.account.invoices[-1] = invoice
    return invoice


def _change(me: Caller, *prices: Json) -> Any:
    """Change the subscriber's plan once for each price, and return the last response."""
    subscriber = me.named(_SUBSCRIBER)
    for price in prices:
        subscriber.post("change-plan", price)
    return subscriber.get("subscription")


def _newest_invoice(me: Caller) -> Any:
    return me.get("invoices", limit=1)["invoices"][0]


def _price_of_an_upgrade(me: Caller) -> object:
    _change(me, _GROWTH)
    return _newest_invoice(me.named(_SUBSCRIBER))["amount_cents"]


def _after_a_month(me: Caller, path: str) -> Any:
    subscriber = me.named(_SUBSCRIBER)
    subscriber.get("subscription")
    subscriber.wait(days=31)
    return subscriber.get(path)


def _plan_after_a_declined_upgrade(me: Caller) -> object:
    subscriber = me.named(_SUBSCRIBER)
    card = subscriber.post("payment-methods", {"payment_method_id": "pm_card_chargeCustomerFail"})[
        "id"
    ]
    subscriber.post(f"payment-methods/{card}/default")
    return _change(me, _GROWTH)["plan"]


def _end_of_the_first_period(me: Caller) -> object:
    me.post("change-plan", _STARTER)
    return me.get("subscription")["current_period_end"]


def _number_after_an_abandoned_deposit(me: Caller) -> object:
    new = me.named(_NEW)
    new.deposit(2_000)
    new.pay(new.deposit(3_000))
    return _newest_invoice(new)["number"]


def _invoices_after_a_pack(me: Caller) -> object:
    urls = {"success_url": "https://a.example", "cancel_url": "https://b.example"}
    me.pay(
        me.post("checkout", {"price_id": "price_credits_25", "mode": "payment", **urls})[
            "session_id"
        ]
    )
    return me.get("invoices")["total"]


def _invoice_of_a_deposit_with_bonus(me: Caller) -> object:
    new = me.named(_NEW)
    new.pay(new.deposit(3_000, promo_code="BONUS5"))
    return _newest_invoice(new)["amount_cents"]


PLANS = (
    Fault(
        "upgrade-not-prorated",
        "state",
        "An upgrade in the middle of a period is charged as if the period had just begun.",
        together(
            wraps(subscription, "_upgrade", _note_the_difference, on=(_CHANGE, _INVOICES)),
            wraps(subscription, "_invoice", _invoice_in_full, on=()),
        ),
        _price_of_an_upgrade,
    ),
    Fault(
        "downgrade-at-once",
        "state",
        "A downgrade applies at once instead of at the end of the period that is paid for.",
        wraps(subscription, "schedule", _at_once, on=(_CHANGE, _READ)),
        lambda me: _change(me, _GROWTH, _STARTER)["plan"],
    ),
    Fault(
        "downgrade-cannot-be-taken-back",
        "state",
        "Choosing the plan that is running does not take a downgrade back.",
        wraps(subscription, "schedule", _never_take_back, on=(_CHANGE, _READ)),
        lambda me: _change(me, _GROWTH, _STARTER, _GROWTH)["pending_plan"],
    ),
    Fault(
        "downgrade-not-stored",
        "state",
        "A downgrade is in the response to the change, and gone when the subscription is read.",
        handles(_CHANGE, _forget_the_schedule, on=(_CHANGE, _READ)),
        lambda me: _change(me, _GROWTH, _STARTER)["pending_plan"],
    ),
    Fault(
        "declined-upgrade-applies",
        "state",
        "An upgrade whose charge is declined with 402 applies all the same.",
        wraps(subscription, "_upgrade", _upgrade_though_declined, on=(_CHANGE, _READ)),
        _plan_after_a_declined_upgrade,
    ),
    Fault(
        "renewal-without-an-invoice",
        "state",
        "The renewal of a plan writes no invoice.",
        wraps(subscription, "_renew", _renew_without_invoice, on=(_INVOICES,)),
        lambda me: _after_a_month(me, "invoices")["invoices"][0]["created_at"],
    ),
    Fault(
        "renewal-brings-no-credits",
        "state",
        "The renewal of a plan is charged, and the credits of the new period are not granted.",
        wraps(subscription, "_renewed", _grant_nothing, on=("list_credit_transactions",)),
        lambda me: _after_a_month(me, "credit-transactions")["transactions"][0]["type"],
    ),
    Fault(
        "declined-renewal-stays-active",
        "state",
        "A subscription whose renewal was declined stays active.",
        wraps(subscription, "_renew", _renew_though_declined, on=(_READ,)),
        lambda me: me.named("sk_test_past_due").get("subscription")["status"],
    ),
    Fault(
        "period-of-thirty-days",
        "state",
        "A period of a plan lasts 30 days instead of a month.",
        wraps(account, "add_months", _thirty_days, on=(_CHANGE, _READ)),
        _end_of_the_first_period,
    ),
)

INVOICES = (
    Fault(
        "abandoned-deposit-takes-an-invoice-number",
        "state",
        "Invoice numbers have gaps: an unpaid deposit takes one.",
        wraps(invoices, "issue", _count_open_sessions, on=("create_deposit", _INVOICES)),
        _number_after_an_abandoned_deposit,
    ),
    Fault(
        "credit-pack-without-an-invoice",
        "state",
        "A credit pack writes no invoice.",
        wraps(
            checkout, "_credit", _no_invoice_for_packs, on=("create_checkout_session", _INVOICES)
        ),
        _invoices_after_a_pack,
    ),
    Fault(
        "invoice-includes-the-bonus",
        "state",
        "The invoice of a deposit includes the bonus of its promo code.",
        wraps(checkout, "_credit", _invoice_the_bonus, on=("create_deposit", _INVOICES)),
        _invoice_of_a_deposit_with_bonus,
    ),
    Fault(
        "paid-invoice-without-a-date",
        "state",
        "Invoices that are paid do not say when.",
        wraps(render, "invoice", _hide_the_payment, on=(_INVOICES,)),
        lambda me: _newest_invoice(me)["paid_at"],
    ),
    Fault(
        "deposit-invoice-has-a-period",
        "state",
        "Invoices of deposits have a period, which only those of plans should.",
        wraps(invoices, "issue", _deposits_have_periods, on=(_INVOICES,)),
        lambda me: _newest_invoice(me)["period_start"],
    ),
)

FAULTS = (*PLANS, *INVOICES)
