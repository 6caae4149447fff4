"""Relations between the views of usage: all are sums of the same events, as is the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, timedelta
from fractions import Fraction
from typing import Any

from contract_tests.billing import effects, money
from contract_tests.billing.ledger_order import whole_ledger
from contract_tests.findings.severity import QUESTION
from contract_tests.judge.views import Shown, Views
from contract_tests.judge.violation import Json, Violation, moment

BREAKDOWN, CHART, REALTIME = "get_usage_breakdown", "get_usage_chart", "get_usage_realtime"


def usage_views_agree(views: Views) -> Iterator[Shown]:
    """Check that breakdown and real-time usage agree on this month's credits and requests."""
    month, realtime = views.newest(BREAKDOWN), views.newest(REALTIME)
    for total, name in (
        ("total_credits", "credits_used_month"),
        ("total_requests", "requests_month"),
    ):
        if month[total] != realtime[name]:
            violation = Violation(
                "usage",
                f"/{name}",
                "breakdown",
                f"{month[total]}, by the breakdown",
                str(realtime[name]),
            )
            yield REALTIME, violation


def projection_counts_the_month(views: Views) -> Iterator[Shown]:
    """Check that the projection shows the credits of the month's breakdown."""
    used, month = (
        views.newest(effects.PROJECTION)["credits_used"],
        views.newest(BREAKDOWN)["total_credits"],
    )
    if used != month:
        yield (
            effects.PROJECTION,
            Violation(
                "usage", "/credits_used", "breakdown", f"{month}, by the breakdown", str(used)
            ),
        )


def chart_ends_today(views: Views) -> Iterator[Shown]:
    """Check that the chart ends today, and adds up to the usage of today, week and month."""
    chart, realtime = views.newest(CHART)["data"], views.newest(REALTIME)
    now = moment(realtime["as_of"]).astimezone(UTC)
    if not chart:
        return
    last = chart[-1]
    if last["date"] != now.date().isoformat():
        yield (
            CHART,
            Violation("usage", "/data/*/date", "today", now.date().isoformat(), last["date"]),
        )
        return
    spans = {
        "today": now.date(),
        "week": now.date() - timedelta(days=now.weekday()),
        "month": now.date().replace(day=1),
    }
    for span, first in spans.items():
        if date.fromisoformat(chart[0]["date"]) > first:
            continue
        for column, name in (("credits", "credits_used"), ("requests", "requests")):
            expected = sum(day[column] for day in chart if date.fromisoformat(day["date"]) >= first)
            if realtime[f"{name}_{span}"] != expected:
                got = str(realtime[f"{name}_{span}"])
                violation = Violation(
                    "usage", f"/{name}_{span}", "chart", f"{expected}, by the chart", got
                )
                yield REALTIME, violation


def chart_adds_up_to_the_month(views: Views) -> Iterator[Shown]:
    """Check that the chart's days of this month add up to the breakdown, type by type."""
    chart, month = views.newest(CHART)["data"], views.newest(BREAKDOWN)
    first = moment(month["period_start"]).date()
    if not chart or date.fromisoformat(chart[0]["date"]) > first:
        return
    for type in money.CREDITS_PER_REQUEST:
        expected = sum(day[type] for day in chart if date.fromisoformat(day["date"]) >= first)
        if month[type]["credits"] != expected:
            got = str(month[type]["credits"])
            violation = Violation(
                "usage", f"/{type}/credits", "chart", f"{expected}, by the chart", got
            )
            yield BREAKDOWN, violation


def usage_is_in_the_ledger(views: Views) -> Iterator[Shown]:
    """Check that the breakdown's cost equals the ledger's debits of this month."""
    entries = whole_ledger(views)
    if entries is None:
        return
    month = views.newest(BREAKDOWN)
    start, end = moment(month["period_start"]), moment(month["period_end"])
    charged = -sum(
        entry["amount_microcents"]
        for entry in entries
        if entry["type"] == "usage" and start <= moment(entry["created_at"]) < end
    )
    cost = sum(month[type]["cost_microcents"] for type in money.CREDITS_PER_REQUEST)
    if cost != charged:
        yield (
            BREAKDOWN,
            Violation("usage", "/total_credits", "ledger", f"{charged} by the ledger", str(cost)),
        )
    crawled = -sum(
        entry["amount_microcents"]
        for entry in entries
        if entry["reference_type"] == "crawl" and start <= moment(entry["created_at"]) < end
    )
    if month["crawl"]["cost_microcents"] != crawled:
        got = str(month["crawl"]["cost_microcents"])
        violation = Violation(
            "usage", "/crawl/cost_microcents", "ledger", f"{crawled} by the ledger", got
        )
        yield BREAKDOWN, violation


