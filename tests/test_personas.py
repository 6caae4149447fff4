"""Rules for all personas: at any moment, with any seed, and after a reset."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from mockserver.billing import money, usage
from mockserver.billing.account import Account
from tests.worlds import (
    DEFAULT,
    KEYS,
    NOON,
    ORGANIZATION,
    OWNER,
    account_of,
    every_key,
    every_moment,
    load_fixtures,
    make_world,
    new_context,
    shared_world,
)

PROMISED = {
    "sk_test_default",
    "sk_test_new",
    "sk_test_low_balance",
    "sk_test_exhausted",
    "sk_test_card_declined",
    "sk_test_card_expiring",
    "sk_test_past_due",
    "sk_test_subscriber",
    "sk_test_power_user",
    "sk_test_org_owner",
    "sk_test_org_member",
    "sk_test_rate_limited",
}


def test_there_is_a_persona_for_every_promised_key() -> None:
    """Every documented key has a persona, and there is one organization."""
    assert set(KEYS) >= PROMISED
    assert [
        load_fixture.organization_id
        for load_fixture in load_fixtures().personas.values()
        if load_fixture.organization_id
    ] == [ORGANIZATION]


@every_moment
@every_key
def test_the_books_of_every_persona_are_in_order(key: str, now: datetime) -> None:
    """At any moment the books add up and nothing lies in the future."""
    assert shared_world(now).state.violations(key) == []


@pytest.mark.parametrize("year", [1990, 2199])
@pytest.mark.parametrize("key", [DEFAULT, "sk_test_subscriber"])
def test_the_books_are_in_order_in_other_times(key: str, year: int) -> None:
    """With any clock the state is valid and can be imported."""
    world = make_world(datetime(year, 6, 15, tzinfo=UTC))
    assert world.state.violations(key) == []
    world.state.replace(key, world.state.export(key))


@every_moment
def test_the_books_of_the_organization_are_in_order(now: datetime) -> None:
    """The organization is an account like any other."""
    account = shared_world(now).state.organization(OWNER, ORGANIZATION).account
    names = dict(shared_world(now).state.tenants())
    assert names[ORGANIZATION].account is account
    assert shared_world(now).state.violations(OWNER) == []
    assert (
        sum(entry.amount_microcents for entry in account.ledger.entries)
        == account.ledger.balance
        > 0
    )
    assert len(account.usage.events) == 600


@every_key
def test_every_persona_has_its_age(key: str) -> None:
    """Nothing happened before its creation."""
    account = account_of(key)
    persona = load_fixtures().personas[shared_world(NOON).state.tenant(key).persona]
    assert account.created_at == NOON - timedelta(days=persona.age_days)
    assert account.ledger.entries[0].created_at >= account.created_at
    assert persona.title
    assert persona.about


@every_key
def test_every_persona_got_the_sign_up_bonus(key: str) -> None:
    """The first entry is $1."""
    first = account_of(key).ledger.entries[0]
    assert (first.type, first.reference_type, money.display(first.amount_microcents)) == (
        "bonus",
        "signup",
        "$1.00",
    )


@every_key
def test_every_persona_is_fictitious(key: str) -> None:
    """Addresses are of example.com, and telephone numbers are reserved for fiction."""
    profile = account_of(key).profile
    assert profile.email.endswith("@example.com")
    assert re.fullmatch(r"\+1 202 555 01\d\d", profile.phone)
    assert profile.name


@every_key
def test_the_outbox_is_empty(key: str) -> None:
    """Messages of the past are not in it."""
    assert account_of(key).outbox == []


@every_key
def test_the_same_key_seed_and_clock_are_the_same_account(key: str) -> None:
    """Other accounts and their order do not matter."""
    world = make_world()
    world.state.tenant("sk_test_somebody_else")
    assert json.dumps(world.state.export(key)) == json.dumps(shared_world(NOON).state.export(key))


@every_key
def test_a_persona_that_is_made_again_is_the_same(key: str) -> None:
    """After a reset the state is the first one, and later changes are gone."""
    world = make_world()
    first = world.state.export(key)
    context = world.state.context(world.state.tenant(key))
    context.record_activity("bonus", "Something", 1)
    world.reset()
    again = world.state.context(world.state.tenant(key))
    assert world.state.export(key) == first
    assert usage.project(again) == usage.project(new_context(key))


def test_a_persona_that_is_made_again_at_another_time_is_of_that_time() -> None:
    """The cache is keyed by the moment."""
    world = make_world()
    first = world.state.export(DEFAULT)
    later = NOON + timedelta(days=1)
    world.reset(now=later)
    assert world.state.export(DEFAULT) == make_world(later).state.export(DEFAULT) != first


def test_the_cache_of_personas_is_bounded() -> None:
    """Tests of many moments do not fill the memory."""
    world = make_world()
    for day in range(40):
        world.reset(now=NOON + timedelta(days=day))
        world.state.tenant("sk_test_new")
    assert len(world.state._biographer._remembered) == 16
    world.reset()
    assert world.state.export("sk_test_new") == make_world().state.export("sk_test_new")


@pytest.mark.parametrize("key", ["sk_test_default", "sk_test_new", "sk_test_anything"])
def test_another_seed_is_another_person(key: str) -> None:
    """Ids and names depend on the seed."""
    mine, other = account_of(key), make_world(seed=2).state.tenant(key).account
    assert mine.id != other.id
    assert mine.profile != other.profile
    assert {entry.id for entry in mine.ledger.entries}.isdisjoint(
        entry.id for entry in other.ledger.entries
    )


def test_another_seed_is_another_history() -> None:
    """Times, types and amounts of usage depend on the seed."""
    mine, other = account_of(DEFAULT), make_world(seed=2).state.tenant(DEFAULT).account
    assert [event.requests for event in mine.usage.events] != [
        event.requests for event in other.usage.events
    ]


@pytest.mark.parametrize("seed", [0, 10**12])
def test_personas_keep_their_promises_with_any_seed(seed: int) -> None:
    """What a title says does not depend on the seed."""
    world = make_world(seed=seed)
    for key in KEYS:
        assert world.state.violations(key) == []
    assert world.state.tenant("sk_test_exhausted").account.ledger.balance == 0
    assert len(world.state.tenant("sk_test_power_user").account.ledger.entries) == 10_000
    assert len(world.state.tenant("sk_test_default").account.ledger.entries) > 100


def shape(account: Account) -> dict[str, int]:
    """Return the counts and sums that do not depend on the seed."""
    return {
        **Counter(
            entry.reference_type for entry in account.ledger.entries if entry.type != "usage"
        ),
        "usage": len(account.usage.events),
        "cards": len(account.wallet.cards),
        "invoices": len(account.invoices),
        "deposited": account.ledger.deposited_cents,
        "age": account.created_at.toordinal(),
    }


@pytest.mark.parametrize(
    "key", ["sk_test_x", "sk_test_4b1d7c", "sk_test_" + "y" * 200, "sk_test_DEFAULT"]
)
def test_any_other_key_starts_as_the_default_persona(key: str) -> None:
    """A new account of any test key is like the default one."""
    tenant = shared_world(NOON).state.tenant(key)
    assert tenant.persona == "default"
    assert shape(tenant.account) == shape(account_of(DEFAULT))
    assert shared_world(NOON).state.violations(key) == []


def test_accounts_of_other_keys_are_isolated() -> None:
    """They share no ids, no balances and no later events."""
    world = make_world()
    keys = [f"sk_test_{number}" for number in range(20)]
    accounts = [world.state.tenant(key).account for key in keys]
    assert len({account.id for account in accounts}) == 20
    assert len({account.profile.user_id for account in accounts}) == 20
    ids = [entry.id for account in accounts for entry in account.ledger.entries]
    assert len(set(ids)) == len(ids)
    before = [world.state.export(key) for key in keys[1:]]
    usage.record(world.state.context(world.state.tenant(keys[0])), "light", 1)
    assert [world.state.export(key) for key in keys[1:]] == before
    assert world.state.tenant(keys[0]).account is accounts[0]


@pytest.mark.parametrize("key", [key for key in KEYS if key != "sk_test_power_user"])
def test_every_persona_has_a_future(key: str) -> None:
    """A year later its books still add up."""
    world = make_world()
    world.state.tenant(key)
    world.advance_to(NOON + timedelta(days=366))
    assert world.state.violations(key) == []
