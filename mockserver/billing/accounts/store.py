"""The accounts in memory. Idle accounts are packed; the least recently used are evicted."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from mockserver.billing.account import Account

MAX_UNPACKED = 64
"""Accounts kept unpacked besides the pinned ones. Tests rarely use as many at a time."""
MAX_TENANTS = 250
"""Accounts kept at all besides the pinned ones. The least recently used is evicted."""
_LEVEL = 6


class Tenant(Struct):
    """An account with what the server keeps beside it: its persona and its rate-limit window."""

    account: Account
    persona: str
    requests_per_minute: int | None = None
    window: int = 0
    """The minute of the clock that is being counted."""
    spent: int = 0
    """Rate-limit tokens spent in that minute."""


class _Packed(Struct, frozen=True):
    """An idle tenant, compressed to a tenth of its size. It is unpacked in a millisecond."""

    compressed: bytes
    owned: str
    """Ids of sessions, setup intents and invoices, one per line: a set takes far more memory."""
    due_at: datetime | None

    @classmethod
    def of(cls, tenant: Tenant) -> _Packed:
        subscription = tenant.account.subscription
        due_at = subscription.due_at if subscription is not None else None
        owned = "\n".join(["", *tenant.account.owned, ""])
        return cls(zlib.compress(_json(tenant), _LEVEL), owned, due_at)

    def is_due(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at <= now

    def owns(self, id: str) -> bool:
        return "\n" not in id and f"\n{id}\n" in self.owned

    @property
    def json(self) -> bytes:
        return zlib.decompress(self.compressed)

    def unpack(self) -> Tenant:
        return msgspec.json.decode(self.json, type=Tenant)


class MemoryStore:
    """Tenants by name: an API key, or the id of an organization."""

    def __init__(self) -> None:
        self.pinned: Collection[str] = ()
        """Names of tenants that are neither packed nor evicted."""
        self._tenants: dict[str, Tenant | _Packed] = {}
        """In order of creation."""
        self._unpacked: dict[str, None] = {}
        """Names that may be packed, the least recently used first."""
        self._packed: dict[str, None] = {}
        """Names that may be evicted, the least recently used first."""
        self._latest = ""

    def __len__(self) -> int:
        return len(self._tenants)

    def get(self, name: str) -> Tenant | None:
        """Return a tenant to be read and changed; None if it does not exist."""
        found = self._tenants.get(name)
        if found is None:
            return None
        if isinstance(found, _Packed):
            del self._packed[name]
            found = self._tenants[name] = found.unpack()
        if name != self._latest:
            self._touch(name)
        return found

    def put(self, name: str, tenant: Tenant) -> None:
        """Add a tenant or replace it."""
        self._tenants[name] = tenant
        self._touch(name)

    def remove(self, name: str) -> None:
        """Remove a tenant if it exists."""
        self._tenants.pop(name, None)
        self._unpacked.pop(name, None)
        self._packed.pop(name, None)
        if name == self._latest:
            self._latest = ""

    def clear(self) -> None:
        """Remove all tenants."""
        for name in list(self._tenants):
            self.remove(name)

    def names(self) -> list[str]:
        """Return the names of all tenants, in order of creation."""
        return list(self._tenants)

    def peek(self, name: str) -> Tenant:
        """Return a tenant to be read only: it may be a copy. Raise KeyError if there is none."""
        found = self._tenants[name]
        return found.unpack() if isinstance(found, _Packed) else found

    def unpacked(self) -> Iterator[Tenant]:
        """Yield the tenants that may have changed since they were last used."""
        return (tenant for tenant in self._tenants.values() if isinstance(tenant, Tenant))

    def due(self, now: datetime) -> list[str]:
        """Return the names of all tenants except packed ones that have no work due."""
        return [
            name
            for name, tenant in self._tenants.items()
            if isinstance(tenant, Tenant) or tenant.is_due(now)
        ]

    def owner(self, id: str) -> str | None:
        """Return the name of the tenant that has a session, a setup intent or an invoice."""
        for name, tenant in self._tenants.items():
            owned = tenant if isinstance(tenant, _Packed) else tenant.account
            if owned.owns(id):
                return name
        return None

    def dump(self) -> bytes:
        """Return all tenants as JSON."""
        tenants = {name: msgspec.Raw(_json(tenant)) for name, tenant in self._tenants.items()}
        return msgspec.json.encode(tenants)

    def load(self, dump: bytes) -> None:
        """Replace all tenants by those of a dump."""
        self.clear()
        for name, tenant in msgspec.json.decode(dump, type=dict[str, Tenant]).items():
            self.put(name, tenant)

    def _touch(self, name: str) -> None:
        """Mark a tenant as the most recently used, and pack the least recently used one."""
        self._latest = name
        if name in self.pinned:
            return
        self._unpacked.pop(name, None)
        self._unpacked[name] = None
        if len(self._unpacked) > MAX_UNPACKED:
            self._pack(next(iter(self._unpacked)))

    def _pack(self, name: str) -> None:
        del self._unpacked[name]
        self._tenants[name] = _Packed.of(self.peek(name))
        self._packed[name] = None
        if len(self._unpacked) + len(self._packed) > MAX_TENANTS:
            self.remove(next(iter(self._packed)))


def _json(tenant: Tenant | _Packed) -> bytes:
    if isinstance(tenant, _Packed):
        return tenant.json
    return msgspec.json.encode(tenant, enc_hook=list)
