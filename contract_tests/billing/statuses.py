"""Which status a response must have, by what is known of the account."""

from __future__ import annotations

from contract_tests.billing import effects
from contract_tests.billing.account.cards import Cards
from contract_tests.billing.account.handed_out import Promos
from contract_tests.billing.account.settings import Settings
from contract_tests.billing.account.verification import Challenges
from contract_tests.http.exchange import Exchange, NotJson
from contract_tests.judge.violation import Json, Response

Expected = tuple[int, str] | None
"""A status and why; None where too little is known."""


def of_confirmation(challenges: Challenges, response: Response) -> Expected:
    """Confirming a challenge that is used or locked is a conflict."""
    challenge = challenges.known.get(str(_sent(response.exchange).get("challenge_id")))
    if challenge is not None and challenge.is_used:
        return 409, "the challenge has been used"
    if challenge is not None and challenge.remaining == 0:
        return 409, "the challenge is locked"
    return None


def of_deposit(promos: Promos, response: Response) -> Expected:
    """A promo code decides whether a deposit is accepted."""
    sent = _sent(response.exchange)
    promo = promos.known.get(sent["promo_code"]) if sent.get("promo_code") else None
    if promo is None:
        return None
    if not promo["valid"]:
        return 400, "the promo code is not valid"
    if sent["amount_cents"] < promo["min_deposit_cents"]:
        return 400, "the deposit is too small for the promo code"
    return 200, "the promo code is valid for it"


def of_default(cards: Cards, response: Response) -> Expected:
    """A card that is there can be made the default."""
    if cards.known is None:
        return None
    card = cards.find(response.params["payment_method_id"])
    return (200, "the card is there") if card else (404, "there is no such card")


def of_removal(cards: Cards, settings: Settings, response: Response) -> Expected:
    """A card can be removed unless an enabled auto-recharge names it."""
    if cards.known is None:
        return None
    card = cards.find(response.params["payment_method_id"])
    if card is None:
        return 404, "there is no such card"
    known = settings.known.get(effects.RECHARGE, {})
    if not {"enabled", "stripe_payment_method_id"} <= known.keys():
        return None
    is_named = known["stripe_payment_method_id"] == card["stripe_payment_method_id"]
    if known["enabled"] and is_named:
        return 409, "auto-recharge names the card"
    return 200, "the card is there and nothing names it"


def of_addition(cards: Cards, response: Response) -> Expected:
    """A card is added once."""
    name = str(_sent(response.exchange).get("payment_method_id"))
    if cards.known is not None and cards.find(name):
        return 409, "the card is there already"
    return None


def of_recharge(cards: Cards, response: Response) -> Expected:
    """Auto-recharge needs a card, and can name one that is there only."""
    sent = _sent(response.exchange)
    if cards.known is None:
        return None
    named = sent.get("stripe_payment_method_id")
    if named is not None and not cards.find(named):
        return 400, "the card that is named is not there"
    if sent.get("enabled") and not cards.known:
        return 400, "there is no card"
    return (200, "nothing is in the way") if not sent.get("enabled") else None


def _sent(exchange: Exchange) -> Json:
    try:
        sent = exchange.sent if exchange.request_body else None
    except NotJson:
        sent = None
    return sent if isinstance(sent, dict) else {}
