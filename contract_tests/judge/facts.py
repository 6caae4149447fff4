"""What must be true of one good answer of a certain operation by itself: sums, chains, echoes, dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from contract_tests.judge import money
from contract_tests.judge.answer import Answer, Fault, Json, Rule, moment
from contract_tests.judge.general import EVERYWHERE, number


def faults(answer: Answer) -> Iterator[Fault]:
    """Everything that is untrue in one answer. What the schema refuses is left to the schema."""
    for rule in (*EVERYWHERE, *RULES.get(answer.operation.id, ())):
        try:
            yield from rule(answer)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            continue  # not the shape that the rule speaks of: the schema says so


def balance_is_whole(answer: Answer) -> Iterator[Fault]:
    """The tier follows the balance, and the headers show the same."""
    balance = answer.body["balance_microcents"]
    if answer.body["tier"] != money.tier(balance):
        got = f"{answer.body['tier']} at {money.display(balance)}"
        yield Fault("money", "/tier", "tier", money.tier(balance), got, "observed")
    headers = f"/response/{answer.exchange.status}/headers"
    shown = answer.exchange.response_header("X-AlterLab-Balance")
    if shown is not None and shown != money.display(balance):
        yield Fault(
            "headers",
            f"{headers}/x-alterlab-balance",
            "balance",
            money.display(balance),
            shown,
            "observed",
        )
    limit = number(answer.exchange, "X-RateLimit-Limit")
    if limit in money.RATES and limit != money.requests_per_minute(balance):
        where, expected = f"{headers}/x-ratelimit-limit", str(money.requests_per_minute(balance))
        yield Fault(
            "headers", where, "tier", expected, f"{limit} at {money.display(balance)}", "observed"
        )


def ledger_chains(answer: Answer) -> Iterator[Fault]:
    """Each entry's balance is the one before plus its amount; the oldest of all starts from nothing."""
    wanted = answer.params.get("reference_type")
    entries = answer.body["transactions"]
    for entry in entries:
        if wanted is not None and entry["reference_type"] != wanted:
            got = entry["reference_type"]
            yield Fault(
                "pagination", "/transactions/*/reference_type", "filter", wanted, got, "documented"
            )
        yield from _ledger_entry(entry)
    if wanted is not None:
        return
    for newer, older in pairwise(entries):
        expected = older["balance_after_microcents"] + newer["amount_microcents"]
        if newer["balance_after_microcents"] != expected:
            got = str(newer["balance_after_microcents"])
            yield Fault(
                "money", "/transactions/*/balance_after_microcents", "chain", str(expected), got
            )
    if entries and not answer.body["has_more"]:
        oldest = entries[-1]
        if oldest["balance_after_microcents"] != oldest["amount_microcents"]:
            got = str(oldest["balance_after_microcents"])
            where = "/transactions/*/balance_after_microcents"
            yield Fault("money", where, "first", str(oldest["amount_microcents"]), got)


def _ledger_entry(entry: Json) -> Iterator[Fault]:
    amount, type = entry["amount_microcents"], entry["type"]
    sign_fits = amount <= 0 if type == "usage" else amount >= 0
    if not sign_fits:
        yield Fault(
            "money",
            "/transactions/*/amount_microcents",
            "sign",
            f"the sign of a {type}",
            str(amount),
        )
    if type in ("deposit", "auto_recharge") and amount % money.MICROCENTS_PER_CENT:
        yield Fault(
            "money", "/transactions/*/amount_microcents", "cents", "whole cents", str(amount)
        )
    if type == "usage" and amount % money.MICROCENTS_PER_CREDIT:
        yield Fault(
            "money", "/transactions/*/amount_microcents", "credits", "whole credits", str(amount)
        )
    allowed = _REFERENCES.get(type, set())
    if allowed and entry["reference_type"] not in allowed:
        expected = " or ".join(sorted(allowed))
        yield Fault(
            "money",
            "/transactions/*/reference_type",
            "reference",
            expected,
            entry["reference_type"],
        )
    if entry["balance_after_microcents"] < 0:
        got = str(entry["balance_after_microcents"])
        yield Fault(
            "money",
            "/transactions/*/balance_after_microcents",
            "minimum",
            "no balance below zero",
            got,
        )


