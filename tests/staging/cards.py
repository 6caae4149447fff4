"""Payment methods: adding, removing, the default, and what their bank says."""

from __future__ import annotations

import calendar
import hashlib
import secrets
import sqlite3
from datetime import UTC, date, datetime
from typing import Any

from tests.staging import records
from tests.staging.errors import Refusal
from tests.staging.site import Books

_TEST_CARDS = {
    "pm_card_visa": ("visa", "4242"),
    "pm_card_visa_debit": ("visa", "5556"),
    "pm_card_mastercard": ("mastercard", "4444"),
    "pm_card_mastercard_debit": ("mastercard", "8210"),
    "pm_card_mastercard_prepaid": ("mastercard", "5100"),
    "pm_card_amex": ("amex", "0005"),
    "pm_card_discover": ("discover", "1117"),
    "pm_card_diners": ("diners", "0004"),
    "pm_card_jcb": ("jcb", "0505"),
    "pm_card_unionpay": ("unionpay", "0005"),
    "pm_card_chargeCustomerFail": ("visa", "0341"),
}
_DECLINED = {
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_visa_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_chargeDeclinedLostCard": "lost_card",
    "pm_card_visa_chargeDeclinedLostCard": "lost_card",
    "pm_card_chargeDeclinedStolenCard": "stolen_card",
    "pm_card_visa_chargeDeclinedStolenCard": "stolen_card",
    "pm_card_chargeDeclinedExpiredCard": "expired_card",
    "pm_card_chargeDeclinedIncorrectCvc": "incorrect_cvc",
    "pm_card_chargeDeclinedProcessingError": "processing_error",
    "pm_card_chargeDeclinedFraudulent": "fraudulent",
}
_BRANDS = ("visa", "mastercard", "amex", "discover")
_CARDS = "SELECT * FROM cards WHERE account = :account AND removed_at IS NULL"
NO_CARD = "This account has no usable payment method. Add a card that has not expired first."


def declined(code: str) -> Refusal:
    """Return the refusal of a card that its bank declined."""
    return Refusal(402, f"Your card was declined ({code}). Use another card.")


def all_of(books: Books) -> list[sqlite3.Row]:
    """Return the account's cards, newest first."""
    return books.rows(f"{_CARDS} ORDER BY seq DESC")


def default(books: Books) -> sqlite3.Row | None:
    """Return the default card, if the account has cards."""
    return books.row(f"{_CARDS} AND is_default = 1")


def find(books: Books, name: str) -> sqlite3.Row | None:
    """Return the account's card with an id or a Stripe id."""
    return books.row(f"{_CARDS} AND (id = :name OR stripe_id = :name)", name=name)


def name_of(card: sqlite3.Row) -> str:
    """Return a card's brand and last digits."""
    return f"{card['brand']} ending in {card['last4']}"


def last_day(card: sqlite3.Row) -> date:
    """Return the last day on which a card is valid."""
    _, days = calendar.monthrange(card["exp_year"], card["exp_month"])
    return date(card["exp_year"], card["exp_month"], days)


def days_left(books: Books, card: sqlite3.Row) -> int:
    """Return the days until a card expires; negative if it has."""
    return (last_day(card) - datetime.fromtimestamp(books.now / 1_000, UTC).date()).days


def charge(books: Books, card: sqlite3.Row) -> str | None:
    """Charge a card; return the bank's code if it declines."""
    return "expired_card" if days_left(books, card) < 0 else card["declines"]


def add(books: Books, stripe_id: str) -> sqlite3.Row:
    """Attach a card."""
    site = books.site
    existing = books.row(f"{_CARDS} AND stripe_id = :stripe_id", stripe_id=stripe_id)
    if existing is not None:
        if site.on("known_card_returned"):
            return existing
        raise Refusal(409, f"Payment method {stripe_id!r} is already on this account.")
    if stripe_id in _DECLINED:
        refusal = declined(_DECLINED[stripe_id])
        raise Refusal(400, refusal.detail) if site.on("declined_card_400") else refusal
    first = default(books) is None
    card = _insert(books, stripe_id, is_default=first)
    if site.on("card_added_twice"):
        _insert(books, stripe_id, is_default=False)
    if site.on("newest_card_default"):
        make_default(books, card)
    details = {"payment_method_id": card["id"], "brand": card["brand"], "last4": card["last4"]}
    records.audit(books, "payment_method.added", **details)
    records.activity(books, "payment_method_added", f"Added {name_of(card)}")
    added = find(books, card["id"])
    assert added is not None
    return added


