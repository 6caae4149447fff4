"""Errors of billing.

BillingError
├── InvalidRequest        well-formed, but impossible with this account or catalogue
│   ├── UnknownPrice, WrongCheckoutMode, PromoCodeRefused, CardDetailsRefused
│   ├── NoUsableCard, UnknownCard, UnknownVerificationMethod
├── PaymentRequired
│   ├── CardDeclined, InsufficientBalance, SubscriptionPastDue
├── Forbidden             NotAMember
├── NotFound              CardNotFound, SessionNotFound, ChallengeNotFound, SetupIntentNotFound
├── Conflict              CardAlreadyAdded, CardInUse, SessionClosed, ChallengeUsed,
│                         ChallengeLocked, SetupIntentSucceeded, NothingToAuthenticate,
│                         RefundRefused
└── Gone                  ChallengeExpired

An error holds facts; its text says what is wrong and how to fix it. It is raised before anything
changes.
"""

from typing import Any, dataclass_transform

from mockserver.billing import money


def _short(name: str) -> str:
    """Truncate a name from a request, so that it fits into a sentence."""
    return name if len(name) <= 80 else f"{name[:80]}..."


@dataclass_transform()
class BillingError(Exception):
    """A request that the rules of billing refuse.

    Subclasses declare their facts, as a dataclass does. Dataclasses took 5 ms at start-up.
    """

    def __init__(self, *args: Any, **facts: Any) -> None:
        super().__init__(*args)
        vars(self).update(zip(type(self).__annotations__, args, strict=False), **facts)


class InvalidRequest(BillingError):
    """The request is well-formed, but impossible with this account or catalogue."""


class PaymentRequired(BillingError):
    """The balance is too low, or the card cannot be charged."""


class Forbidden(BillingError):
    """The caller is not permitted to see or do this."""


class NotFound(BillingError):
    """The account has no such record."""


class Conflict(BillingError):
    """The current state of the account does not allow the request."""


class Gone(BillingError):
    """The record exists and has expired."""


class UnknownPrice(InvalidRequest):
    price_id: str
    known: list[str]

    def __str__(self) -> str:
        return f"No such price: '{self.price_id}'. Known prices: {', '.join(self.known)}."


class WrongCheckoutMode(InvalidRequest):
    mode: str
    price_id: str
    expected: str

    def __str__(self) -> str:
        return (
            f"Price '{self.price_id}' cannot be bought in mode '{self.mode}'. "
            f"Use mode '{self.expected}'."
        )


class PromoCodeRefused(InvalidRequest):
    reason: str

    def __str__(self) -> str:
        return self.reason


class NoUsableCard(InvalidRequest):
    def __str__(self) -> str:
        return "This account has no usable payment method. Add a card that has not expired first."


class UnknownCard(InvalidRequest):
    stripe_payment_method_id: str

    def __str__(self) -> str:
        return (
            f"Payment method '{self.stripe_payment_method_id}' is not on this account. "
            "Add it first, or omit it to use the default card."
        )


class UnknownVerificationMethod(InvalidRequest):
    method: str

    def __str__(self) -> str:
        return f"Verification method '{self.method}' is not supported. Use 'email' or 'sms'."


class CardDeclined(PaymentRequired):
    code: str
    """Stripe's decline code, such as ``insufficient_funds``."""

    def __str__(self) -> str:
        return f"Your card was declined ({self.code}). Use another card."


class InsufficientBalance(PaymentRequired):
    balance_microcents: int
    required_microcents: int

    def __str__(self) -> str:
        return (
            f"Insufficient balance: this costs {money.display(self.required_microcents)} and the "
            f"balance is {money.display(self.balance_microcents)}. Make a deposit first."
        )


class SubscriptionPastDue(PaymentRequired):
    def __str__(self) -> str:
        return (
            "The last renewal is unpaid. Set a default card that works; "
            "the payment is retried automatically."
        )


class NotAMember(Forbidden):
    def __str__(self) -> str:
        return "You are not a member of this organization."


class CardNotFound(NotFound):
    payment_method_id: str

    def __str__(self) -> str:
        return f"No such payment method: '{_short(self.payment_method_id)}'."


class SessionNotFound(NotFound):
    session_id: str

    def __str__(self) -> str:
        return f"No such checkout session: '{_short(self.session_id)}'."


class ChallengeNotFound(NotFound):
    challenge_id: str

    def __str__(self) -> str:
        return f"No such verification challenge: '{self.challenge_id}'."


class CardDetailsRefused(InvalidRequest):
    """The typed details are not a usable card. Errors never contain the number: they are logged."""

    code: str
    """Stripe's error code, such as ``incorrect_number``."""

    def __str__(self) -> str:
        return (
            f"The card details were refused ({self.code}). "
            "Use a test card with an expiry date in the future."
        )


class SetupIntentNotFound(NotFound):
    """The id is unknown or the client secret is wrong; the error does not reveal which."""

    setup_intent_id: str

    def __str__(self) -> str:
        return f"No such setupintent: '{_short(self.setup_intent_id)}'"


class SetupIntentSucceeded(Conflict):
    setup_intent_id: str

    def __str__(self) -> str:
        return f"Setup intent '{self.setup_intent_id}' has already succeeded. Create a new one."


class NothingToAuthenticate(Conflict):
    setup_intent_id: str

    def __str__(self) -> str:
        return (
            f"Setup intent '{self.setup_intent_id}' is not waiting for authentication. "
            "Confirm it with a card first."
        )


class CardAlreadyAdded(Conflict):
    stripe_payment_method_id: str

    def __str__(self) -> str:
        return f"Payment method '{self.stripe_payment_method_id}' is already on this account."


class CardInUse(Conflict):
    stripe_payment_method_id: str

    def __str__(self) -> str:
        return (
            f"Auto-recharge pays with '{self.stripe_payment_method_id}'. "
            "Choose another card in its settings, or disable it; then remove this card."
        )


class SessionClosed(Conflict):
    session_id: str
    status: str

    def __str__(self) -> str:
        return f"Checkout session '{self.session_id}' is {self.status}. Create a new one."


class RefundRefused(Conflict):
    refundable_cents: int

    def __str__(self) -> str:
        if self.refundable_cents == 0:
            return "Nothing can be refunded: all charged usage is refunded, or none was charged."
        return (
            f"A refund must be from $0.01 to {money.display_cents(self.refundable_cents)}, "
            "the charged usage less earlier refunds."
        )


class ChallengeUsed(Conflict):
    def __str__(self) -> str:
        return "This verification challenge has already been used. Initiate a new one."


class ChallengeLocked(Conflict):
    def __str__(self) -> str:
        return (
            "This verification challenge is locked after too many wrong codes. Initiate a new one."
        )


class ChallengeExpired(Gone):
    def __str__(self) -> str:
        return "This verification challenge has expired. Initiate a new one."
