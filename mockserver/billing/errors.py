"""What can go wrong, in the words of billing.

BillingError
├── InvalidRequest        understood, but it cannot be done that way
│   ├── UnknownPrice, WrongCheckoutMode, PromoCodeRefused, CardDetailsRefused
│   ├── NoUsableCard, UnknownCard, UnknownVerificationMethod
├── PaymentRequired
│   ├── CardDeclined, InsufficientBalance, SubscriptionPastDue
├── Forbidden             NotAMember
├── NotFound              CardNotFound, SessionNotFound, ChallengeNotFound, SetupIntentNotFound
├── Conflict              CardAlreadyAdded, CardInUse, SessionClosed, ChallengeUsed, ChallengeLocked,
│                         SetupIntentSucceeded, NothingToAuthenticate
└── Gone                  ChallengeExpired

An error holds facts; its text says what is wrong and how to put it right. It is raised before anything changes.
"""

from dataclasses import dataclass

from mockserver.billing import money


def _short(name: str) -> str:
    """A name that somebody sent, fit for a sentence."""
    return name if len(name) <= 80 else f"{name[:80]}..."


class BillingError(Exception):
    """Something that the rules of billing refuse."""


class InvalidRequest(BillingError):
    """Well-formed, but it cannot be done with this account or catalogue."""


class PaymentRequired(BillingError):
    """Money is missing: on the balance, or on the card."""


class Forbidden(BillingError):
    """The caller may not see or do this."""


class NotFound(BillingError):
    """The account has no such thing."""


class Conflict(BillingError):
    """The state of the account does not allow it now."""


class Gone(BillingError):
    """It was there, and its time is over."""


@dataclass
class UnknownPrice(InvalidRequest):
    price_id: str
    known: list[str]

    def __str__(self) -> str:
        return f"No such price: '{self.price_id}'. Known prices: {', '.join(self.known)}."


@dataclass
class WrongCheckoutMode(InvalidRequest):
    mode: str
    price_id: str
    expected: str

    def __str__(self) -> str:
        return (
            f"Mode '{self.mode}' does not fit price '{self.price_id}'. Use mode '{self.expected}'."
        )


@dataclass
class PromoCodeRefused(InvalidRequest):
    reason: str

    def __str__(self) -> str:
        return self.reason


class NoUsableCard(InvalidRequest):
    def __str__(self) -> str:
        return "There is no usable payment method on this account. Add a card that has not expired first."


@dataclass
class UnknownCard(InvalidRequest):
    stripe_payment_method_id: str

    def __str__(self) -> str:
        return (
            f"Payment method '{self.stripe_payment_method_id}' is not on this account. "
            "Add it first, or leave it out to use the default card."
        )


@dataclass
class UnknownVerificationMethod(InvalidRequest):
    method: str

    def __str__(self) -> str:
        return f"Verification method '{self.method}' is not supported. Use 'email' or 'sms'."


@dataclass
class CardDeclined(PaymentRequired):
    code: str
    """Stripe's decline code, such as ``insufficient_funds``."""

    def __str__(self) -> str:
        return f"Your card was declined ({self.code}). Use another card."


@dataclass
class InsufficientBalance(PaymentRequired):
    balance_microcents: int
    required_microcents: int

    def __str__(self) -> str:
        return (
            f"Insufficient balance: this costs {money.display(self.required_microcents)} and the balance is "
            f"{money.display(self.balance_microcents)}. Make a deposit first."
        )


class SubscriptionPastDue(PaymentRequired):
    def __str__(self) -> str:
        return "The last renewal is unpaid. It is tried again by itself; set a default card that works."


class NotAMember(Forbidden):
    def __str__(self) -> str:
        return "You are not a member of this organization."


@dataclass
class CardNotFound(NotFound):
    payment_method_id: str

    def __str__(self) -> str:
        return f"No such payment method: '{_short(self.payment_method_id)}'."


@dataclass
class SessionNotFound(NotFound):
    session_id: str

    def __str__(self) -> str:
        return f"No such checkout session: '{_short(self.session_id)}'."


@dataclass
class ChallengeNotFound(NotFound):
    challenge_id: str

    def __str__(self) -> str:
        return f"No such verification challenge: '{self.challenge_id}'."


@dataclass
class CardDetailsRefused(InvalidRequest):
    """What was typed is no card. The number is in no error: errors are logged and shown."""

    code: str
    """Stripe's error code, such as ``incorrect_number``."""

    def __str__(self) -> str:
        return f"The card's details are refused ({self.code}). Use a test card, with an expiry date to come."


@dataclass
class SetupIntentNotFound(NotFound):
    """There is none of that id, or its secret is another: which of the two is not said."""

    setup_intent_id: str

    def __str__(self) -> str:
        return f"No such setupintent: '{_short(self.setup_intent_id)}'"


@dataclass
class SetupIntentSucceeded(Conflict):
    setup_intent_id: str

    def __str__(self) -> str:
        return f"Setup intent '{self.setup_intent_id}' has already succeeded. Create a new one."


@dataclass
class NothingToAuthenticate(Conflict):
    setup_intent_id: str

    def __str__(self) -> str:
        return f"Setup intent '{self.setup_intent_id}' does not wait for authentication. Confirm it with a card first."


@dataclass
class CardAlreadyAdded(Conflict):
    stripe_payment_method_id: str

    def __str__(self) -> str:
        return f"Payment method '{self.stripe_payment_method_id}' is already on this account."


@dataclass
class CardInUse(Conflict):
    stripe_payment_method_id: str

    def __str__(self) -> str:
        return (
            f"Auto-recharge pays with '{self.stripe_payment_method_id}'. "
            "Choose another card in its settings, or disable it, and remove this one then."
        )


@dataclass
class SessionClosed(Conflict):
    session_id: str
    status: str

    def __str__(self) -> str:
        return f"Checkout session '{self.session_id}' is {self.status}. Create a new one."


class ChallengeUsed(Conflict):
    def __str__(self) -> str:
        return "This verification challenge has been used. Initiate a new one."


class ChallengeLocked(Conflict):
    def __str__(self) -> str:
        return (
            "This verification challenge is locked after too many wrong codes. Initiate a new one."
        )


class ChallengeExpired(Gone):
    def __str__(self) -> str:
        return "This verification challenge has expired. Initiate a new one."
