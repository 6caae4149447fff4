"""Relations between the views of an account that was not changed between their readings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from contract_tests.billing import effects, money, usage
from contract_tests.billing.ledger_order import is_oldest_first, is_one_moment, whole_ledger
from contract_tests.billing.usage import BREAKDOWN, CHART, REALTIME
from contract_tests.findings.severity import CONTRADICTION, QUESTION
from contract_tests.judge.views import Relation, Shown, Views
from contract_tests.judge.violation import Violation, are_close, moment


def balance_is_the_newest_entry(views: Views) -> Iterator[Shown]:
    """Check that the balance is the ``balance_after`` of the newest ledger entry."""
    head = views.head(effects.LEDGER)
    if head is None:
        return
    balance = views.newest(effects.BALANCE)["balance_microcents"]
    entries = head["transactions"]
    if is_oldest_first(entries) or (is_one_moment(entries) and len(entries) < head["total"]):
        entries = whole_ledger(views) or []
    expected = entries[0]["balance_after_microcents"] if entries else 0
    if (entries or not head["total"]) and balance != expected:
        yield (
            effects.BALANCE,
            Violation(
                "money", "/balance_microcents", "ledger", f"{expected}, by the ledger", str(balance)
            ),
        )


def balance_is_the_sum(views: Views) -> Iterator[Shown]:
    """Check that the balance and its totals are sums of the ledger."""
    entries = whole_ledger(views)
    if entries is None:
        return
    balance = views.newest(effects.BALANCE)
    total = sum(entry["amount_microcents"] for entry in entries)
    if balance["balance_microcents"] != total:
        got = str(balance["balance_microcents"])
        yield (
            effects.BALANCE,
            Violation(
                "money", "/balance_microcents", "sum", f"{total}, the sum of the ledger", got
            ),
        )
    paid_in = sum(
        entry["amount_microcents"]
        for entry in entries
        if entry["type"] in ("deposit", "auto_recharge")
    )
    expected = paid_in // money.MICROCENTS_PER_CENT
    if balance["total_deposited_cents"] != expected:
        got = str(balance["total_deposited_cents"])
        yield (
            effects.BALANCE,
            Violation("money", "/total_deposited_cents", "sum", f"{expected} by the ledger", got),
        )
    used, refunded = (
        sum(entry["amount_microcents"] for entry in entries if entry["type"] == kind)
        for kind in ("usage", "refund")
    )
    spent = -used - refunded
    expected = spent // money.MICROCENTS_PER_CENT
    shown = balance["total_spent_cents"]
    if shown != expected:
        # The contract says "whole cents", and not how a fraction is rounded.
        is_rounded_up = shown == -(-spent // money.MICROCENTS_PER_CENT)
        is_without_refunds = refunded and shown == -used // money.MICROCENTS_PER_CENT
        is_rounded_up &= not is_without_refunds
        wanted, nature = f"{expected} by the ledger", QUESTION if is_rounded_up else None
        where = "/total_spent_cents"
        yield effects.BALANCE, Violation("money", where, "sum", wanted, str(shown), nature=nature)


def balance_shows_the_settings(views: Views) -> Iterator[Shown]:
    """Check that the balance shows the current auto-recharge settings."""
    shown, settings = views.newest(effects.BALANCE)["auto_recharge"], views.newest(effects.RECHARGE)
    for name, value in shown.items():
        if name in settings and settings[name] != value:
            violation = Violation(
                "state",
                f"/auto_recharge/{name}",
                "settings",
                f"{settings[name]!r}, as set",
                repr(value),
                nature=CONTRADICTION,
            )
            yield effects.BALANCE, violation


def ledger_chains_across_pages(views: Views) -> Iterator[Shown]:
    """Check that every entry continues the one before it, across pages too."""
    for newer, older in pairwise(whole_ledger(views) or []):
        expected = older["balance_after_microcents"] + newer["amount_microcents"]
        if newer["balance_after_microcents"] != expected:
            got = str(newer["balance_after_microcents"])
            where = "/transactions/*/balance_after_microcents"
            yield effects.LEDGER, Violation("money", where, "chain", str(expected), got)
            return


def history_is_booked(views: Views) -> Iterator[Shown]:
    """Check that the ledger has exactly the successful recharges of the history."""
    attempts, entries = (
        views.whole(effects.HISTORY),
        whole_ledger(views),
    )
    if attempts is None or entries is None:
        return
    charged = sorted(
        attempt["amount_cents"] * money.MICROCENTS_PER_CENT
        for attempt in attempts
        if attempt["status"] == "succeeded"
    )
    booked = sorted(
        entry["amount_microcents"] for entry in entries if entry["type"] == "auto_recharge"
    )
    if charged != booked:
        got = f"{len(booked)} entries of {sum(booked)} microcents"
        expected = f"{len(charged)} recharges of {sum(charged)} microcents, by the history"
        yield effects.LEDGER, Violation("money", "/transactions", "recharges", expected, got)


def settings_show_the_last_attempt(views: Views) -> Iterator[Shown]:
    """Check that the settings show the last success and failure of the history."""
    attempts, settings = views.whole(effects.HISTORY), views.newest(effects.RECHARGE)
    if attempts is None:
        return
    succeeded = next(
        (attempt["created_at"] for attempt in attempts if attempt["status"] == "succeeded"), None
    )
    reason = attempts[0]["failure_reason"] if attempts else None
    last_success, last_reason = settings["last_recharge_at"], settings["last_failure_reason"]
    for name, expected, fits in (
        ("last_recharge_at", succeeded, are_close(last_success, succeeded)),
        ("last_failure_reason", reason, last_reason == reason),
    ):
        if not fits:
            violation = Violation(
                "state", f"/{name}", "history", f"{expected}, by the history", str(settings[name])
            )
            yield effects.RECHARGE, violation
    if settings["consecutive_failures"] >= 3 and settings["enabled"]:
        yield (
            effects.RECHARGE,
            Violation("state", "/enabled", "three_failures", "false after three failures", "true"),
        )
    run = next(
        (index for index, attempt in enumerate(attempts) if attempt["status"] == "succeeded"),
        len(attempts),
    )
    if settings["consecutive_failures"] > run:
        got = str(settings["consecutive_failures"])
        yield (
            effects.RECHARGE,
            Violation(
                "state", "/consecutive_failures", "history", f"at most {run}, by the history", got
            ),
        )


def charges_have_invoices(views: Views) -> Iterator[Shown]:
    """Check that every deposit and recharge of the ledger has a paid invoice of its amount."""
    entries = whole_ledger(views)
    body = views.newest(effects.INVOICES)
    if entries is None or body["has_more"]:
        return
    paid = sorted(
        invoice["amount_cents"] for invoice in body["invoices"] if invoice["status"] == "paid"
    )
    for entry in entries:
        if entry["type"] not in ("deposit", "auto_recharge"):
            continue
        amount = entry["amount_microcents"] // money.MICROCENTS_PER_CENT
        if amount not in paid:
            got = f"none for {entry['type']} {entry['id']}"
            yield (
                effects.INVOICES,
                Violation("money", "/invoices", "charge", f"an invoice of {amount} cents", got),
            )
            return
        paid.remove(amount)


_LEDGER_TYPES = frozenset({"deposit", "auto_recharge", "bonus", "usage", "refund", "subscription"})


def activity_is_in_the_ledger(views: Views) -> Iterator[Shown]:
    """Check that the activity has the deposits, recharges and bonuses of the ledger."""
    entries, activity = (
        whole_ledger(views),
        views.whole(effects.ACTIVITY),
    )
    if entries is None or activity is None:
        return
    if any(entry["type"] not in _LEDGER_TYPES for entry in entries):
        return  # enums are open: an entry of another type may be a bonus or a refund elsewhere
    for type in ("deposit", "auto_recharge", "bonus", "refund"):
        booked = sorted(entry["amount_microcents"] for entry in entries if entry["type"] == type)
        shown = sorted(item["amount_microcents"] or 0 for item in activity if item["type"] == type)
        if type == "bonus":
            signups = [entry for entry in entries if entry["reference_type"] == "signup"]
            if len(shown) == len(booked) - len(signups):
                booked = sorted(
                    e["amount_microcents"] for e in entries if e["reference_type"] == "promo"
                )
        if shown != booked:
            got = f"{len(shown)} of {sum(shown)} microcents"
            expected = f"{len(booked)} {type} of {sum(booked)} microcents, by the ledger"
            yield (
                effects.ACTIVITY,
                Violation("state", "/activities", type, expected, got, nature=CONTRADICTION),
            )


def check_shows_the_paying_card(views: Views) -> Iterator[Shown]:
    """Check that the auto-recharge check shows the card that would pay.

    It is the card that the settings name, or else the default card.
    """
    check, settings = views.newest(effects.CHECK), views.newest(effects.RECHARGE)
    cards = views.newest(effects.CARDS)["payment_methods"]
    named = settings["stripe_payment_method_id"]
    card = next(
        (
            card
            for card in cards
            if (card["stripe_payment_method_id"] == named if named else card["is_default"])
        ),
        None,
    )
    expected = (card["card_brand"], card["card_last4"]) if card else (None, None)
    if card is not None and None in expected:
        return  # the list does not show which card it is
    if (check["card_brand"], check["card_last4"]) != expected:
        got = f"{check['card_brand']} {check['card_last4']}"
        yield (
            effects.CHECK,
            Violation(
                "state",
                "/card_last4",
                "card",
                f"{expected[0]} {expected[1]}, which would pay",
                got,
                nature=CONTRADICTION,
            ),
        )
    if card is None and (check["success"] or check["payment_method_valid"]):
        yield (
            effects.CHECK,
            Violation("state", "/success", "no_card", "false without a card", "true"),
        )
    if check["recharge_amount_cents"] != settings["recharge_amount_cents"]:
        got = str(check["recharge_amount_cents"])
        expected_amount = f"{settings['recharge_amount_cents']}, as set"
        yield (
            effects.CHECK,
            Violation("money", "/recharge_amount_cents", "settings", expected_amount, got),
        )


def check_counts_the_days(views: Views) -> Iterator[Shown]:
    """Check that the days until expiry count from today to the end of the card's last month."""
    check, cards = views.newest(effects.CHECK), views.newest(effects.CARDS)["payment_methods"]
    now = moment(views.newest(REALTIME)["as_of"])
    found = [
        card
        for card in cards
        if (card["card_brand"], card["card_last4"]) == (check["card_brand"], check["card_last4"])
    ]
    if len(found) != 1 or check["card_days_until_expiry"] is None:
        return
    month, year = found[0]["card_exp_month"], found[0]["card_exp_year"]
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    days = (end - now).days
    if check["card_days_until_expiry"] != days:
        got = str(check["card_days_until_expiry"])
        where = "/card_days_until_expiry"
        yield (
            effects.CHECK,
            Violation("time", where, "expiry", f"{days}, to the end of {month}/{year}", got),
        )


