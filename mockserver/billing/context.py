"""The context in which an account is read or changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from mockserver.billing import bounds
from mockserver.billing.account import Account
from mockserver.billing.activity import Activity, ActivityType
from mockserver.billing.audit import Actor, AuditEntry, Detail
from mockserver.billing.catalogue import Catalogue
from mockserver.billing.events import Event
from mockserver.billing.ledger import Entry, EntryType, ReferenceType
from mockserver.billing.outbox import Channel, Message


class Context(Struct):
    """All that a rule may use: one account, the catalogue, the time and the actor."""

    account: Account
    catalogue: Catalogue
    now: datetime
    actor: Actor

    def at(self, moment: datetime, actor: Actor = "system") -> Context:
        """Return a context for the same account at another time, for work that fell due then."""
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
        """Append a ledger entry, in microcents; a negative amount is a debit."""
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
        """Append an entry to the audit log and emit an event of the same name."""
        entry = AuditEntry(self.account.ids.uuid(), action, self.actor, self.now, details)
        self.account.audit_log.append(entry)
        self.emit(action, entry.id, details)

    def emit(self, type: str, source: str, data: dict[str, Any], url: str | None = None) -> None:
        """Queue an event for publication. ``source`` is the id of the record that it reports."""
        self.account.events.append(Event(type, self.now, data, source, url))

    def record_activity(
        self, type: ActivityType, description: str, amount_microcents: int | None = None
    ) -> None:
        """Append to the customer's recent activity."""
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
        """Put a message into the outbox and drop the oldest beyond the bound."""
        message = Message(
            self.account.ids.uuid(), channel, recipient, subject, text, self.now, code, payload
        )
        self.account.outbox.append(message)
        del self.account.outbox[: -bounds.MAX_MESSAGES]
        return message
