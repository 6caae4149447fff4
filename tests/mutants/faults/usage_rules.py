"""Usage: wrong periods, wrong sums, and alerts at the wrong time or with the wrong content."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from mockserver.billing import usage, usage_alerts
from mockserver.billing.account import Fired, UsageAlerts
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.billing.outbox import Message
from mockserver.billing.usage import Projection
from mockserver.billing.usage_log import Tally, UsageEvent, UsageLog
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, sets, wraps
from tests.mutants.wire import Request, changes_body

Json = Any

_BREAKDOWN, _CHART, _REALTIME, _PROJECTION, _ALERTS = (
    "get_usage_breakdown",
    "get_usage_chart",
    "get_usage_realtime",
    "get_cost_projection",
    "update_usage_alerts",
)
_NEW = "sk_test_new"
_OF_NEW_ACCOUNT = 5_000
_NEW_YORK = timedelta(hours=-5)
_MINUTE = timedelta(minutes=1)
_HOOK = "https://hooks.example/alerts"


def _last_seven_days(_: Original, context: Context) -> Tally:
    today = context.now.date()
    return context.account.usage.between(today - timedelta(days=6), today)


def _a_second_early(original: Original, now: datetime) -> tuple[datetime, datetime]:
    start, end = original(now)
    return start, end - timedelta(seconds=1)


def _one_day_more(original: Original, context: Context, days: int) -> list[tuple[date, Tally]]:
    chart: list[tuple[date, Tally]] = original(context, days + 1)
    return chart


def _days_of_new_york(original: Original, self: UsageLog, event: UsageEvent) -> None:
    original(self, replace(event, created_at=event.created_at + _NEW_YORK))


def _stable_up_to_a_quarter(original: Original, context: Context) -> Projection:
    projection: Projection = original(context)
    today, log = context.now.date(), context.account.usage
    recent = log.between(today - timedelta(days=6), today).total_credits
    before = log.between(today - timedelta(days=13), today - timedelta(days=7)).total_credits
    is_stable = before * 3 <= recent * 4 <= before * 5
    return replace(projection, trend="stable") if is_stable else projection


def _without_the_last_minute(original: Original, call: Call) -> Json:
    events = call.context.account.usage.events
    late = [event for event in events if event.created_at > call.context.now - _MINUTE]
    credits = sum(event.credits for event in late)
    requests = sum(event.requests for event in late)
    body = original(call)
    for period in ("today", "week", "month"):
        body[f"credits_used_{period}"] = max(0, body[f"credits_used_{period}"] - credits)
        body[f"requests_{period}"] = max(0, body[f"requests_{period}"] - requests)
    return body


def _requests_without_crawls(original: Original, *args: Any) -> Json:
    body = original(*args)
    return {**body, "total_requests": body["total_requests"] - body["crawl"]["requests"]}


def _credits_for_requests(body: Json, _: Request) -> None:
    body["requests_month"] = body["credits_used_month"]


def _thirty_days(body: Json, _: Request) -> None:
    body["period"] = "30d"


def _at_every_charge(_: Original, context: Context, __: int, used: int, allocated: int) -> None:
    settings = context.account.usage_alerts
    for threshold in settings.thresholds if settings.enabled and allocated > 0 else []:
        if threshold * allocated <= used * 100:
            usage_alerts._fire(context, f"{context.now:%Y-%m}", threshold, used, allocated)


def _never_again(original: Original, context: Context, *args: Any) -> None:
    settings = context.account.usage_alerts
    fired = list(settings.fired)
    settings.fired = [replace(alert, period=f"{context.now:%Y-%m}") for alert in fired]
    original(context, *args)
    settings.fired = [*fired, *settings.fired[len(fired) :]]


def _highest_only(
    original: Original, context: Context, before: int, after: int, allocated: int
) -> None:
    settings, period = context.account.usage_alerts, f"{context.now:%Y-%m}"
    crossed = [
        threshold
        for threshold in settings.thresholds
        if before * 100 < threshold * allocated <= after * 100
    ]
    settings.fired += [Fired(period, threshold, context.now) for threshold in crossed[:-1]]
    original(context, before, after, allocated)


def _copy_and_paste(
    original: Original, context: Context, *, threshold_90_enabled: bool, **settings: Any
) -> UsageAlerts:
    settings["threshold_75_enabled"] = threshold_90_enabled
    saved: UsageAlerts = original(context, threshold_90_enabled=threshold_90_enabled, **settings)
    return saved


def _as_a_fraction(original: Original, self: Context, *args: Any, **kwargs: Any) -> Message:
    payload = kwargs.get("payload")
    if payload is not None:
        payload["data"]["threshold"] /= 100
    message: Message = original(self, *args, **kwargs)
    return message


def _used_at_midnight(me: Caller) -> object:
    """Return the chart of an account that uses credits shortly after midnight in UTC."""
    new = me.named(_NEW)
    new.wait(seconds=13 * 3_600)
    new.use("light", 10)
    return new.get("usage-chart", days=2)["data"][-1]["credits"]


def _trend_of_a_fifth_more(me: Caller) -> object:
    new = me.named(_NEW)
    new.use("light", 100)
    new.wait(days=7)
    new.use("light", 120)
    return new.get("cost-projection")["usage_trend"]


def _after_using(me: Caller, type: str, path: str) -> Any:
    new = me.named(_NEW)
    new.use(type, 10)
    return new.get(path)


def _messages(me: Caller, *shares: int) -> list[Any]:
    """Return what is sent while a new account uses shares of its credits."""
    new = me.named(_NEW)
    new.put("usage-alerts", {"webhook_url": _HOOK})
    for percent in shares:
        new.use("light", _OF_NEW_ACCOUNT * percent // 100)
    return new.outbox()


def _alerts_of_two_months(me: Caller) -> object:
    new = me.named(_NEW)
    new.put("usage-alerts", {})
    new.use("light", _OF_NEW_ACCOUNT)
    new.wait(days=20)
    new.pay(new.deposit(1_000))
    new.use("light", 10 * _OF_NEW_ACCOUNT)
    return len(new.outbox())


def _payload(me: Caller) -> object:
    webhooks = [message["payload"] for message in _messages(me, 80) if message.get("payload")]
    return [(payload["event"], payload["data"]["threshold"]) for payload in webhooks]


FAULTS = (
    Fault(
        "week-is-the-last-seven-days",
        "state",
        "Real-time usage of the week is that of seven days instead of that since Monday.",
        wraps(usage, "week_to_date", _last_seven_days, on=(_REALTIME,)),
        lambda me: me.get("usage-realtime")["credits_used_week"],
    ),
    Fault(
        "month-ends-a-second-early",
        "state",
        "period_end of the usage breakdown is the last second of the month.",
        wraps(usage, "month_of", _a_second_early, on=(_BREAKDOWN,)),
        lambda me: me.get("usage-breakdown")["period_end"],
    ),
    Fault(
        "chart-has-one-day-more",
        "state",
        "A usage chart of 7 days has 8.",
        wraps(usage, "chart", _one_day_more, on=(_CHART,)),
        lambda me: len(me.get("usage-chart", days=7)["data"]),
    ),
    Fault(
        "days-begin-in-new-york",
        "state",
        "Days and months of usage begin at midnight in New York instead of UTC.",
        wraps(UsageLog, "_count", _days_of_new_york, on=(_CHART,)),
        _used_at_midnight,
    ),
    Fault(
        "trend-is-stable-up-to-a-quarter",
        "state",
        "The usage trend calls a change of 25 percent stable instead of one of 10.",
        wraps(usage, "project", _stable_up_to_a_quarter, on=(_PROJECTION,)),
        _trend_of_a_fifth_more,
    ),
    Fault(
        "realtime-lacks-the-last-minute",
        "state",
        "Real-time usage leaves out the last minute, although as_of is now.",
        handles(_REALTIME, _without_the_last_minute),
        lambda me: _after_using(me, "light", "usage-realtime")["credits_used_today"],
    ),
    Fault(
        "total-requests-without-crawls",
        "state",
        "total_requests of the usage breakdown leaves out crawls.",
        wraps(render, "usage_breakdown", _requests_without_crawls, on=(_BREAKDOWN,)),
        lambda me: _after_using(me, "crawl", "usage-breakdown")["total_requests"],
    ),
    Fault(
        "requests-of-the-month-are-credits",
        "state",
        "requests_month of real-time usage counts credits.",
        changes_body(_REALTIME, by=_credits_for_requests),
        lambda me: _after_using(me, "ocr", "usage-realtime")["requests_month"],
    ),
    Fault(
        "chart-always-of-thirty-days",
        "state",
        "period of a usage chart is 30d, however many days were asked for.",
        changes_body(_CHART, by=_thirty_days),
        lambda me: me.get("usage-chart", days=7)["period"],
    ),
    Fault(
        "alert-at-every-charge",
        "state",
        "Once a threshold is reached, every charge sends its alert again.",
        wraps(usage_alerts, "fire_crossed", _at_every_charge, on=(_ALERTS,)),
        lambda me: len(_messages(me, 80, 1, 1)),
    ),
    Fault(
        "alerts-never-again",
        "state",
        "A threshold that has fired does not fire in the next month.",
        wraps(usage_alerts, "fire_crossed", _never_again, on=(_ALERTS,)),
        _alerts_of_two_months,
    ),
    Fault(
        "only-the-highest-alert-is-sent",
        "state",
        "A charge that crosses several thresholds sends the alert of the highest only.",
        wraps(usage_alerts, "fire_crossed", _highest_only, on=(_ALERTS,)),
        lambda me: len(_messages(me, 95)),
    ),
    Fault(
        "threshold-75-takes-the-value-of-90",
        "state",
        "threshold_75_enabled is saved with the value of threshold_90_enabled.",
        wraps(usage_alerts, "configure", _copy_and_paste, on=(_ALERTS,)),
        lambda me: me.put("usage-alerts", {"threshold_90_enabled": False})["threshold_75_enabled"],
    ),
    Fault(
        "alert-threshold-as-a-fraction",
        "state",
        "The webhook of an alert says that the threshold is 0.75 instead of 75.",
        wraps(Context, "send", _as_a_fraction, on=(_ALERTS,)),
        _payload,
    ),
    Fault(
        "alert-has-another-event-name",
        "state",
        "The event of a usage alert is usage_alert instead of usage.alert.",
        sets(usage_alerts, "EVENT", "usage_alert", on=(_ALERTS,)),
        _payload,
    ),
)
