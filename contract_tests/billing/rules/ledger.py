"""Rules of the ledger, invoices and recharges."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from contract_tests.billing import ledger_order, money
from contract_tests.findings.severity import MAJOR, QUESTION
from contract_tests.judge.views import is_oldest_first
from contract_tests.judge.violation import Json, Response, Violation

_REFERENCES = {
    "deposit": {"deposit"},
    "auto_recharge": {"auto_recharge"},
    "bonus": {"promo", "signup"},
    "usage": {"scrape", "crawl"},
    "refund": {"refund"},
    "subscription": {"subscription"},
}
"""The reference types of every type of entry."""


def ledger_chains(response: Response) -> Iterator[Violation]:
    """Check that every entry continues the one before it, and that the oldest starts at zero."""
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
    is_reversed = ledger_order.is_oldest_first(entries)
    for newer, older in pairwise(ledger_order.newest_first(entries)):
        expected = older["balance_after_microcents"] + newer["amount_microcents"]
        if newer["balance_after_microcents"] != expected:
            got = str(newer["balance_after_microcents"])
            yield Violation(
                "money", "/transactions/*/balance_after_microcents", "chain", str(expected), got
            )
    is_first_page = response.params.get("offset") == 0
    has_the_oldest = is_first_page if is_reversed else not response.body["has_more"]
    if ledger_order.is_one_moment(entries):  # the order is open
        has_the_oldest = is_first_page and not response.body["has_more"]
    if entries and has_the_oldest:
        oldest = ledger_order.newest_first(entries)[-1]
        if oldest["balance_after_microcents"] != oldest["amount_microcents"]:
            got = str(oldest["balance_after_microcents"])
            where = "/transactions/*/balance_after_microcents"
            yield Violation("money", where, "first", str(oldest["amount_microcents"]), got)


def invoices_are_numbered(response: Response) -> Iterator[Violation]:
    """Check that numbers run without gaps up to the total, and that dates fit the status."""
    invoices = response.body["invoices"]
    numbers = [int(invoice["number"].rpartition("-")[2]) for invoice in invoices]
    expected = list(range(response.body["total"], response.body["total"] - len(numbers), -1))
    if numbers != expected and not is_oldest_first(invoices):
        got = ", ".join(map(str, numbers[:5]))
        yield Violation(
            "state", "/invoices/*/number", "numbering", ", ".join(map(str, expected[:5])), got
        )
    for invoice in invoices:
        if (invoice["status"] == "paid") != (invoice["paid_at"] is not None):
            got = f"paid_at {invoice['paid_at']} with status {invoice['status']}"
            yield Violation(
                "state", "/invoices/*/paid_at", "paid_at", "a time if and only if it is paid", got
            )
        if (invoice["period_start"] is None) != (invoice["period_end"] is None):
            yield Violation(
                "time",
                "/invoices/*/period_end",
                "period",
                "both ends of a period or none",
                "one of them",
            )
        if invoice["amount_cents"] < 0:
            yield Violation(
                "money",
                "/invoices/*/amount_cents",
                "minimum",
                "no negative amount",
                str(invoice["amount_cents"]),
                nature=QUESTION,
            )


def recharges_are_booked(response: Response) -> Iterator[Violation]:
    """Check that a success adds its amount and has an invoice, and that a failure has a reason."""
    for attempt in response.body["history"]:
        succeeded = attempt["status"] == "succeeded"
        gained = attempt["balance_after_microcents"] - attempt["balance_before_microcents"]
        expected = attempt["amount_cents"] * money.MICROCENTS_PER_CENT if succeeded else 0
        if gained != expected:
            yield Violation(
                "money", "/history/*/balance_after_microcents", "gain", str(expected), str(gained)
            )
        if succeeded != (attempt["invoice_id"] is not None):
            got = f"{attempt['invoice_id']} with status {attempt['status']}"
            yield Violation(
                "state",
                "/history/*/invoice_id",
                "invoice",
                "an invoice if and only if it succeeded",
                got,
            )
        if succeeded != (attempt["failure_reason"] is None):
            got = f"{attempt['failure_reason']} with status {attempt['status']}"
            yield Violation(
                "state",
                "/history/*/failure_reason",
                "reason",
                "a reason if and only if it failed",
                got,
            )


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
            nature=QUESTION,
        )
    if type in ("deposit", "auto_recharge") and amount % money.MICROCENTS_PER_CENT:
        where = "/transactions/*/amount_microcents"
        yield Violation("money", where, "cents", "whole cents", str(amount), nature=QUESTION)
    if type == "usage" and amount % money.MICROCENTS_PER_CREDIT:
        where = "/transactions/*/amount_microcents"
        yield Violation("money", where, "credits", "whole credits", str(amount), nature=QUESTION)
    allowed = _REFERENCES.get(type, set())
    if allowed and entry["reference_type"] not in allowed:
        expected = " or ".join(sorted(allowed))
        yield Violation(
            "money",
            "/transactions/*/reference_type",
            "reference",
            expected,
            entry["reference_type"],
            nature=MAJOR,
        )
    if entry["balance_after_microcents"] < 0:
        got = str(entry["balance_after_microcents"])
        yield Violation(
            "money",
            "/transactions/*/balance_after_microcents",
            "minimum",
            "no balance below zero",
            got,
            nature=QUESTION,
        )