def named_card_exists(views: Views) -> Iterator[Shown]:
    """Check that enabled settings name one of the account's cards."""
    settings, cards = views.newest(effects.RECHARGE), views.newest(effects.CARDS)["payment_methods"]
    named = settings["stripe_payment_method_id"]
    if (
        settings["enabled"]
        and named
        and named not in {card["stripe_payment_method_id"] for card in cards}
    ):
        violation = Violation(
            "state",
            "/stripe_payment_method_id",
            "removed",
            "one of the account's cards",
            named,
            nature=CONTRADICTION,
        )
        yield effects.RECHARGE, violation


RELATIONS = (
    Relation((effects.BALANCE, effects.LEDGER), balance_is_the_newest_entry),
    Relation((effects.BALANCE, effects.LEDGER), balance_is_the_sum),
    Relation((effects.BALANCE, effects.RECHARGE), balance_shows_the_settings),
    Relation((effects.LEDGER,), ledger_chains_across_pages),
    Relation((BREAKDOWN, REALTIME), usage.usage_views_agree),
    Relation((effects.PROJECTION, BREAKDOWN), usage.projection_counts_the_month),
    Relation((CHART, REALTIME), usage.chart_ends_today),
    Relation((CHART, BREAKDOWN), usage.chart_adds_up_to_the_month),
    Relation((effects.LEDGER, BREAKDOWN), usage.usage_is_in_the_ledger),
    Relation((effects.LEDGER, CHART), usage.chart_is_in_the_ledger),
    Relation((effects.PROJECTION, CHART), usage.trend_follows_the_chart),
    Relation((effects.PROJECTION, effects.SUBSCRIPTION), usage.allocation_is_the_plans),
    Relation(
        (effects.PROJECTION, effects.SUBSCRIPTION, effects.LEDGER, BREAKDOWN),
        usage.allocation_is_what_was_bought,
    ),
    Relation((effects.HISTORY, effects.LEDGER), history_is_booked),
    Relation((effects.HISTORY, effects.RECHARGE), settings_show_the_last_attempt),
    Relation((effects.INVOICES, effects.LEDGER), charges_have_invoices),
    Relation((effects.ACTIVITY, effects.LEDGER), activity_is_in_the_ledger),
    Relation((effects.CHECK, effects.RECHARGE, effects.CARDS), check_shows_the_paying_card),
    Relation((effects.CHECK, effects.CARDS, REALTIME), check_counts_the_days),
    Relation((effects.RECHARGE, effects.CARDS), named_card_exists),
)