def cards_have_one_default(answer: Answer) -> Iterator[Fault]:
    """Exactly one card is the default while there are any, and ``default_method_id`` names it; no card twice."""
    cards = answer.body["payment_methods"]
    defaults = [each["id"] for each in cards if each["is_default"]]
    named = answer.body["default_method_id"]
    if len(defaults) != bool(cards):
        got = f"{len(defaults)} of {len(cards)}"
        yield Fault(
            "state", "/payment_methods/*/is_default", "one_default", "exactly one default", got
        )
    elif defaults != ([named] if named is not None else []):
        yield Fault(
            "state",
            "/default_method_id",
            "default",
            str(defaults[0] if defaults else None),
            str(named),
        )
    stripe = [each["stripe_payment_method_id"] for each in cards]
    if len(set(stripe)) != len(stripe):
        yield Fault(
            "state",
            "/payment_methods/*/stripe_payment_method_id",
            "unique",
            "each card once",
            "one twice",
        )


def invoices_are_numbered(answer: Answer) -> Iterator[Fault]:
    """Numbers run without gaps, the newest is the total; what is paid says when, what is not does not."""
    invoices = answer.body["invoices"]
    numbers = [int(each["number"].rpartition("-")[2]) for each in invoices]
    expected = list(range(answer.body["total"], answer.body["total"] - len(numbers), -1))
    if numbers != expected:
        got = ", ".join(map(str, numbers[:5]))
        yield Fault(
            "state", "/invoices/*/number", "numbering", ", ".join(map(str, expected[:5])), got
        )
    for each in invoices:
        if (each["status"] == "paid") != (each["paid_at"] is not None):
            got = f"paid_at {each['paid_at']} of one that is {each['status']}"
            yield Fault(
                "state", "/invoices/*/paid_at", "paid_at", "a time exactly when it is paid", got
            )
        if (each["period_start"] is None) != (each["period_end"] is None):
            yield Fault(
                "time",
                "/invoices/*/period_end",
                "period",
                "both ends of a period or none",
                "one of them",
            )
        if each["amount_cents"] < 0:
            yield Fault(
                "money",
                "/invoices/*/amount_cents",
                "minimum",
                "no negative amount",
                str(each["amount_cents"]),
            )


def recharges_are_booked(answer: Answer) -> Iterator[Fault]:
    """A success adds the amount and has an invoice; a failure adds nothing and has a reason."""
    for each in answer.body["history"]:
        succeeded = each["status"] == "succeeded"
        gained = each["balance_after_microcents"] - each["balance_before_microcents"]
        expected = each["amount_cents"] * money.MICROCENTS_PER_CENT if succeeded else 0
        if gained != expected:
            yield Fault(
                "money", "/history/*/balance_after_microcents", "gain", str(expected), str(gained)
            )
        if succeeded != (each["invoice_id"] is not None):
            got = f"{each['invoice_id']} of one that {each['status']}"
            yield Fault(
                "state",
                "/history/*/invoice_id",
                "invoice",
                "an invoice exactly when it succeeded",
                got,
            )
        if succeeded != (each["failure_reason"] is None):
            got = f"{each['failure_reason']} of one that {each['status']}"
            yield Fault(
                "state",
                "/history/*/failure_reason",
                "reason",
                "a reason exactly when it failed",
                got,
            )


def recharge_check_is_consistent(answer: Answer) -> Iterator[Fault]:
    """What would work has a card that is valid and has not expired; an expired one has no days left."""
    body = answer.body
    if body["success"] and not body["payment_method_valid"]:
        yield Fault("state", "/success", "valid", "false without a valid card", "true")
    if body["card_expired"] and body["payment_method_valid"]:
        yield Fault(
            "state", "/payment_method_valid", "expired", "false for an expired card", "true"
        )
    days = body["card_days_until_expiry"]
    if days is not None and (days < 0) != body["card_expired"]:
        got = f"{body['card_expired']} with {days} days"
        yield Fault("state", "/card_expired", "expired", "true exactly when no days are left", got)
    if (days is None) != (body["card_last4"] is None):
        got = f"{days} with card {body['card_last4']}"
        yield Fault(
            "state", "/card_days_until_expiry", "card", "days exactly when there is a card", got
        )
    if (body["card_brand"] is None) != (body["card_last4"] is None):
        yield Fault(
            "state", "/card_last4", "card", "brand and digits of one card", "one without the other"
        )


