"""An account's whole state as plain data.

The rules import this module; it imports none of them. Parts with derived totals have modules of
their own: ``ledger.py`` and ``usage_log.py``. The field names are public: they are the JSON of
``/_mock/state``.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, MutableSequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from msgspec import Struct, field

from mockserver.billing.activity import Activity
from mockserver.billing.audit import AuditEntry
from mockserver.billing.catalogue import PlanSlug
from mockserver.billing.errors import CardNotFound
from mockserver.billing.events import Event
from mockserver.billing.history import History
from mockserver.billing.ids import IdSource
from mockserver.billing.ledger import Ledger
from mockserver.billing.outbox import Message
from mockserver.billing.usage_log import UsageLog


class Profile(Struct, frozen=True):
    """The invented person behind an account."""

    user_id: str
    auto_recharge_id: str
    name: str
    email: str
    phone: str
    company: str | None = None
    """The company that invoices name, if the persona has one."""


class Card(Struct, frozen=True):
    """A card. Requests name it by its ``id`` or by its Stripe id."""

    id: str
    stripe_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    created_at: datetime
    declines_charge: str | None = None
    """Stripe's decline code for a test card whose charges fail; otherwise None."""

    @property
    def label(self) -> str:
        return f"{self.brand} ending in {self.last4}"

    @property
    def expires_at(self) -> datetime:
        """The time at which the card stops being valid: the end of its month."""
        return _end_of_month(self.exp_year, self.exp_month)

    def decline_code(self, now: datetime) -> str | None:
        """Return why a charge would be declined now; None if it would succeed."""
        return "expired_card" if now >= self.expires_at else self.declines_charge


@lru_cache(maxsize=256)
def _end_of_month(year: int, month: int) -> datetime:
    days = monthrange(year, month)[1]
    return datetime(year, month, days, tzinfo=UTC) + timedelta(days=1)


class Wallet(Struct):
    """The cards of an account, oldest first. One of them is the default if there are any."""

    cards: list[Card] = field(default_factory=list)
    default_id: str | None = None

    @property
    def default(self) -> Card | None:
        return next((card for card in self.cards if card.id == self.default_id), None)

    def find(self, name: str) -> Card | None:
        """Return the card of an id or a Stripe id, or None."""
        return next((card for card in self.cards if name in (card.id, card.stripe_id)), None)

    def get(self, name: str) -> Card:
        """Return the card of an id or a Stripe id. Raise CardNotFound if there is none."""
        card = self.find(name)
        if card is None:
            raise CardNotFound(name)
        return card


class Invoice(Struct, frozen=True):
    """An invoice: paid at once, except for a declined renewal, which is open, then paid or void."""

    id: str
    number: str
    status: Literal["paid", "open", "void"]
    amount_cents: int
    description: str
    period_start: datetime | None
    period_end: datetime | None
    created_at: datetime
    paid_at: datetime | None


DEFAULT_THRESHOLD_MICROCENTS = 500_000_000
DEFAULT_AMOUNT_CENTS = 5_000
"""The defaults of auto-recharge (documented)."""

ConsentSource = Literal["deposit_flow", "success_page", "settings"]


class Consent(Struct, frozen=True):
    """The customer's consent to auto-recharge, as recorded by the front end."""

    text: str | None = None
    source: ConsentSource | None = None
    terms_version: str | None = None


class Attempt(Struct, frozen=True):
    """One attempted recharge in the history."""

    id: str
    status: Literal["succeeded", "failed"]
    amount_cents: int
    balance_before_microcents: int
    balance_after_microcents: int
    payment_method_id: str | None
    invoice_id: str | None
    failure_reason: str | None
    created_at: datetime


