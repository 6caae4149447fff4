"""The status that a response must have, predicted from the known state of the account."""

from __future__ import annotations

from contract_tests.billing import effects
from contract_tests.billing.account.cards import Cards
from contract_tests.billing.account.handed_out import Promos
from contract_tests.billing.account.settings import Settings
from contract_tests.billing.account.verification import Challenges
from contract_tests.http.exchange import Exchange, NotJson
from contract_tests.judge.violation import Json, Response

Expected = tuple[int, str] | None
"""A status and the reason; None if too little is known."""


def of_confirmation(challenges: Challenges, response: Response) -> Expected:
    """Expect a conflict for a challenge that is used or locked."""
    challenge = challenges.known.get(str(_sent(response.exchange).get("challenge_id")))
    if challenge is not None and challenge.is_used:
        return 409, "the challenge has been used"
    if challenge is not None and challenge.remaining == 0:
        return 409, "the challenge is locked"
    return None


def of_deposit(promos: Promos, response: Response) -> Expected:
    """Expect a deposit to be accepted or refused by its promo code."""
    sent = _sent(response.exchange)
    promo = promos.known.get(sent["promo_code"]) if sent.get("promo_code") else None
    if promo is None:
        return None
    if not promo["valid"]:
        return 400, "the promo code is not valid"
    if sent["amount_cents"] < promo["min_deposit_cents"]:
        return 400, "the deposit is too small for the promo code"
    return 200, "the promo code is valid for the deposit"


def of_default(cards: Cards, response: Response) -> Expected:
    """Expect a known card to become the default, and an unknown one to be missing."""
    if cards.known is None:
        return None
    card = cards.find(response.params["payment_method_id"])
    return (200, "the card exists") if card else (404, "the card does not exist")


def of_removal(cards: Cards, settings: Settings, response: Response) -> Expected:
    """Expect a card to be removed unless an enabled auto-recharge uses it."""
    if cards.known is None:
        return None
    card = cards.find(response.params["payment_method_id"])
    if card is None:
        return 404, "the card does not exist"
    known = settings.known.get(effects.RECHARGE, {})
    if not {"enabled", "stripe_payment_method_id"} <= known.keys():
        return None
    is_named = known["stripe_payment_method_id"] == card["stripe_payment_method_id"]
    if known["enabled"] and is_named:
        return 409, "auto-recharge uses the card"
    return 200, "the card exists and auto-recharge does not use it"


def of_addition(cards: Cards, response: Response) -> Expected:
    """Expect a conflict for a card that the account has already."""
    name = str(_sent(response.exchange).get("payment_method_id"))
    if cards.known is not None and cards.find(name):
        return 409, "the account has the card already"
    return None


def of_recharge(cards: Cards, response: Response) -> Expected:
    """Expect auto-recharge to require a card, and to accept known cards only."""
    sent = _sent(response.exchange)
    if cards.known is None:
        return None
    named = sent.get("stripe_payment_method_id")
    if named is not None and not cards.find(named):
        return 400, "the named card does not exist"
    if sent.get("enabled") and not cards.known:
        return 400, "the account has no card"
    return (200, "nothing prevents the change") if not sent.get("enabled") else None


def _sent(exchange: Exchange) -> Json:
    try:
        sent = exchange.sent if exchange.request_body else None
    except NotJson:
        sent = None
    return sent if isinstance(sent, dict) else {}
