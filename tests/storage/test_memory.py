"""Idle accounts are packed and unpacked unchanged; the least recently used one is evicted."""

from __future__ import annotations

import asyncio
import zlib
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from mockserver import packaged
from mockserver.billing import checkout, setup_intents
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts import store as store_module
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.accounts.store import MemoryStore, Tenant
from mockserver.billing.api.behaviour import world_of
from mockserver.clock import Clock
from mockserver.engine.world import World
from tests.conftest import NOON

FIXTURES = fixtures.load(packaged.fixtures())


@pytest.fixture
def world() -> World[Accounts]:
    """A world without accounts that keeps six of them."""
    return world_of(FIXTURES, Clock(NOON), 1, max_accounts=6)


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store holds three unpacked accounts, and in the long run two."""
    monkeypatch.setattr(store_module, "MAX_UNPACKED", 3)
    monkeypatch.setattr(store_module, "MIN_UNPACKED", 2)


def keys(count: int) -> list[str]:
    return [f"sk_test_{number}" for number in range(count)]


def state(tenant: Tenant) -> Any:
    return msgspec.to_builtins(tenant, enc_hook=list)


def test_an_account_is_unpacked_unchanged(world: World[Accounts]) -> None:
    """Packing keeps the whole state and the rate-limit window."""
    first, *others = keys(5)
    tenant = world.state.tenant(first)
    checkout.open_deposit(world.state.context(tenant), 5_000)
    tenant.window, tenant.spent = 7, 3
    before = state(tenant)
    for key in others:
        world.state.tenant(key)
    again = world.state.tenant(first)
    assert again is not tenant, "the account was not packed"
    assert state(again) == before


def test_an_unpacked_account_can_be_changed(world: World[Accounts]) -> None:
    """Changes are kept when the account is packed again."""
    first, *others = keys(5)
    before = len(world.state.tenant(first).account.checkout_sessions)
    for _ in range(3):
        checkout.open_deposit(world.state.context(world.state.tenant(first)), 5_000)
        for key in others:
            world.state.tenant(key)
    assert len(world.state.peek(first).account.checkout_sessions) == before + 3


def test_the_least_recently_used_account_is_packed(world: World[Accounts]) -> None:
    """The order of use counts, not the order of creation."""
    a, b, c, d = keys(4)
    tenants = {key: world.state.tenant(key) for key in (a, b, c)}
    world.state.tenant(a)
    world.state.tenant(d)
    assert world.state.tenant(a) is tenants[a]
    assert world.state.peek(b) is not tenants[b]


def test_a_request_is_not_before_the_account_that_it_opens(world: World[Accounts]) -> None:
    """On a running clock, an account is created a moment after its first request was received."""
    tenant = world.state.tenant(keys(1)[0])
    received = tenant.account.created_at - timedelta(milliseconds=1)
    assert world.state.context(tenant, now=received).now == tenant.account.created_at


def test_an_idle_account_is_packed(world: World[Accounts], monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that was not used for a while is packed in the background, but for a few."""
    monkeypatch.setattr(store_module, "MAX_UNPACKED", 100)
    monkeypatch.setattr(store_module, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(store_module, "PAUSE_IF_NONE_SECONDS", 0.01)
    tenants: dict[str, Tenant] = {}

    async def use() -> None:
        tenants.update({key: world.state.tenant(key) for key in keys(5)})
        assert world.state.peek(keys(5)[0]) is tenants[keys(5)[0]], "it is packed already"
        async with asyncio.timeout(10):
            while world.state.peek(keys(5)[2]) is tenants[keys(5)[2]]:
                await asyncio.sleep(0.01)

    asyncio.run(use())
    unpacked = [key for key in keys(5) if world.state.peek(key) is tenants[key]]
    assert unpacked == keys(5)[3:]


def test_a_packed_account_is_unpacked_once_to_be_read(world: World[Accounts]) -> None:
    """What a view shows of an idle account is kept until the account is used."""
    first, *others = keys(5)
    read = []

    def name(tenant: Tenant) -> str:
        read.append(tenant)
        return tenant.account.profile.name

    for _ in range(2):
        world.state.tenant(first)
        for key in others:
            world.state.tenant(key)
        assert world.state.read(first, name) == world.state.read(first, name)
    assert len(read) == 2


def test_the_least_recently_used_account_is_evicted(world: World[Accounts]) -> None:
    """An evicted account starts anew on its next use; the others are unchanged."""
    all_keys = keys(7)
    before = state(world.state.tenant(all_keys[0]))
    opened = {
        key: checkout.open_deposit(world.state.context(world.state.tenant(key)), 5_000).id
        for key in all_keys
    }
    assert world.state.names() == all_keys[1:]
    assert opened[all_keys[5]] in world.state.tenant(all_keys[5]).account.checkout_sessions
    evicted = world.state.tenant(all_keys[0])
    assert evicted.was_evicted
    evicted.was_evicted = False
    assert state(evicted) == before


def test_personas_are_neither_packed_nor_evicted(world: World[Accounts]) -> None:
    """The account of a persona stays, however many other accounts are used."""
    persona = world.state.tenant("sk_test_new")
    for key in keys(10):
        world.state.tenant(key)
    assert world.state.tenant("sk_test_new") is persona


def test_accounts_are_listed_in_order_of_creation(world: World[Accounts]) -> None:
    """Packing does not change the order."""
    for key in [*keys(6), keys(6)[0]]:
        world.state.tenant(key)
    assert world.state.names() == keys(6)
    assert [name for name, _ in world.state.tenants()] == keys(6)


def test_a_packed_account_is_found_by_what_it_owns(world: World[Accounts]) -> None:
    """The id of a session, a portal session, a setup intent or an invoice leads to its account."""
    first, *others = keys(5)
    context = world.state.context(world.state.tenant(first))
    ids = [checkout.open_deposit(context, 5_000).id, checkout.open_portal(context).id]
    ids += [setup_intents.create(context).id, context.account.invoices[0].id]
    for id in ids:
        for key in others:
            world.state.tenant(key)
        found = world.state.owner(id)
        assert found is not None
        assert found.account.id == context.account.id
    assert world.state.owner("cs_test_none") is None


def test_due_work_is_done_for_packed_accounts(world: World[Accounts]) -> None:
    """A plan is renewed when the clock passes the end of its period."""
    first, *others = keys(5)
    session = checkout.open_price(
        world.state.context(world.state.tenant(first)),
        "price_starter_monthly",
        "subscription",
        None,
        None,
    )
    checkout.complete(world.state.context(world.state.tenant(first)), session.id)
    for key in others:
        world.state.tenant(key)
    invoices = len(world.state.peek(first).account.invoices)
    world.advance_to(NOON + timedelta(days=32))
    assert len(world.state.peek(first).account.invoices) == invoices + 1


def test_a_snapshot_contains_packed_accounts(world: World[Accounts]) -> None:
    """All accounts are restored unchanged, in their order."""
    for key in keys(6):
        checkout.open_deposit(world.state.context(world.state.tenant(key)), 5_000)
    before = {name: state(tenant) for name, tenant in world.state.tenants()}
    world.take_snapshot("all")
    for key in keys(6):
        checkout.open_deposit(world.state.context(world.state.tenant(key)), 6_000)
    world.restore_snapshot("all")
    assert {name: state(tenant) for name, tenant in world.state.tenants()} == before


def test_a_reset_removes_packed_accounts(world: World[Accounts]) -> None:
    """A reset removes one account by its key, or all."""
    for key in keys(6):
        world.state.tenant(key)
    world.reset(keys(6)[0])
    assert world.state.names() == keys(6)[1:]
    world.reset()
    assert world.state.names() == []


def test_a_packed_account_is_less_than_a_quarter_of_its_json(world: World[Accounts]) -> None:
    """Packing saves memory."""
    store = MemoryStore()
    for key in keys(5):
        store.put(key, replace(world.state.tenant(key)))
    packed = [item for item in store._tenants.values() if not isinstance(item, Tenant)]
    plain = sum(len(zlib.decompress(part)) for part in packed[0].parts)
    assert sum(map(len, packed[0].parts)) < plain / 4
