"""An account's whole state: plain data.

The rules stand above it and import it; it imports none of them.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from mockserver.billing.activity import Activity
from mockserver.billing.audit import AuditEntry
from mockserver.billing.catalogue import PlanSlug
from mockserver.billing.errors import CardNotFound
from mockserver.billing.events import Event
from mockserver.billing.history import History
from mockserver.billing.ids import IdSource
from mockserver.billing.ledger import Ledger
from mockserver.billing.outbox import Message


@dataclass(frozen=True, slots=True)
class Profile:
    """The person behind an account. Made up; no real person's."""

    user_id: str
    auto_recharge_id: str
    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Card:
    id: str
    stripe_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    created_at: datetime
    declines_charge: str | None = None
    """Stripe's decline code, for a test card whose charges fail."""

    @property
    def label(self) -> str:
        return f"{self.brand} ending in {self.last4}"

    @property
    def expires_at(self) -> datetime:
        """The first moment at which the card is no longer valid: the end of its month."""
        days = monthrange(self.exp_year, self.exp_month)[1]
        return datetime(self.exp_year, self.exp_month, days, tzinfo=UTC) + timedelta(days=1)

    def decline_code(self, now: datetime) -> str | None:
        """Why a charge would be declined now; None if it would go through."""
        return "expired_card" if now >= self.expires_at else self.declines_charge


@dataclass
class Wallet:
    """The cards of an account, oldest first. There is a default exactly when there is a card."""

    cards: list[Card] = field(default_factory=list)
    default_id: str | None = None

    @property
    def default(self) -> Card | None:
        return next((card for card in self.cards if card.id == self.default_id), None)

    def find(self, name: str) -> Card | None:
        """A card by its id or its Stripe id."""
        return next((card for card in self.cards if name in (card.id, card.stripe_id)), None)

    def get(self, name: str) -> Card:
        """A card by its id or its Stripe id. Raises CardNotFound."""
        card = self.find(name)
        if card is None:
            raise CardNotFound(name)
        return card


@dataclass(frozen=True, slots=True)
class Invoice:
    """Paid at once, but for a renewal that was declined: that one is open, then paid or void."""

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


ConsentSource = Literal["deposit_flow", "success_page", "settings"]


@dataclass(frozen=True, slots=True)
class Consent:
    """What the customer agreed to, as the front end recorded it."""

    text: str | None = None
    source: ConsentSource | None = None
    terms_version: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One recharge that was tried, in the history."""

    id: str
    status: Literal["succeeded", "failed"]
    amount_cents: int
    balance_before_microcents: int
    balance_after_microcents: int
    payment_method_id: str | None
    invoice_id: str | None
    failure_reason: str | None
    created_at: datetime


@dataclass(slots=True)
class AutoRecharge:
    """Settings and history. Never configured: the defaults, disabled."""

    enabled: bool = False
    threshold_microcents: int = DEFAULT_THRESHOLD_MICROCENTS
    amount_cents: int = DEFAULT_AMOUNT_CENTS
    stripe_payment_method_id: str | None = None
    """The card that pays; None: the default card of the moment."""
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
        """Why the last attempt failed; None if it did not."""
        return self.attempts[-1].failure_reason if self.attempts else None


SessionStatus = Literal["open", "complete", "expired"]


@dataclass(frozen=True, slots=True)
class AutoRechargeRequest:
    """Auto-recharge settings that a deposit asked for; they take effect when it is paid."""

    threshold_microcents: int
    amount_cents: int


@dataclass(slots=True)
class CheckoutSession:
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
        """``open`` until it is paid, expired by hand, or 24 hours old."""
        if self.closed is not None:
            return self.closed
        return "expired" if now >= self.expires_at else "open"


@dataclass(frozen=True, slots=True)
class PortalSession:
    """A visit to the page where customers look after cards, invoices and plan."""

    id: str
    created_at: datetime


SetupStatus = Literal["requires_payment_method", "requires_action", "succeeded"]


@dataclass(frozen=True, slots=True)
class SetupError:
    """Why the last try to set up a card failed."""

    code: str
    payment_method: str


@dataclass(slots=True)
class SetupIntent:
    """Stripe's permission to collect a card without charging it."""

    id: str
    client_secret: str
    created_at: datetime
    status: SetupStatus = "requires_payment_method"
    payment_method: str | None = None
    last_error: SetupError | None = None


RETRY_AFTER = (timedelta(days=3), timedelta(days=5), timedelta(days=7))
"""When an unpaid renewal is tried again, counted from the period's start."""


