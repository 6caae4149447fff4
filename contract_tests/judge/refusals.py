"""Which status an answer must have, by what is known of the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract_tests.http.exchange import Exchange, NotJson
from contract_tests.judge import effects
from contract_tests.judge.answer import Answer, Fault, Json
from contract_tests.judge.tracker import Tracker

Expected = tuple[int, str] | None
"""A status and why; None where too little is known."""


def faults(tracker: Tracker, answer: Answer) -> Iterator[Fault]:
    """Whether an answer's status is the one that is called for."""
    rule = _EXPECTED.get(answer.operation.id)
    expected = rule(tracker, answer) if rule is not None else None
    if expected is not None and answer.exchange.status != expected[0]:
        got = str(answer.exchange.status)
        yield Fault("state", "/response/status", "status", f"{expected[0]}: {expected[1]}", got)


def _confirm(tracker: Tracker, answer: Answer) -> Expected:
    sent = _sent(answer.exchange)
    challenge = tracker.challenges.get(str(sent.get("challenge_id")))
    if challenge is not None and challenge.is_used:
        return 409, "the challenge has been used"
    if challenge is not None and challenge.remaining == 0:
        return 409, "the challenge is locked"
    return None


def _deposit(tracker: Tracker, answer: Answer) -> Expected:
    sent = _sent(answer.exchange)
    promo = tracker.promos.get(sent["promo_code"]) if sent.get("promo_code") else None
    if promo is None:
        return None
    if not promo["valid"]:
        return 400, "the promo code is not valid"
    if sent["amount_cents"] < promo["min_deposit_cents"]:
        return 400, "the deposit is too small for the promo code"
    return 200, "the promo code is valid for it"


def _default(tracker: Tracker, answer: Answer) -> Expected:
    if tracker.cards is None:
        return None
    card = tracker.card(answer.params["payment_method_id"])
    return (200, "the card is there") if card else (404, "there is no such card")


def _removal(tracker: Tracker, answer: Answer) -> Expected:
    if tracker.cards is None:
        return None
    card = tracker.card(answer.params["payment_method_id"])
    if card is None:
        return 404, "there is no such card"
    settings = tracker.settings.get(effects.RECHARGE, {})
    if not {"enabled", "stripe_payment_method_id"} <= settings.keys():
        return None
    if (
        settings["enabled"]
        and settings["stripe_payment_method_id"] == card["stripe_payment_method_id"]
    ):
        return 409, "auto-recharge names the card"
    return 200, "the card is there and nothing names it"


def _addition(tracker: Tracker, answer: Answer) -> Expected:
    sent = _sent(answer.exchange)
    if tracker.cards is not None and tracker.card(str(sent.get("payment_method_id"))):
        return 409, "the card is there already"
    return None


def _recharge(tracker: Tracker, answer: Answer) -> Expected:
    sent = _sent(answer.exchange)
    if tracker.cards is None:
        return None
    named = sent.get("stripe_payment_method_id")
    if named is not None and not tracker.card(named):
        return 400, "the card that is named is not there"
    if sent.get("enabled") and not tracker.cards:
        return 400, "there is no card"
    return (200, "nothing is in the way") if not sent.get("enabled") else None


_EXPECTED = {
    "confirm_verification": _confirm,
    "create_deposit": _deposit,
    "set_default_payment_method": _default,
    "remove_payment_method": _removal,
    "add_payment_method": _addition,
    "update_auto_recharge": _recharge,
}


def _sent(exchange: Exchange) -> Json:
    try:
        sent: Any = exchange.sent if exchange.request_body else None
    except NotJson:
        sent = None
    return sent if isinstance(sent, dict) else {}
