"""Verification challenges: sending a code, and confirming it."""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from typing import Any

from tests.staging import records
from tests.staging.errors import Refusal
from tests.staging.site import SECOND, Books

_VALID = 600 * SECOND
_ATTEMPTS = 5


def _masked(owner: sqlite3.Row, method: str) -> str:
    if method == "sms":
        return f"***-**{owner['phone'][-2:]}"
    name, _, domain = owner["email"].partition("@")
    return f"{name[0]}***@{domain}"


def initiate(books: Books, action: str, method: str) -> dict[str, Any]:
    """Open a challenge and send its code."""
    if method not in {"email", "sms"}:
        message = f"Verification method {method!r} is not supported. Use 'email' or 'sms'."
        raise Refusal(400, message)
    owner = books.row("SELECT email, phone FROM accounts WHERE id = :account")
    assert owner is not None
    identifier = books.site.identifier("chl")
    code = f"{secrets.randbelow(1_000_000):06d}"
    expires_at = books.now + _VALID
    books.insert(
        "challenges",
        id=identifier,
        action=action,
        method=method,
        code=code,
        attempts=_ATTEMPTS,
        used=0,
        expires_at=expires_at,
    )
    records.send(books, method, f"Your code is {code}.", identifier, code)
    records.audit(
        books, "verification.initiated", challenge_id=identifier, action=action, method=method
    )
    hidden = books.site.on("masked_destination_null")
    return {
        "challenge_id": identifier,
        "method": method,
        "action": action,
        "expires_at": books.site.stamp(expires_at),
        "masked_destination": None if hidden else _masked(owner, method),
    }


def find(books: Books, identifier: str) -> sqlite3.Row:
    """Return an open challenge, or refuse."""
    site = books.site
    row = books.row("SELECT * FROM challenges WHERE id = :id", id=identifier)
    foreign = row is not None and row["account"] != books.account
    if row is None or (foreign and not site.on("challenge_of_others")):
        raise Refusal(404, f"No such verification challenge: {identifier!r}.")
    if row["used"] and not site.on("code_twice"):
        message = "This verification challenge has already been used. Initiate a new one."
        raise Refusal(409, message)
    if row["attempts"] <= 0 and not site.on("attempts_unlimited"):
        message = "This verification challenge is locked after too many wrong codes. "
        raise Refusal(409, message + "Initiate a new one.")
    if books.now >= row["expires_at"]:
        raise Refusal(410, "This verification challenge has expired. Initiate a new one.")
    return row


def judge(books: Books, row: sqlite3.Row, code: str) -> dict[str, Any]:
    """Compare a code with that of an open challenge."""
    left = row["attempts"]
    right = hmac.compare_digest(code.encode(), row["code"].encode())
    if right:
        books.run("UPDATE challenges SET used = 1 WHERE id = :id", id=row["id"])
        message = "Verified."
    else:
        left = max(0, left - 1)
        books.run("UPDATE challenges SET attempts = :left WHERE id = :id", id=row["id"], left=left)
        message = f"Wrong code. Attempts left: {left}."
    event = "verification.confirmed" if right else "verification.failed"
    records.audit(books, event, challenge_id=row["id"])
    return {"success": right, "message": message, "remaining_attempts": left}
