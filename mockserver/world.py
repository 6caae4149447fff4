"""The world of the mock: one clock, one seed, and the accounts that exist.

Operations on an account run from start to end without an await, so each is atomic: nothing sees half of it.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from mockserver.billing import invariants, subscription
from mockserver.billing.account import Account
from mockserver.billing.audit import Actor
from mockserver.billing.catalogue import Catalogue
from mockserver.billing.context import Context
from mockserver.billing.errors import NotAMember
from mockserver.billing.ids import IdSource
from mockserver.clock import Clock, ClockState
from mockserver.faults.registry import FaultRegistry
from mockserver.faults.sets import FaultSet
from mockserver.personas import Biographer, Persona
from mockserver.storage.memory import MemoryStore, Tenant
from mockserver.webhooks.dispatcher import Webhooks

MAX_EXCHANGES = 1_000
MAX_SNAPSHOTS = 20
MAX_PROBLEMS = 20
DEFAULT_KEY = "sk_test_default"


class UnusableState(Exception):
    """A state that cannot be imported: every reason, as a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class UnknownSnapshot(Exception):
    """There is no snapshot of that name."""


class TooManySnapshots(Exception):
    """A world keeps so many snapshots and no more."""


@dataclass(frozen=True, slots=True)
class Fixtures:
    """What the world starts with, as ``fixtures/`` says."""

    catalogue: Catalogue
    personas: Mapping[str, Persona]
    """By slug: the name of the file."""
    fault_sets: Mapping[str, FaultSet] = field(default_factory=dict)


