"""Rules of the views of usage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from contract_tests.billing import money
from contract_tests.findings.severity import MAJOR, QUESTION
from contract_tests.judge.violation import Response, Violation, moment


def breakdown_adds_up(response: Response) -> Iterator[Violation]:
    """Check prices, costs and totals of a breakdown, and that its period is a month."""
    body = response.body
    for type, price in money.CREDITS_PER_REQUEST.items():
        part = body[type]
        if part["credits"] != part["requests"] * price:
            got = f"{part['credits']} for {part['requests']} requests"
            yield Violation(
                "usage",
                f"/{type}/credits",
                "price",
                f"{price} credits per request",
                got,
                nature=QUESTION,
            )
        if part["cost_microcents"] != part["credits"] * money.MICROCENTS_PER_CREDIT:
            got = f"{part['cost_microcents']} for {part['credits']} credits"
            yield Violation(
                "usage",
                f"/{type}/cost_microcents",
                "cost",
                "20,000 microcents per credit",
                got,
                nature=QUESTION,
            )
    for total, name in (("total_credits", "credits"), ("total_requests", "requests")):
        expected = sum(body[type][name] for type in money.CREDITS_PER_REQUEST)
        if body[total] != expected:
            yield Violation("usage", f"/{total}", "sum", str(expected), str(body[total]))
    start, end = moment(body["period_start"]), moment(body["period_end"])
    if (start.day, start.hour, start.minute, start.second) != (1, 0, 0, 0) or end != _next_month(
        start
    ):
        yield Violation("time", "/period_end", "month", "one month, in UTC", f"{start} to {end}")


def chart_has_every_day(response: Response) -> Iterator[Violation]:
    """Check that every requested day has one entry, oldest first, with consistent sums."""
    data, days = response.body["data"], response.params["days"]
    if len(data) != days:
        yield Violation("usage", "/data", "days", f"{days} days", str(len(data)), "documented")
    if response.body["period"] != f"{days}d":
        got = str(response.body["period"])
        yield Violation("usage", "/period", "period", f"{days}d", got, nature=MAJOR)
    for before, after in pairwise(data):
        if date.fromisoformat(after["date"]) - date.fromisoformat(before["date"]) != timedelta(
            days=1
        ):
            got = f"{before['date']}, {after['date']}"
            yield Violation("usage", "/data/*/date", "gap", "consecutive days, oldest first", got)
    for day in data:
        expected = sum(day[type] for type in money.CREDITS_PER_REQUEST)
        if day["credits"] != expected:
            yield Violation("usage", "/data/*/credits", "sum", str(expected), str(day["credits"]))
        if (day["credits"] == 0) != (day["requests"] == 0) or day["requests"] > day["credits"]:
            got = f"{day['requests']} requests for {day['credits']} credits"
            yield Violation(
                "usage",
                "/data/*/requests",
                "price",
                "requests that match the credits",
                got,
                nature=QUESTION,
            )


def spans_are_nested(response: Response) -> Iterator[Violation]:
    """Check that week and month include today, and equal it on their first day."""
    body = response.body
    now = moment(body["as_of"])
    for name in ("credits_used", "requests"):
        today, week, month = (body[f"{name}_{span}"] for span in ("today", "week", "month"))
        if today > week or (now.weekday() == 0 and today != week):
            yield Violation(
                "usage",
                f"/{name}_week",
                "week",
                f"at least today's {today} (since Monday)",
                str(week),
            )
        if today > month or (now.day == 1 and today != month):
            yield Violation(
                "usage", f"/{name}_month", "month", f"at least today's {today}", str(month)
            )
        if now.weekday() < now.day and week > month:
            yield Violation(
                "usage", f"/{name}_month", "week", f"at least this week's {week}", str(month)
            )
        if now.weekday() >= now.day and month > week:
            yield Violation(
                "usage", f"/{name}_week", "month", f"at least this month's {month}", str(week)
            )


def _next_month(start: datetime) -> datetime:
    return (start + timedelta(days=32)).replace(day=1)
