"""Accounts that nobody asks for are packed, and wake as they were; of very many the idlest is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

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
    """A world in which nobody is yet."""
    return world_of(FIXTURES, Clock(NOON), 1)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three awake, six in all."""
    monkeypatch.setattr(store_module, "MAX_AWAKE", 3)
    monkeypatch.setattr(store_module, "MAX_TENANTS", 6)


def keys(count: int) -> list[str]:
    return [f"sk_test_{number}" for number in range(count)]


def state(tenant: Tenant) -> Any:
    return msgspec.to_builtins(tenant, enc_hook=list)


def test_an_account_wakes_as_it_was(world: World[Accounts]) -> None:
    """Its whole state, and what it spent of its allowance."""
    first, *others = keys(5)
    tenant = world.state.tenant(first)
    checkout.open_deposit(world.state.context(tenant), 5_000)
    tenant.window, tenant.spent = 7, 3
    before = state(tenant)
    for key in others:
        world.state.tenant(key)
    again = world.state.tenant(first)
    assert again is not tenant, "it was packed meanwhile"
    assert state(again) == before


def test_what_is_done_to_an_account_that_woke_stays(world: World[Accounts]) -> None:
    """It can be changed and packed again."""
    first, *others = keys(5)
    before = len(world.state.tenant(first).account.checkout_sessions)
    for _ in range(3):
        checkout.open_deposit(world.state.context(world.state.tenant(first)), 5_000)
        for key in others:
            world.state.tenant(key)
    assert len(world.state.peek(first).account.checkout_sessions) == before + 3


def test_whoever_was_asked_for_lately_is_awake(world: World[Accounts]) -> None:
    """The order of asking counts, not that of appearance."""
    a, b, c, d = keys(4)
    tenants = {key: world.state.tenant(key) for key in (a, b, c)}
    world.state.tenant(a)
    world.state.tenant(d)
    assert world.state.tenant(a) is tenants[a]
    assert world.state.peek(b) is not tenants[b]


def test_the_idlest_is_forgotten_when_there_are_too_many(world: World[Accounts]) -> None:
    """It begins anew when it comes again; the others are as they were."""
    all_keys = keys(7)
    before = state(world.state.tenant(all_keys[0]))
    opened = {
        key: checkout.open_deposit(world.state.context(world.state.tenant(key)), 5_000).id
        for key in all_keys
    }
    assert world.state.names() == all_keys[1:]
    assert opened[all_keys[5]] in world.state.tenant(all_keys[5]).account.checkout_sessions
    assert state(world.state.tenant(all_keys[0])) == before


def test_personas_are_neither_packed_nor_forgotten(world: World[Accounts]) -> None:
    """A developer finds them as they left them, whatever tests do meanwhile."""
    persona = world.state.tenant("sk_test_new")
    for key in keys(10):
        world.state.tenant(key)
    assert world.state.tenant("sk_test_new") is persona


def test_accounts_are_listed_in_order_of_appearance(world: World[Accounts]) -> None:
    """Whether they are awake or not."""
    for key in [*keys(6), keys(6)[0]]:
        world.state.tenant(key)
    assert world.state.names() == keys(6)
    assert [name for name, _ in world.state.tenants()] == keys(6)


def test_the_owner_of_a_page_is_found_asleep(world: World[Accounts]) -> None:
    """By the id of a session, a portal, a setup intent or an invoice."""
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


def test_what_falls_due_is_done_also_for_those_asleep(world: World[Accounts]) -> None:
    """A plan is renewed, and told of, when the clock passes its period's end."""
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


def test_a_snapshot_holds_those_asleep(world: World[Accounts]) -> None:
    """All come back as they were, in their order."""
    for key in keys(6):
        checkout.open_deposit(world.state.context(world.state.tenant(key)), 5_000)
    before = {name: state(tenant) for name, tenant in world.state.tenants()}
    world.take_snapshot("all")
    for key in keys(6):
        checkout.open_deposit(world.state.context(world.state.tenant(key)), 6_000)
    world.restore_snapshot("all")
    assert {name: state(tenant) for name, tenant in world.state.tenants()} == before


def test_a_reset_forgets_those_asleep(world: World[Accounts]) -> None:
    """One by its key, or everybody."""
    for key in keys(6):
        world.state.tenant(key)
    world.reset(keys(6)[0])
    assert world.state.names() == keys(6)[1:]
    world.reset()
    assert world.state.names() == []


def test_an_account_asleep_is_a_quarter_of_its_text(world: World[Accounts]) -> None:
    """That is what packing is for."""
    store = MemoryStore()
    for key in keys(5):
        store.put(key, replace(world.state.tenant(key)))
    (first, *_) = [each for each in store._tenants.values() if not isinstance(each, Tenant)]
    assert len(first.packed) < len(first.written) / 4
