"""Usage alerts: settings that are not kept, and wrong alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from mockserver.billing import usage_alerts
from mockserver.billing.account import UsageAlerts
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, demands, handles, property_of, sets, together, wraps

Json = Any

_GET, _PUT = "get_usage_alerts", "update_usage_alerts"
_BOTH = (_GET, _PUT)
_HOOK = "https://hooks.example/alerts"
_CACHE_LIFETIME = timedelta(seconds=10)
_OF_NEW_ACCOUNT = 5_000
"""The credits of ``sk_test_new``: its $1."""


def _twice(original: Original, *args: Any) -> None:
    original(*args)
    original(*args)


def _mail_anyway(original: Original, context: Context, *args: Any) -> None:
    settings = context.account.usage_alerts
    email, settings.email_enabled = settings.email_enabled, True
    original(context, *args)
    settings.email_enabled = email


def _fire_anyway(original: Original, context: Context, *args: Any) -> None:
    settings = context.account.usage_alerts
    enabled, settings.enabled = settings.enabled, True
    original(context, *args)
    settings.enabled = enabled


def _fifty_always(self: UsageAlerts) -> list[int]:
    others = {
        75: self.threshold_75_enabled,
        90: self.threshold_90_enabled,
        100: self.threshold_100_enabled,
    }
    return [50, *(threshold for threshold, enabled in others.items() if enabled)]


def _only_beyond(
    original: Original, context: Context, before: int, after: int, allocated: int
) -> None:
    """Fire when the usage exceeds the threshold, not when it reaches it."""
    original(context, before - 1, after - 1, allocated)


def _keep_the_hook(
    original: Original, context: Context, *, webhook_url: str | None, **rest: Any
) -> UsageAlerts:
    kept = webhook_url or context.account.usage_alerts.webhook_url
    settings: UsageAlerts = original(context, webhook_url=kept, **rest)
    return settings


def _keep_fifty(original: Original, call: Call) -> Json:
    if call.body["threshold_50_enabled"] is None:
        call.body["threshold_50_enabled"] = call.context.account.usage_alerts.threshold_50_enabled
    return original(call)


def _forget_ninety(original: Original, call: Call) -> Json:
    before = call.context.account.usage_alerts.threshold_90_enabled
    body = original(call)
    call.context.account.usage_alerts.threshold_90_enabled = before
    return body


def _keep_the_first_date(original: Original, context: Context, **settings: Any) -> UsageAlerts:
    first = context.account.usage_alerts.updated_at
    saved: UsageAlerts = original(context, **settings)
    if first is not None:
        context.account.usage_alerts = saved = replace(saved, updated_at=first)
    return saved


def _answer_from_a_cache(original: Original, call: Call) -> Json:
    now, account_id = call.context.now, call.context.account.id
    kept = original.memory.get(account_id)
    if kept is None or now - kept[0] >= _CACHE_LIFETIME:
        kept = original.memory[account_id] = (now, original(call))
    return kept[1]


def _mails_after(me: Caller, percent: int, **settings: Any) -> int:
    """Return the number of e-mails after a new account has used a share of its credits."""
    new = me.named("sk_test_new")
    new.put("usage-alerts", settings)
    new.use("light", _OF_NEW_ACCOUNT * percent // 100)
    return len(new.outbox())


def _hook_after_clearing(me: Caller) -> object:
    me.put("usage-alerts", {"webhook_url": _HOOK})
    me.put("usage-alerts", {"webhook_url": None})
    return me.get("usage-alerts")["webhook_url"]


def _after_two_puts(me: Caller, first: Json, second: Json) -> Any:
    me.put("usage-alerts", first)
    me.wait(seconds=5)
    me.put("usage-alerts", second)
    return me.get("usage-alerts")


def _read_after_write(me: Caller) -> object:
    me.get("usage-alerts")
    me.put("usage-alerts", {"email_enabled": False})
    return me.get("usage-alerts")["email_enabled"]


FAULTS = (
    Fault(
        "alert-sent-twice",
        "state",
        "A usage alert is sent twice.",
        wraps(usage_alerts, "_fire", _twice, on=(_PUT,)),
        lambda me: _mails_after(me, 75),
    ),
    Fault(
        "alert-mailed-although-mail-is-off",
        "state",
        "Usage alerts are mailed even if e-mail is switched off.",
        wraps(usage_alerts, "_fire", _mail_anyway, on=(_PUT,)),
        lambda me: _mails_after(me, 75, email_enabled=False),
    ),
    Fault(
        "alert-sent-although-all-are-off",
        "state",
        "Usage alerts are sent even if they are disabled as a whole.",
        wraps(usage_alerts, "fire_crossed", _fire_anyway, on=(_PUT,)),
        lambda me: _mails_after(me, 75, enabled=False),
    ),
    Fault(
        "alert-of-a-disabled-threshold",
        "state",
        "The alert at 50 percent is sent even if that threshold is off.",
        sets(UsageAlerts, "thresholds", property(_fifty_always), on=(_PUT,)),
        lambda me: _mails_after(me, 50),
    ),
    Fault(
        "alert-only-beyond-the-threshold",
        "state",
        "An alert comes only once more than the threshold is used, so that the one at 100 "
        "percent never comes.",
        wraps(usage_alerts, "fire_crossed", _only_beyond, on=(_PUT,)),
        lambda me: _mails_after(me, 100),
    ),
    Fault(
        "webhook-cannot-be-cleared",
        "state",
        "Saving usage alerts without a webhook keeps the old one.",
        wraps(usage_alerts, "configure", _keep_the_hook, on=_BOTH),
        _hook_after_clearing,
    ),
    Fault(
        "left-out-threshold-of-fifty-stays",
        "state",
        "Saving usage alerts without threshold_50_enabled keeps it instead of taking the default.",
        together(
            demands(_PUT, property_of("threshold_50_enabled", default=None)),
            handles(_PUT, _keep_fifty),
            on=_BOTH,
        ),
        lambda me: _after_two_puts(me, {"threshold_50_enabled": True}, {})["threshold_50_enabled"],
    ),
    Fault(
        "threshold-of-ninety-not-stored",
        "state",
        "threshold_90_enabled is in the response to PUT as it was sent, and is the old one when "
        "it is read.",
        handles(_PUT, _forget_ninety, on=_BOTH),
        lambda me: _after_two_puts(me, {}, {"threshold_90_enabled": False})["threshold_90_enabled"],
    ),
    Fault(
        "update-time-stands-still",
        "state",
        "updated_at of the usage alerts stays at the first change.",
        wraps(usage_alerts, "configure", _keep_the_first_date, on=_BOTH),
        lambda me: _after_two_puts(me, {}, {})["updated_at"],
    ),
    Fault(
        "alert-settings-from-a-cache",
        "state",
        "Usage alerts are read from a cache of ten seconds, which a change does not clear.",
        handles(_GET, _answer_from_a_cache, on=_BOTH),
        _read_after_write,
    ),
)
