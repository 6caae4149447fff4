"""Usage: charges, and the views of them by type, day and period."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.staging import alerts, ledger, money, plans, recharge
from tests.staging.errors import Refusal
from tests.staging.site import DAY, Books

COSTS = {"light": 1, "js": 5, "pdf": 3, "ocr": 6, "crawl": 1}
"""Credits that one request costs."""
_WEEK = 7


def charge(books: Books, kind: str, requests: int) -> None:
    """Use the service: charge the ledger, then recharge and alert if that is due."""
    used = requests * COSTS[kind]
    amount, available = used * money.CREDIT, ledger.balance(books)
    if amount > available:
        dollars = 100 * money.MICROCENTS
        raise Refusal(
            402,
            "The balance does not cover this charge.",
            balance_dollars=available / dollars,
            required_dollars=amount / dollars,
        )
    before = used_since(books, month_start(books))
    reference = (
        ("crawl", f"crawl_{secrets.token_hex(3)}")
        if kind == "crawl"
        else ("scrape", f"job_{secrets.token_hex(3)}")
    )
    ledger.append(books, "usage", -amount, reference, f"{requests:,} {kind} requests")
    books.insert("usage", type=kind, requests=requests, credits=used, created_at=books.now)
    alerts.fire(books, before, before + used, allocation(books))
    recharge.run_if_due(books)


def day_start(books: Books) -> int:
    """Return the time of the last midnight."""
    return books.now - books.now % DAY


def month_start(books: Books) -> int:
    """Return the time at which the month began."""
    day = datetime.fromtimestamp(books.now / 1_000, UTC).day
    return day_start(books) - (day - 1) * DAY


def _week_start(books: Books) -> int:
    return day_start(books) - datetime.fromtimestamp(books.now / 1_000, UTC).weekday() * DAY


def _sum(books: Books, column: str, start: int, end: int | None = None, kind: str = "%") -> int:
    return books.number(
        f"SELECT sum({column}) FROM usage WHERE account = :account"
        " AND created_at >= :start AND created_at < :end AND type LIKE :kind",
        start=start,
        end=books.now + 1 if end is None else end,
        kind=kind,
    )


def used_since(books: Books, start: int) -> int:
    """Return the credits used since a time."""
    return _sum(books, "credits", start)


def allocation(books: Books) -> int:
    """Return the credits of the plan or, without one, those that money pays for this month."""
    subscription = plans.current(books)
    if subscription is not None:
        return plans.of_slug(subscription["plan"]).credits
    start = month_start(books)
    opening = books.number(
        "SELECT sum(amount) FROM ledger WHERE account = :account AND created_at < :start",
        start=start,
    )
    deposits = books.number(
        "SELECT sum(amount) FROM ledger WHERE account = :account AND created_at >= :start"
        " AND type IN ('deposit', 'auto_recharge')",
        start=start,
    )
    return max(0, opening + deposits) // money.CREDIT


def breakdown(books: Books) -> dict[str, Any]:
    """Return this month's usage by type."""
    site, start = books.site, month_start(books)
    next_month = datetime.fromtimestamp(start / 1_000, UTC) + timedelta(days=32)
    end = int(next_month.replace(day=1).timestamp() * 1_000)
    types: dict[str, Any] = {}
    for kind in COSTS:
        used = _sum(books, "credits", start, kind=kind)
        if site.on("breakdown_omits_crawl") and kind == "crawl":
            used = 0
        cost = used * (money.CREDIT + site.on("cost_per_credit_off"))
        types[kind] = {
            "requests": _sum(books, "requests", start, kind=kind),
            "credits": used,
            "cost_microcents": cost,
            "cost_display": money.display(cost),
        }
    total: Any = sum(entry["credits"] for entry in types.values())
    return {
        **types,
        "total_credits": f"{total}" if site.on("total_credits_text") else total,
        "total_requests": sum(entry["requests"] for entry in types.values()),
        "period_start": site.stamp(start),
        "period_end": site.stamp(end),
    }


def chart(books: Books, days: int) -> dict[str, Any]:
    """Return daily usage of some days up to today."""
    site = books.site
    zone = -8 * DAY // 24 if site.on("local_days") else 0
    today = day_start(books)
    first = today - (days - 1) * DAY
    found: dict[date, dict[str, int]] = {}
    for row in books.rows(
        "SELECT * FROM usage WHERE account = :account AND created_at >= :start - :zone"
        " AND created_at <= :now ORDER BY seq",
        start=first,
        zone=zone,
    ):
        day = datetime.fromtimestamp((row["created_at"] + zone) / 1_000, UTC).date()
        entry = found.setdefault(day, dict.fromkeys((*COSTS, "credits", "requests"), 0))
        entry[row["type"]] += row["credits"]
        entry["credits"] += row["credits"]
        entry["requests"] += row["requests"]
    data = []
    for index in range(days):
        day = datetime.fromtimestamp((first + index * DAY) / 1_000, UTC).date()
        empty = dict.fromkeys((*COSTS, "credits", "requests"), 0)
        if day not in found and site.on("chart_skips_empty_days"):
            continue
        data.append({"date": day.isoformat(), **found.get(day, empty)})
    period = f"{days} days" if site.on("period_in_words") else f"{days}d"
    return {"data": data, "period": period}


def realtime(books: Books) -> dict[str, Any]:
    """Return the usage today, this week and this month."""
    day, week, month = day_start(books), _week_start(books), month_start(books)
    if books.site.on("realtime_month_of_35_days"):
        month = day - 35 * DAY
    return {
        "credits_used_today": _sum(books, "credits", day),
        "credits_used_week": _sum(books, "credits", week),
        "credits_used_month": _sum(books, "credits", month),
        "requests_today": _sum(books, "requests", day),
        "requests_week": _sum(books, "requests", week),
        "requests_month": _sum(books, "requests", month),
        "as_of": books.site.stamp(books.now),
    }


def projection(books: Books) -> dict[str, Any]:
    """Return the credits used and allocated this month, and the trend."""
    site = books.site
    end = books.now + 1 if site.on("rolling_trend") else day_start(books) + DAY
    recent = _sum(books, "credits", end - _WEEK * DAY, end)
    earlier = _sum(books, "credits", end - 2 * _WEEK * DAY, end - _WEEK * DAY)
    trend: str | None = "stable"
    if recent * 10 > earlier * 11:
        trend = "increasing"
    elif recent * 10 < earlier * 9:
        trend = "decreasing"
    if site.on("usage_trend_null"):
        trend = None
    result = {
        "usage_trend": trend,
        "credits_used": used_since(books, month_start(books)),
        "credits_allocated": allocation(books),
    }
    if site.on("allocation_missing"):
        del result["credits_allocated"]
    return result