@dataclass(slots=True)
class Subscription:
    id: str
    plan: PlanSlug
    status: Literal["active", "past_due"]
    started_at: datetime
    """The anchor: periods begin on this day of the month."""
    period: int
    """How many periods have begun since, the first included."""
    pending_plan: PlanSlug | None = None
    """The plan that a downgrade brings at the period's end; ``free`` ends the subscription."""
    unpaid_invoice_id: str | None = None
    retries: int = 0

    @property
    def period_start(self) -> datetime:
        return add_months(self.started_at, self.period - 1)

    @property
    def period_end(self) -> datetime:
        return add_months(self.started_at, self.period)

    @property
    def due_at(self) -> datetime:
        """The next moment at which something happens by itself: a retry, or the period's end."""
        if self.status == "past_due":
            return self.period_start + RETRY_AFTER[self.retries]
        return self.period_end


def add_months(anchor: datetime, months: int) -> datetime:
    """The same day some months later, or the last day of a shorter month."""
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    day = min(anchor.day, monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


UsageType = Literal["light", "js", "pdf", "ocr", "crawl"]


CREDITS_PER_REQUEST: dict[UsageType, int] = {"light": 1, "js": 5, "pdf": 3, "ocr": 6, "crawl": 1}
"""The price of one request (of one page, for ``crawl``) in credits."""


@dataclass(frozen=True, slots=True)
class UsageEvent:
    id: str
    type: UsageType
    requests: int
    credits: int
    created_at: datetime


@dataclass(slots=True)
class Tally:
    """Requests and credits, by type."""

    requests: dict[UsageType, int] = field(
        default_factory=lambda: dict.fromkeys(CREDITS_PER_REQUEST, 0)
    )
    credits: dict[UsageType, int] = field(
        default_factory=lambda: dict.fromkeys(CREDITS_PER_REQUEST, 0)
    )

    def add(self, type: UsageType, requests: int, credits: int) -> None:
        self.requests[type] += requests
        self.credits[type] += credits

    @property
    def total_requests(self) -> int:
        return sum(self.requests.values())

    @property
    def total_credits(self) -> int:
        return sum(self.credits.values())


@dataclass
class UsageLog:
    """All events of one account in order of time, with a tally per UTC day beside them."""

    events: MutableSequence[UsageEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events = History(self.events)
        self._days: dict[date, Tally] = {}
        self._months: dict[tuple[int, int], int] = {}
        for event in self.events:
            self._count(event)

    def append(self, event: UsageEvent) -> None:
        self.events.append(event)
        self._count(event)

    def day(self, day: date) -> Tally:
        return self._days.get(day) or Tally()

    def credits_in_month(self, moment: datetime) -> int:
        """Credits used in the UTC month of a moment."""
        return self._months.get((moment.year, moment.month), 0)

    def between(self, first: date, last: date) -> Tally:
        """The tally of some days, both included."""
        total = Tally()
        for day in days_between(first, last):
            tally = self._days.get(day)
            if tally is not None:
                for type in CREDITS_PER_REQUEST:
                    total.add(type, tally.requests[type], tally.credits[type])
        return total

    def _count(self, event: UsageEvent) -> None:
        day = self._days.setdefault(event.created_at.date(), Tally())
        day.add(event.type, event.requests, event.credits)
        month = (event.created_at.year, event.created_at.month)
        self._months[month] = self._months.get(month, 0) + event.credits


def days_between(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that went out: in which month (``2026-03``), for which threshold in percent."""

    period: str
    threshold: int
    fired_at: datetime


@dataclass(slots=True)
class UsageAlerts:
    """Settings (defaults documented) and the alerts that fired."""

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
        """The thresholds that are on, in percent, ascending."""
        switches = {
            50: self.threshold_50_enabled,
            75: self.threshold_75_enabled,
            90: self.threshold_90_enabled,
            100: self.threshold_100_enabled,
        }
        return [threshold for threshold, enabled in switches.items() if enabled]


MAX_ATTEMPTS = 5


VerificationMethod = Literal["email", "sms"]


@dataclass(slots=True)
class Challenge:
    id: str
    method: VerificationMethod
    action: str
    code: str
    destination: str
    """Masked; the whole address is never kept beside a code."""
    created_at: datetime
    expires_at: datetime
    remaining_attempts: int = MAX_ATTEMPTS
    used: bool = False


@dataclass
class Account:
    """Everything that one account knows. Plain data: it can be written out, read back and copied."""

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
        # Not published yet. No field: what is exported or kept in a snapshot has nothing left to publish.
        self.events: list[Event] = []

    @property
    def owned(self) -> Iterator[str]:
        """The ids of what has an address without a key: sessions, setup intents and invoices."""
        yield from (*self.checkout_sessions, *self.portal_sessions, *self.setup_intents)
        yield from (invoice.id for invoice in self.invoices)

    def owns(self, id: str) -> bool:
        """Whether one of these has that id."""
        if "_" in id:
            return (
                id in self.checkout_sessions
                or id in self.portal_sessions
                or id in self.setup_intents
            )
        return any(invoice.id == id for invoice in self.invoices)
