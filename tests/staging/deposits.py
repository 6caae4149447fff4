"""Deposits, credit packs and plans that are paid in a checkout session, and promo codes."""

from __future__ import annotations

import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from tests.staging import cards, ledger, money, plans, recharge, records
from tests.staging.errors import Refusal
from tests.staging.site import DAY, Books

PACKS = {"price_credits_25": 2_500, "price_credits_100": 10_000}


@dataclass(frozen=True, slots=True)
class Promo:
    """A promo code of the catalogue."""

    code: str
    kind: str
    value: int
    cap_cents: int
    minimum_cents: int
    expired: bool = False

    def bonus(self, cents: int) -> int:
        """Return the bonus in cents for a deposit."""
        bonus = cents * self.value // 100 if self.kind == "percentage" else self.value
        return min(bonus, self.cap_cents)


PROMOS = {
    "WELCOME10": Promo("WELCOME10", "percentage", 10, 2_000, 2_000),
    "BONUS5": Promo("BONUS5", "fixed", 500, 500, 2_500),
    "SPRING2025": Promo("SPRING2025", "percentage", 20, 5_000, 1_000, expired=True),
}


def _reason_against(books: Books, code: str) -> str | None:
    promo = PROMOS.get(code)
    if promo is None:
        return "This promo code does not exist."
    if promo.expired:
        return "This promo code has expired."
    used = books.row(
        "SELECT 1 FROM redemptions WHERE account = :account AND code = :code", code=code
    )
    if used is not None and not books.site.on("promo_twice"):
        return "This promo code has already been used on this account."
    return None


def validation(books: Books, code: str) -> dict[str, Any]:
    """Return whether the account can use a promo code."""
    reason = _reason_against(books, code)
    promo = None if reason else PROMOS[code]
    cap = promo.cap_cents * money.MICROCENTS if promo else None
    value: Any = promo.value if promo else None
    if promo and books.site.on("bonus_value_text"):
        value = f"{promo.value}%" if promo.kind == "percentage" else money.display_cents(value)
    return {
        "valid": promo is not None,
        "bonus_type": promo.kind if promo else None,
        "bonus_value": value,
        "max_credits_microcents": cap,
        "max_credits_display": None if cap is None else money.display(cap),
        "min_deposit_cents": promo.minimum_cents if promo else None,
        "message": reason or f"{code} is valid.",
        "expires_at": None,
    }


def _open(books: Books, **values: Any) -> tuple[str, str]:
    prefix = "cs_live_" if books.site.on("live_session_ids") else "cs_test_"
    identifier = prefix + secrets.token_hex(10)
    books.insert(
        "sessions",
        id=identifier,
        status="open",
        created_at=books.now,
        expires_at=books.now + DAY,
        **values,
    )
    return identifier, f"{books.site.base_url}/checkout/{identifier}"


def open_deposit(books: Books, wish: dict[str, Any]) -> dict[str, Any]:
    """Open a session for a deposit."""
    code, cents = wish["promo_code"], wish["amount_cents"]
    if code is not None:
        reason = _reason_against(books, code)
        if reason is None and cents < PROMOS[code].minimum_cents:
            least = money.display_cents(PROMOS[code].minimum_cents)
            reason = f"This promo code requires a deposit of at least {least}."
        if reason is not None:
            raise Refusal(400, reason)
    threshold = wish["auto_recharge_threshold_microcents"]
    amount = wish["auto_recharge_amount_cents"]
    session, url = _open(
        books,
        kind="deposit",
        amount=cents,
        promo_code=code,
        recharge=wish["auto_recharge_enabled"],
        threshold=recharge.THRESHOLD if threshold is None else threshold,
        recharge_amount=recharge.AMOUNT if amount is None else amount,
        success_url=wish["success_url"],
        cancel_url=wish["cancel_url"],
    )
    details = {"promo_code": code} if code is not None else {}
    records.audit(books, "deposit.created", session_id=session, amount_cents=cents, **details)
    if books.site.on("deposit_credited_unpaid"):
        reference = ("deposit", session)
        ledger.append(books, "deposit", cents * money.MICROCENTS, reference, "Deposit")
    shown = cents + books.site.on("deposit_display_off")
    return {
        "session_id": session,
        "url": url,
        "amount_cents": cents,
        "amount_display": money.display_cents(shown),
    }


def open_checkout(books: Books, wish: dict[str, Any]) -> dict[str, Any]:
    """Open a session for a price of the catalogue."""
    price, mode = wish["price_id"], wish["mode"]
    plan = plans.of_price(books.site, price)
    if plan is None and price not in PACKS:
        raise Refusal(400, plans.unknown_price(books.site, price))
    right = "payment" if plan is None else "subscription"
    if mode != right:
        message = f"Price {price!r} cannot be bought in mode {mode!r}. Use mode {right!r}."
        raise Refusal(400, message)
    cents = PACKS[price] if plan is None else plan.cents
    session, url = _open(
        books,
        kind="pack" if plan is None else "plan",
        amount=cents,
        price_id=price,
        success_url=wish["success_url"],
        cancel_url=wish["cancel_url"],
    )
    records.audit(books, "checkout.created", session_id=session, price_id=price)
    return {"session_id": session, "url": url}


def find(books: Books, identifier: str) -> sqlite3.Row | None:
    """Return a session, of whichever account."""
    return books.row("SELECT * FROM sessions WHERE id = :id", id=identifier)


def complete(books: Books, session: sqlite3.Row, stripe_id: str | None) -> dict[str, Any]:
    """Pay a session of the account: charge the card, and hand over what was bought."""
    answer = {"session_id": session["id"], "status": "complete"}
    if session["status"] == "complete" and not books.site.on("paid_twice"):
        return answer
    if books.now >= session["expires_at"]:
        raise Refusal(410, "This checkout session has expired.")
    card = _payer(books, stripe_id)
    reason = cards.charge(books, card)
    if reason is not None:
        raise cards.declined(reason)
    if session["kind"] == "plan":
        plan = plans.of_price(books.site, session["price_id"])
        assert plan is not None
        plans.start(books, plan, actor="payer")
    else:
        _credit(books, session)
    if session["recharge"]:
        recharge.enable_by_deposit(books, session, card)
    books.run("UPDATE sessions SET status = 'complete' WHERE id = :id", id=session["id"])
    return answer


def _payer(books: Books, stripe_id: str | None) -> sqlite3.Row:
    standard = cards.default(books)
    if stripe_id is None and standard is not None:
        return standard
    wanted = stripe_id or "pm_card_visa"
    return cards.find(books, wanted) or cards.add(books, wanted)


def _credit(books: Books, session: sqlite3.Row) -> None:
    cents, name = session["amount"], session["id"]
    what = "Deposit" if session["kind"] == "deposit" else "Credit pack"
    ledger.append(books, "deposit", cents * money.MICROCENTS, ("deposit", name), what)
    _, number = ledger.invoice(books, cents, what)
    records.audit(
        books,
        "deposit.completed",
        "payer",
        session_id=name,
        amount_cents=cents,
        invoice=number,
    )
    code = session["promo_code"]
    if code is None or _reason_against(books, code) is not None:
        return
    if books.site.on("promo_twice"):
        time.sleep(0.02)
    bonus = PROMOS[code].bonus(cents)
    books.insert("redemptions", code=code)
    ledger.append(books, "bonus", bonus * money.MICROCENTS, ("promo", name), f"Promo code {code}")
    records.audit(books, "promo_code.redeemed", "payer", code=code, bonus_cents=bonus)
