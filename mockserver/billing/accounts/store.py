"""Accounts in memory. Another store offers the same few verbs."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from mockserver.billing.account import Account

MAX_AWAKE = 64
"""How many accounts are kept ready, beside those that always are: more than tests use at a time."""
MAX_TENANTS = 250
"""How many accounts are kept at all, beside those that always are; the one that was idle for longest goes first."""
_LEVEL = 6


@dataclass(slots=True)
class Tenant:
    """An account with what the server knows about it: who it plays, and its rate-limit window."""

    account: Account
    persona: str
    requests_per_minute: int | None = None
    window: int = 0
    """The minute (of the clock) that is being counted."""
    spent: int = 0
    """Rate-limit tokens spent in that minute."""


@dataclass(frozen=True, slots=True)
class _Asleep:
    """A tenant that nobody has asked for lately, packed: a tenth of its size, and a millisecond to wake."""

    packed: bytes
    owned: str
    """The ids of its sessions, setup intents and invoices, a line each: a set would weigh as much as the rest."""
    due_at: datetime | None

    @classmethod
    def of(cls, tenant: Tenant) -> _Asleep:
        subscription = tenant.account.subscription
        due_at = subscription.due_at if subscription is not None else None
        return cls(
            zlib.compress(_written(tenant), _LEVEL),
            "\n".join(["", *tenant.account.owned, ""]),
            due_at,
        )

    def is_due(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at <= now

    def owns(self, id: str) -> bool:
        return "\n" not in id and f"\n{id}\n" in self.owned

    @property
    def written(self) -> bytes:
        return zlib.decompress(self.packed)

    def woken(self) -> Tenant:
        return msgspec.json.decode(self.written, type=Tenant)


class MemoryStore:
    """Tenants by name: an API key, or an organization's id. Those that are idle are packed until they are asked for."""

    def __init__(self) -> None:
        self.ready: Collection[str] = ()
        """The names of those that are never packed nor forgotten."""
        self._tenants: dict[str, Tenant | _Asleep] = {}
        """In the order in which they appeared."""
        self._awake: dict[str, None] = {}
        """Those that may be packed. Whoever was asked for last is last, here and below."""
        self._asleep: dict[str, None] = {}
        self._latest = ""

    def __len__(self) -> int:
        return len(self._tenants)

    def get(self, name: str) -> Tenant | None:
        """A tenant, to be read and changed."""
        found = self._tenants.get(name)
        if found is None:
            return None
        if isinstance(found, _Asleep):
            del self._asleep[name]
            found = self._tenants[name] = found.woken()
        if name != self._latest:
            self._touch(name)
        return found

    def put(self, name: str, tenant: Tenant) -> None:
        self._tenants[name] = tenant
        self._touch(name)

    def remove(self, name: str) -> None:
        self._tenants.pop(name, None)
        self._awake.pop(name, None)
        self._asleep.pop(name, None)
        if name == self._latest:
            self._latest = ""

    def clear(self) -> None:
        for name in list(self._tenants):
            self.remove(name)

    def names(self) -> list[str]:
        """Whoever appeared last is last."""
        return list(self._tenants)

    def peek(self, name: str) -> Tenant:
        """A tenant that is there, to be read only: it may be a copy. KeyError if it is not there."""
        found = self._tenants[name]
        return found.woken() if isinstance(found, _Asleep) else found

    def awake(self) -> Iterator[Tenant]:
        """Those in which something may have changed since they were last asked for."""
        return (each for each in self._tenants.values() if isinstance(each, Tenant))

    def due(self, now: datetime) -> list[str]:
        """The names of those that have work to do by now, as far as can be told without waking them."""
        return [
            name
            for name, each in self._tenants.items()
            if isinstance(each, Tenant) or each.is_due(now)
        ]

    def owner(self, id: str) -> str | None:
        """The name of the tenant that has the session, setup intent or invoice of that id."""
        for name, each in self._tenants.items():
            if each.owns(id) if isinstance(each, _Asleep) else each.account.owns(id):
                return name
        return None

    def dump(self) -> bytes:
        """Everything, as it is now; what comes later does not change it."""
        written = {name: msgspec.Raw(_written(each)) for name, each in self._tenants.items()}
        return msgspec.json.encode(written)

    def load(self, dump: bytes) -> None:
        """Everything, as it was dumped."""
        self.clear()
        for name, tenant in msgspec.json.decode(dump, type=dict[str, Tenant]).items():
            self.put(name, tenant)

    def _touch(self, name: str) -> None:
        """Somebody is interested in it: others are packed, and perhaps forgotten, before it is."""
        self._latest = name
        if name in self.ready:
            return
        self._awake.pop(name, None)
        self._awake[name] = None
        if len(self._awake) > MAX_AWAKE:
            self._pack(next(iter(self._awake)))

    def _pack(self, name: str) -> None:
        del self._awake[name]
        self._tenants[name] = _Asleep.of(self.peek(name))
        self._asleep[name] = None
        if len(self._awake) + len(self._asleep) > MAX_TENANTS:
            self.remove(next(iter(self._asleep)))


def _written(tenant: Tenant | _Asleep) -> bytes:
    """A JSON document; a history is a list in it."""
    return (
        tenant.written
        if isinstance(tenant, _Asleep)
        else msgspec.json.encode(tenant, enc_hook=list)
    )