class Exchange(NamedTuple):
    """A request and its answer, for ``GET /_mock/requests``. Bodies are cut; keys are never kept."""

    at: datetime
    account_id: str | None
    operation_id: str | None
    method: str
    path: str
    query: str
    status: int | None
    """None when the connection was broken before there was an answer."""
    request_body: bytes
    response_body: bytes
    fault: str | None = None
    """The names of the rules that made it go wrong."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    name: str
    created_at: datetime
    clock: ClockState
    accounts: int
    tenants: bytes = field(repr=False)


class World:
    """Everything that changes. The composition root makes one; tests make their own."""

    def __init__(
        self,
        fixtures: Fixtures,
        clock: Clock,
        seed: int,
        webhooks: Webhooks | None = None,
        *,
        keep_requests: int = MAX_EXCHANGES,
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.payment_method_ids = self._new_payment_method_ids()
        self.exchanges: deque[Exchange] = deque(maxlen=keep_requests)
        self.faults = FaultRegistry(fixtures.fault_sets, seed)
        self.webhooks = webhooks or Webhooks(clock, seed)
        self._start = clock.state
        self._store = MemoryStore()
        self._snapshots: dict[str, Snapshot] = {}
        self._use(fixtures)

    def renew(self, fixtures: Fixtures) -> None:
        """Go on with other fixtures; accounts stay as they are.

        Raises UnusableState and UnknownFaultSet; then nothing changes.
        """
        slugs = {plan.slug for plan in fixtures.catalogue.plans}
        problems = [
            f"The catalogue has no plan '{plan}' any more, but an account is on it."
            for plan in sorted({*self._plans_in_use()} - slugs)
        ]
        if problems:
            raise UnusableState(problems)
        self.faults.reload(fixtures.fault_sets)
        self._use(fixtures)

    def _use(self, fixtures: Fixtures) -> None:
        self.catalogue = fixtures.catalogue
        self.personas = fixtures.personas
        self._biographer = Biographer(fixtures.catalogue, self.seed)
        self._by_key = {
            persona.key: slug for slug, persona in fixtures.personas.items() if persona.key
        }
        self._organizations = {
            persona.organization_id: slug
            for slug, persona in fixtures.personas.items()
            if persona.organization_id
        }
        self._store.ready = {*self._by_key, *self._organizations}

    def _plans_in_use(self) -> Iterator[str]:
        for _, tenant in self.tenants():
            if tenant.account.subscription is not None:
                yield tenant.account.subscription.plan
                if tenant.account.subscription.pending_plan is not None:
                    yield tenant.account.subscription.pending_plan

    def tenant(self, key: str) -> Tenant:
        """The account of a key, made on first sight, with all work done that fell due."""
        return self._open(key, self._slug_of(key))

    def organization(self, key: str, organization_id: str) -> Tenant:
        """The account of an organization. Raises NotAMember, whether it exists or not."""
        organization_id = organization_id.lower()
        slug = self._organizations.get(organization_id)
        if slug is None or self.personas[self._slug_of(key)].member_of != organization_id:
            raise NotAMember()
        return self._open(organization_id, slug)

    def context(
        self, tenant: Tenant, actor: Actor = "api_key", now: datetime | None = None
    ) -> Context:
        """The context in which a request reads and changes an account."""
        return Context(tenant.account, self.catalogue, now or self.clock.now(), actor)

    def names(self) -> list[str]:
        """Of all accounts that exist: keys and organizations' ids, in order of appearance."""
        return self._store.names()

    def look(self, name: str) -> Tenant:
        """An account that exists, to be read only. KeyError if it does not."""
        return self._store.peek(name)

    def tenants(self) -> Iterator[tuple[str, Tenant]]:
        """All that exist, by name, to be read only."""
        return ((name, self.look(name)) for name in self.names())

    def owner(self, id: str) -> Tenant | None:
        """The account that has a session, a setup intent or an invoice, for pages: their addresses carry no key."""
        name = self._store.owner(id)
        tenant = self._store.get(name) if name is not None else None
        return self._caught_up(tenant) if tenant is not None else None

    def publish(self, account: Account) -> None:
        """Hand the events of an account on. To be called after whatever may have changed it."""
        events, account.events = account.events, []
        self.webhooks.publish(account.id, events)

    def publish_all(self) -> None:
        """Hand the events of all accounts on, after something that does not say which account it changed."""
        for tenant in self._store.awake():
            if tenant.account.events:
                self.publish(tenant.account)

    async def before_redirect(self, account_id: str) -> None:
        """To be awaited by a page between a payment and the redirect back to the shop."""
        self.publish_all()
        await self.webhooks.before_redirect(account_id)

    def advance_to(self, moment: datetime) -> datetime:
        """Move the clock forward and do all that falls due on the way. Raises ClockError."""
        self.clock.advance_to(moment)
        return self._all_caught_up()

    def set_clock(self, moment: datetime) -> datetime:
        """Stand still at a moment, after doing all that falls due on the way. Raises ClockError."""
        self.clock.set(moment)
        return self._all_caught_up()

    def reset(self, key: str | None = None, now: datetime | None = None) -> None:
        """Forget everything, or one account, as if the server had just started (at ``now``). Raises ClockError."""
        start = Clock(now).state if now is not None else None
        if key is not None:
            tenant = self._store.get(key)
            if tenant is not None:
                self.webhooks.drop_pending("The account was reset.", tenant.account.id)
            self._store.remove(key)
            self.faults.reset_account(key)
            return
        self.webhooks.reset()
        self._store.clear()
        self._snapshots.clear()
        self.exchanges.clear()
        self.faults.reset()
        self.payment_method_ids = self._new_payment_method_ids()
        self.clock.state = self._start
        if start is not None:
            self.clock.state = start

    def export_state(self, key: str) -> dict[str, Any]:
        """An account's whole state, as plain JSON."""
        state: dict[str, Any] = msgspec.to_builtins(self.tenant(key).account, enc_hook=list)
        return state

    def import_state(self, key: str, state: Any) -> Account:
        """Replace an account's state by an exported one. Raises UnusableState; then nothing has changed."""
        tenant = self.tenant(key)
        now = self.clock.now()
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
        # Ids stay this account's own, and are never given out twice.
        account.id, account.ids = (
            own.id,
            IdSource(own.ids.namespace, max(own.ids.counter, account.ids.counter)),
        )
        subscription.catch_up(account, self.catalogue, now)
        tenant.account = account
        return account

    def take_snapshot(self, name: str) -> Snapshot:
        """Keep the whole world under a name; an older one of that name is replaced. Raises TooManySnapshots."""
        if name not in self._snapshots and len(self._snapshots) >= MAX_SNAPSHOTS:
            raise TooManySnapshots(
                f"There are {MAX_SNAPSHOTS} snapshots already. Take one of the same name again."
            )
        now = self.clock.now()
        snapshot = Snapshot(name, now, self.clock.state, len(self._store), self._store.dump())
        self._snapshots[name] = snapshot
        return snapshot

    def snapshots(self) -> list[Snapshot]:
        return list(self._snapshots.values())

    def restore_snapshot(self, name: str) -> Snapshot:
        """Make the world what it was, its clock included. Raises UnknownSnapshot."""
        snapshot = self._snapshots.get(name)
        if snapshot is None:
            raise UnknownSnapshot(f"There is no snapshot '{name}'.")
        self._store.load(snapshot.tenants)
        self.clock.state = snapshot.clock
        self.webhooks.drop_pending("A snapshot was restored.")
        self.webhooks.clock_moved()
        return snapshot

    def violations(self, key: str) -> list[str]:
        """What does not add up in an account's books."""
        return invariants.violations(self.tenant(key).account, self.catalogue, self.clock.now())

    def _new_payment_method_ids(self) -> IdSource:
        """Ids of payment methods that belong to no account yet: a web page makes them before anybody says whose."""
        return IdSource(f"{self.seed}:payment methods")

    def _slug_of(self, key: str) -> str:
        """The persona of a key: its own, or the default one's."""
        return self._by_key.get(key) or self._by_key[DEFAULT_KEY]

    def _open(self, name: str, slug: str) -> Tenant:
        tenant = self._store.get(name)
        if tenant is None:
            persona = self.personas[slug]
            # Whose clock stands still makes the same persona again after each reset.
            again = self.clock.frozen and persona.key == name
            make = self._biographer.recall if again else self._biographer.create
            account = make(persona, name, self.clock.now())
            tenant = Tenant(account, slug, persona.requests_per_minute)
            self._store.put(name, tenant)
        return self._caught_up(tenant)

    def _caught_up(self, tenant: Tenant) -> Tenant:
        if tenant.account.subscription is not None:
            subscription.catch_up(tenant.account, self.catalogue, self.clock.now())
        if tenant.account.events:
            self.publish(tenant.account)
        return tenant

    def _all_caught_up(self) -> datetime:
        now = self.clock.now()
        for name in self._store.due(now):
            tenant = self._store.get(name)
            if tenant is not None:
                self._caught_up(tenant)
        self.webhooks.clock_moved()
        return self.clock.now()


def _unknown_fields(given: Any, known: Any, path: str) -> Iterator[str]:
    """Fields of an imported state that no account has: a misspelt one would be lost in silence."""
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            if name not in known:
                yield f"{path}.{name}: an account has no such field."
            else:
                yield from _unknown_fields(value, known[name], f"{path}.{name}")
    elif isinstance(given, list) and isinstance(known, list):
        for index, (value, other) in enumerate(zip(given, known, strict=False)):
            yield from _unknown_fields(value, other, f"{path}[{index}]")
