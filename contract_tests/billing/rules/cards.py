"""Rules of cards, and of the check whether auto-recharge would work."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.findings.severity import CONTRADICTION
from contract_tests.judge.violation import Response, Violation


def cards_have_one_default(response: Response) -> Iterator[Violation]:
    """Check that one card is the default, named by ``default_method_id``, and none is repeated."""
    cards = response.body["payment_methods"]
    defaults = [card["id"] for card in cards if card["is_default"]]
    named = response.body["default_method_id"]
    if len(defaults) != bool(cards):
        got = f"{len(defaults)} of {len(cards)}"
        where, expected = "/payment_methods/*/is_default", "exactly one default"
        yield Violation("state", where, "one_default", expected, got, nature=CONTRADICTION)
    elif defaults != ([named] if named is not None else []):
        yield Violation(
            "state",
            "/default_method_id",
            "default",
            str(defaults[0] if defaults else None),
            str(named),
            nature=CONTRADICTION,
        )
    stripe = [card["stripe_payment_method_id"] for card in cards]
    if len(set(stripe)) != len(stripe):
        yield Violation(
            "state",
            "/payment_methods/*/stripe_payment_method_id",
            "unique",
            "every card once",
            "a card twice",
            nature=CONTRADICTION,
        )


def recharge_check_is_consistent(response: Response) -> Iterator[Violation]:
    """Check that success requires a valid card that has not expired, and that its days fit."""
    body = response.body
    if body["success"] and not body["payment_method_valid"]:
        yield Violation("state", "/success", "valid", "false without a valid card", "true")
    if body["card_expired"] and body["payment_method_valid"]:
        yield Violation(
            "state", "/payment_method_valid", "expired", "false for an expired card", "true"
        )
    days = body["card_days_until_expiry"]
    if days is not None and (days < 0) != body["card_expired"]:
        got = f"{body['card_expired']} with {days} days"
        yield Violation(
            "state", "/card_expired", "expired", "true if and only if no days are left", got
        )
    if (days is None) != (body["card_last4"] is None):
        got = f"{days} with card {body['card_last4']}"
        yield Violation(
            "state", "/card_days_until_expiry", "card", "days if and only if there is a card", got
        )
    if (body["card_brand"] is None) != (body["card_last4"] is None):
        yield Violation(
            "state", "/card_last4", "card", "brand and digits of one card", "one without the other"
        )