def breakdown_adds_up(answer: Answer) -> Iterator[Fault]:
    """The types add up to the totals; credits follow from requests, cost from credits; the period is a month."""
    body = answer.body
    for type, price in money.CREDITS_PER_REQUEST.items():
        part = body[type]
        if part["credits"] != part["requests"] * price:
            got = f"{part['credits']} for {part['requests']} requests"
            yield Fault("usage", f"/{type}/credits", "price", f"{price} credits each", got)
        if part["cost_microcents"] != part["credits"] * money.MICROCENTS_PER_CREDIT:
            got = f"{part['cost_microcents']} for {part['credits']} credits"
            yield Fault(
                "usage", f"/{type}/cost_microcents", "cost", "20,000 microcents a credit", got
            )
    for total, name in (("total_credits", "credits"), ("total_requests", "requests")):
        expected = sum(body[type][name] for type in money.CREDITS_PER_REQUEST)
        if body[total] != expected:
            yield Fault("usage", f"/{total}", "sum", str(expected), str(body[total]))
    start, end = moment(body["period_start"]), moment(body["period_end"])
    if (start.day, start.hour, start.minute, start.second) != (1, 0, 0, 0) or end != _next_month(
        start
    ):
        yield Fault("time", "/period_end", "month", "one month, in UTC", f"{start} to {end}")


def chart_has_every_day(answer: Answer) -> Iterator[Fault]:
    """One entry for each of the days asked for, oldest first, without gaps; the types add up to the credits."""
    data, days = answer.body["data"], answer.params["days"]
    if len(data) != days:
        yield Fault("usage", "/data", "days", f"{days} days", str(len(data)), "documented")
    if answer.body["period"] != f"{days}d":
        yield Fault("usage", "/period", "period", f"{days}d", str(answer.body["period"]))
    for before, after in pairwise(data):
        if date.fromisoformat(after["date"]) - date.fromisoformat(before["date"]) != timedelta(
            days=1
        ):
            got = f"{before['date']}, {after['date']}"
            yield Fault("usage", "/data/*/date", "gap", "day after day, oldest first", got)
    for day in data:
        expected = sum(day[type] for type in money.CREDITS_PER_REQUEST)
        if day["credits"] != expected:
            yield Fault("usage", "/data/*/credits", "sum", str(expected), str(day["credits"]))
        if (day["credits"] == 0) != (day["requests"] == 0) or day["requests"] > day["credits"]:
            got = f"{day['requests']} requests for {day['credits']} credits"
            yield Fault("usage", "/data/*/requests", "price", "requests that fit the credits", got)


def realtime_nests(answer: Answer) -> Iterator[Fault]:
    """Today is part of the week and of the month; on a Monday today is the week, on the first it is the month."""
    body = answer.body
    now = moment(body["as_of"])
    for name in ("credits_used", "requests"):
        today, week, month = (body[f"{name}_{span}"] for span in ("today", "week", "month"))
        if today > week or (now.weekday() == 0 and today != week):
            yield Fault(
                "usage",
                f"/{name}_week",
                "week",
                f"at least today's {today} (since Monday)",
                str(week),
            )
        if today > month or (now.day == 1 and today != month):
            yield Fault("usage", f"/{name}_month", "month", f"at least today's {today}", str(month))
        if now.weekday() < now.day and week > month:
            yield Fault(
                "usage", f"/{name}_month", "week", f"at least this week's {week}", str(month)
            )
        if now.weekday() >= now.day and month > week:
            yield Fault(
                "usage", f"/{name}_week", "month", f"at least this month's {month}", str(week)
            )


