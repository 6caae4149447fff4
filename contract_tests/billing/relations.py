"""What must be true between the views of one account, when nothing was changed between their readings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from contract_tests.billing import effects, money, usage
from contract_tests.billing.usage import BREAKDOWN, CHART, REALTIME
from contract_tests.judge.views import Relation, Shown, Views
from contract_tests.judge.violation import Violation, moment


def balance_is_the_newest_entry(views: Views) -> Iterator[Shown]:
    """The balance is what the newest entry of the ledger left."""
    head = views.head(effects.LEDGER)
    if head is None:
        return
    balance = views.newest(effects.BALANCE)["balance_microcents"]
    entries = head["transactions"]
    expected = entries[0]["balance_after_microcents"] if entries else 0
    if (entries or not head["total"]) and balance != expected:
        yield (
            effects.BALANCE,
            Violation(
                "money", "/balance_microcents", "ledger", f"{expected}, by the ledger", str(balance)
            ),
        )


def balance_is_the_sum(views: Views) -> Iterator[Shown]:
    """The balance is the sum of all entries; what was paid in and spent are sums of theirs."""
    entries = views.whole(effects.LEDGER)
    if entries is None:
        return
    balance = views.newest(effects.BALANCE)
    total = sum(each["amount_microcents"] for each in entries)
    if balance["balance_microcents"] != total:
        got = str(balance["balance_microcents"])
        yield (
            effects.BALANCE,
            Violation(
                "money", "/balance_microcents", "sum", f"{total}, the sum of the ledger", got
            ),
        )
    paid_in = sum(
        each["amount_microcents"]
        for each in entries
        if each["type"] in ("deposit", "auto_recharge")
    )
    expected = paid_in // money.MICROCENTS_PER_CENT
    if balance["total_deposited_cents"] != expected:
        got = str(balance["total_deposited_cents"])
        yield (
            effects.BALANCE,
            Violation("money", "/total_deposited_cents", "sum", f"{expected} by the ledger", got),
        )
    spent = -sum(
        each["amount_microcents"] for each in entries if each["type"] in ("usage", "refund")
    )
    expected = spent // money.MICROCENTS_PER_CENT
    if balance["total_spent_cents"] != expected:
        got = str(balance["total_spent_cents"])
        yield (
            effects.BALANCE,
            Violation("money", "/total_spent_cents", "sum", f"{expected} by the ledger", got),
        )


def balance_shows_the_settings(views: Views) -> Iterator[Shown]:
    """A balance shows the auto-recharge settings as they are."""
    shown, settings = views.newest(effects.BALANCE)["auto_recharge"], views.newest(effects.RECHARGE)
    for name, value in shown.items():
        if name in settings and settings[name] != value:
            fault = Violation(
                "state",
                f"/auto_recharge/{name}",
                "settings",
                f"{settings[name]!r}, as set",
                repr(value),
            )
            yield effects.BALANCE, fault


def ledger_chains_across_pages(views: Views) -> Iterator[Shown]:
    """Each entry's balance is the one before plus its amount, over the ends of pages too."""
    for newer, older in pairwise(views.whole(effects.LEDGER) or []):
        expected = older["balance_after_microcents"] + newer["amount_microcents"]
        if newer["balance_after_microcents"] != expected:
            got = str(newer["balance_after_microcents"])
            where = "/transactions/*/balance_after_microcents"
            yield effects.LEDGER, Violation("money", where, "chain", str(expected), got)
            return


def history_is_booked(views: Views) -> Iterator[Shown]:
    """Every recharge that succeeded is in the ledger with its amount, and nothing else is there as one."""
    attempts, entries = (
        views.whole(effects.HISTORY),
        views.whole(effects.LEDGER),
    )
    if attempts is None or entries is None:
        return
    told = sorted(
        a["amount_cents"] * money.MICROCENTS_PER_CENT
        for a in attempts
        if a["status"] == "succeeded"
    )
    booked = sorted(
        each["amount_microcents"] for each in entries if each["type"] == "auto_recharge"
    )
    if told != booked:
        got = f"{len(booked)} entries of {sum(booked)} microcents"
        expected = f"{len(told)} recharges of {sum(told)} microcents, by the history"
        yield effects.LEDGER, Violation("money", "/transactions", "recharges", expected, got)


