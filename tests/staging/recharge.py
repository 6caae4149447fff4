"""Auto-recharge: settings, attempts, and the check of the card."""

from __future__ import annotations

import sqlite3
from typing import Any

from tests.staging import cards, ledger, money, records
from tests.staging.errors import Refusal
from tests.staging.records import Span
from tests.staging.site import SECOND, Books

THRESHOLD, AMOUNT = 500_000_000, 5_000
"""The default threshold in microcents, and the default amount in cents."""
_PAUSE = 60 * SECOND
_FAILURES = 3


def open_settings(books: Books) -> None:
    """Create the default settings of a new account."""
    books.insert(
        "recharge",
        id=books.site.identifier("arc"),
        enabled=False,
        threshold=THRESHOLD,
        amount=AMOUNT,
        failures=0,
    )


def settings(books: Books) -> sqlite3.Row:
    """Return the settings."""
    row = books.row("SELECT * FROM recharge WHERE account = :account")
    assert row is not None
    return row


def view(books: Books) -> dict[str, Any]:
    """Return the settings as responses show them."""
    row, stamp = settings(books), books.site.stamp
    shown = row["amount"] if books.site.on("threshold_display_of_amount") else None
    threshold = row["threshold"] if shown is None else shown * money.MICROCENTS
    return {
        "id": row["id"],
        "user_id": books.account,
        "enabled": bool(row["enabled"]),
        "threshold_microcents": row["threshold"],
        "threshold_display": money.display(threshold),
        "recharge_amount_cents": row["amount"],
        "recharge_amount_display": money.display_cents(row["amount"]),
        "stripe_payment_method_id": row["stripe_id"],
        "consecutive_failures": row["failures"],
        "last_recharge_at": stamp(row["last_recharge_at"]),
        "last_failure_reason": row["last_failure"],
        "consent_text": row["consent_text"],
        "consent_source": row["consent_source"],
        "terms_version": row["terms_version"],
        "updated_at": stamp(row["updated_at"]),
    }


def summary(books: Books) -> dict[str, Any]:
    """Return the settings that the balance includes."""
    whole = view(books)
    names = (
        "enabled",
        "threshold_microcents",
        "threshold_display",
        "recharge_amount_cents",
        "recharge_amount_display",
    )
    return {name: whole[name] for name in names}


def replace(books: Books, wish: dict[str, Any], sent: set[str]) -> None:
    """Replace the settings; `sent` are the fields that the caller wrote."""
    site = books.site
    if site.on("put_merges"):
        old = view(books)
        wish = {name: value if name in sent else old[name] for name, value in wish.items()}
    stripe_id = wish["stripe_payment_method_id"]
    checked = wish["enabled"] or not site.on("foreign_card_kept")
    card = cards.find(books, stripe_id) if stripe_id is not None else cards.default(books)
    if stripe_id is not None and card is None and checked:
        message = f"Payment method {stripe_id!r} is not on this account. "
        raise Refusal(400, message + "Add it first, or omit it to use the default card.")
    if wish["enabled"] and (card is None or cards.days_left(books, card) < 0):
        raise Refusal(400, cards.NO_CARD)
    if site.on("put_not_stored"):
        return
    books.run(
        "UPDATE recharge SET enabled = :enabled, threshold = :threshold, amount = :amount,"
        " stripe_id = :stripe_id, consent_text = :consent_text, consent_source = :consent_source,"
        " terms_version = :terms_version, updated_at = :now,"
        " failures = CASE WHEN :enabled THEN 0 ELSE failures END WHERE account = :account",
        enabled=wish["enabled"],
        threshold=wish["threshold_microcents"],
        amount=wish["recharge_amount_cents"],
        stripe_id=stripe_id,
        consent_text=wish["consent_text"],
        consent_source=wish["consent_source"],
        terms_version=wish["terms_version"],
    )
    _note(books, "api_key")


def _note(books: Books, actor: str) -> None:
    row = settings(books)
    records.audit(
        books,
        "auto_recharge.updated",
        actor,
        enabled=bool(row["enabled"]),
        threshold_microcents=row["threshold"],
        recharge_amount_cents=row["amount"],
    )


def enable_by_deposit(books: Books, session: sqlite3.Row, card: sqlite3.Row) -> None:
    """Enable auto-recharge as a paid deposit asked for."""
    books.run(
        "UPDATE recharge SET enabled = 1, threshold = :threshold, amount = :amount, failures = 0,"
        " stripe_id = :stripe_id, consent_text = NULL, consent_source = 'deposit_flow',"
        " terms_version = NULL, updated_at = :now WHERE account = :account",
        threshold=session["threshold"],
        amount=session["recharge_amount"],
        stripe_id=card["stripe_id"],
    )
    _note(books, "payer")


