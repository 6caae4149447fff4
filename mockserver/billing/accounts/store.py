"""The accounts in memory. Idle accounts are packed; the least recently used are evicted."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec
from msgspec import Struct

from mockserver.billing.account import Account
from mockserver.billing.accounts import packed_json

T = TypeVar("T")

MAX_UNPACKED = 2_000
"""Accounts kept unpacked besides the pinned ones, at 80 kB each; a packed one takes 12 kB."""
MIN_UNPACKED = 64
"""Accounts that stay unpacked however long they are idle."""
IDLE_SECONDS = 5.0
"""The time after its last use from which a further account is packed."""
MAX_TENANTS = 10_000
"""Default number of accounts kept besides the pinned ones. The least recently used is evicted."""
_LEVEL = 3
"""Level 6 saves a tenth of the memory and takes three times as long."""
_EXCESS = 1.25
"""Unpacked accounts, in relation to ``MAX_UNPACKED``, from which a request packs one itself."""
PAUSE_IF_NONE_SECONDS = 1.0
"""The time between two searches for idle accounts."""
_PAUSE_SECONDS, _PACKING_SECONDS = 0.02, 0.002
"""Packing in the background takes at most a tenth of the time, and blocks no request for long."""


class Tenant(Struct):
    """An account with what the server keeps beside it: its persona and its rate-limit window."""

    account: Account
    persona: str
    requests_per_minute: int | None = None
    window: int = 0
    """The minute of the clock that is being counted."""
    spent: int = 0
    """Rate-limit tokens spent in that minute."""
    was_evicted: bool = False
    """Whether an earlier account of this key was evicted, and no response has warned of it yet."""


class Packed(Struct, frozen=True, weakref=True):
    """An idle tenant, compressed to a tenth of its size. It is unpacked in two milliseconds."""

    parts: Sequence[bytes]
    """The compressed parts of its JSON: see ``packed_json.py``."""
    digests: Sequence[bytes]
    """The digests of the parts before they were compressed."""
    account_id: str
    owned: str
    """Ids of sessions, setup intents and invoices, one per line: a set takes far more memory."""
    due_at: datetime | None

    @classmethod
    def of(cls, tenant: Tenant, known: Packed | None = None) -> Packed:
        """Pack a tenant. Unchanged parts are shared with ``known``, an earlier state of it."""
        shared = dict(zip(known.digests, known.parts, strict=True)) if known is not None else {}
        plain = packed_json.split(msgspec.json.encode(tenant, enc_hook=list))
        digests = tuple(map(_digest, plain))
        if known is not None and known.digests == digests:
            return known
        parts = tuple(
            shared.get(digest) or zlib.compress(part, _LEVEL)
            for digest, part in zip(digests, plain, strict=True)
        )
        return cls(parts, digests, tenant.account.id, *_index(tenant))

    @classmethod
    def read(cls, parts: Sequence[bytes]) -> Packed:
        """Return a packed tenant from its compressed parts. Raise an error if it is invalid."""
        plain = [zlib.decompress(part) for part in parts]
        tenant = msgspec.json.decode(packed_json.join(plain), type=Tenant)
        digests = tuple(map(_digest, plain))
        return cls(parts, digests, tenant.account.id, *_index(tenant))

    def is_due(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at <= now

    def owns(self, id: str) -> bool:
        return "\n" not in id and f"\n{id}\n" in self.owned

    def unpack(self) -> Tenant:
        json = packed_json.join([zlib.decompress(part) for part in self.parts])
        return msgspec.json.decode(json, type=Tenant)


def _digest(part: bytes) -> bytes:
    return blake2b(part, digest_size=16).digest()


def _index(tenant: Tenant) -> tuple[str, datetime | None]:
    """Return what a tenant owns, and when it has work due."""
    subscription = tenant.account.subscription
    due_at = subscription.due_at if subscription is not None else None
    return "\n".join(["", *tenant.account.owned, ""]), due_at


class Dump(Struct, frozen=True):
    """All tenants at one moment, packed. Those that did not change are shared between dumps."""

    tenants: Mapping[str, Packed]
    """In order of creation."""
    by_use: Sequence[str]
    """Names of the tenants that are not pinned, the least recently used first."""


class MemoryStore:
    """Tenants by name: an API key, or the id of an organization."""

    def __init__(self, max_tenants: int = MAX_TENANTS) -> None:
        self.max_tenants = max_tenants
        """Tenants kept besides the pinned ones."""
        self.pinned: Collection[str] = ()
        """Names of tenants that are neither packed nor evicted."""
        self.on_eviction: Callable[[str, str], None] = lambda *_: None
        """Called with the name and the account's id of a tenant that was evicted."""
        self._tenants: dict[str, Tenant | Packed] = {}
        """In order of creation."""
        self._unpacked: OrderedDict[str, float] = OrderedDict()
        """Names that may be packed, with the time of their use, the least recently used first."""
        self._packed: OrderedDict[str, None] = OrderedDict()
        """Names that may be evicted, the least recently used first."""
        self._used: set[str] = set()
        """Names of tenants that may have unpublished events."""
        self._known: WeakValueDictionary[str, Packed] = WeakValueDictionary()
        """The packed form in the latest dump, by name."""
        self._read: dict[str, tuple[Packed, dict[Callable[[Tenant], Any], Any]]] = {}
        """What was read of packed tenants, by name and reader."""
        self._latest = ""
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._tenants)

    def get(self, name: str) -> Tenant | None:
        """Return a tenant to be read and changed; None if it does not exist."""
        found = self._tenants.get(name)
        if found is None:
            return None
        if isinstance(found, Packed):
            self._packed.pop(name, None)
            self._read.pop(name, None)
            self._known[name] = found
            found = self._tenants[name] = found.unpack()
        if name != self._latest:
            self._touch(name)
        return found

    def put(self, name: str, tenant: Tenant) -> None:
        """Add a tenant or replace it."""
        self._packed.pop(name, None)
        self._tenants[name] = tenant
        self._touch(name)
        if len(self._unpacked) + len(self._packed) > self.max_tenants:
            self._evict()

    def remove(self, name: str) -> None:
        """Remove a tenant if it exists."""
        self._tenants.pop(name, None)
        self._unpacked.pop(name, None)
        self._packed.pop(name, None)
        self._read.pop(name, None)
        self._used.discard(name)
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
        return found.unpack() if isinstance(found, Packed) else found

    def read(self, name: str, reader: Callable[[Tenant], T]) -> T:
        """Return what a pure function reads of a tenant. Packed ones are unpacked for it once.

        Raise KeyError if the tenant does not exist.
        """
        found = self._tenants[name]
        if isinstance(found, Tenant):
            return reader(found)
        packed, results = self._read.get(name, (None, {}))
        if packed is not found:
            results = {}
            self._read[name] = found, results
        if reader not in results:
            results[reader] = reader(found.unpack())
        result: T = results[reader]
        return result

    def used(self) -> Iterator[Tenant]:
        """Yield the tenants that may have changed since the last call."""
        used, self._used, self._latest = self._used, set(), ""
        for name in used:
            found = self._tenants.get(name)
            if isinstance(found, Tenant):
                yield found

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
            owned = tenant if isinstance(tenant, Packed) else tenant.account
            if owned.owns(id):
                return name
        return None

    def name_of(self, account_id: str) -> str | None:
        """Return the name of the tenant whose account has this id."""
        for name, tenant in self._tenants.items():
            found = tenant.account_id if isinstance(tenant, Packed) else tenant.account.id
            if found == account_id:
                return name
        return None

    def dump(self) -> Dump:
        """Return all tenants, packed."""
        return Dump(
            {name: self._packed_form(name) for name in self._tenants},
            [*self._packed, *self._unpacked],
        )

    def load(self, dump: Dump) -> None:
        """Replace all tenants by those of a dump."""
        self.clear()
        self._tenants.update(dump.tenants)
        self._known.update(dump.tenants)
        self._packed.update(dict.fromkeys(dump.by_use))
        while len(self._packed) > self.max_tenants:
            self._evict()

    def _packed_form(self, name: str) -> Packed:
        tenant = self._tenants[name]
        if isinstance(tenant, Tenant):
            tenant = self._known[name] = Packed.of(tenant, self._known.get(name))
        return tenant

    def _touch(self, name: str) -> None:
        """Mark a tenant as the most recently used, and have idle ones packed."""
        self._latest = name
        self._used.add(name)
        if name in self.pinned:
            return
        self._unpacked[name] = time.monotonic()
        self._unpacked.move_to_end(name)
        if len(self._unpacked) > MIN_UNPACKED:
            self._make_room()

    def _make_room(self) -> None:
        """Pack idle tenants in the background; without an event loop, or if too many wait, now."""
        if self._timer is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                if len(self._unpacked) > MAX_UNPACKED:
                    self._pack_oldest()
                return
            self._timer = loop.call_later(self._pause(), self._pack_some)
        elif len(self._unpacked) > MAX_UNPACKED * _EXCESS:
            self._pack_oldest()

    def _pack_some(self) -> None:
        """Pack idle tenants for a short time, and go on after a pause."""
        self._timer = None
        end = time.perf_counter() + _PACKING_SECONDS
        while self._has_idle() and time.perf_counter() < end:
            self._pack_oldest()
        if len(self._unpacked) > MIN_UNPACKED:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._pause(), self._pack_some)

    def _has_idle(self) -> bool:
        """Return whether the least recently used tenant should be packed."""
        count = len(self._unpacked)
        if not MIN_UNPACKED < count <= MAX_UNPACKED:
            return count > MAX_UNPACKED
        used_at = next(iter(self._unpacked.values()))
        return time.monotonic() - used_at >= IDLE_SECONDS

    def _pause(self) -> float:
        return _PAUSE_SECONDS if self._has_idle() else PAUSE_IF_NONE_SECONDS

    def _pack_oldest(self) -> None:
        name = next(iter(self._unpacked))
        self._tenants[name] = self._packed_form(name)
        del self._unpacked[name]
        self._packed[name] = None

    def _evict(self) -> None:
        """Evict the least recently used tenant."""
        name = next(iter(self._packed or self._unpacked))
        tenant = self._tenants[name]
        account_id = tenant.account.id if isinstance(tenant, Tenant) else tenant.account_id
        self.remove(name)
        self.on_eviction(name, account_id)
