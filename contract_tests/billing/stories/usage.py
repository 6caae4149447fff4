"""Stories of usage, its views, and the alerts that it sets off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contract_tests.billing.money import CREDITS_PER_REQUEST
from contract_tests.billing.stories.actor import CENT, CREDIT, DOLLAR, Actor

_VIEWS = ("get_usage_breakdown", "get_usage_realtime", "get_cost_projection")


def every_view_counts_the_same(actor: Actor) -> None:
    """Each type costs what it costs, and balance, ledger and all views move by exactly that."""
    actor.look()
    for type, price in CREDITS_PER_REQUEST.items():
        before = actor.balance
        month, realtime, projection = (actor.do(name) for name in _VIEWS)
        actor.use(type, 7)
        credits = 7 * price
        answer = actor.call("get_balance")
        actor.equal(answer, "/balance_microcents", type, before - credits * CREDIT)
        answer = actor.call("list_credit_transactions", query={"limit": 1})
        actor.equal(answer, "/transactions/0/amount_microcents", type, -credits * CREDIT)
        actor.equal(
            answer, "/transactions/0/reference_type", type, "crawl" if type == "crawl" else "scrape"
        )
        answer = actor.call("get_usage_breakdown")
        actor.equal(answer, f"/{type}/requests", type, _int(month, type, "requests") + 7)
        actor.equal(answer, f"/{type}/credits", type, _int(month, type, "credits") + credits)
        actor.equal(answer, "/total_credits", type, _int(month, "total_credits") + credits)
        answer = actor.call("get_usage_realtime")
        for span in ("today", "week", "month"):
            actor.equal(
                answer,
                f"/credits_used_{span}",
                type,
                _int(realtime, f"credits_used_{span}") + credits,
            )
            actor.equal(answer, f"/requests_{span}", type, _int(realtime, f"requests_{span}") + 7)
        answer = actor.call("get_cost_projection")
        actor.equal(answer, "/credits_used", type, _int(projection, "credits_used") + credits)
        actor.look()


def what_is_not_covered_is_refused(actor: Actor) -> None:
    """A charge beyond the balance is refused as a whole; one that takes it to zero is not."""
    actor.leave(5 * CREDIT)
    actor.look()
    for type, requests in (("ocr", 1), ("light", 6)):
        answer = actor.use(type, requests)
        actor.expect(
            answer,
            answer.status == 402,
            "/response/status",
            "not_covered",
            402,
            answer.status,
            "get_balance",
        )
        actor.look()
    actor.use("js", 1)
    answer = actor.call("get_balance")
    actor.equal(answer, "/balance_microcents", "to_zero", 0)
    actor.equal(answer, "/balance_display", "to_zero", "$0.00")
    actor.look()
    answer = actor.use("light", 1)
    actor.expect(
        answer,
        answer.status == 402,
        "/response/status",
        "nothing_left",
        402,
        answer.status,
        "get_balance",
    )
    actor.look()


def small_balances_are_warned_of(actor: Actor) -> None:
    """Below $0.50 low, below $0.10 critical, at nothing exhausted; fractions of a cent are rounded down."""
    for left, warned in (
        (50 * CENT, None),
        (50 * CENT - CREDIT, "low"),
        (10 * CENT, "low"),
        (10 * CENT - CREDIT, "critical"),
        (CENT, "critical"),
        (CENT - CREDIT, "critical"),
        (CREDIT, "critical"),
        (0, "exhausted"),
    ):
        actor.leave(left)
        answer = actor.call("get_balance")
        actor.equal(answer, "/balance_microcents", "left", left)
        got = answer.response_header("X-AlterLab-Balance-Warning")
        actor.expect(
            answer,
            got == warned,
            "/response/200/headers/x-alterlab-balance-warning",
            "warning",
            warned,
            got,
        )
        actor.call("list_credit_transactions", query={"limit": 3})


def days_weeks_and_months_are_utc(actor: Actor) -> None:
    """At midnight, on Monday and on the first the counts begin anew, and the chart goes on."""
    now = actor.now
    monday = (now + timedelta(days=7 - now.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    first = (now.replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    for start in sorted((monday, first)):
        actor.wait_until(start - timedelta(seconds=1))
        actor.use("pdf", 3)
        actor.look()
        before = actor.do("get_usage_realtime")
        actor.wait_until(start)
        answer = actor.call("get_usage_realtime")
        actor.equal(answer, "/credits_used_today", "midnight", 0)
        actor.equal(answer, "/requests_today", "midnight", 0)
        week = 0 if start.weekday() == 0 else _int(before, "credits_used_week")
        month = 0 if start.day == 1 else _int(before, "credits_used_month")
        actor.equal(answer, "/credits_used_week", "monday", week)
        actor.equal(answer, "/credits_used_month", "first", month)
        actor.look()
        actor.use("js", 2)
        answer = actor.call("get_usage_realtime")
        actor.equal(answer, "/credits_used_today", "after_midnight", 10)
        actor.equal(answer, "/credits_used_week", "after_midnight", week + 10)
        actor.equal(answer, "/credits_used_month", "after_midnight", month + 10)
        chart = actor.call("get_usage_chart", query={"days": 2})
        actor.equal(chart, "/data/1/date", "after_midnight", start.date().isoformat())
        actor.equal(chart, "/data/1/js", "after_midnight", 10)
        actor.equal(chart, "/data/0/pdf", "after_midnight", _int(chart.object, "data", 0, "pdf"))
        actor.look()


def alerts_fire_once(actor: Actor) -> None:
    """Crossing 50, 75, 90 and 100 % tells it once each, by e-mail and webhook, and again in the next month."""
    hook = "https://hooks.kit.example.com/alerts"
    _start_of_month(actor)
    body = {f"threshold_{percent}_enabled": True for percent in (50, 75, 90, 100)}
    actor.do("update_usage_alerts", {**body, "webhook_url": hook})
    allocated = _int(actor.do("get_cost_projection"), "credits_allocated")
    actor.look()
    told: list[int] = []
    for threshold in (50, 75, 90, 100):
        _use_up_to(actor, allocated, threshold, -1)
        _told(actor, "webhook", told)
        _use_up_to(actor, allocated, threshold, 0)
        told.append(threshold)
        _told(actor, "webhook", told)
        _told_by_mail(actor, told)
    actor.look()
    audit = actor.call("list_audit_log", query={"limit": 20})
    fired = [
        entry
        for entry in audit.object.get("entries", [])
        if entry.get("action") == "usage_alert.fired"
    ]
    actor.expect(audit, len(fired) >= 4, "/entries", "usage_alert.fired", "four alerts", len(fired))
    answer, entry = actor.newest("list_recent_activity", "activities")
    actor.expect(
        answer,
        entry.get("type") == "usage_alert",
        "/activities/0/type",
        "alert",
        "usage_alert",
        entry.get("type"),
    )


def alerts_follow_the_settings(actor: Actor) -> None:
    """A threshold that is off does not fire; without e-mail no mail goes out; switched off, nothing does."""
    hook = "https://hooks.kit.example.com/alerts"
    _start_of_month(actor)
    allocated = _int(actor.do("get_cost_projection"), "credits_allocated")
    settings: dict[str, Any] = {
        "threshold_50_enabled": True,
        "threshold_75_enabled": False,
        "email_enabled": False,
    }
    actor.do("update_usage_alerts", {**settings, "webhook_url": hook})
    for threshold in (50, 75):
        _use_up_to(actor, allocated, threshold, 0)
    _told(actor, "webhook", [50])
    _told_by_mail(actor, [])
    actor.do("update_usage_alerts", {"webhook_url": None})
    _use_up_to(actor, allocated, 90, 0)
    _told(actor, "webhook", [50])
    _told_by_mail(actor, [90])
    actor.do("update_usage_alerts", {"enabled": False, "webhook_url": hook})
    _use_up_to(actor, allocated, 100, 0)
    _told(actor, "webhook", [50])
    _told_by_mail(actor, [90])
    actor.look()


def alert_settings_are_replaced_as_a_whole(actor: Actor) -> None:
    """Each switch is stored by itself, what is left out takes its default, a null webhook is none."""
    actor.call("get_usage_alerts")
    names = (
        "enabled",
        "threshold_50_enabled",
        "threshold_75_enabled",
        "threshold_90_enabled",
        "threshold_100_enabled",
        "email_enabled",
    )
    for name in names:
        for value in (True, False):
            actor.do("update_usage_alerts", {name: value})
            actor.call("get_usage_alerts")
    actor.do("update_usage_alerts", {"webhook_url": "https://hooks.kit.example.com/a?b=c"})
    actor.call("get_usage_alerts")
    actor.do(
        "update_usage_alerts",
        dict.fromkeys(names, False) | {"webhook_url": "http://hooks.kit.example.com"},
    )
    actor.look()
    actor.do("update_usage_alerts", {"webhook_url": None})
    actor.call("get_usage_alerts")
    actor.do("update_usage_alerts", {})
    actor.look()


def the_trend_is_what_the_days_say(actor: Actor) -> None:
    """As weeks pass without usage the trend falls; as usage comes it rises."""
    actor.look()
    actor.wait(days=7)
    actor.look()
    actor.wait(days=8)
    actor.look()
    actor.use("light", 500)
    actor.look()
    answer = actor.call("get_cost_projection")
    actor.equal(answer, "/usage_trend", "rising", "increasing")


def history_reaches_back(actor: Actor) -> None:
    """Ten thousand entries are paged, filtered and charted like ten."""
    power = Actor(actor.run, actor.run.mock_account("power_user"))
    power.look()
    for offset in (0, 99, 100, 5_000, 9_950):
        power.call("list_credit_transactions", query={"limit": 100, "offset": offset})
    for days in (1, 30, 365):
        power.call("get_usage_chart", query={"days": days})


def _start_of_month(actor: Actor) -> None:
    """A month's first hour, with $10 to use, and nothing told so far."""
    actor.do("update_usage_alerts", {"enabled": False})
    now = actor.now
    first = (now.replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=1, minute=0, second=0, microsecond=0
    )
    actor.wait_until(first)
    actor.leave(10 * DOLLAR)
    again = (first + timedelta(days=32)).replace(day=1)
    actor.wait_until(again)


