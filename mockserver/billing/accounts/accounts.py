"""All accounts of the Billing API: by key or organization, with their personas and their state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from mockserver.billing import invariants, subscription
from mockserver.billing.account import Account
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts.fixtures import DEFAULT_KEY, Fixtures
from mockserver.billing.accounts.key_typos import KeyTypos
from mockserver.billing.accounts.persona_builder import PersonaBuilder
from mockserver.billing.accounts.store import MAX_TENANTS, Dump, MemoryStore, Packed, Tenant
from mockserver.billing.audit import Actor
from mockserver.billing.context import Context
from mockserver.billing.errors import NotAMember
from mockserver.billing.events import Event
from mockserver.billing.ids import IdSource
from mockserver.clock import Clock
from mockserver.engine.state import Archive, UnusableState

MAX_PROBLEMS = 20
"""The reasons listed when an imported state is refused."""
MAX_REMEMBERED = 50_000
"""Evicted keys whose next response carries a warning. Only their digests are kept."""

logger = logging.getLogger(__name__)

T = TypeVar("T")
Publish = Callable[[str, list[Event]], object]
"""A function of an account's id and its events."""


def _drop(account_id: str, events: list[Event]) -> None:
    """Publish nothing."""


class _Counters(Struct, frozen=True):
    """What a state file keeps beside the accounts."""

    evictions: int
    remembered: list[int]
    """Digests of evicted keys."""
    payment_methods: int
    """The number of issued ids of payment methods that belong to no account yet."""


