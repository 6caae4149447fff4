"""Request bodies of the script. Errors never contain a value: it may be a card number."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request

from mockserver.billing.card_details import CardDetails
from mockserver.billing.stripe.errors import StripeError

MAX_BODY_BYTES = 20_000

_Text = Annotated[str, Meta(max_length=500)]
_Id = Annotated[str, Meta(max_length=255)]
_PAYMENT_METHOD = re.compile(r"pm_\w{1,250}", re.ASCII)
_TOKEN = re.compile(r"tok_\w{1,240}", re.ASCII)


class Address(Struct):
    city: _Text | None = None
    country: _Text | None = None
    line1: _Text | None = None
    line2: _Text | None = None
    postal_code: _Text | None = None
    state: _Text | None = None


class BillingDetails(Struct):
    address: Address = msgspec.field(default_factory=Address)
    email: _Text | None = None
    name: _Text | None = None
    phone: _Text | None = None


class TypedCard(Struct):
    """The card fields of a form."""

    number: _Text
    exp_month: int
    exp_year: int
    cvc: _Text | None = None

    def details(self) -> CardDetails:
        return CardDetails(self.number, self.exp_month, self.exp_year, self.cvc)


class PaymentMethodData(Struct):
    """A typed card, or a token that stands for one."""

    type: Literal["card"]
    card: TypedCard | None = None
    token: _Id | None = None
    billing_details: BillingDetails = msgspec.field(default_factory=BillingDetails)

    def payer(self) -> str | CardDetails:
        """Return the typed card or the id of a payment method. Raise StripeError without one."""
        if self.card is not None:
            return self.card.details()
        if self.token is None:
            raise StripeError.invalid("parameter_missing", "Missing required param: card.", "card")
        return payment_method_of(self.token)


class Retrieval(Struct):
    client_secret: _Id
    expand: list[_Text] = []


class Confirmation(Retrieval):
    payment_method: _Id | None = None
    payment_method_data: PaymentMethodData | None = None

    def payer(self) -> str | CardDetails:
        """Return the typed card or the id of a payment method. Raise StripeError without one."""
        if self.payment_method_data is not None:
            return self.payment_method_data.payer()
        if self.payment_method is None:
            sentence = "You cannot confirm this SetupIntent because it's missing a payment method."
            raise StripeError.invalid("setup_intent_unexpected_state", sentence)
        if not _PAYMENT_METHOD.fullmatch(self.payment_method):
            raise StripeError.missing("PaymentMethod", self.payment_method, "payment_method")
        return self.payment_method


class Authentication(Retrieval):
    outcome: Literal["pass", "fail"] = "fail"


_Body = TypeVar("_Body", bound=Struct)


async def read(request: Request, kind: type[_Body]) -> _Body:
    """Return the body of a request. Raise StripeError if it is too large or invalid."""
    payload = b""
    async for chunk in request.stream():
        payload += chunk
        if len(payload) > MAX_BODY_BYTES:
            raise StripeError.invalid(
                "request_too_large", f"More than {MAX_BODY_BYTES} bytes.", status=413
            )
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.ValidationError as error:
        raise StripeError.invalid("parameter_invalid", f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise StripeError.invalid("parameter_invalid", "The body must be JSON.") from None


def payment_method_of(token: str) -> str:
    """Return the id of the payment method that a token stands for.

    Stripe's ``tok_visa`` is ``pm_card_visa``. The mock's own ``tok_mock_x`` is ``pm_mock_x``.
    """
    if not _TOKEN.fullmatch(token):
        raise StripeError.missing("token", token, "card[token]")
    name = token.removeprefix("tok_")
    return f"pm_{name}" if name.startswith("mock_") else f"pm_card_{name}"
