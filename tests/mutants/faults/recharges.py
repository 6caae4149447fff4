"""Recharges that are wrong, repeated, or missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mockserver.billing import auto_recharge, invoices
from mockserver.billing.account import DEFAULT_AMOUNT_CENTS, Account, Card, Invoice
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.engine.render import timestamp
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, sets, wraps
from tests.mutants.wire import Request, changes_body

Json = Any

_LOW, _DECLINED = "sk_test_low_balance", "sk_test_card_declined"
_HISTORY, _UPDATE, _GET = "list_auto_recharge_history", "update_auto_recharge", "get_auto_recharge"
_HIGH = 20_000_000_000
"""A threshold, in microcents, above the balance of most accounts."""


def _twice(original: Original, context: Context, card: Card) -> None:
    original(context, card)
    original(context, card)


def _at_the_threshold(original: Original, context: Context) -> None:
    settings = context.account.auto_recharge
    settings.threshold_microcents += 1
    original(context)
    settings.threshold_microcents -= 1


def _by_the_balance_before(original: Original, context: Context) -> None:
    ledger = context.account.ledger
    before = ledger.balance - ledger.entries[-1].amount_microcents
    if before < context.account.auto_recharge.threshold_microcents:
        original(context)


def _never_give_up(original: Original, context: Context, card: Card | None, reason: str) -> None:
    settings = context.account.auto_recharge
    settings.consecutive_failures = min(
        settings.consecutive_failures, auto_recharge.MAX_FAILURES - 1
    )
    original(context, card, reason)
    if not settings.enabled:
        settings.enabled = True
        context.account.audit_log.pop()


def _credit_the_failed(
    original: Original, context: Context, card: Card | None, reason: str
) -> None:
    original(context, card, reason)
    attempt = context.account.auto_recharge.attempts[-1]
    amount = attempt.amount_cents * 1_000_000
    context.credit(
        "auto_recharge",
        amount,
        "Auto-recharge",
        reference_type="auto_recharge",
        reference_id=attempt.id,
    )


def _keep_the_count(original: Original, context: Context, card: Card) -> None:
    settings = context.account.auto_recharge
    failures = settings.consecutive_failures
    original(context, card)
    settings.consecutive_failures = failures


def _by_the_default_amount(original: Original, context: Context, card: Card) -> None:
    settings = context.account.auto_recharge
    amount, settings.amount_cents = settings.amount_cents, DEFAULT_AMOUNT_CENTS
    original(context, card)
    settings.amount_cents = amount


def _the_default_card(_: Original, context: Context, *__: Any) -> Card | None:
    return context.account.wallet.default


def _forget_the_invoice(
    original: Original, context: Context, amount: int, description: str, **more: Any
) -> Invoice:
    invoice: Invoice = original(context, amount, description, **more)
    if description == "Auto-recharge":
        context.account.invoices.remove(invoice)
    return invoice


def _charge_for_the_test(original: Original, call: Call) -> Json:
    body = original(call)
    settings = call.context.account.auto_recharge
    card = auto_recharge._payer(call.context, settings.stripe_payment_method_id)
    if body["success"] and card is not None:
        auto_recharge._succeed(call.context.at(call.context.now), card)
    return body


def _last_success_is_the_last_attempt(original: Original, account: Account) -> Json:
    body, attempts = original(account), account.auto_recharge.attempts
    return {
        **body,
        "last_recharge_at": timestamp(attempts[-1].created_at) if attempts else None,
    }


def _leave_failures_out(body: Json, _: Request) -> None:
    succeeded = [attempt for attempt in body["history"] if attempt["status"] == "succeeded"]
    body["total"] -= len(body["history"]) - len(succeeded)
    body["history"] = succeeded


def _attempts(me: Caller) -> Any:
    return me.get("auto-recharge/history")["history"]


def _low_after(me: Caller, requests: int) -> Caller:
    low = me.named(_LOW)
    low.use("light", requests)
    return low


def _always_due(me: Caller, **settings: Any) -> Caller:
    """Return an account whose next charge triggers a recharge."""
    me.put("auto-recharge", {"enabled": True, "threshold_microcents": _HIGH, **settings})
    return me


def _recharges_within_a_minute(me: Caller) -> object:
    _always_due(me)
    for _ in range(2):
        me.use("light", 1)
    return len(_attempts(me))


def _three_failures(me: Caller) -> object:
    declined = me.named(_DECLINED)
    for requests in (300, 1, 1):
        declined.use("light", requests)
        declined.wait(seconds=61)
    return declined.get("auto-recharge")["enabled"]


def _balance_after_a_failure(me: Caller) -> object:
    declined = me.named(_DECLINED)
    declined.use("light", 300)
    return declined.get("balance")["balance_microcents"]


def _settings_after_a_failure(me: Caller) -> Any:
    declined = me.named(_DECLINED)
    declined.use("light", 300)
    return declined.get("auto-recharge")


def _failures_after_a_success(me: Caller) -> object:
    declined = me.named(_DECLINED)
    declined.use("light", 300)
    card = declined.post("payment-methods", {"payment_method_id": "pm_card_visa"})["id"]
    declined.post(f"payment-methods/{card}/default")
    declined.wait(seconds=61)
    declined.use("light", 1)
    return declined.get("auto-recharge")["consecutive_failures"]


def _recharged_amount(me: Caller) -> object:
    _always_due(me, recharge_amount_cents=7_500).use("light", 1)
    return _attempts(me)[0]["amount_cents"]


def _charged_card(me: Caller) -> object:
    card = me.post("payment-methods", {"payment_method_id": "pm_card_amex"})["id"]
    _always_due(me, stripe_payment_method_id="pm_card_amex").use("light", 1)
    return _attempts(me)[0]["payment_method_id"] == card


def _balance_after_a_test(me: Caller) -> object:
    me.post("auto-recharge/test")
    return me.get("balance")["balance_microcents"]


FAULTS = (
    Fault(
        "recharged-twice",
        "state",
        "Each recharge charges and credits twice.",
        wraps(auto_recharge, "_succeed", _twice, on=("get_balance",)),
        lambda me: _low_after(me, 501).get("balance")["total_deposited_cents"],
    ),
    Fault(
        "recharge-at-the-threshold",
        "state",
        "A balance that is exactly at the threshold is recharged.",
        wraps(auto_recharge, "run_if_due", _at_the_threshold, on=(_HISTORY,)),
        lambda me: len(_attempts(_low_after(me, 500))),
    ),
    Fault(
        "recharge-comes-one-charge-late",
        "state",
        "The charge that takes the balance below the threshold triggers no recharge; the next "
        "one does.",
        wraps(auto_recharge, "run_if_due", _by_the_balance_before, on=(_HISTORY,)),
        lambda me: len(_attempts(_low_after(me, 501))),
    ),
    Fault(
        "no-pause-between-recharges",
        "state",
        "A recharge follows another within 60 seconds.",
        sets(auto_recharge, "PAUSE", timedelta(0), on=(_HISTORY,)),
        _recharges_within_a_minute,
    ),
    Fault(
        "failures-never-disable",
        "state",
        "Auto-recharge stays enabled after three failures in a row.",
        wraps(auto_recharge, "_fail", _never_give_up, on=(_GET,)),
        _three_failures,
    ),
    Fault(
        "failed-recharge-credited",
        "state",
        "A recharge whose card was declined is credited all the same.",
        wraps(auto_recharge, "_fail", _credit_the_failed, on=("get_balance",)),
        _balance_after_a_failure,
    ),
    Fault(
        "success-does-not-clear-failures",
        "state",
        "A recharge that succeeds does not clear the count of failures in a row.",
        wraps(auto_recharge, "_succeed", _keep_the_count, on=(_GET,)),
        _failures_after_a_success,
    ),
    Fault(
        "failure-counts-as-last-recharge",
        "state",
        "last_recharge_at shows attempts that failed, too.",
        wraps(render, "auto_recharge", _last_success_is_the_last_attempt, on=(_GET,)),
        lambda me: _settings_after_a_failure(me)["last_recharge_at"],
    ),
    Fault(
        "recharge-amount-ignored",
        "state",
        "Recharges are always of $50, whatever the settings say.",
        wraps(auto_recharge, "_succeed", _by_the_default_amount, on=(_HISTORY,)),
        _recharged_amount,
    ),
    Fault(
        "recharge-charges-the-default-card",
        "state",
        "Recharges charge the default card, even if the settings name another.",
        wraps(auto_recharge, "_payer", _the_default_card, on=(_UPDATE, _HISTORY)),
        _charged_card,
    ),
    Fault(
        "recharge-without-an-invoice",
        "state",
        "A recharge writes no invoice, although its history names one.",
        wraps(invoices, "issue", _forget_the_invoice, on=("list_invoices",)),
        lambda me: _low_after(me, 501).get("invoices")["total"],
    ),
    Fault(
        "recharge-test-charges",
        "state",
        "The recharge test, which must charge nothing, recharges.",
        handles(
            "check_auto_recharge", _charge_for_the_test, on=("check_auto_recharge", "get_balance")
        ),
        _balance_after_a_test,
    ),
    Fault(
        "failed-recharges-not-in-history",
        "state",
        "The recharge history leaves out attempts that failed.",
        changes_body(_HISTORY, by=_leave_failures_out),
        lambda me: [
            _settings_after_a_failure(me)["consecutive_failures"],
            len(_attempts(me.named(_DECLINED))),
        ],
    ),
)
