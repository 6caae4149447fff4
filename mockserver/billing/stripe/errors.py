"""Errors in Stripe's format.

The body is ``{"error": {"type", "code", "decline_code", "message", "param", "doc_url"}}``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mockserver.billing.setup_intents import AUTHENTICATION_FAILED

Json = dict[str, Any]

_DOCS = "https://stripe.com/docs/error-codes"
_SHOWN_OF_AN_ID = 80

_DETAILS = {
    "incorrect_number": ("Your card number is incorrect.", "number"),
    "invalid_expiry_month": ("Your card's expiration month is invalid.", "exp_month"),
    "invalid_expiry_year": ("Your card's expiration year is invalid.", "exp_year"),
    "invalid_cvc": ("Your card's security code is invalid.", "cvc"),
}
"""Messages and parameters of card details that are invalid by themselves, by code."""

_OWN_CODES = {
    "expired_card": ("Your card has expired.", "exp_month"),
    "incorrect_cvc": ("Your card's security code is incorrect.", "cvc"),
    "processing_error": (
        "An error occurred while processing your card. Try again in a little bit.",
        None,
    ),
}
"""Declines with their own error code. All others are ``card_declined`` with a decline code."""

_NOT_AUTHENTICATED = (
    "We are unable to authenticate your payment method. "
    "Please choose a different payment method and try again."
)

_DECLINE_MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "card_velocity_exceeded": "Your card was declined for making repeated attempts too frequently.",
    "test_mode_live_card": (
        "Your card was declined. Your request was in test mode, but used a non test (live) card. "
        "The mock knows the test cards of fixtures/catalogue.yaml."
    ),
}


@dataclass
class StripeError(Exception):
    """A refused request."""

    status: int
    type: str
    code: str
    message: str
    param: str | None = None
    decline_code: str | None = None
    more: Json = field(default_factory=dict)
    """Further fields of the error, such as the current setup intent."""

    @classmethod
    def invalid(
        cls, code: str, message: str, param: str | None = None, status: int = 400
    ) -> StripeError:
        return cls(status, "invalid_request_error", code, message, param)

    @classmethod
    def missing(cls, kind: str, id: str, param: str | None = None) -> StripeError:
        """Return the error of an unknown id."""
        short = id if len(id) <= _SHOWN_OF_AN_ID else f"{id[:_SHOWN_OF_AN_ID]}..."
        return cls(
            404, "invalid_request_error", "resource_missing", f"No such {kind}: '{short}'", param
        )

    @classmethod
    def of_details(cls, code: str) -> StripeError:
        """Return the error of refused card details."""
        if code in _DETAILS:
            message, param = _DETAILS[code]
            return cls(402, "card_error", code, message, param)
        return cls.of_decline(code)

    @classmethod
    def of_decline(cls, reason: str) -> StripeError:
        """Return the error of a failed setup: a decline, or a failed authentication."""
        if reason == AUTHENTICATION_FAILED:
            return cls.invalid("setup_intent_authentication_failure", _NOT_AUTHENTICATED)
        if reason in _OWN_CODES:
            message, param = _OWN_CODES[reason]
            return cls(402, "card_error", reason, message, param)
        message = _DECLINE_MESSAGES.get(reason, "Your card was declined.")
        return cls(402, "card_error", "card_declined", message, decline_code=reason)

    @property
    def body(self) -> Json:
        """The fields of the error; those without a value are omitted, as Stripe does."""
        facts = {
            "type": self.type,
            "code": self.code,
            "decline_code": self.decline_code,
            "message": self.message,
            "param": self.param,
            "doc_url": f"{_DOCS}/{self.code.replace('_', '-')}",
        }
        return {name: value for name, value in facts.items() if value is not None} | self.more