class Accounts:
    """All accounts by name: an API key, or the id of an organization."""

    def __init__(
        self,
        fixtures: Fixtures,
        clock: Clock,
        seed: int,
        publish: Publish = _drop,
        max_accounts: int = MAX_TENANTS,
    ) -> None:
        self._clock = clock
        self._seed = seed
        self._publish = publish
        self._store = MemoryStore(max_accounts)
        self._store.on_eviction = self._evicted
        self.evictions = 0
        """The number of accounts evicted since the start or the last reset."""
        self.on_eviction: Callable[[str, str], None] = lambda *_: None
        """Called with the name and the id of an evicted account."""
        self._remembered: dict[int, bool] = {}
        """Digests of evicted keys, oldest first."""
        self.payment_method_ids = self._new_payment_method_ids()
        self._use(fixtures)

    def __len__(self) -> int:
        return len(self._store)

    # --------------------------------------------------------------------------------- access

    @property
    def max_accounts(self) -> int:
        """The number of accounts kept besides those of personas."""
        return self._store.max_tenants

    def tenant(self, key: str) -> Tenant:
        """Return the account of a key, with all due work done. It is created on first use."""
        tenant = self._store.get(key)
        return self._caught_up(tenant) if tenant is not None else self._new(key, self._slug_of(key))

    def organization(self, key: str, organization_id: str) -> Tenant:
        """Return the account of an organization. Raise NotAMember, whether it exists or not."""
        organization_id = organization_id.lower()
        slug = self._organizations.get(organization_id)
        if slug is None or self.personas[self._slug_of(key)].member_of != organization_id:
            raise NotAMember()
        tenant = self._store.get(organization_id)
        return self._caught_up(tenant) if tenant is not None else self._new(organization_id, slug)

    def context(
        self, tenant: Tenant, actor: Actor = "api_key", now: datetime | None = None
    ) -> Context:
        """Return the context in which a request reads and changes an account.

        Its time is not before the account, which a request opens a moment after it was received.
        """
        account = tenant.account
        moment = max(now, account.created_at) if now is not None else self._clock.now()
        return Context(account, self.catalogue, moment, actor)

    def owner(self, id: str) -> Tenant | None:
        """Return the account that has a session, a setup intent or an invoice.

        Pages use it, because their addresses contain no key.
        """
        name = self._store.owner(id)
        tenant = self._store.get(name) if name is not None else None
        return self._caught_up(tenant) if tenant is not None else None

    def names(self) -> list[str]:
        """Return the names of all accounts, in order of creation."""
        return self._store.names()

    def peek(self, name: str) -> Tenant:
        """Return an account to be read only. Raise KeyError if it does not exist."""
        return self._store.peek(name)

    def read(self, name: str, reader: Callable[[Tenant], T]) -> T:
        """Return what a pure function reads of an account. Raise KeyError if it does not exist."""
        return self._store.read(name, reader)

    def tenants(self) -> Iterator[tuple[str, Tenant]]:
        """Yield all accounts with their names, to be read only."""
        return ((name, self.peek(name)) for name in self.names())

    def is_public(self, name: str) -> bool:
        """Return whether a key or an organization's id is a persona's, or misspells one."""
        is_of_persona = name in self._by_key or name in self._organizations
        return is_of_persona or self.key_typos.meant(name) is not None

    def violations(self, key: str) -> list[str]:
        """Return what does not add up in an account's books, one sentence each."""
        return [violation for check in self.checks(key) for violation in check.violations]

    def is_organization(self, name: str) -> bool:
        """Return whether an account is an organization's, which has no key."""
        return name in self._organizations

    def checks(self, key: str) -> list[invariants.Check]:
        """Return all invariants of an account, with what violates them."""
        return invariants.checks(self.tenant(key).account, self.catalogue, self._clock.now())

    # ---------------------------------------------------------------------------------- state

    def key_of(self, account_id: str) -> str | None:
        """Return the name of an account by its public id; None if it does not exist."""
        return self._store.name_of(account_id)

    def account_id(self, key: str) -> str | None:
        """Return the public id of an account; None if it does not exist."""
        tenant = self._store.get(key)
        return tenant.account.id if tenant is not None else None

    def export(self, key: str) -> dict[str, Any]:
        """Return an account's whole state as plain JSON."""
        state: dict[str, Any] = msgspec.to_builtins(self.tenant(key).account, enc_hook=list)
        return state

    def replace(self, key: str, state: Any) -> None:
        """Replace an account's state by an exported one. Raise UnusableState before any change."""
        tenant = self.tenant(key)
        now = self._clock.now()
        try:
            account = msgspec.convert(state, Account)
        except msgspec.ValidationError as error:
            raise UnusableState([f"{error}."]) from None
        problems = [
            *_unknown_fields(state, msgspec.to_builtins(account, enc_hook=list), "account"),
            *invariants.violations(account, self.catalogue, now),
        ]
        if problems:
            raise UnusableState(problems[:MAX_PROBLEMS])
        own = tenant.account
        # The account keeps its own ids, and never issues one twice.
        counter = max(own.ids.counter, account.ids.counter)
        account.id, account.ids = own.id, IdSource(own.ids.namespace, counter)
        subscription.catch_up(account, self.catalogue, now)
        tenant.account = account

    def forget(self, key: str | None = None) -> None:
        """Remove one account, or all."""
        if key is not None:
            self._store.remove(key)
            self._remembered.pop(_digest(key), None)
            return
        self._store.clear()
        self._remembered.clear()
        self.evictions = 0
        self.payment_method_ids = self._new_payment_method_ids()

    def dump(self) -> Dump:
        """Return all accounts, packed, for a snapshot."""
        return self._store.dump()

    def load(self, dump: Dump) -> None:
        """Restore the accounts of a snapshot."""
        for name in dump.tenants if self._remembered else ():
            self._remembered.pop(_digest(name), None)
        self._store.load(dump)

    @property
    def fingerprint(self) -> str:
        """Identifies catalogue and personas."""
        json = msgspec.json.encode([self.catalogue, sorted(self.personas.items())])
        return sha256(json).hexdigest()

    @property
    def counters(self) -> Any:
        """The counters beside the accounts, as JSON."""
        return msgspec.to_builtins(
            _Counters(self.evictions, list(self._remembered), self.payment_method_ids.counter)
        )

    @counters.setter
    def counters(self, counters: Any) -> None:
        read = msgspec.convert(counters, _Counters)
        self.evictions = read.evictions
        self._remembered = dict.fromkeys(read.remembered, True)
        self.payment_method_ids.counter = read.payment_methods

    def archive(self, dump: Dump) -> Archive:
        """Return a dump as a state file stores it."""
        parts = {name: packed.parts for name, packed in dump.tenants.items()}
        return Archive(list(dump.by_use), parts)

    def unarchive(self, archives: Sequence[Archive]) -> list[Dump]:
        """Return the dumps of a state file. Raise an error if an account is invalid."""
        # Snapshots share accounts.
        read = lru_cache(maxsize=None)(Packed.read)
        return [
            Dump(
                {name: read(tuple(parts)) for name, parts in archive.parts.items()},
                [name for name in archive.facts if name in archive.parts],
            )
            for archive in archives
        ]

    def catch_up(self) -> None:
        """Do the due work of all accounts: renewals and retries."""
        for name in self._store.due(self._clock.now()):
            tenant = self._store.get(name)
            if tenant is not None:
                self._caught_up(tenant)

    def publish(self) -> None:
        """Publish the events of all accounts that were used."""
        for tenant in self._store.used():
            if tenant.account.events:
                self.publish_of(tenant.account)

    def publish_of(self, account: Account) -> None:
        """Publish the events of one account."""
        events, account.events = account.events, []
        self._publish(account.id, events)

    # ------------------------------------------------------------------------------- fixtures

    def reload(self, folder: Path) -> Callable[[], None]:
        """Read the fixtures again and return the function that puts them into use.

        Raise FileError if they are unusable. The returned function raises UnusableState if an
        account is on a plan that no longer exists.
        """
        found = fixtures.load(folder, self.locale)

        def swap() -> None:
            plans = {plan.slug for plan in found.catalogue.plans}
            problems = [
                f"The catalogue no longer has the plan '{plan}', but an account is on it."
                for plan in sorted({*self._plans_in_use()} - plans)
            ]
            if problems:
                raise UnusableState(problems)
            self._use(found)

        return swap

    def _use(self, fixtures: Fixtures) -> None:
        self.locale = fixtures.locale
        """The locale of Faker that invented names come from, if there is one."""
        self.catalogue = fixtures.catalogue
        self.personas = fixtures.personas
        self._builder = PersonaBuilder(fixtures.catalogue, self._seed, fixtures.locale)
        self._by_key = {
            persona.key: slug for slug, persona in fixtures.personas.items() if persona.key
        }
        self._organizations = {
            persona.organization_id: slug
            for slug, persona in fixtures.personas.items()
            if persona.organization_id
        }
        self.left_out = fixtures.left_out
        """By key: the missing plans of the packaged personas that are left out."""
        self.key_typos = KeyTypos(self._by_key, self.left_out)
        self._store.pinned = {*self._by_key, *self._organizations}

    def _plans_in_use(self) -> Iterator[str]:
        for _, tenant in self.tenants():
            if tenant.account.subscription is not None:
                yield tenant.account.subscription.plan
                if tenant.account.subscription.pending_plan is not None:
                    yield tenant.account.subscription.pending_plan

    def _new_payment_method_ids(self) -> IdSource:
        """Return a source of ids for payment methods that belong to no account yet."""
        return IdSource(f"{self._seed}:payment methods")

    def _slug_of(self, key: str) -> str:
        """Return the persona of a key: its own, or the default one."""
        return self._by_key.get(key) or self._by_key[DEFAULT_KEY]

    def _new(self, name: str, slug: str) -> Tenant:
        persona = self.personas[slug]
        # With a frozen clock, a persona is the same after each reset and can be cached.
        is_repeated = self._clock.frozen and persona.key == name
        build = self._builder.cached if is_repeated else self._builder.build
        account = build(persona, name, self._clock.now())
        tenant = Tenant(account, slug, persona.requests_per_minute)
        tenant.was_evicted = self._remembered.pop(_digest(name), False)
        self._store.put(name, tenant)
        return self._caught_up(tenant)

    def _evicted(self, name: str, account_id: str) -> None:
        """Count, remember and log an eviction. The log has a line for every doubling."""
        self.evictions += 1
        self._remembered[_digest(name)] = True
        if len(self._remembered) > MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        if self.evictions.bit_count() == 1:
            logger.warning(
                "Account %s was evicted with its state: more than %s accounts were used. "
                "Evictions so far: %s. Raise --max-accounts to keep more.",
                account_id,
                f"{self.max_accounts:,}",
                f"{self.evictions:,}",
            )
        self.on_eviction(name, account_id)

    def _caught_up(self, tenant: Tenant) -> Tenant:
        if tenant.account.subscription is not None:
            subscription.catch_up(tenant.account, self.catalogue, self._clock.now())
        if tenant.account.events:
            self.publish_of(tenant.account)
        return tenant


def _digest(name: str) -> int:
    """Return a digest of a key. The keys themselves are not kept."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")


def _unknown_fields(given: Any, known: Any, path: str) -> Iterator[str]:
    """Yield the fields that no account has: a misspelt field must not be dropped silently."""
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            if name not in known:
                yield f"{path}.{name}: an account has no such field."
            else:
                yield from _unknown_fields(value, known[name], f"{path}.{name}")
    elif isinstance(given, list) and isinstance(known, list):
        for index, (value, other) in enumerate(zip(given, known, strict=False)):
            yield from _unknown_fields(value, other, f"{path}[{index}]")