def _use_up_to(actor: Actor, allocated: int, percent: int, more: int) -> None:
    """Use credits until a share of the allocation is reached, or so many credits more than that."""
    used = _int(actor.do("get_cost_projection"), "credits_used")
    target = -(-allocated * percent // 100) + more
    if target > used:
        actor.use("light", target - used)


def _told(actor: Actor, channel: str, thresholds: list[int]) -> None:
    answer = actor.caller.control("GET", "outbox")
    sent = [
        message
        for message in answer.object.get("messages", [])
        if message.get("channel") == channel
    ]
    got = [
        ((message.get("payload") or {}).get("data") or {}).get("threshold")
        for message in reversed(sent)
    ]
    actor.expect(
        answer,
        got == thresholds,
        "/response/body",
        channel,
        f"alerts for {thresholds}",
        got,
        "update_usage_alerts",
    )


def _told_by_mail(actor: Actor, thresholds: list[int]) -> None:
    answer = actor.caller.control("GET", "outbox")
    mails = [
        message
        for message in answer.object.get("messages", [])
        if message.get("channel") == "email"
    ]
    got = [
        message.get("subject", "")
        for message in reversed(mails)
        if "%" in message.get("subject", "")
    ]
    fits = len(got) == len(thresholds) and all(
        f"{t} %" in s for t, s in zip(thresholds, got, strict=True)
    )
    actor.expect(
        answer,
        fits,
        "/response/body",
        "email",
        f"alerts for {thresholds}",
        got,
        "update_usage_alerts",
    )


def _int(body: Any, *path: str | int) -> int:
    """A number in a body; 0 where there is none, so that what follows from it is told as wrong."""
    for part in path:
        if isinstance(body, dict):
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int) and part < len(body):
            body = body[part]
    return body if isinstance(body, int) else 0
