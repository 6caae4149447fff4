"""What must hold of one successful response of a certain operation by itself: sums, chains, echoes, dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from contract_tests.billing import money
from contract_tests.judge.general import EVERYWHERE, number, objects_in
from contract_tests.judge.violation import Json, Response, Rule, Violation, moment

_NONE = object()


def displays_say_their_numbers(response: Response) -> Iterator[Violation]:
    """Each ``*_display`` is the amount beside it, rounded toward minus infinity."""
    for where, node in objects_in(response.body, ""):
        for name, text in node.items():
            if not name.endswith("_display"):
                continue
            amount = _amount(node, name.removesuffix("_display"))
            if amount is _NONE:
                continue
            expected = None if amount is None else money.display(amount)
            if text != expected:
                yield Violation(
                    "display",
                    f"{where}/{name}",
                    "display",
                    f"{expected}, as the number beside it",
                    str(text),
                )


def warning_follows_the_balance(response: Response) -> Iterator[Violation]:
    """The warning is that of the balance in the header."""
    exchange = response.exchange
    headers = f"/response/{exchange.status}/headers"
    shown = exchange.response_header("X-AlterLab-Balance")
    if shown is None:
        return
    warned = exchange.response_header("X-AlterLab-Balance-Warning")
    expected = money.warning(_microcents(shown))
    if warned != expected:
        where = f"{headers}/x-alterlab-balance-warning"
        yield Violation(
            "headers", where, "warning", str(expected), f"{warned} at {shown}", "observed"
        )


def _amount(node: Json, stem: str) -> Any:
    """The amount in microcents that a display stands beside; ``_NONE`` if there is none."""
    for suffix, factor in (("_microcents", 1), ("_cents", money.MICROCENTS_PER_CENT)):
        value = node.get(stem + suffix, _NONE)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return None if value is None else value * factor
    return _NONE


def _microcents(display: str) -> int:
    """The amount that a display shows."""
    whole, _, fraction = display.replace("$", "").replace(",", "").partition(".")
    units = int(whole.lstrip("-") + fraction) * (-1 if whole.startswith("-") else 1)
    return units * (100 * money.MICROCENTS_PER_CENT // int(10 ** len(fraction)))


def balance_is_whole(response: Response) -> Iterator[Violation]:
    """The tier follows the balance, and the headers show the same."""
    balance = response.body["balance_microcents"]
    if response.body["tier"] != money.tier(balance):
        got = f"{response.body['tier']} at {money.display(balance)}"
        yield Violation("money", "/tier", "tier", money.tier(balance), got, "observed")
    headers = f"/response/{response.exchange.status}/headers"
    shown = response.exchange.response_header("X-AlterLab-Balance")
    if shown is not None and shown != money.display(balance):
        yield Violation(
            "headers",
            f"{headers}/x-alterlab-balance",
            "balance",
            money.display(balance),
            shown,
            "observed",
        )
    limit = number(response.exchange, "X-RateLimit-Limit")
    if limit in money.RATES and limit != money.requests_per_minute(balance):
        where, expected = f"{headers}/x-ratelimit-limit", str(money.requests_per_minute(balance))
        yield Violation(
            "headers", where, "tier", expected, f"{limit} at {money.display(balance)}", "observed"
        )


def ledger_chains(response: Response) -> Iterator[Violation]:
    """Each entry's balance is the one before plus its amount; the oldest of all starts from nothing."""
    wanted = response.params.get("reference_type")
    entries = response.body["transactions"]
    for entry in entries:
        if wanted is not None and entry["reference_type"] != wanted:
            got = entry["reference_type"]
            yield Violation(
                "pagination", "/transactions/*/reference_type", "filter", wanted, got, "documented"
            )
        yield from _ledger_entry(entry)
    if wanted is not None:
        return
    for newer, older in pairwise(entries):
        expected = older["balance_after_microcents"] + newer["amount_microcents"]
        if newer["balance_after_microcents"] != expected:
            got = str(newer["balance_after_microcents"])
            yield Violation(
                "money", "/transactions/*/balance_after_microcents", "chain", str(expected), got
            )
    if entries and not response.body["has_more"]:
        oldest = entries[-1]
        if oldest["balance_after_microcents"] != oldest["amount_microcents"]:
            got = str(oldest["balance_after_microcents"])
            where = "/transactions/*/balance_after_microcents"
            yield Violation("money", where, "first", str(oldest["amount_microcents"]), got)


