"""Plans: periods, charges and credits by a wrong rule; invoices with wrong facts."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mockserver.billing import invoices, subscription
from mockserver.billing.account import Invoice, Subscription
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.catalogue import Catalogue, Plan
from mockserver.billing.context import Context
from mockserver.billing.errors import UnknownPrice
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, together, wraps

Json = Any

_CHANGE, _GET, _INVOICES, _BALANCE = (
    "change_plan",
    "get_subscription",
    "list_invoices",
    "get_balance",
)
_SUBSCRIBER, _PAST_DUE = "sk_test_subscriber", "sk_test_past_due"
_STARTER, _GROWTH, _SCALE = (
    {"price_id": f"price_{plan}_monthly"} for plan in ("starter", "growth", "scale")
)


def _restart_the_period(
    original: Original, context: Context, current: Subscription, *args: Any
) -> None:
    original(context, current, *args)
    current.started_at, current.period = context.now, 1


def _forget_the_downgrade(original: Original, context: Context, current: Subscription) -> None:
    if current.pending_plan != "free":
        current.pending_plan = None
    original(context, current)


def _period_before(
    original: Original, context: Context, amount_cents: int, *args: Any, **kwargs: Any
) -> Invoice:
    current = context.account.subscription
    is_renewal = current is not None and current.period > 1 and amount_cents > 0
    if current is not None and is_renewal:
        current.period -= 1
    invoice: Invoice = original(context, amount_cents, *args, **kwargs)
    if current is not None and is_renewal:
        current.period += 1
    return invoice


def _note_a_retry(original: Original, *args: Any) -> None:
    original.memory["retrying"] = True
    original(*args)
    original.memory["retrying"] = False


def _grant_nothing_after_a_retry(original: Original, *args: Any) -> None:
    if not original.memory.get("retrying"):
        original(*args)


def _grant_before_the_payment(original: Original, context: Context, current: Subscription) -> None:
    original(context, current)
    if current.status == "past_due":
        subscription._grant(
            context,
            context.catalogue.plan(current.plan).monthly_credits,
            context.catalogue.plan(current.plan),
        )


def _grant_no_difference(original: Original, *args: Any) -> Any:
    return original(*args)._replace(credits=0)


def _keep_the_plan(original: Original, call: Call) -> Json:
    try:
        return original(call)
    except UnknownPrice:
        return render.subscription(call.context.account.subscription, call.context.catalogue)


def _invoice_twice(original: Original, context: Context, plan: Plan) -> Subscription:
    started: Subscription = original(context, plan)
    subscription._invoice(context, plan.price_cents, f"{plan.name} plan")
    return started


def _pending_price(original: Original, current: Subscription | None, catalogue: Catalogue) -> Json:
    body = original(current, catalogue)
    pending = body["pending_plan"]
    return body if pending is None else {**body, "pending_plan": catalogue.plan(pending).price_id}


def _number_twice(original: Original, context: Context, *args: Any, **kwargs: Any) -> Invoice:
    invoice: Invoice = original(context, *args, **kwargs)
    issued = context.account.invoices
    issued[-1] = replace(invoice, number=f"INV-{(len(issued) + 1) // 2:06d}")
    return issued[-1]


def _paid_although_open(original: Original, context: Context, *args: Any, **kwargs: Any) -> Invoice:
    invoice: Invoice = original(context, *args, **kwargs)
    issued: Any = context.account.invoices
    if invoice.paid_at is None:
        issued[-1] = replace(invoice, paid_at=invoice.created_at)
    return invoice


def _start(me: Caller, plan: Json, *more: Json) -> Caller:
    starter = me.named("sk_test_starter")
    starter.post("change-plan", plan)
    for other in more:
        starter.wait(days=1)
        starter.post("change-plan", other)
    return starter


def _subscribed(me: Caller, plan: Json, *more: Json) -> Any:
    return _start(me, plan, *more).get("subscription")


def _after_a_downgrade(me: Caller) -> object:
    starter = _start(me, _GROWTH, _STARTER)
    starter.wait(days=40)
    return starter.get("subscription")["plan"]


def _period_of_a_renewal(me: Caller) -> object:
    starter = _start(me, _STARTER)
    starter.wait(days=32)
    return starter.get("invoices")["invoices"][0]["period_start"]


def _balance_after_a_retry(me: Caller) -> object:
    due = me.named(_PAST_DUE)
    due.post("payment-methods", {"payment_method_id": "pm_card_amex"})
    due.post("payment-methods/pm_card_amex/default")
    due.wait(days=5)
    return due.get("balance")["balance_microcents"]


def _balance_while_unpaid(me: Caller) -> object:
    starter = _start(me, _STARTER)
    starter.post("payment-methods", {"payment_method_id": "pm_card_chargeCustomerFail"})
    starter.post("payment-methods/pm_card_chargeCustomerFail/default")
    starter.wait(days=32)
    return starter.get("balance")["balance_microcents"]


def _balance_after_an_upgrade(me: Caller) -> object:
    return _start(me, _STARTER, _GROWTH).get("balance")["balance_microcents"]


def _numbers(me: Caller) -> object:
    starter = _start(me, _STARTER, _GROWTH, _SCALE)
    return [invoice["number"] for invoice in starter.get("invoices")["invoices"]]


FAULTS = (
    Fault(
        "upgrade-restarts-the-period",
        "state",
        "An upgrade begins a new period instead of keeping the one that is running.",
        wraps(subscription, "_upgrade", _restart_the_period, on=(_CHANGE, _GET)),
        lambda me: _subscribed(me, _STARTER, _GROWTH)["current_period_start"],
    ),
    Fault(
        "upgrade-grants-no-credits",
        "state",
        "An upgrade is charged, and the additional credits are not granted.",
        wraps(subscription, "_prorated", _grant_no_difference, on=(_CHANGE, _BALANCE)),
        _balance_after_an_upgrade,
    ),
    Fault(
        "downgrade-never-arrives",
        "state",
        "When the period ends, a downgrade is forgotten and the plan stays.",
        wraps(subscription, "_renew", _forget_the_downgrade, on=(_CHANGE, _GET)),
        _after_a_downgrade,
    ),
    Fault(
        "renewal-invoiced-for-the-period-before",
        "state",
        "The invoice of a renewal has the period that has just ended.",
        wraps(subscription, "_invoice", _period_before, on=(_INVOICES,)),
        _period_of_a_renewal,
    ),
    Fault(
        "retried-renewal-brings-no-credits",
        "state",
        "A renewal that is paid at a retry grants no credits.",
        together(
            wraps(subscription, "_retry", _note_a_retry, on=(_BALANCE,)),
            wraps(subscription, "_grant", _grant_nothing_after_a_retry, on=(_BALANCE,)),
        ),
        _balance_after_a_retry,
    ),
    Fault(
        "unpaid-renewal-brings-credits",
        "state",
        "The credits of a new period are granted although its charge was declined.",
        wraps(subscription, "_renew", _grant_before_the_payment, on=(_BALANCE,)),
        _balance_while_unpaid,
    ),
    Fault(
        "unknown-plan-keeps-the-plan",
        "state",
        "Changing the plan to a price that does not exist succeeds and changes nothing.",
        handles(_CHANGE, _keep_the_plan),
        lambda me: me.status("POST", "change-plan", {"price_id": "price_none"}),
    ),
    Fault(
        "plan-invoiced-twice",
        "state",
        "The start of a plan writes two invoices.",
        wraps(subscription, "start", _invoice_twice, on=(_CHANGE, _INVOICES)),
        lambda me: _start(me, _STARTER).get("invoices")["total"],
    ),
    Fault(
        "pending-plan-is-a-price",
        "state",
        "pending_plan is the price id of the plan instead of its slug.",
        wraps(render, "subscription", _pending_price, on=(_CHANGE, _GET)),
        lambda me: _subscribed(me, _GROWTH, _STARTER)["pending_plan"],
    ),
    Fault(
        "invoice-number-given-twice",
        "state",
        "Two invoices of an account have the same number.",
        wraps(invoices, "issue", _number_twice, on=(_INVOICES,)),
        _numbers,
    ),
    Fault(
        "open-invoice-has-a-payment-date",
        "state",
        "An invoice that is not paid says when it was paid.",
        wraps(invoices, "issue", _paid_although_open, on=(_INVOICES,)),
        lambda me: [
            (invoice["status"], invoice["paid_at"])
            for invoice in me.named(_PAST_DUE).get("invoices")["invoices"]
        ],
    ),
)