def subscription_is_whole(answer: Answer) -> Iterator[Fault]:
    """Without a plan it is free and has no price, period or id; with one it has all of them."""
    body = answer.body
    has_plan = body["status"] != "none"
    for name in ("id", "price_id", "current_period_start", "current_period_end", "started_at"):
        if (body[name] is not None) != has_plan:
            yield Fault(
                "state", f"/{name}", "plan", "set exactly when there is a plan", str(body[name])
            )
    if (body["plan"] != "free") != has_plan:
        yield Fault("state", "/plan", "plan", "free exactly without a plan", body["plan"])
    if not has_plan and (
        body["price_cents"] or body["pending_plan"] or body["cancel_at_period_end"]
    ):
        yield Fault(
            "state",
            "/price_cents",
            "free",
            "nothing to pay and nothing pending",
            str(body["price_cents"]),
        )
    if body["pending_plan"] is not None and body["pending_plan"] == body["plan"]:
        yield Fault(
            "state",
            "/pending_plan",
            "pending",
            "another plan than the one that runs",
            body["pending_plan"],
        )
    if body["cancel_at_period_end"] != (body["pending_plan"] == "free"):
        yield Fault(
            "state",
            "/cancel_at_period_end",
            "cancel",
            "true exactly when it ends",
            str(body["pending_plan"]),
        )
    if has_plan:
        span = moment(body["current_period_end"]) - moment(body["current_period_start"])
        if not timedelta(days=28) <= span <= timedelta(days=31):
            yield Fault("time", "/current_period_end", "month", "one month", f"{span.days} days")


def promo_is_all_or_nothing(answer: Answer) -> Iterator[Fault]:
    """A code that cannot be used is null but for its message; one that can be says what it is worth."""
    body = answer.body
    for name in ("bonus_type", "bonus_value", "min_deposit_cents"):
        if (body[name] is not None) != body["valid"]:
            yield Fault(
                "state", f"/{name}", "valid", "set exactly when the code is valid", str(body[name])
            )
    if not body["valid"] and (
        body["max_credits_microcents"] is not None or body["expires_at"] is not None
    ):
        yield Fault("state", "/max_credits_microcents", "valid", "null when it is not", "a value")
    if body["valid"] and body["bonus_type"] == "fixed":
        cap = body["max_credits_microcents"]
        if cap is not None and cap != body["bonus_value"] * money.MICROCENTS_PER_CENT:
            got = str(cap)
            yield Fault("money", "/max_credits_microcents", "cap", "the fixed bonus", got)


def sessions_are_what_was_asked(answer: Answer) -> Iterator[Fault]:
    """A deposit's session is for the amount that was sent, and its URL leads to it."""
    sent = answer.exchange.sent
    if answer.body["amount_cents"] != sent["amount_cents"]:
        expected, got = str(sent["amount_cents"]), str(answer.body["amount_cents"])
        yield Fault("money", "/amount_cents", "echo", expected, got, "documented")


def url_names_the_session(answer: Answer) -> Iterator[Fault]:
    if answer.body["session_id"] not in answer.body["url"]:
        yield Fault(
            "state",
            "/url",
            "session",
            f"a URL with {answer.body['session_id']}",
            answer.body["url"],
        )


def challenge_is_what_was_asked(answer: Answer) -> Iterator[Fault]:
    """Action and method come back; the destination is masked."""
    sent = answer.exchange.sent
    for name, default in (("action", None), ("method", "email")):
        expected = sent.get(name, default)
        if answer.body[name] != expected:
            yield Fault(
                "state", f"/{name}", "echo", str(expected), str(answer.body[name]), "documented"
            )
    masked = answer.body["masked_destination"]
    shape = (
        masked.startswith("***-**") and len(masked) == 8
        if answer.body["method"] == "sms"
        else masked[1:5] == "***@"
    )
    if not shape:
        yield Fault("secret", "/masked_destination", "mask", "j***@example.com or ***-**42", masked)


def settings_are_what_was_sent(answer: Answer) -> Iterator[Fault]:
    """A PUT replaces the settings: what was sent stands, what was left out has its default."""
    sent = answer.exchange.sent
    properties = answer.operation.body.node["properties"] if answer.operation.body else {}
    for name, schema in properties.items():
        expected = sent.get(name, schema.get("default"))
        if name in answer.body and answer.body[name] != expected:
            how = "as sent" if name in sent else "the default"
            yield Fault(
                "state",
                f"/{name}",
                "echo",
                f"{expected!r}, {how}",
                repr(answer.body[name]),
                "documented",
            )


def card_is_the_one_sent(answer: Answer) -> Iterator[Fault]:
    sent = answer.exchange.sent["payment_method_id"]
    if answer.body["stripe_payment_method_id"] != sent:
        got = answer.body["stripe_payment_method_id"]
        yield Fault("state", "/stripe_payment_method_id", "echo", sent, got)


def _next_month(start: datetime) -> datetime:
    return (start + timedelta(days=32)).replace(day=1)


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
    "get_subscription": (subscription_is_whole,),
    "change_plan": (subscription_is_whole,),
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
