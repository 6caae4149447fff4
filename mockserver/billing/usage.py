"""Usage: every event debits the ledger, and every view is a sum of the same events.

The rules are assumed, the prices observed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from mockserver.billing import auto_recharge, money, usage_alerts
from mockserver.billing.context import Context
from mockserver.billing.errors import InsufficientBalance
from mockserver.billing.usage_log import (
    CREDITS_PER_REQUEST,
    Tally,
    UsageEvent,
    UsageType,
    days_between,
)

Trend = Literal["increasing", "stable", "decreasing"]


class Projection(Struct, frozen=True):
    """The current month: credits used and allocated, and the trend of the last 14 days."""

    trend: Trend
    credits_used: int
    credits_allocated: int


def record(
    context: Context, type: UsageType, requests: int, description: str | None = None
) -> UsageEvent:
    """Charge for requests, then fire usage alerts and auto-recharge as they fall due.

    Raise InsufficientBalance if the balance does not cover the whole charge.
    """
    account = context.account
    credits = requests * CREDITS_PER_REQUEST[type]
    cost = credits * money.MICROCENTS_PER_CREDIT
    if cost > account.ledger.balance:
        raise InsufficientBalance(account.ledger.balance, cost)
    used_before = account.usage.credits_in_month(context.now)
    event = UsageEvent(account.ids.uuid(), type, requests, credits, context.now)
    account.usage.append(event)
    context.credit(
        "usage",
        -cost,
        description or f"{requests:,} {type} requests",
        reference_type="crawl" if type == "crawl" else "scrape",
        reference_id=event.id,
    )
    usage_alerts.fire_crossed(context, used_before, used_before + credits, allocation(context))
    auto_recharge.run_if_due(context)
    return event


def month_to_date(context: Context) -> Tally:
    """Return the tally of the current UTC month."""
    return context.account.usage.between(context.now.date().replace(day=1), context.now.date())


def week_to_date(context: Context) -> Tally:
    """Return the tally of the current UTC week, which begins on Monday."""
    today = context.now.date()
    return context.account.usage.between(today - timedelta(days=today.weekday()), today)


def allocation(context: Context) -> int:
    """Return the month's allocated credits.

    These are the plan's credits or, without a plan, the credits that the month's opening balance,
    deposits and bonuses bought.
    """
    subscription = context.account.subscription
    if subscription is not None:
        return context.catalogue.plan(subscription.plan).monthly_credits
    bought = context.account.ledger.bought_in_month((context.now.year, context.now.month))
    return bought // money.MICROCENTS_PER_CREDIT


def project(context: Context) -> Projection:
    """Return the month's used and allocated credits and the trend.

    The trend compares the last 7 days with the 7 before; a difference within 10 % is stable.
    """
    today = context.now.date()
    usage = context.account.usage
    recent = usage.between(today - timedelta(days=6), today).total_credits
    before = usage.between(today - timedelta(days=13), today - timedelta(days=7)).total_credits
    trend: Trend = "stable"
    if recent * 10 > before * 11:
        trend = "increasing"
    elif recent * 10 < before * 9:
        trend = "decreasing"
    return Projection(trend, usage.credits_in_month(context.now), allocation(context))


def chart(context: Context, days: int) -> list[tuple[date, Tally]]:
    """Return the tally of each of the last ``days`` days, oldest first, today included."""
    today = context.now.date()
    return [
        (day, context.account.usage.day(day))
        for day in days_between(today - timedelta(days=days - 1), today)
    ]


def month_of(now: datetime) -> tuple[datetime, datetime]:
    """Return the start of the UTC month of ``now``, and the start of the next month."""
    start = datetime(now.year, now.month, 1, tzinfo=UTC)
    return start, (start + timedelta(days=32)).replace(day=1)
