"""Auto-recharge: wrong cards, wrong counts of failures, and settings that are not kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from mockserver.billing import auto_recharge, payment_methods
from mockserver.billing.account import Attempt, AutoRecharge, Card, Consent
from mockserver.billing.api import render
from mockserver.billing.auto_recharge import Check
from mockserver.billing.context import Context
from mockserver.billing.errors import CardDeclined
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, sets, wraps

Json = Any

_HISTORY, _UPDATE, _GET, _CHECK, _DISABLE = (
    "list_auto_recharge_history",
    "update_auto_recharge",
    "get_auto_recharge",
    "check_auto_recharge",
    "disable_auto_recharge",
)
_EXPIRING, _DECLINED, _LOW = "sk_test_card_expiring", "sk_test_card_declined", "sk_test_low_balance"
_HIGH = 20_000_000_000
_DAYS_OF_A_MONTH = 30


def _charge_expired_cards(original: Original, card: Card, *args: Any, **kwargs: Any) -> Card:
    try:
        charged: Card = original(card, *args, **kwargs)
    except CardDeclined as error:
        if error.code != "expired_card":
            raise
        return card
    return charged


def _keep_the_failures(original: Original, context: Context, **settings: Any) -> AutoRecharge:
    failures = context.account.auto_recharge.consecutive_failures
    saved: AutoRecharge = original(context, **settings)
    saved.consecutive_failures = failures
    return saved


def _drop_an_unknown_card(original: Original, context: Context, **settings: Any) -> AutoRecharge:
    named = settings.get("stripe_payment_method_id")
    if named is not None and context.account.wallet.find(named) is None:
        settings["stripe_payment_method_id"] = None
    saved: AutoRecharge = original(context, **settings)
    return saved


def _wrap_at_32_bits(
    original: Original, context: Context, *, threshold_microcents: int, **settings: Any
) -> AutoRecharge:
    saved: AutoRecharge = original(
        context, threshold_microcents=threshold_microcents % 2**32, **settings
    )
    return saved


def _forget_the_consent(original: Original, context: Context) -> AutoRecharge:
    settings: AutoRecharge = original(context)
    settings.consent = Consent()
    return settings


def _balance_after_twice(original: Original, attempt: Attempt) -> Json:
    return {
        **original(attempt),
        "balance_before_microcents": attempt.balance_after_microcents,
    }


def _pass_expired_cards(original: Original, context: Context) -> Check:
    check: Check = original(context)
    return replace(check, works=True, message="OK") if check.card_expired else check


def _days_to_the_first(original: Original, context: Context) -> Check:
    check: Check = original(context)
    days = check.days_until_expiry
    return check if days is None else replace(check, days_until_expiry=days - _DAYS_OF_A_MONTH)


def _try_again_at_once(original: Original, context: Context) -> None:
    attempts = context.account.auto_recharge.attempts
    pause = auto_recharge.PAUSE
    if attempts and attempts[-1].status == "failed":
        auto_recharge.PAUSE = timedelta(0)
    try:
        original(context)
    finally:
        auto_recharge.PAUSE = pause


def _attempts_after_expiry(me: Caller) -> object:
    expiring = me.named(_EXPIRING)
    expiring.put("auto-recharge", {"enabled": True, "threshold_microcents": _HIGH})
    expiring.wait(days=30)
    expiring.use("light", 1)
    return expiring.get("auto-recharge/history")["history"][0]["status"]


def _test_after_expiry(me: Caller) -> object:
    expiring = me.named(_EXPIRING)
    expiring.get("balance")
    expiring.wait(days=30)
    return expiring.post("auto-recharge/test")["success"]


def _failed_once(me: Caller) -> Caller:
    declined = me.named(_DECLINED)
    declined.use("light", 300)
    return declined


def _enabled_after_two_failures(me: Caller) -> object:
    declined = _failed_once(me)
    declined.wait(seconds=61)
    declined.use("light", 1)
    return declined.get("auto-recharge")["enabled"]


def _failures_after_enabling(me: Caller) -> object:
    declined = _failed_once(me)
    declined.put("auto-recharge", {"enabled": True})
    return declined.get("auto-recharge")["consecutive_failures"]


def _attempts_within_a_minute(me: Caller) -> object:
    declined = _failed_once(me)
    declined.use("light", 1)
    return declined.get("auto-recharge")["consecutive_failures"]


def _balances_of_an_attempt(me: Caller) -> object:
    low = me.named(_LOW)
    low.use("light", 501)
    return low.get("auto-recharge/history")["history"][0]["balance_before_microcents"]


def _consent_after_disabling(me: Caller) -> object:
    me.put("auto-recharge", {"enabled": True, "consent_text": "I agree."})
    me.delete("auto-recharge")
    return me.get("auto-recharge")["consent_text"]


FAULTS = (
    Fault(
        "expired-card-pays-recharges",
        "state",
        "A recharge with a card that has expired succeeds.",
        wraps(payment_methods, "charge", _charge_expired_cards, on=(_HISTORY,)),
        _attempts_after_expiry,
    ),
    Fault(
        "two-failures-disable",
        "state",
        "Auto-recharge is disabled after two failures in a row instead of three.",
        sets(auto_recharge, "MAX_FAILURES", 2, on=(_GET,)),
        _enabled_after_two_failures,
    ),
    Fault(
        "enabling-keeps-the-failures",
        "state",
        "Enabling auto-recharge does not clear the count of failures in a row.",
        wraps(auto_recharge, "configure", _keep_the_failures, on=(_UPDATE, _GET)),
        _failures_after_enabling,
    ),
    Fault(
        "no-pause-after-a-failure",
        "state",
        "A recharge that failed is tried again within 60 seconds.",
        wraps(auto_recharge, "run_if_due", _try_again_at_once, on=(_GET,)),
        _attempts_within_a_minute,
    ),
    Fault(
        "unknown-recharge-card-dropped",
        "state",
        "Auto-recharge with a card that is not on the account is saved without the card.",
        wraps(auto_recharge, "configure", _drop_an_unknown_card, on=(_UPDATE,)),
        lambda me: me.status("PUT", "auto-recharge", {"stripe_payment_method_id": "pm_card_jcb"}),
    ),
    Fault(
        "threshold-wraps-at-32-bits",
        "state",
        "A threshold above $42.94 is saved modulo 2 to the power of 32.",
        wraps(auto_recharge, "configure", _wrap_at_32_bits, on=(_UPDATE,)),
        lambda me: me.put("auto-recharge", {"threshold_microcents": _HIGH})["threshold_microcents"],
    ),
    Fault(
        "disabling-erases-the-consent",
        "state",
        "Disabling auto-recharge erases the consent that the customer gave.",
        wraps(auto_recharge, "disable", _forget_the_consent, on=(_DISABLE, _GET)),
        _consent_after_disabling,
    ),
    Fault(
        "recharge-shows-the-balance-after-twice",
        "state",
        "The recharge history shows the balance after the recharge as the one before, too.",
        wraps(render, "auto_recharge_attempt", _balance_after_twice, on=(_HISTORY,)),
        _balances_of_an_attempt,
    ),
    Fault(
        "recharge-test-passes-expired-cards",
        "state",
        "The recharge test succeeds with a card that has expired.",
        wraps(auto_recharge, "check", _pass_expired_cards, on=(_CHECK,)),
        _test_after_expiry,
    ),
    Fault(
        "card-days-counted-to-the-first",
        "state",
        "The recharge test counts the days to the start of the card's last month, not to its end.",
        wraps(auto_recharge, "check", _days_to_the_first, on=(_CHECK,)),
        lambda me: me.post("auto-recharge/test")["card_days_until_expiry"],
    ),
)
