"""The audit log, recent activity, and ids that should be new."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mockserver.billing import (
    auto_recharge,
    checkout,
    payment_methods,
    promo,
    setup_intents,
    usage_alerts,
    verification,
)
from mockserver.billing.account import Card, Challenge, PortalSession, SetupIntent
from mockserver.billing.activity import Activity
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.audit import AuditEntry
from mockserver.billing.context import Context
from mockserver.engine.render import timestamp
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, wraps

Json = Any

_AUDIT, _ACTIVITY = "list_audit_log", "list_recent_activity"
_LOCAL = timedelta(hours=2)


def _log_nothing(original: Original, *args: Any, **kwargs: Any) -> Any:
    """Do the work, and remove what it wrote into the audit log."""
    context: Context = args[0]
    before = len(context.account.audit_log)
    done = original(*args, **kwargs)
    del context.account.audit_log[before:]
    return done


def _overwrite(original: Original, self: Context, action: str, **details: Any) -> None:
    log = self.account.audit_log
    log[:] = [entry for entry in log if entry.action != action or not action.endswith(".updated")]
    original(self, action, **details)


def _log_the_reading(original: Original, call: Call) -> Json:
    call.context.audit("invoices.listed")
    return original(call)


def _log_the_code(original: Original, context: Context, *args: Any) -> Challenge:
    challenge: Challenge = original(context, *args)
    context.account.audit_log[-1].details["code"] = challenge.code
    return challenge


def _blame_the_customer(original: Original, context: Context, card: Card) -> None:
    context.actor = "api_key"
    original(context, card)


def _in_local_time(original: Original, entry: AuditEntry) -> Json:
    return {**original(entry), "created_at": timestamp(entry.created_at + _LOCAL)}


def _drop_activity(original: Original, *args: Any, **kwargs: Any) -> Any:
    """Do the work, and remove what it wrote into recent activity."""
    context: Context = args[0]
    before = len(context.account.activities)
    done = original(*args, **kwargs)
    del context.account.activities[before:]
    return done


def _in_cents(original: Original, activity: Activity) -> Json:
    body = original(activity)
    if body["amount_microcents"] is not None:
        body["amount_microcents"] //= 1_000_000
    return body


def _the_same_intent(original: Original, context: Context) -> SetupIntent:
    memory, account_id = original.memory, context.account.id
    if account_id not in memory:
        memory[account_id] = original(context)
    intent: SetupIntent = memory[account_id]
    return intent


def _the_same_visit(original: Original, context: Context) -> PortalSession:
    memory, account_id = original.memory, context.account.id
    if account_id not in memory:
        memory[account_id] = original(context)
    session: PortalSession = memory[account_id]
    return session


def _actions(me: Caller) -> list[str]:
    return [entry["action"] for entry in me.get("audit-log", limit=100)["entries"]]


def _logged_after_a_default(me: Caller) -> object:
    card = me.post("payment-methods", {"payment_method_id": "pm_card_amex"})["id"]
    me.post(f"payment-methods/{card}/default")
    return _actions(me)[0]


def _logged_after_disabling(me: Caller) -> object:
    me.delete("auto-recharge")
    return _actions(me)[0]


def _logged_after_saving_alerts(me: Caller) -> object:
    me.put("usage-alerts", {})
    return _actions(me)[0]


def _logged_after_two_changes(me: Caller) -> object:
    for enabled in (True, False):
        me.put("auto-recharge", {"enabled": enabled})
    return _actions(me).count("auto_recharge.updated")


def _logged_after_reading(me: Caller) -> object:
    before = len(_actions(me))
    me.get("invoices")
    return len(_actions(me)) - before


def _details_of_a_challenge(me: Caller) -> object:
    me.post("verify/initiate", {"action": "change_email"})
    return sorted(me.get("audit-log")["entries"][0]["details"])


def _who_recharged(me: Caller) -> object:
    low = me.named("sk_test_low_balance")
    low.use("light", 501)
    return low.get("audit-log")["entries"][0]["actor"]


def _time_of_a_change(me: Caller) -> object:
    me.put("usage-alerts", {})
    return me.get("audit-log")["entries"][0]["created_at"]


def _activities(me: Caller) -> list[str]:
    return [activity["type"] for activity in me.get("recent-activity", limit=100)["activities"]]


def _told_after_a_removal(me: Caller) -> object:
    me.delete("payment-methods/pm_card_visa")
    return _activities(me)[0]


def _told_after_a_bonus(me: Caller) -> object:
    me.pay(me.deposit(2_500, promo_code="BONUS5"))
    return _activities(me)[0]


def _amount_of_a_deposit(me: Caller) -> object:
    me.pay(me.deposit(2_000))
    return me.get("recent-activity")["activities"][0]["amount_microcents"]


FAULTS = (
    Fault(
        "new-default-not-logged",
        "state",
        "Making another card the default leaves no entry in the audit log.",
        wraps(
            payment_methods, "set_default", _log_nothing, on=("set_default_payment_method", _AUDIT)
        ),
        _logged_after_a_default,
    ),
    Fault(
        "disabling-not-logged",
        "state",
        "Disabling auto-recharge leaves no entry in the audit log.",
        wraps(auto_recharge, "disable", _log_nothing, on=("disable_auto_recharge", _AUDIT)),
        _logged_after_disabling,
    ),
    Fault(
        "alert-change-not-logged",
        "state",
        "Saving usage alerts leaves no entry in the audit log.",
        wraps(usage_alerts, "configure", _log_nothing, on=("update_usage_alerts", _AUDIT)),
        _logged_after_saving_alerts,
    ),
    Fault(
        "audit-entry-overwritten",
        "state",
        "A change of settings takes the entry of the change before out of the audit log.",
        wraps(Context, "audit", _overwrite, on=("update_auto_recharge", _AUDIT)),
        _logged_after_two_changes,
    ),
    Fault(
        "reading-invoices-is-logged",
        "state",
        "Reading invoices writes to the audit log, which is for changes.",
        handles("list_invoices", _log_the_reading, on=("list_invoices", _AUDIT)),
        _logged_after_reading,
    ),
    Fault(
        "audit-log-shows-the-code",
        "state",
        "The audit log holds the code of a verification challenge.",
        wraps(verification, "initiate", _log_the_code, on=("initiate_verification", _AUDIT)),
        _details_of_a_challenge,
    ),
    Fault(
        "recharge-logged-as-the-customers",
        "state",
        "The audit log says of a recharge that a caller with a key did it, and not the system.",
        wraps(auto_recharge, "_succeed", _blame_the_customer, on=(_AUDIT,)),
        _who_recharged,
    ),
    Fault(
        "audit-log-in-local-time",
        "state",
        "Times of the audit log are two hours ahead: local time that says it is UTC.",
        wraps(render, "audit_entry", _in_local_time, on=(_AUDIT,)),
        _time_of_a_change,
    ),
    Fault(
        "removed-card-not-in-recent-activity",
        "state",
        "Recent activity does not show that a card was removed.",
        wraps(payment_methods, "remove", _drop_activity, on=("remove_payment_method", _ACTIVITY)),
        _told_after_a_removal,
    ),
    Fault(
        "bonus-not-in-recent-activity",
        "state",
        "Recent activity does not show the bonus of a promo code.",
        wraps(promo, "redeem", _drop_activity, on=(_ACTIVITY,)),
        _told_after_a_bonus,
    ),
    Fault(
        "activity-amount-in-cents",
        "state",
        "amount_microcents of recent activity is in cents.",
        wraps(render, "activity", _in_cents, on=(_ACTIVITY,)),
        _amount_of_a_deposit,
    ),
    Fault(
        "same-setup-intent-each-time",
        "state",
        "Every setup intent of an account is the first one again.",
        wraps(setup_intents, "create", _the_same_intent, on=("create_setup_intent",)),
        lambda me: me.post("setup-intent") == me.post("setup-intent"),
    ),
    Fault(
        "same-portal-session-each-time",
        "state",
        "Every visit to the portal has the url of the first.",
        wraps(checkout, "open_portal", _the_same_visit, on=("create_portal_session",)),
        lambda me: me.post("portal") == me.post("portal"),
    ),
)