def _ledger_entry(entry: Json) -> Iterator[Violation]:
    amount, type = entry["amount_microcents"], entry["type"]
    sign_fits = amount <= 0 if type == "usage" else amount >= 0
    if not sign_fits:
        yield Violation(
            "money",
            "/transactions/*/amount_microcents",
            "sign",
            f"the sign of a {type}",
            str(amount),
        )
    if type in ("deposit", "auto_recharge") and amount % money.MICROCENTS_PER_CENT:
        yield Violation(
            "money", "/transactions/*/amount_microcents", "cents", "whole cents", str(amount)
        )
    if type == "usage" and amount % money.MICROCENTS_PER_CREDIT:
        yield Violation(
            "money", "/transactions/*/amount_microcents", "credits", "whole credits", str(amount)
        )
    allowed = _REFERENCES.get(type, set())
    if allowed and entry["reference_type"] not in allowed:
        expected = " or ".join(sorted(allowed))
        yield Violation(
            "money",
            "/transactions/*/reference_type",
            "reference",
            expected,
            entry["reference_type"],
        )
    if entry["balance_after_microcents"] < 0:
        got = str(entry["balance_after_microcents"])
        yield Violation(
            "money",
            "/transactions/*/balance_after_microcents",
            "minimum",
            "no balance below zero",
            got,
        )


def cards_have_one_default(response: Response) -> Iterator[Violation]:
    """Exactly one card is the default while there are any, and ``default_method_id`` names it; no card twice."""
    cards = response.body["payment_methods"]
    defaults = [each["id"] for each in cards if each["is_default"]]
    named = response.body["default_method_id"]
    if len(defaults) != bool(cards):
        got = f"{len(defaults)} of {len(cards)}"
        yield Violation(
            "state", "/payment_methods/*/is_default", "one_default", "exactly one default", got
        )
    elif defaults != ([named] if named is not None else []):
        yield Violation(
            "state",
            "/default_method_id",
            "default",
            str(defaults[0] if defaults else None),
            str(named),
        )
    stripe = [each["stripe_payment_method_id"] for each in cards]
    if len(set(stripe)) != len(stripe):
        yield Violation(
            "state",
            "/payment_methods/*/stripe_payment_method_id",
            "unique",
            "each card once",
            "one twice",
        )


def invoices_are_numbered(response: Response) -> Iterator[Violation]:
    """Numbers run without gaps, the newest is the total; what is paid says when, what is not does not."""
    invoices = response.body["invoices"]
    numbers = [int(each["number"].rpartition("-")[2]) for each in invoices]
    expected = list(range(response.body["total"], response.body["total"] - len(numbers), -1))
    if numbers != expected:
        got = ", ".join(map(str, numbers[:5]))
        yield Violation(
            "state", "/invoices/*/number", "numbering", ", ".join(map(str, expected[:5])), got
        )
    for each in invoices:
        if (each["status"] == "paid") != (each["paid_at"] is not None):
            got = f"paid_at {each['paid_at']} of one that is {each['status']}"
            yield Violation(
                "state", "/invoices/*/paid_at", "paid_at", "a time exactly when it is paid", got
            )
        if (each["period_start"] is None) != (each["period_end"] is None):
            yield Violation(
                "time",
                "/invoices/*/period_end",
                "period",
                "both ends of a period or none",
                "one of them",
            )
        if each["amount_cents"] < 0:
            yield Violation(
                "money",
                "/invoices/*/amount_cents",
                "minimum",
                "no negative amount",
                str(each["amount_cents"]),
            )


def recharges_are_booked(response: Response) -> Iterator[Violation]:
    """A success adds the amount and has an invoice; a failure adds nothing and has a reason."""
    for each in response.body["history"]:
        succeeded = each["status"] == "succeeded"
        gained = each["balance_after_microcents"] - each["balance_before_microcents"]
        expected = each["amount_cents"] * money.MICROCENTS_PER_CENT if succeeded else 0
        if gained != expected:
            yield Violation(
                "money", "/history/*/balance_after_microcents", "gain", str(expected), str(gained)
            )
        if succeeded != (each["invoice_id"] is not None):
            got = f"{each['invoice_id']} of one that {each['status']}"
            yield Violation(
                "state",
                "/history/*/invoice_id",
                "invoice",
                "an invoice exactly when it succeeded",
                got,
            )
        if succeeded != (each["failure_reason"] is None):
            got = f"{each['failure_reason']} of one that {each['status']}"
            yield Violation(
                "state",
                "/history/*/failure_reason",
                "reason",
                "a reason exactly when it failed",
                got,
            )


