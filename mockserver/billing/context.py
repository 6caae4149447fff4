"""An account's whole state, and the context in which it is read or changed."""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mockserver.billing import bounds
from mockserver.billing.activity import Activity, ActivityType
from mockserver.billing.audit import Actor, AuditEntry, Detail
from mockserver.billing.auto_recharge import AutoRecharge
from mockserver.billing.catalogue import Catalogue
from mockserver.billing.checkout import CheckoutSession, PortalSession
from mockserver.billing.events import Event
from mockserver.billing.history import History
from mockserver.billing.ids import IdSource
from mockserver.billing.invoices import Invoice
from mockserver.billing.ledger import Entry, EntryType, Ledger, ReferenceType
from mockserver.billing.outbox import Channel, Message
from mockserver.billing.payment_methods import Wallet
from mockserver.billing.setup_intents import SetupIntent
from mockserver.billing.subscription import Subscription
from mockserver.billing.usage import UsageLog
from mockserver.billing.usage_alerts import UsageAlerts
from mockserver.billing.verification import Challenge


@dataclass(frozen=True, slots=True)
class Profile:
    """The person behind an account. Made up; no real person's."""

    user_id: str
    auto_recharge_id: str
    name: str
    email: str
    phone: str


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


@dataclass(slots=True)
class Context:
    """One account, the catalogue, the moment and who acts: all that a rule may know."""

    account: Account
    catalogue: Catalogue
    now: datetime
    actor: Actor

    def at(self, moment: datetime, actor: Actor = "system") -> Context:
        """The same account at another moment, for work that fell due then."""
        return Context(self.account, self.catalogue, moment, actor)

    def credit(
        self,
        type: EntryType,
        amount: int,
        description: str,
        *,
        reference_type: ReferenceType,
        reference_id: str | None = None,
    ) -> Entry:
        """Write a ledger entry now (negative: a debit), in microcents."""
        entry = self.account.ledger.append(
            id=self.account.ids.uuid(),
            type=type,
            amount=amount,
            reference_type=reference_type,
            reference_id=reference_id,
            description=description,
            now=self.now,
        )
        self.emit("credit_transaction.created", entry.id, entry.facts())
        return entry

    def audit(self, action: str, **details: Detail) -> None:
        """Write down that something changed, and tell it as an event of that name."""
        entry = AuditEntry(self.account.ids.uuid(), action, self.actor, self.now, details)
        self.account.audit_log.append(entry)
        self.emit(action, entry.id, details)

    def emit(self, type: str, source: str, data: dict[str, Any], url: str | None = None) -> None:
        """Leave an event to be published: about the thing whose id is ``source``."""
        self.account.events.append(Event(type, self.now, data, source, url))

    def tell(
        self, type: ActivityType, description: str, amount_microcents: int | None = None
    ) -> None:
        """Add to the customer's recent activity."""
        activity = Activity(self.account.ids.uuid(), type, description, amount_microcents, self.now)
        self.account.activities.append(activity)

    def send(
        self,
        channel: Channel,
        recipient: str,
        subject: str,
        text: str,
        *,
        code: str | None = None,
        payload: dict[str, object] | None = None,
    ) -> Message:
        """Put a message into the outbox."""
        message = Message(
            self.account.ids.uuid(), channel, recipient, subject, text, self.now, code, payload
        )
        self.account.outbox.append(message)
        del self.account.outbox[: -bounds.MAX_MESSAGES]
        return message