def disable(books: Books) -> None:
    """Disable auto-recharge, and keep the other settings."""
    was_enabled = settings(books)["enabled"]
    if books.site.on("disable_forgets"):
        books.run(
            "UPDATE recharge SET threshold = :threshold, amount = :amount WHERE account = :account",
            threshold=THRESHOLD,
            amount=AMOUNT,
        )
    if was_enabled:
        books.run("UPDATE recharge SET enabled = 0, updated_at = :now WHERE account = :account")
    if was_enabled or not books.site.on("sparse_audit"):
        records.audit(books, "auto_recharge.disabled")


def card_to_charge(books: Books) -> sqlite3.Row | None:
    """Return the card that a recharge charges."""
    stripe_id = settings(books)["stripe_id"]
    if stripe_id is None or books.site.on("check_of_default_card"):
        return cards.default(books)
    return cards.find(books, stripe_id)


def check(books: Books) -> dict[str, Any]:
    """Return whether a recharge would succeed now."""
    card, amount = card_to_charge(books), settings(books)["amount"]
    reason = None if card is None else cards.charge(books, card)
    days = None if card is None else cards.days_left(books, card)
    if card is None:
        message = "This account has no payment method. Add a card first."
    elif reason is not None:
        message = f"The {cards.name_of(card)} would be declined ({reason})."
    else:
        message = f"The {cards.name_of(card)} would be charged."
    valid = card is not None and reason is None
    return {
        "success": valid,
        "payment_method_valid": valid,
        "card_expired": days is not None and days < 0,
        "card_days_until_expiry": days,
        "message": message,
        "card_brand": card["brand"] if card is not None else None,
        "card_last4": card["last4"] if card is not None else None,
        "recharge_amount_cents": amount,
    }


def run_if_due(books: Books) -> None:
    """Recharge if the balance is below the threshold and auto-recharge is enabled."""
    row, before = settings(books), ledger.balance(books)
    last = books.number("SELECT max(created_at) FROM attempts WHERE account = :account")
    if not row["enabled"] or before >= row["threshold"] or books.now < last + _PAUSE:
        return
    card = card_to_charge(books)
    reason = "no_payment_method" if card is None else cards.charge(books, card)
    if reason is not None or card is None:
        _fail(books, row, before, card, reason or "")
        return
    attempt = books.site.identifier("rch")
    amount = row["amount"] * money.MICROCENTS
    reference = ("auto_recharge", attempt)
    ledger.append(books, "auto_recharge", amount, reference, "Auto-recharge")
    invoice, number = ledger.invoice(books, row["amount"], "Auto-recharge")
    _record(books, attempt, row, card, before=before, after=before + amount, invoice=invoice)
    books.run(
        "UPDATE recharge SET failures = 0, last_recharge_at = :now, last_failure = NULL"
        " WHERE account = :account"
    )
    records.audit(
        books, "auto_recharge.succeeded", "system", amount_cents=row["amount"], invoice=number
    )


def _record(
    books: Books,
    attempt: str,
    row: sqlite3.Row,
    card: sqlite3.Row | None,
    *,
    before: int,
    after: int,
    invoice: str | None = None,
    reason: str | None = None,
) -> None:
    books.insert(
        "attempts",
        id=attempt,
        status="failed" if reason else "succeeded",
        amount=row["amount"],
        before=before,
        after=after,
        card=card["id"] if card is not None else None,
        invoice=invoice,
        reason=reason,
        created_at=books.now,
    )


def _fail(
    books: Books, row: sqlite3.Row, before: int, card: sqlite3.Row | None, reason: str
) -> None:
    attempt = books.site.identifier("rch")
    _record(books, attempt, row, card, before=before, after=before, reason=reason)
    books.run(
        "UPDATE recharge SET failures = failures + 1, last_failure = :reason,"
        " enabled = (failures + 1 < :most) WHERE account = :account",
        reason=reason,
        most=_FAILURES,
    )
    records.audit(
        books, "auto_recharge.failed", "system", amount_cents=row["amount"], reason=reason
    )
    records.activity(books, "auto_recharge_failed", f"Auto-recharge failed: {reason}")


def history(books: Books, page: int, per_page: int) -> dict[str, Any]:
    """Return a page of the recharge attempts."""
    span = Span(per_page, (page - 1) * per_page)
    entries, total, more = records.page(books, "attempts", span, _attempt)
    return {
        "history": entries,
        "total": total,
        "page": page,
        "per_page": per_page,
        "has_more": more,
    }


def _attempt(books: Books, row: sqlite3.Row) -> dict[str, Any]:
    after = row["after"]
    if books.site.on("attempt_after_wrong") and row["status"] == "succeeded":
        after = row["before"]
    return {
        "id": row["id"],
        "status": row["status"],
        "amount_cents": row["amount"],
        "amount_display": money.display_cents(row["amount"]),
        "balance_before_microcents": row["before"],
        "balance_after_microcents": after,
        "payment_method_id": row["card"],
        "invoice_id": row["invoice"],
        "failure_reason": row["reason"],
        "created_at": books.site.stamp(row["created_at"]),
    }
