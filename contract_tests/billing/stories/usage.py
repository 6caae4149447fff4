"""Stories of usage, its views and its alerts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from contract_tests.billing.money import CREDITS_PER_REQUEST
from contract_tests.billing.stories.actor import CENT, CREDIT, DOLLAR, Actor
from contract_tests.knowledge import MOCK

_VIEWS = ("get_usage_breakdown", "get_usage_realtime", "get_cost_projection")


def every_view_counts_the_same(actor: Actor) -> None:
    """Use every type: balance, ledger and all views change by its price."""
    actor.have(5 * DOLLAR)
    actor.read_all()
    for type, price in CREDITS_PER_REQUEST.items():
        before = actor.balance
        month, realtime, projection = (actor.do(name) for name in _VIEWS)
        actor.use(type, 7)
        credits = 7 * price
        response = actor.call("get_balance")
        actor.equal(response, "/balance_microcents", type, before - credits * CREDIT)
        response = actor.call("list_credit_transactions", query={"limit": 1})
        actor.equal(response, "/transactions/0/amount_microcents", type, -credits * CREDIT)
        actor.equal(
            response,
            "/transactions/0/reference_type",
            type,
            "crawl" if type == "crawl" else "scrape",
        )
        response = actor.call("get_usage_breakdown")
        actor.equal(response, f"/{type}/requests", type, number_at(month, type, "requests") + 7)
        actor.equal(response, f"/{type}/credits", type, number_at(month, type, "credits") + credits)
        actor.equal(response, "/total_credits", type, number_at(month, "total_credits") + credits)
        response = actor.call("get_usage_realtime")
        for span in ("today", "week", "month"):
            actor.equal(
                response,
                f"/credits_used_{span}",
                type,
                number_at(realtime, f"credits_used_{span}") + credits,
            )
            actor.equal(
                response, f"/requests_{span}", type, number_at(realtime, f"requests_{span}") + 7
            )
        response = actor.call("get_cost_projection")
        actor.equal(
            response, "/credits_used", type, number_at(projection, "credits_used") + credits
        )
        actor.read_all()


def a_charge_beyond_the_balance_is_refused(actor: Actor) -> None:
    """Use more than the balance: it is refused as a whole; using exactly the balance is not."""
    actor.leave(5 * CREDIT)
    actor.read_all()
    for type, requests in (("ocr", 1), ("light", 6)):
        _expect_refused_charge(actor, type, requests, "not_covered")
        actor.read_all()
    actor.use("js", 1)
    response = actor.call("get_balance")
    actor.equal(response, "/balance_microcents", "to_zero", 0)
    actor.equal(response, "/balance_display", "to_zero", "$0.00")
    actor.read_all()
    _expect_refused_charge(actor, "light", 1, "nothing_left")
    actor.read_all()


def _expect_refused_charge(actor: Actor, type: str, requests: int, rule: str) -> None:
    """Expect usage that the balance does not cover to be refused."""
    charged = actor.use(type, requests).accepted
    response = actor.call("get_balance")
    actor.expect(response, not charged, "/response/status", rule, 402, "charged", "get_balance")


def low_balances_have_warnings(actor: Actor) -> None:
    """Use up a balance: the warning is low below $0.50, critical below $0.10, then exhausted."""
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
        response = actor.call("get_balance")
        actor.equal(response, "/balance_microcents", "left", left)
        got = response.response_header("X-AlterLab-Balance-Warning")
        actor.expect(
            response,
            got == warned,
            "/response/200/headers/x-alterlab-balance-warning",
            "warning",
            warned,
            got,
        )
        actor.call("list_credit_transactions", query={"limit": 3})


def days_weeks_and_months_are_utc(actor: Actor) -> None:
    """Cross midnight, Monday and the first of a month: counts restart, the chart continues."""
    now = actor.now
    monday = (now + timedelta(days=7 - now.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    first = (now.replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    for start in sorted((monday, first)):
        actor.wait_until(start - actor.margin)
        actor.use("pdf", 3)
        actor.read_all()
        before = actor.do("get_usage_realtime")
        actor.wait_until(start)
        response = actor.call("get_usage_realtime")
        actor.equal(response, "/credits_used_today", "midnight", 0)
        actor.equal(response, "/requests_today", "midnight", 0)
        week = 0 if start.weekday() == 0 else number_at(before, "credits_used_week")
        month = 0 if start.day == 1 else number_at(before, "credits_used_month")
        actor.equal(response, "/credits_used_week", "monday", week)
        actor.equal(response, "/credits_used_month", "first", month)
        actor.read_all()
        actor.use("js", 2)
        response = actor.call("get_usage_realtime")
        actor.equal(response, "/credits_used_today", "after_midnight", 10)
        actor.equal(response, "/credits_used_week", "after_midnight", week + 10)
        actor.equal(response, "/credits_used_month", "after_midnight", month + 10)
        chart = actor.call("get_usage_chart", query={"days": 2})
        actor.equal(chart, "/data/1/date", "after_midnight", start.date().isoformat())
        actor.equal(chart, "/data/1/js", "after_midnight", 10)
        actor.equal(
            chart, "/data/0/pdf", "after_midnight", number_at(chart.object, "data", 0, "pdf")
        )
        actor.read_all()


def alerts_fire_once(actor: Actor) -> None:
    """Cross 50, 75, 90 and 100 %: every threshold sends one e-mail and one webhook."""
    hook = "https://hooks.kit.example.com/alerts"
    start_of_month(actor)
    body = {f"threshold_{percent}_enabled": True for percent in (50, 75, 90, 100)}
    actor.do("update_usage_alerts", {**body, "webhook_url": hook})
    allocated = number_at(actor.do("get_cost_projection"), "credits_allocated")
    actor.read_all()
    fired: list[int] = []
    for threshold in (50, 75, 90, 100):
        use_up_to(actor, allocated, threshold, -1)
        _expect_webhooks(actor, fired)
        _expect_mails(actor, fired)
        use_up_to(actor, allocated, threshold, 0)
        fired.append(threshold)
        _expect_webhooks(actor, fired)
        _expect_mails(actor, fired)
    actor.read_all()
    audit = actor.call("list_audit_log", query={"limit": 20})
    alerts = [
        entry
        for entry in audit.object.get("entries", [])
        if entry.get("action") == "usage_alert.fired"
    ]
    # The contract names no actions, so that of an alert is the mock's.
    fits = len(alerts) >= 4 or not actor.can(MOCK)
    actor.expect(audit, fits, "/entries", "usage_alert.fired", "four alerts", len(alerts))
    response, entry = actor.newest("list_recent_activity", "activities")
    actor.expect(
        response,
        entry.get("type") == "usage_alert",
        "/activities/0/type",
        "alert",
        "usage_alert",
        entry.get("type"),
    )


def alerts_follow_the_settings(actor: Actor) -> None:
    """Cross thresholds with alerts partly disabled: only enabled thresholds and channels fire."""
    hook = "https://hooks.kit.example.com/alerts"
    start_of_month(actor)
    allocated = number_at(actor.do("get_cost_projection"), "credits_allocated")
    settings: dict[str, Any] = {
        "threshold_50_enabled": True,
        "threshold_75_enabled": False,
        "email_enabled": False,
    }
    actor.do("update_usage_alerts", {**settings, "webhook_url": hook})
    for threshold in (50, 75):
        use_up_to(actor, allocated, threshold, 0)
    _expect_webhooks(actor, [50])
    _expect_mails(actor, [])
    actor.do("update_usage_alerts", {"webhook_url": None})
    use_up_to(actor, allocated, 90, 0)
    _expect_webhooks(actor, [50])
    _expect_mails(actor, [90])
    actor.do("update_usage_alerts", {"enabled": False, "webhook_url": hook})
    use_up_to(actor, allocated, 100, 0)
    _expect_webhooks(actor, [50])
    _expect_mails(actor, [90])
    actor.read_all()


def alerts_come_again_each_month(actor: Actor) -> None:
    """Cross thresholds in two months, two of them at once: each sends one alert a month."""
    start_of_month(actor)
    actor.do("update_usage_alerts", {"webhook_url": "https://hooks.kit.example.com/alerts"})
    allocated = number_at(actor.do("get_cost_projection"), "credits_allocated")
    use_up_to(actor, allocated, 75, 0)
    _expect_webhooks(actor, [75])
    _expect_mails(actor, [75])
    actor.wait_until(_next_month(actor))
    allocated = number_at(actor.do("get_cost_projection"), "credits_allocated")
    use_up_to(actor, allocated, 90, 0)
    _expect_webhooks(actor, [75, 75, 90])
    _expect_mails(actor, [75, 75, 90])
    actor.read_all()


def alert_settings_are_replaced_as_a_whole(actor: Actor) -> None:
    """Replace the alert settings: missing fields get their defaults, null removes the webhook."""
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
    actor.read_all()
    actor.do("update_usage_alerts", {"webhook_url": None})
    actor.call("get_usage_alerts")
    actor.do("update_usage_alerts", {})
    actor.read_all()


def the_trend_follows_daily_usage(actor: Actor) -> None:
    """Stop and resume usage: the trend falls, then rises."""
    actor.read_all()
    actor.wait(days=7)
    actor.read_all()
    actor.wait(days=8)
    actor.read_all()
    actor.use("light", 500)
    actor.read_all()
    response = actor.call("get_cost_projection")
    actor.equal(response, "/usage_trend", "rising", "increasing")


def a_long_history_is_paged(actor: Actor) -> None:
    """Page, filter and chart ten thousand entries."""
    power = actor.someone("power_user")
    power.read_all()
    for offset in (0, 99, 100, 5_000, 9_950):
        power.call("list_credit_transactions", query={"limit": 100, "offset": offset})
    for days in (1, 30, 365):
        power.call("get_usage_chart", query={"days": days})


def start_of_month(actor: Actor) -> None:
    """Advance to the first hour of a month, with $10 to use and no alert sent."""
    actor.do("update_usage_alerts", {"enabled": False})
    actor.wait_until(_next_month(actor))
    actor.leave(10 * DOLLAR)
    actor.wait_until(_next_month(actor))


def _next_month(actor: Actor) -> datetime:
    """Return the first hour of the next month."""
    later = actor.now.replace(day=1) + timedelta(days=32)
    return later.replace(day=1, hour=1, minute=0, second=0, microsecond=0)


def use_up_to(actor: Actor, allocated: int, percent: int, more: int) -> None:
    """Use credits up to a percentage of the allocation, plus ``more`` credits."""
    used = number_at(actor.do("get_cost_projection"), "credits_used")
    target = -(-allocated * percent // 100) + more
    if target > used:
        actor.use("light", target - used)


def _expect_webhooks(actor: Actor, thresholds: list[int]) -> None:
    sent = [message for message in actor.messages() if message.get("channel") == "webhook"]
    response = actor.call("get_usage_alerts")
    if not sent and not actor.can(MOCK):
        return  # a hook may show e-mails only; another story receives the webhooks
    got = [
        ((message.get("payload") or {}).get("data") or {}).get("threshold")
        for message in reversed(sent)
    ]
    events = {str((message.get("payload") or {}).get("event")) for message in sent}
    actor.expect(
        response,
        events <= {"usage.alert"},
        "/response/body",
        "event",
        "usage.alert",
        ", ".join(sorted(events)),
        "update_usage_alerts",
    )
    actor.expect(
        response,
        got == thresholds,
        "/response/body",
        "webhook",
        f"alerts for {thresholds}",
        got,
        "update_usage_alerts",
    )


def _expect_mails(actor: Actor, thresholds: list[int]) -> None:
    mails = [message for message in actor.messages() if message.get("channel") == "email"]
    subjects = [str(mail.get("subject") or mail.get("text") or "") for mail in reversed(mails)]
    got = [subject for subject in subjects if "%" in subject]
    fits = len(got) == len(thresholds) and all(
        f"{threshold}%" in subject.replace(" ", "")
        for threshold, subject in zip(thresholds, got, strict=True)
    )
    response = actor.call("get_usage_alerts")
    actor.expect(
        response,
        fits,
        "/response/body",
        "email",
        f"alerts for {thresholds}",
        got,
        "update_usage_alerts",
    )


def number_at(body: Any, *path: str | int) -> int:
    """Return a number of a body; 0 if there is none, so that later comparisons fail."""
    for part in path:
        if isinstance(body, dict):
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int) and part < len(body):
            body = body[part]
    return body if isinstance(body, int) else 0