def chart_is_in_the_ledger(views: Views) -> Iterator[Shown]:
    """Check that every day's credits equal the ledger's debits of that day."""
    entries = whole_ledger(views)
    chart = views.newest(CHART)["data"]
    if entries is None:
        return
    charged: dict[str, int] = {}
    for entry in entries:
        if entry["type"] == "usage":
            day = moment(entry["created_at"]).astimezone(UTC).date().isoformat()
            charged[day] = charged.get(day, 0) - entry["amount_microcents"]
    prices = _prices(views) | _uniform_price(chart, charged)
    for day in chart:
        expected = charged.get(day["date"], 0)
        if all(day["credits"] * price != expected for price in prices):
            got = f"{day['credits']} on {day['date']}"
            wanted = f"{expected // money.MICROCENTS_PER_CREDIT}, by the ledger"
            yield CHART, Violation("usage", "/data/*/credits", "ledger", wanted, got)
            return


def _prices(views: Views) -> set[int]:
    """Return the price of a credit by the contract, which assumes it, and by the breakdown."""
    prices = {money.MICROCENTS_PER_CREDIT}
    month: dict[str, Any] = views.find(BREAKDOWN) or {}
    with suppress(TypeError, KeyError, ZeroDivisionError):  # the schema judges the breakdown
        parts = [month[type] for type in money.CREDITS_PER_REQUEST]
        cost = sum(part["cost_microcents"] for part in parts)
        price, rest = divmod(cost, sum(part["credits"] for part in parts))
        prices |= {price} if rest == 0 else set()
    return prices


def _uniform_price(chart: list[Json], charged: dict[str, int]) -> set[int]:
    """Return the price of a credit at which all days of use agree, if there are at least two."""
    days = [(day["credits"], charged.get(day["date"], 0)) for day in chart if day["credits"]]
    ratios = {Fraction(cost, credits) for credits, cost in days}
    price = ratios.pop() if len(ratios) == 1 and len(days) > 1 else Fraction(1, 2)
    return {price.numerator} if price.denominator == 1 else set()


def trend_follows_the_chart(views: Views) -> Iterator[Shown]:
    """Compare the last 7 days with the 7 before; a change within 10 % is stable."""
    chart, shown = views.newest(CHART)["data"], views.newest(effects.PROJECTION)["usage_trend"]
    if len(chart) < 14:
        return
    days = [day["credits"] for day in chart]
    recent, before = sum(days[-7:]), sum(days[-14:-7])
    # "The last 7 days" are calendar days or 7 x 24 hours, which reach into the day before.
    moved, older = days[-8], days[-15] if len(days) > 14 else 0
    is_possible = {
        "increasing": (recent + moved) * 10 > (before - moved) * 11,
        "decreasing": recent * 10 < (before + older) * 9,
        "stable": (recent + moved) * 10 >= (before - moved) * 9
        and recent * 10 <= (before + older) * 11,
    }
    if not is_possible.get(shown, True):  # the schema judges another word
        got = f"{shown} at {recent} after {before}"
        expected = " or ".join(name for name, possible in is_possible.items() if possible)
        yield (
            effects.PROJECTION,
            Violation("usage", "/usage_trend", "trend", expected, got, nature=QUESTION),
        )


def allocation_is_the_plans(views: Views) -> Iterator[Shown]:
    """Check that a plan allocates its monthly credits."""
    plan, projection = views.newest(effects.SUBSCRIPTION), views.newest(effects.PROJECTION)
    if plan["status"] != "none" and projection["credits_allocated"] != plan["monthly_credits"]:
        got = str(projection["credits_allocated"])
        expected = f"{plan['monthly_credits']}, the plan's"
        yield (
            effects.PROJECTION,
            Violation("usage", "/credits_allocated", "plan", expected, got, nature=QUESTION),
        )


def allocation_is_what_was_bought(views: Views) -> Iterator[Shown]:
    """Check that, without a plan, the opening balance and the month's deposits are allocated."""
    entries = whole_ledger(views)
    if entries is None or views.newest(effects.SUBSCRIPTION)["status"] != "none":
        return
    start = moment(views.newest(BREAKDOWN)["period_start"])
    opening = sum(
        entry["amount_microcents"] for entry in entries if moment(entry["created_at"]) < start
    )
    paid_in = {
        entry["id"]: entry["amount_microcents"]
        for entry in entries
        if moment(entry["created_at"]) >= start and entry["type"] != "usage"
    }
    by_type: dict[str, int] = {}
    for entry in entries:
        if entry["id"] in paid_in:
            by_type[entry["type"]] = by_type.get(entry["type"], 0) + entry["amount_microcents"]
    paid = sum(by_type.get(name, 0) for name in ("deposit", "auto_recharge", "subscription"))
    shown = views.newest(effects.PROJECTION)["credits_allocated"]
    # The contract does not define whether bonuses and refunds count: both results are accepted.
    least, most = (
        opening + paid,
        opening + paid + by_type.get("bonus", 0) + by_type.get("refund", 0),
    )
    if not least // money.MICROCENTS_PER_CREDIT <= shown <= most // money.MICROCENTS_PER_CREDIT:
        expected = f"{least // money.MICROCENTS_PER_CREDIT}, by the ledger"
        yield (
            effects.PROJECTION,
            Violation(
                "usage", "/credits_allocated", "ledger", expected, str(shown), nature=QUESTION
            ),
        )