def _insert(books: Books, stripe_id: str, *, is_default: bool) -> sqlite3.Row:
    digest = hashlib.sha256(stripe_id.encode()).digest()
    derived = (_BRANDS[digest[0] % len(_BRANDS)], f"{int.from_bytes(digest[1:3]) % 10_000:04d}")
    brand, last4 = _TEST_CARDS.get(stripe_id, derived)
    if books.site.on("new_brand") and stripe_id not in {"pm_card_visa", "pm_card_mastercard"}:
        brand = "cartes_bancaires"
    identifier = books.site.identifier("card")
    year = datetime.fromtimestamp(books.now / 1_000, UTC).year
    books.insert(
        "cards",
        id=identifier,
        stripe_id=stripe_id,
        brand=brand,
        last4=last4,
        exp_month=1 + digest[3] % 12,
        exp_year=year + 2 + digest[4] % 3,
        declines="generic_decline" if "CustomerFail" in stripe_id else None,
        is_default=is_default,
        created_at=books.now,
    )
    card = find(books, identifier)
    assert card is not None
    return card


def make_default(books: Books, card: sqlite3.Row) -> None:
    """Make a card the default of its account instead of the current one."""
    books.run(
        "UPDATE cards SET is_default = (id = :id) WHERE account = :owner AND removed_at IS NULL",
        id=card["id"],
        owner=card["account"],
    )


def detach(books: Books, card: sqlite3.Row) -> None:
    """Remove a card; the oldest that is left becomes the default if this one was."""
    books.run(
        "UPDATE cards SET removed_at = :now, is_default = 0 WHERE id = :id",
        id=card["id"],
    )
    oldest = books.of(card["account"]).row(f"{_CARDS} ORDER BY seq LIMIT 1")
    if card["is_default"] and oldest is not None and not books.site.on("default_lost"):
        make_default(books, oldest)
    records.audit(
        books,
        "payment_method.removed",
        payment_method_id=card["id"],
        brand=card["brand"],
        last4=card["last4"],
    )
    records.activity(books, "payment_method_removed", f"Removed {name_of(card)}")


def view(books: Books, card: sqlite3.Row) -> dict[str, Any]:
    """Return a card as responses show it."""
    month = card["exp_month"]
    return {
        "id": card["id"],
        "stripe_payment_method_id": card["stripe_id"],
        "type": "card",
        "card_brand": card["brand"],
        "card_last4": card["last4"],
        "card_exp_month": f"{month:02d}" if books.site.on("exp_month_text") else month,
        "card_exp_year": card["exp_year"],
        "is_default": bool(card["is_default"]),
        "created_at": books.site.stamp(card["created_at"]),
    }


def listing(books: Books) -> dict[str, Any]:
    """Return the account's cards and the id of the default."""
    cards = all_of(books)
    if books.site.on("cards_of_others"):
        cards += books.rows(
            "SELECT * FROM cards WHERE account != :account AND removed_at IS NULL LIMIT 1"
        )
    if books.site.on("oldest_first"):
        cards.reverse()
    standard = default(books)
    return {
        "payment_methods": [view(books, card) for card in cards],
        "default_method_id": standard["id"] if standard is not None else None,
    }


def setup_intent(books: Books) -> dict[str, Any]:
    """Create a setup intent."""
    identifier = f"seti_{secrets.token_hex(12)}"
    records.audit(books, "setup_intent.created", setup_intent_id=identifier)
    return {"client_secret": f"{identifier}_secret_{secrets.token_hex(12)}", "id": identifier}


def portal(books: Books) -> dict[str, Any]:
    """Create a session of the customer portal."""
    records.audit(books, "portal.created")
    return {"url": f"{books.site.base_url}/portal/bps_test_{secrets.token_hex(8)}"}
