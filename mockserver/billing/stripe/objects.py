"""Setup intents and payment methods in Stripe's format."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from mockserver.billing.account import SetupIntent
from mockserver.billing.catalogue import Catalogue
from mockserver.billing.stripe.bodies import BillingDetails
from mockserver.billing.stripe.errors import StripeError

Json = dict[str, Any]

_YEARS_OF_A_NEW_CARD = 3


def setup_intent(
    intent: SetupIntent, catalogue: Catalogue, now: datetime, expand: list[str]
) -> Json:
    """Return a setup intent. Its payment method is an id unless ``expand`` names it."""
    method: str | Json | None = intent.payment_method
    if intent.payment_method is not None and "payment_method" in expand:
        method = payment_method(intent.payment_method, catalogue, now)
    return {
        "id": intent.id,
        "object": "setup_intent",
        "cancellation_reason": None,
        "client_secret": intent.client_secret,
        "created": int(intent.created_at.timestamp()),
        "description": None,
        "last_setup_error": _last_error(intent, catalogue, now),
        "livemode": False,
        "next_action": _next_action(intent),
        "payment_method": method,
        "payment_method_types": ["card"],
        "status": intent.status,
        "usage": "off_session",
    }


def payment_method(
    id: str, catalogue: Catalogue, now: datetime, billing: BillingDetails | None = None
) -> Json:
    """Return a payment method that belongs to no customer."""
    card = catalogue.card(id)
    return {
        "id": id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": msgspec.to_builtins(billing or BillingDetails()),
        "card": {
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": None,
            },
            "country": "US",
            "display_brand": card.brand,
            "exp_month": card.exp_month or 12,
            "exp_year": card.exp_year or now.year + _YEARS_OF_A_NEW_CARD,
            "funding": _funding(id),
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": card.brand != "amex"},
            "wallet": None,
        },
        "created": int(now.timestamp()),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def _funding(id: str) -> str:
    return next((kind for kind in ("debit", "prepaid") if f"_{kind}" in id), "credit")


def _last_error(intent: SetupIntent, catalogue: Catalogue, now: datetime) -> Json | None:
    if intent.last_error is None:
        return None
    method = payment_method(intent.last_error.payment_method, catalogue, now)
    return StripeError.of_decline(intent.last_error.code).body | {"payment_method": method}


def _next_action(intent: SetupIntent) -> Json | None:
    """Return the action that the script must take; None if none is required."""
    if intent.status != "requires_action":
        return None
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "stripe_3ds2_challenge"}}