def recharge_check_is_consistent(response: Response) -> Iterator[Violation]:
    """What would work has a card that is valid and has not expired; an expired one has no days left."""
    body = response.body
    if body["success"] and not body["payment_method_valid"]:
        yield Violation("state", "/success", "valid", "false without a valid card", "true")
    if body["card_expired"] and body["payment_method_valid"]:
        yield Violation(
            "state", "/payment_method_valid", "expired", "false for an expired card", "true"
        )
    days = body["card_days_until_expiry"]
    if days is not None and (days < 0) != body["card_expired"]:
        got = f"{body['card_expired']} with {days} days"
        yield Violation(
            "state", "/card_expired", "expired", "true exactly when no days are left", got
        )
    if (days is None) != (body["card_last4"] is None):
        got = f"{days} with card {body['card_last4']}"
        yield Violation(
            "state", "/card_days_until_expiry", "card", "days exactly when there is a card", got
        )
    if (body["card_brand"] is None) != (body["card_last4"] is None):
        yield Violation(
            "state", "/card_last4", "card", "brand and digits of one card", "one without the other"
        )


def breakdown_adds_up(response: Response) -> Iterator[Violation]:
    """The types add up to the totals; credits follow from requests, cost from credits; the period is a month."""
    body = response.body
    for type, price in money.CREDITS_PER_REQUEST.items():
        part = body[type]
        if part["credits"] != part["requests"] * price:
            got = f"{part['credits']} for {part['requests']} requests"
            yield Violation("usage", f"/{type}/credits", "price", f"{price} credits each", got)
        if part["cost_microcents"] != part["credits"] * money.MICROCENTS_PER_CREDIT:
            got = f"{part['cost_microcents']} for {part['credits']} credits"
            yield Violation(
                "usage", f"/{type}/cost_microcents", "cost", "20,000 microcents a credit", got
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
    """One entry for each of the days asked for, oldest first, without gaps; the types add up to the credits."""
    data, days = response.body["data"], response.params["days"]
    if len(data) != days:
        yield Violation("usage", "/data", "days", f"{days} days", str(len(data)), "documented")
    if response.body["period"] != f"{days}d":
        yield Violation("usage", "/period", "period", f"{days}d", str(response.body["period"]))
    for before, after in pairwise(data):
        if date.fromisoformat(after["date"]) - date.fromisoformat(before["date"]) != timedelta(
            days=1
        ):
            got = f"{before['date']}, {after['date']}"
            yield Violation("usage", "/data/*/date", "gap", "day after day, oldest first", got)
    for day in data:
        expected = sum(day[type] for type in money.CREDITS_PER_REQUEST)
        if day["credits"] != expected:
            yield Violation("usage", "/data/*/credits", "sum", str(expected), str(day["credits"]))
        if (day["credits"] == 0) != (day["requests"] == 0) or day["requests"] > day["credits"]:
            got = f"{day['requests']} requests for {day['credits']} credits"
            yield Violation(
                "usage", "/data/*/requests", "price", "requests that fit the credits", got
            )


def realtime_nests(response: Response) -> Iterator[Violation]:
    """Today is part of the week and of the month; on a Monday today is the week, on the first it is the month."""
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


def subscription_is_whole(response: Response) -> Iterator[Violation]:
    """Without a plan it is free and has no price, period or id; with one it has all of them."""
    body = response.body
    has_plan = body["status"] != "none"
    for name in ("id", "price_id", "current_period_start", "current_period_end", "started_at"):
        if (body[name] is not None) != has_plan:
            expected = "set exactly when there is a plan"
            yield Violation("state", f"/{name}", "plan", expected, str(body[name]))
    if (body["plan"] != "free") != has_plan:
        yield Violation("state", "/plan", "plan", "free exactly without a plan", body["plan"])
    is_due = body["price_cents"] or body["pending_plan"] or body["cancel_at_period_end"]
    if not has_plan and is_due:
        expected, got = "nothing to pay and nothing pending", str(body["price_cents"])
        yield Violation("state", "/price_cents", "free", expected, got)
    if has_plan:
        span = moment(body["current_period_end"]) - moment(body["current_period_start"])
        if not timedelta(days=28) <= span <= timedelta(days=31):
            got = f"{span.days} days"
            yield Violation("time", "/current_period_end", "month", "one month", got)


def pending_plan_is_another(response: Response) -> Iterator[Violation]:
    """A pending plan is another than the one that runs; the free one means that it ends."""
    body = response.body
    pending = body["pending_plan"]
    if pending is not None and pending == body["plan"]:
        expected = "another plan than the one that runs"
        yield Violation("state", "/pending_plan", "pending", expected, pending)
    if body["cancel_at_period_end"] != (pending == "free"):
        where, expected = "/cancel_at_period_end", "true exactly when it ends"
        yield Violation("state", where, "cancel", expected, str(pending))


def promo_is_all_or_nothing(response: Response) -> Iterator[Violation]:
    """A code that cannot be used is null but for its message; one that can be says what it is worth."""
    body = response.body
    for name in ("bonus_type", "bonus_value", "min_deposit_cents"):
        if (body[name] is not None) != body["valid"]:
            yield Violation(
                "state", f"/{name}", "valid", "set exactly when the code is valid", str(body[name])
            )
    if not body["valid"] and (
        body["max_credits_microcents"] is not None or body["expires_at"] is not None
    ):
        yield Violation(
            "state", "/max_credits_microcents", "valid", "null when it is not", "a value"
        )
    if body["valid"] and body["bonus_type"] == "fixed":
        cap = body["max_credits_microcents"]
        if cap is not None and cap != body["bonus_value"] * money.MICROCENTS_PER_CENT:
            got = str(cap)
            yield Violation("money", "/max_credits_microcents", "cap", "the fixed bonus", got)


def sessions_are_what_was_asked(response: Response) -> Iterator[Violation]:
    """A deposit's session is for the amount that was sent, and its URL leads to it."""
    sent = response.exchange.sent
    if response.body["amount_cents"] != sent["amount_cents"]:
        expected, got = str(sent["amount_cents"]), str(response.body["amount_cents"])
        yield Violation("money", "/amount_cents", "echo", expected, got, "documented")


def url_names_the_session(response: Response) -> Iterator[Violation]:
    if response.body["session_id"] not in response.body["url"]:
        yield Violation(
            "state",
            "/url",
            "session",
            f"a URL with {response.body['session_id']}",
            response.body["url"],
        )


def challenge_is_what_was_asked(response: Response) -> Iterator[Violation]:
    """Action and method come back; the destination is masked."""
    sent = response.exchange.sent
    for name, default in (("action", None), ("method", "email")):
        expected = sent.get(name, default)
        if response.body[name] != expected:
            yield Violation(
                "state", f"/{name}", "echo", str(expected), str(response.body[name]), "documented"
            )
    masked = response.body["masked_destination"]
    shape = (
        masked.startswith("***-**") and len(masked) == 8
        if response.body["method"] == "sms"
        else masked[1:5] == "***@"
    )
    if not shape:
        yield Violation(
            "secret", "/masked_destination", "mask", "j***@example.com or ***-**42", masked
        )


def settings_are_what_was_sent(response: Response) -> Iterator[Violation]:
    """A PUT replaces the settings: what was sent stands, what was left out has its default."""
    sent = response.exchange.sent
    properties = response.operation.body.node["properties"] if response.operation.body else {}
    for name, schema in properties.items():
        expected = sent.get(name, schema.get("default"))
        if name in response.body and response.body[name] != expected:
            how = "as sent" if name in sent else "the default"
            yield Violation(
                "state",
                f"/{name}",
                "echo",
                f"{expected!r}, {how}",
                repr(response.body[name]),
                "documented",
            )


def card_is_the_one_sent(response: Response) -> Iterator[Violation]:
    sent = response.exchange.sent["payment_method_id"]
    if response.body["stripe_payment_method_id"] != sent:
        got = response.body["stripe_payment_method_id"]
        yield Violation("state", "/stripe_payment_method_id", "echo", sent, got)


def _next_month(start: datetime) -> datetime:
    return (start + timedelta(days=32)).replace(day=1)


OF_ANY: tuple[Rule, ...] = (
    *EVERYWHERE,
    displays_say_their_numbers,
    warning_follows_the_balance,
)

RULES: dict[str, tuple[Rule, ...]] = {
    "get_balance": (balance_is_whole,),
    "list_credit_transactions": (ledger_chains,),
    "list_payment_methods": (cards_have_one_default,),
    "list_invoices": (invoices_are_numbered,),
    "list_auto_recharge_history": (recharges_are_booked,),
    "check_auto_recharge": (recharge_check_is_consistent,),
    "get_usage_breakdown": (breakdown_adds_up,),
    "get_usage_chart": (chart_has_every_day,),
    "get_usage_realtime": (realtime_nests,),
    "get_subscription": (subscription_is_whole, pending_plan_is_another),
    "change_plan": (subscription_is_whole, pending_plan_is_another),
    "validate_promo_code": (promo_is_all_or_nothing,),
    "create_deposit": (sessions_are_what_was_asked, url_names_the_session),
    "create_checkout_session": (url_names_the_session,),
    "initiate_verification": (challenge_is_what_was_asked,),
    "update_auto_recharge": (settings_are_what_was_sent,),
    "update_usage_alerts": (settings_are_what_was_sent,),
    "add_payment_method": (card_is_the_one_sent,),
}

_REFERENCES = {
    "deposit": {"deposit"},
    "auto_recharge": {"auto_recharge"},
    "bonus": {"promo", "signup"},
    "usage": {"scrape", "crawl"},
    "refund": {"refund"},
    "subscription": {"subscription"},
}