def settings_tell_the_last_attempt(views: Views) -> Iterator[Shown]:
    """The settings say when a recharge last succeeded and why the last one failed, as the history does."""
    attempts, settings = views.whole(effects.HISTORY), views.newest(effects.RECHARGE)
    if attempts is None:
        return
    succeeded = next(
        (each["created_at"] for each in attempts if each["status"] == "succeeded"), None
    )
    reason = attempts[0]["failure_reason"] if attempts else None
    for name, expected in (("last_recharge_at", succeeded), ("last_failure_reason", reason)):
        if settings[name] != expected:
            fault = Violation(
                "state", f"/{name}", "history", f"{expected}, by the history", str(settings[name])
            )
            yield effects.RECHARGE, fault
    if settings["consecutive_failures"] >= 3 and settings["enabled"]:
        yield (
            effects.RECHARGE,
            Violation("state", "/enabled", "three_failures", "false after three failures", "true"),
        )
    run = next(
        (i for i, each in enumerate(attempts) if each["status"] == "succeeded"), len(attempts)
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
    """Every deposit and every recharge of the ledger has a paid invoice of the same amount."""
    entries = views.whole(effects.LEDGER)
    body = views.newest(effects.INVOICES)
    if entries is None or body["has_more"]:
        return
    paid = sorted(each["amount_cents"] for each in body["invoices"] if each["status"] == "paid")
    for each in entries:
        if each["type"] not in ("deposit", "auto_recharge"):
            continue
        amount = each["amount_microcents"] // money.MICROCENTS_PER_CENT
        if amount not in paid:
            got = f"none for {each['type']} {each['id']}"
            yield (
                effects.INVOICES,
                Violation("money", "/invoices", "charge", f"an invoice of {amount} cents", got),
            )
            return
        paid.remove(amount)


def activity_is_in_the_ledger(views: Views) -> Iterator[Shown]:
    """Deposits, recharges and bonuses of the ledger are in the activity, with their amounts."""
    entries, activity = (
        views.whole(effects.LEDGER),
        views.whole(effects.ACTIVITY),
    )
    if entries is None or activity is None:
        return
    for type in ("deposit", "auto_recharge", "bonus", "refund"):
        booked = sorted(each["amount_microcents"] for each in entries if each["type"] == type)
        told = sorted(each["amount_microcents"] or 0 for each in activity if each["type"] == type)
        if type == "bonus":
            signups = [each for each in entries if each["reference_type"] == "signup"]
            if len(told) == len(booked) - len(signups):
                booked = sorted(
                    e["amount_microcents"] for e in entries if e["reference_type"] == "promo"
                )
        if told != booked:
            got = f"{len(told)} of {sum(told)} microcents"
            expected = f"{len(booked)} {type} of {sum(booked)} microcents, by the ledger"
            yield effects.ACTIVITY, Violation("state", "/activities", type, expected, got)


def check_looks_at_the_card(views: Views) -> Iterator[Shown]:
    """The check of auto-recharge tells of the card that would pay: the one that is named, else the default one."""
    check, settings = views.newest(effects.CHECK), views.newest(effects.RECHARGE)
    cards = views.newest(effects.CARDS)["payment_methods"]
    named = settings["stripe_payment_method_id"]
    card = next(
        (
            c
            for c in cards
            if (c["stripe_payment_method_id"] == named if named else c["is_default"])
        ),
        None,
    )
    expected = (card["card_brand"], card["card_last4"]) if card else (None, None)
    if (check["card_brand"], check["card_last4"]) != expected:
        got = f"{check['card_brand']} {check['card_last4']}"
        yield (
            effects.CHECK,
            Violation(
                "state", "/card_last4", "card", f"{expected[0]} {expected[1]}, which would pay", got
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
    """Days until the end of the card's last month, counted from today."""
    check, cards = views.newest(effects.CHECK), views.newest(effects.CARDS)["payment_methods"]
    now = moment(views.newest(REALTIME)["as_of"])
    found = [
        c
        for c in cards
        if (c["card_brand"], c["card_last4"]) == (check["card_brand"], check["card_last4"])
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


def named_card_is_there(views: Views) -> Iterator[Shown]:
    """The card that enabled settings name is one of the account's."""
    settings, cards = views.newest(effects.RECHARGE), views.newest(effects.CARDS)["payment_methods"]
    named = settings["stripe_payment_method_id"]
    if (
        settings["enabled"]
        and named
        and named not in {each["stripe_payment_method_id"] for each in cards}
    ):
        fault = Violation(
            "state", "/stripe_payment_method_id", "removed", "one of the account's cards", named
        )
        yield effects.RECHARGE, fault


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
    Relation((effects.HISTORY, effects.RECHARGE), settings_tell_the_last_attempt),
    Relation((effects.INVOICES, effects.LEDGER), charges_have_invoices),
    Relation((effects.ACTIVITY, effects.LEDGER), activity_is_in_the_ledger),
    Relation((effects.CHECK, effects.RECHARGE, effects.CARDS), check_looks_at_the_card),
    Relation((effects.CHECK, effects.CARDS, REALTIME), check_counts_the_days),
    Relation((effects.RECHARGE, effects.CARDS), named_card_is_there),
)
