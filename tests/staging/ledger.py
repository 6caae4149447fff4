"""The ledger, the balance, and the invoices for what was charged."""

from __future__ import annotations

import sqlite3
from typing import Any

from tests.staging import money, records
from tests.staging.records import Span
from tests.staging.site import SECOND, Books

_DEPOSITS = "('deposit', 'auto_recharge')"


def balance(books: Books) -> int:
    """Return the sum of the ledger in microcents."""
    return books.number("SELECT sum(amount) FROM ledger WHERE account = :account")


def shown_balance(books: Books) -> int:
    """Return the balance that responses show."""
    site = books.site
    if site.on("balance_without_bonus"):
        return books.number(
            "SELECT sum(amount) FROM ledger WHERE account = :account AND type != 'bonus'"
        )
    amount = balance(books) + site.on("balance_drift")
    if site.on("stale_balance"):
        until, kept = site.cache.get(("balance", books.account), (0, 0))
        if books.now < until:
            return int(kept)
        site.cache["balance", books.account] = (books.now + 30 * SECOND, amount)
    return amount


def append(
    books: Books, kind: str, amount: int, reference: tuple[str, str | None], description: str
) -> None:
    """Append an entry of a type, an amount and a reference (type and id)."""
    books.insert(
        "ledger",
        id=books.site.identifier("txn"),
        type=kind,
        amount=amount,
        balance_after=balance(books) + amount,
        reference_type=reference[0],
        reference_id=reference[1],
        description=description,
        created_at=books.now,
    )
    if kind != "usage":
        records.activity(books, kind, description, amount)


def summary(books: Books, auto_recharge: dict[str, Any]) -> dict[str, Any]:
    """Return the balance with its totals and tier."""
    site = books.site
    amount = shown_balance(books)
    kinds = "('deposit', 'auto_recharge', 'bonus')" if site.on("bonus_deposited") else _DEPOSITS
    deposited = books.number(
        f"SELECT sum(amount) FROM ledger WHERE account = :account AND type IN {kinds}"
    )
    spent_on = "('usage')" if site.on("refunds_spent") else "('usage', 'refund')"
    spent = -books.number(
        f"SELECT sum(amount) FROM ledger WHERE account = :account AND type IN {spent_on}"
    )
    shown = amount - 100 * money.MICROCENTS if site.on("display_differs") else amount
    tier = money.tier(deposited if site.on("tier_of_deposits") else amount)
    return {
        "balance_microcents": amount,
        "balance_display": money.display(shown),
        "total_deposited_cents": deposited // money.MICROCENTS,
        "total_spent_cents": spent // money.MICROCENTS + site.on("spent_off_by_one"),
        "tier": "enterprise" if site.on("new_tier") else tier,
        "auto_recharge": auto_recharge,
    }


def transactions(books: Books, span: Span, reference_type: str | None) -> dict[str, Any]:
    """Return a page of the ledger."""
    where = "account = :account"
    if reference_type is not None:
        where += " AND reference_type = :reference_type"
    entries, total, more = records.page(
        books, "ledger", span, _entry, where, reference_type=reference_type
    )
    return {"transactions": entries, "total": total, "has_more": more}


def _entry(books: Books, row: sqlite3.Row) -> dict[str, Any]:
    after = row["balance_after"]
    amount = row["amount"]
    if books.site.on("chain_broken") and row["type"] == "auto_recharge":
        after -= amount
    shown = -amount if books.site.on("amount_display_unsigned") and amount < 0 else amount
    return {
        "id": row["id"],
        "type": row["type"],
        "amount_microcents": amount,
        "amount_display": money.display(shown),
        "balance_after_microcents": after,
        "balance_after_display": money.display(after),
        "reference_type": row["reference_type"],
        "reference_id": row["reference_id"],
        "description": row["description"],
        "created_at": books.site.stamp(row["created_at"]),
    }


def invoice(
    books: Books,
    cents: int,
    description: str,
    period: tuple[int | None, int | None] = (None, None),
    *,
    paid: bool = True,
) -> tuple[str, str]:
    """Issue an invoice; return its id and its number."""
    number = 1 + books.number("SELECT count(*) FROM invoices WHERE account = :account")
    identifier = books.site.identifier("inv")
    books.insert(
        "invoices",
        id=identifier,
        number=number,
        status="paid" if paid else "open",
        amount=cents,
        description=description,
        period_start=period[0],
        period_end=period[1],
        created_at=books.now,
        paid_at=books.now if paid else None,
    )
    return identifier, f"INV-{number:06d}"


def invoices(books: Books, span: Span) -> dict[str, Any]:
    """Return the newest invoices."""
    where = "account = :account"
    if books.site.on("invoices_missing"):
        where += " AND description != 'Auto-recharge'"
    entries, total, more = records.page(books, "invoices", span, _invoice, where)
    return {"invoices": entries, "total": total, "has_more": more}


def _invoice(books: Books, row: sqlite3.Row) -> dict[str, Any]:
    stamp = books.site.stamp
    shown = row["amount"] // 100 if books.site.on("invoice_display_of_dollars") else row["amount"]
    return {
        "id": row["id"],
        "number": f"INV-{row['number']:06d}",
        "status": row["status"],
        "amount_cents": row["amount"],
        "amount_display": money.display_cents(shown),
        "description": row["description"],
        "period_start": stamp(row["period_start"]),
        "period_end": stamp(row["period_end"]),
        "created_at": stamp(row["created_at"]),
        "paid_at": stamp(row["paid_at"]),
        "hosted_invoice_url": f"{books.site.base_url}/invoices/{row['id']}",
    }
