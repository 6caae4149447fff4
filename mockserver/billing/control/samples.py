"""Made-up data of every type of event: the properties that the event has when it happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mockserver.billing import money
from mockserver.billing.context import Context

Json = dict[str, Any]

_AMOUNT = 5_000
_ID = "00000000-0000-4000-8000-000000000001"
_SESSION = "cs_test_sample"
_CARD: Json = {"payment_method_id": _ID, "brand": "visa", "last4": "4242"}
_INVOICE = "INV-SAMPLE-0001"
_INTENT: Json = {"setup_intent_id": "seti_sample"}
_CHALLENGE: Json = {"challenge_id": _ID, "verified_action": "payment"}
_PLAN: Json = {"plan": "starter"}

_PLAIN: dict[str, Json] = {
    "auto_recharge.disabled": {},
    "auto_recharge.failed": {"amount_cents": _AMOUNT, "reason": "card_declined"},
    "auto_recharge.succeeded": {"amount_cents": _AMOUNT, "invoice": _INVOICE},
    "auto_recharge.updated": {
        "enabled": True,
        "threshold_microcents": 500_000_000,
        "recharge_amount_cents": _AMOUNT,
    },
    "checkout.completed": {"session_id": _SESSION, "price_id": None},
    "checkout.created": {"session_id": _SESSION, "price_id": None},
    "checkout.declined": {"session_id": _SESSION, "reason": "card_declined"},
    "checkout.expired": {"session_id": _SESSION},
    "deposit.completed": {
        "session_id": _SESSION,
        "amount_cents": _AMOUNT,
        "invoice": _INVOICE,
    },
    "deposit.created": {"session_id": _SESSION, "amount_cents": _AMOUNT, "promo_code": None},
    "payment_method.added": _CARD,
    "payment_method.default_set": {"payment_method_id": _ID},
    "payment_method.removed": _CARD,
    "portal.opened": {},
    "promo_code.redeemed": {"code": "WELCOME10", "bonus_cents": 500},
    "refund.granted": {"amount_cents": 25},
    "setup_intent.created": _INTENT,
    "setup_intent.requires_action": _INTENT,
    "setup_intent.setup_failed": {**_INTENT, "reason": "card_declined"},
    "setup_intent.succeeded": {**_INTENT, "brand": "visa", "last4": "4242"},
    "subscription.ended": {**_PLAN, "reason": "canceled"},
    "subscription.past_due": {**_PLAN, "invoice": _INVOICE, "reason": "card_declined"},
    "subscription.renewed": _PLAN,
    "subscription.retry_failed": {**_PLAN, "invoice": _INVOICE, "reason": "card_declined"},
    "subscription.scheduled": {**_PLAN, "pending_plan": "free"},
    "subscription.started": _PLAN,
    "subscription.upgraded": {**_PLAN, "amount_cents": _AMOUNT},
    "usage_alert.fired": {"threshold": 75, "credits_used": 750, "credits_allocated": 1_000},
    "usage_alerts.updated": {"enabled": True, "email_enabled": True, "webhook_url": None},
    "verification.confirmed": _CHALLENGE,
    "verification.failed": _CHALLENGE,
    "verification.initiated": {**_CHALLENGE, "method": "email"},
}


def of(event: str, context: Context) -> Json:
    """Return the made-up data of an event of an account."""
    if event in _PLAIN:
        return dict(_PLAIN[event])
    if event == "credit_transaction.created":
        return _entry(context)
    if event == "subscription.updated":
        return _subscription(context)
    return _invoice(event.rpartition(".")[2], context)


def _entry(context: Context) -> Json:
    amount = _AMOUNT * money.MICROCENTS_PER_CENT
    return {
        "id": _ID,
        "type": "deposit",
        "amount_microcents": amount,
        "balance_after_microcents": context.account.ledger.balance + amount,
        "reference_type": "deposit",
        "reference_id": _SESSION,
        "description": "Deposit",
        "created_at": context.now,
    }


def _subscription(context: Context) -> Json:
    return {
        "id": _ID,
        **_PLAN,
        "status": "active",
        "current_period_start": context.now,
        "current_period_end": context.now + timedelta(days=30),
        "pending_plan": None,
        "cancel_at_period_end": False,
    }


def _invoice(what: str, context: Context) -> Json:
    status = {"created": "open", "paid": "paid", "voided": "void"}[what]
    return {
        "id": _ID,
        "number": _INVOICE,
        "status": status,
        "amount_cents": _AMOUNT,
        "description": "Deposit",
        "period_start": None,
        "period_end": None,
        "created_at": context.now,
        "paid_at": context.now if status == "paid" else None,
    }
