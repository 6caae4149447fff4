"""What is written beside every change: audit log, recent activity, outbox; and pages of lists."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.staging import money
from tests.staging.site import Books

_UNIMPORTANT = frozenset({"setup_intent.created", "portal.created"})


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a list that a caller wants."""

    limit: int
    offset: int = 0


def audit(books: Books, action: str, actor: str = "api_key", /, **details: Any) -> None:
    """Append an entry to the audit log."""
    site = books.site
    if site.on("other_audit_names"):
        action = action.replace("payment_method", "card").replace("_", "-").replace(".", ":")
    if site.on("sparse_audit") and action in _UNIMPORTANT:
        return
    if site.on("audit_misses_removals") and action == "payment_method.removed":
        return
    books.insert(
        "audit",
        id=site.identifier("log"),
        action=action,
        actor=actor,
        details=json.dumps(details),
        created_at=books.now,
    )


def activity(books: Books, kind: str, description: str, amount: int | None = None) -> None:
    """Append an entry to the recent activity."""
    books.insert(
        "activity",
        id=books.site.identifier("act"),
        type=kind,
        description=description,
        amount=amount,
        created_at=books.now,
    )


def page(
    books: Books,
    table: str,
    span: Span,
    view: Callable[[Books, sqlite3.Row], dict[str, Any]],
    where: str = "account = :account",
    **values: Any,
) -> tuple[list[dict[str, Any]], int, bool]:
    """Return a page of a table, newest first, the number of all rows and whether more follow."""
    site = books.site
    total = books.number(f"SELECT count(*) FROM {table} WHERE {where}", **values)
    order = "ASC" if site.on("oldest_first") else "DESC"
    offset = span.offset
    if offset and table == "ledger" and site.on("pages_overlap"):
        offset -= 1
    if offset and table == "audit" and site.on("pages_skip"):
        offset += 1
    rows = books.rows(
        f"SELECT * FROM {table} WHERE {where} ORDER BY seq {order} LIMIT :limit OFFSET :offset",
        limit=span.limit,
        offset=offset,
        **values,
    )
    more = span.offset + len(rows) < total
    if table == "ledger" and site.on("has_more_on_full_page"):
        more = len(rows) == span.limit
    if table == "audit" and site.on("has_more_never"):
        more = False
    if table == "activity" and site.on("total_of_page"):
        total = len(rows)
    return [view(books, row) for row in rows], total, more


def audit_page(books: Books, span: Span) -> dict[str, Any]:
    """Return a page of the audit log."""
    where = "1" if books.site.on("audit_of_everybody") else "account = :account"
    entries, total, more = page(books, "audit", span, _entry, where)
    return {"entries": entries, "total": total, "has_more": more}


def _entry(books: Books, row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "action": row["action"],
        "actor": row["actor"],
        "created_at": books.site.stamp(row["created_at"]),
        "details": json.loads(row["details"]),
    }


def activity_page(books: Books, span: Span) -> dict[str, Any]:
    """Return a page of the recent activity."""
    activities, total, more = page(books, "activity", span, _activity)
    return {"activities": activities, "total": total, "has_more": more}


def _activity(books: Books, row: sqlite3.Row) -> dict[str, Any]:
    amount = row["amount"]
    return {
        "id": row["id"],
        "type": row["type"],
        "description": row["description"],
        "amount_microcents": amount,
        "amount_display": None if amount is None else money.display(amount),
        "created_at": books.site.stamp(row["created_at"]),
    }


def send(
    books: Books, channel: str, text: str, challenge: str | None = None, code: str = ""
) -> None:
    """Put a message to the account's owner into the outbox."""
    owner = books.row("SELECT email, phone FROM accounts WHERE id = :account")
    assert owner is not None
    books.insert(
        "outbox",
        channel=channel,
        destination=owner["phone" if channel == "sms" else "email"],
        challenge=challenge,
        code=code,
        text=text,
        created_at=books.now,
    )
