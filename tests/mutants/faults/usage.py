"""Views of usage that disagree with each other, the ledger or the price list."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from mockserver.billing import money, usage
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.billing.usage import Projection
from mockserver.billing.usage_log import CREDITS_PER_REQUEST, Tally
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, sets_item, wraps

Json = Any

_BREAKDOWN, _CHART, _REALTIME, _PROJECTION = (
    "get_usage_breakdown",
    "get_usage_chart",
    "get_usage_realtime",
    "get_cost_projection",
)


def _since_sunday(_: Original, context: Context) -> Tally:
    today = context.now.date()
    return context.account.usage.between(today - timedelta(days=(today.weekday() + 1) % 7), today)


def _with_the_day_before(_: Original, call: Call) -> Json:
    now = call.context.now
    before = now.date().replace(day=1) - timedelta(days=1)
    return render.usage_breakdown(
        call.context.account.usage.between(before, now.date()), usage.month_of(now)
    )


def _until_yesterday(original: Original, context: Context, days: int) -> list[tuple[date, Tally]]:
    chart: list[tuple[date, Tally]] = original(context.at(context.now - timedelta(days=1)), days)
    return chart


def _busy_days_only(original: Original, context: Context, days: int) -> list[tuple[date, Tally]]:
    return [(day, tally) for day, tally in original(context, days) if tally.total_requests]


def _newest_day_first(original: Original, context: Context, days: int) -> list[tuple[date, Tally]]:
    chart: list[tuple[date, Tally]] = original(context, days)
    return chart[::-1]


def _pdf_as_ocr(original: Original, tally: Tally, period: tuple[datetime, datetime]) -> Json:
    mixed = Tally(dict(tally.requests), dict(tally.credits))
    for counts in (mixed.requests, mixed.credits):
        counts["ocr"] += counts["pdf"]
        counts["pdf"] = 0
    return original(mixed, period)


def _cost_of_requests(original: Original, tally: Tally, period: tuple[datetime, datetime]) -> Json:
    """Price every request as a light one."""
    body = original(tally, period)
    for type in CREDITS_PER_REQUEST:
        cost = tally.requests[type] * money.MICROCENTS_PER_CREDIT
        body[type].update(cost_microcents=cost, cost_display=money.display(cost))
    return body


def _without_crawls(original: Original, day: str, tally: Tally) -> Json:
    return original(day, Tally({**tally.requests, "crawl": 0}, {**tally.credits, "crawl": 0}))


def _count_events(original: Original, call: Call) -> Json:
    today = call.context.now.date()
    events = [
        event for event in call.context.account.usage.events if event.created_at.date() == today
    ]
    return {**original(call), "requests_today": len(events)}


def _last_thirty_days(original: Original, context: Context) -> Projection:
    projection: Projection = original(context)
    today = context.now.date()
    used = context.account.usage.between(today - timedelta(days=29), today).total_credits
    return replace(projection, credits_used=used)


def _without_the_plan(_: Original, context: Context) -> int:
    bought: int = context.account.ledger.bought_in_month((context.now.year, context.now.month))
    return bought // money.MICROCENTS_PER_CREDIT


def _trend_of_one_day(original: Original, context: Context) -> Projection:
    """Compare today with yesterday instead of two weeks."""
    projection: Projection = original(context)
    today = context.now.date()
    log = context.account.usage
    now, before = log.day(today).total_credits, log.day(today - timedelta(days=1)).total_credits
    return replace(
        projection,
        trend="increasing" if now > before else "decreasing" if now < before else "stable",
    )


def _in_local_time(
    original: Original, today: Tally, week: Tally, month: Tally, now: datetime
) -> Json:
    return original(today, week, month, now + timedelta(hours=1))


def _after_using(me: Caller, type: str, path: str, requests: int = 10) -> Any:
    me.use(type, requests)
    return me.get(path)


def _trend_after_two_days(me: Caller) -> object:
    """Return the trend of a new account with more usage yesterday than today."""
    new = me.named("sk_test_new")
    new.use("light", 20)
    new.wait(days=1)
    new.use("light", 10)
    return new.get("cost-projection")["usage_trend"]


FAULTS = (
    Fault(
        "week-begins-on-sunday",
        "state",
        "Real-time usage of the week begins on Sunday instead of Monday.",
        wraps(usage, "week_to_date", _since_sunday, on=(_REALTIME,)),
        lambda me: me.get("usage-realtime")["credits_used_week"],
    ),
    Fault(
        "month-includes-the-day-before",
        "state",
        "The usage breakdown of the month includes the last day of the month before.",
        handles(_BREAKDOWN, _with_the_day_before),
        lambda me: me.get("usage-breakdown")["total_credits"],
    ),
    Fault(
        "chart-misses-today",
        "state",
        "The usage chart ends yesterday.",
        wraps(usage, "chart", _until_yesterday, on=(_CHART,)),
        lambda me: me.get("usage-chart", days=1)["data"][0]["date"],
    ),
    Fault(
        "chart-skips-idle-days",
        "state",
        "The usage chart leaves out days without usage.",
        wraps(usage, "chart", _busy_days_only, on=(_CHART,)),
        lambda me: len(me.named("sk_test_new").get("usage-chart", days=7)["data"]),
    ),
    Fault(
        "chart-newest-first",
        "state",
        "The usage chart has its newest day first.",
        wraps(usage, "chart", _newest_day_first, on=(_CHART,)),
        lambda me: me.get("usage-chart", days=7)["data"][0]["date"],
    ),
    Fault(
        "chart-forgets-crawls",
        "state",
        "The usage chart leaves out crawls, in their column and in the sum.",
        wraps(render, "usage_day", _without_crawls, on=(_CHART,)),
        lambda me: _after_using(me, "crawl", "usage-chart")["data"][-1]["credits"],
    ),
    Fault(
        "pdf-counted-as-ocr",
        "state",
        "The usage breakdown counts PDF requests as OCR.",
        wraps(render, "usage_breakdown", _pdf_as_ocr, on=(_BREAKDOWN,)),
        lambda me: _after_using(me, "pdf", "usage-breakdown")["ocr"]["requests"],
    ),
    Fault(
        "breakdown-prices-all-as-light",
        "state",
        "The costs of the usage breakdown are those of light requests, whatever the type.",
        wraps(render, "usage_breakdown", _cost_of_requests, on=(_BREAKDOWN,)),
        lambda me: _after_using(me, "ocr", "usage-breakdown")["ocr"]["cost_microcents"],
    ),
    Fault(
        "js-request-too-cheap",
        "state",
        "A request with JavaScript costs 4 credits instead of 5.",
        sets_item(CREDITS_PER_REQUEST, "js", 4, on=(_REALTIME,)),
        lambda me: _after_using(me.named("sk_test_new"), "js", "usage-realtime")[
            "credits_used_today"
        ],
    ),
    Fault(
        "requests-of-today-counts-charges",
        "state",
        "requests_today counts charges instead of requests.",
        handles(_REALTIME, _count_events),
        lambda me: _after_using(me, "light", "usage-realtime")["requests_today"],
    ),
    Fault(
        "realtime-in-local-time",
        "state",
        "as_of of real-time usage is an hour ahead: local time that says it is UTC.",
        wraps(render, "usage_realtime", _in_local_time, on=(_REALTIME,)),
        lambda me: me.get("usage-realtime")["as_of"],
    ),
    Fault(
        "projection-of-thirty-days",
        "state",
        "The projection counts the credits of the last 30 days instead of the month.",
        wraps(usage, "project", _last_thirty_days, on=(_PROJECTION,)),
        lambda me: me.get("cost-projection")["credits_used"],
    ),
    Fault(
        "projection-forgets-the-plan",
        "state",
        "The projection of an account with a plan allocates what was bought instead of the "
        "plan's credits.",
        wraps(usage, "allocation", _without_the_plan, on=(_PROJECTION,)),
        lambda me: me.named("sk_test_subscriber").get("cost-projection")["credits_allocated"],
    ),
    Fault(
        "trend-of-one-day",
        "state",
        "The usage trend compares today with yesterday instead of two weeks.",
        wraps(usage, "project", _trend_of_one_day, on=(_PROJECTION,)),
        _trend_after_two_days,
    ),
)