class AutoRecharge(Struct):
    """Settings and history of auto-recharge. Until configured: the defaults, disabled."""

    enabled: bool = False
    threshold_microcents: int = DEFAULT_THRESHOLD_MICROCENTS
    amount_cents: int = DEFAULT_AMOUNT_CENTS
    stripe_payment_method_id: str | None = None
    """The card that pays; None for the default card."""
    consent: Consent = field(default_factory=Consent)
    consecutive_failures: int = 0
    updated_at: datetime | None = None
    attempts: MutableSequence[Attempt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.attempts = History(self.attempts)

    @property
    def last_success(self) -> Attempt | None:
        return next(
            (attempt for attempt in reversed(self.attempts) if attempt.status == "succeeded"), None
        )

    @property
    def last_failure_reason(self) -> str | None:
        """Why the last attempt failed; None if it succeeded or there was none."""
        return self.attempts[-1].failure_reason if self.attempts else None


SessionStatus = Literal["open", "complete", "expired"]


class AutoRechargeRequest(Struct, frozen=True):
    """Auto-recharge settings requested with a deposit; they take effect when it is paid."""

    threshold_microcents: int
    amount_cents: int


class CheckoutSession(Struct):
    """A payment to be made on a page. ``closed`` is None while it is open or has timed out."""

    id: str
    amount_cents: int
    description: str
    success_url: str | None
    cancel_url: str | None
    created_at: datetime
    expires_at: datetime
    price_id: str | None = None
    promo_code: str | None = None
    auto_recharge: AutoRechargeRequest | None = None
    closed: Literal["complete", "expired"] | None = None
    completed_at: datetime | None = None
    bonus_cents: int = 0
    last_decline_code: str | None = None

    def status(self, now: datetime) -> SessionStatus:
        """Return ``open`` until the session is paid, expired by request, or 24 hours old."""
        if self.closed is not None:
            return self.closed
        return "expired" if now >= self.expires_at else "open"


class PortalSession(Struct, frozen=True):
    """A visit to the page on which customers manage cards, invoices and plan."""

    id: str
    created_at: datetime


SetupStatus = Literal["requires_payment_method", "requires_action", "succeeded"]


class SetupError(Struct, frozen=True):
    """Why the last attempt to set up a card failed."""

    code: str
    payment_method: str


class SetupIntent(Struct):
    """The permission to collect a card without charging it, as with Stripe."""

    id: str
    client_secret: str
    created_at: datetime
    status: SetupStatus = "requires_payment_method"
    payment_method: str | None = None
    last_error: SetupError | None = None


RETRY_AFTER = (timedelta(days=3), timedelta(days=5), timedelta(days=7))
"""When an unpaid renewal is retried, counted from the start of the period."""


class Subscription(Struct):
    """A plan that is paid for, or its trial. An account on the free plan has no subscription."""

    id: str
    plan: PlanSlug
    status: Literal["active", "past_due"]
    started_at: datetime
    """The time of the start: the anchor, unless a trial or a change of the interval moved it."""
    period: int
    """The number of the current period since the anchor; the first is 1, and 0 is a trial."""
    pending_plan: PlanSlug | None = None
    """The plan scheduled for the next period, if any; ``free`` ends the subscription."""
    unpaid_invoice_id: str | None = None
    retries: int = 0
    months: int = 1
    """The months of a period."""
    moved_anchor: datetime | None = None
    """The end of the trial, or the time of the last change of the interval."""

    @property
    def anchor(self) -> datetime:
        """The time at which the first period starts, which gives the day of all others."""
        return self.moved_anchor or self.started_at

    @property
    def is_trial(self) -> bool:
        """Whether the current period is a trial."""
        return self.period == 0

    @property
    def period_start(self) -> datetime:
        if self.is_trial:
            return self.started_at
        return add_months(self.anchor, (self.period - 1) * self.months)

    @property
    def period_end(self) -> datetime:
        return add_months(self.anchor, self.period * self.months)

    @property
    def due_at(self) -> datetime:
        """When the next retry or renewal is due."""
        if self.status == "past_due":
            return self.period_start + RETRY_AFTER[self.retries]
        return self.period_end


def add_months(anchor: datetime, months: int) -> datetime:
    """Return the same day some months later, or the last day of a shorter month."""
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    day = min(anchor.day, monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


class Fired(Struct, frozen=True):
    """An alert that was sent: the month (``2026-03``) and the threshold in percent."""

    period: str
    threshold: int
    fired_at: datetime


class UsageAlerts(Struct):
    """Settings of usage alerts (defaults documented) and the alerts that fired."""

    enabled: bool = True
    threshold_50_enabled: bool = False
    threshold_75_enabled: bool = True
    threshold_90_enabled: bool = True
    threshold_100_enabled: bool = True
    email_enabled: bool = True
    webhook_url: str | None = None
    updated_at: datetime | None = None
    fired: list[Fired] = field(default_factory=list)

    @property
    def thresholds(self) -> list[int]:
        """The enabled thresholds in percent, ascending."""
        switches = {
            50: self.threshold_50_enabled,
            75: self.threshold_75_enabled,
            90: self.threshold_90_enabled,
            100: self.threshold_100_enabled,
        }
        return [threshold for threshold, enabled in switches.items() if enabled]


MAX_ATTEMPTS = 5
"""The wrong codes after which a challenge is locked."""

VerificationMethod = Literal["email", "sms"]


class Challenge(Struct):
    """A verification that waits for its code."""

    id: str
    method: VerificationMethod
    action: str
    code: str
    destination: str
    """The masked destination; the full one is never stored with a code."""
    created_at: datetime
    expires_at: datetime
    remaining_attempts: int = MAX_ATTEMPTS
    used: bool = False


class Account(Struct, dict=True):
    """Everything known of one account. Plain data that can be exported, imported and copied."""

    id: str
    profile: Profile
    created_at: datetime
    ids: IdSource
    ledger: Ledger = field(default_factory=Ledger)
    wallet: Wallet = field(default_factory=Wallet)
    auto_recharge: AutoRecharge = field(default_factory=AutoRecharge)
    usage: UsageLog = field(default_factory=UsageLog)
    usage_alerts: UsageAlerts = field(default_factory=UsageAlerts)
    subscription: Subscription | None = None
    checkout_sessions: dict[str, CheckoutSession] = field(default_factory=dict)
    portal_sessions: dict[str, PortalSession] = field(default_factory=dict)
    setup_intents: dict[str, SetupIntent] = field(default_factory=dict)
    redeemed_promo_codes: list[str] = field(default_factory=list)
    challenges: dict[str, Challenge] = field(default_factory=dict)
    invoices: MutableSequence[Invoice] = field(default_factory=list)
    audit_log: MutableSequence[AuditEntry] = field(default_factory=list)
    activities: MutableSequence[Activity] = field(default_factory=list)
    outbox: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.invoices = History(self.invoices)
        self.audit_log, self.activities = History(self.audit_log), History(self.activities)
        # Events to be published. Not a field: exports and snapshots contain no events.
        self.events: list[Event] = []

    @property
    def owned(self) -> Iterator[str]:
        """The ids of records served without a key: sessions, setup intents and invoices."""
        yield from (*self.checkout_sessions, *self.portal_sessions, *self.setup_intents)
        yield from (invoice.id for invoice in self.invoices)

    def owns(self, id: str) -> bool:
        """Return whether the id is one of ``owned``."""
        if "_" in id:
            return (
                id in self.checkout_sessions
                or id in self.portal_sessions
                or id in self.setup_intents
            )
        return any(invoice.id == id for invoice in self.invoices)
