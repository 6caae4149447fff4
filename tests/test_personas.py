"""Rules that hold for every persona: at any time, with any seed, and after a reset."""

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

DOCUMENTED = {
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


def test_every_documented_key_has_a_persona() -> None:
    """The documented keys have personas, and there is one organization."""
    assert set(KEYS) >= DOCUMENTED
    assert [
        persona.organization_id
        for persona in load_fixtures().personas.values()
        if persona.organization_id
    ] == [ORGANIZATION]


@every_moment
@every_key
def test_the_books_of_every_persona_add_up(key: str, now: datetime) -> None:
    """A persona that is built at any time violates no invariant."""
    assert shared_world(now).state.violations(key) == []


@pytest.mark.parametrize("year", [1990, 2199])
@pytest.mark.parametrize("key", [DEFAULT, "sk_test_subscriber"])
def test_the_books_add_up_in_any_year(key: str, year: int) -> None:
    """At any time of the clock, a persona violates no invariant and can be imported again."""
    world = make_world(datetime(year, 6, 15, tzinfo=UTC))
    assert world.state.violations(key) == []
    world.state.replace(key, world.state.export(key))


@every_moment
def test_the_books_of_the_organization_add_up(now: datetime) -> None:
    """The account of the organization violates no invariant."""
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
    """No ledger entry is older than the account."""
    account = account_of(key)
    persona = load_fixtures().personas[shared_world(NOON).state.tenant(key).persona]
    assert account.created_at == NOON - timedelta(days=persona.age_days)
    assert account.ledger.entries[0].created_at >= account.created_at
    assert persona.title
    assert persona.about


@every_key
def test_every_persona_got_the_sign_up_bonus(key: str) -> None:
    """The first ledger entry is the sign-up bonus of $1."""
    first = account_of(key).ledger.entries[0]
    assert (first.type, first.reference_type, money.display(first.amount_microcents)) == (
        "bonus",
        "signup",
        "$1.00",
    )


@every_key
def test_every_profile_is_fictitious(key: str) -> None:
    """E-mail addresses are at reserved domains, telephone numbers are reserved for fiction."""
    profile = account_of(key).profile
    assert profile.email.endswith(("@example.com", ".example"))
    assert re.fullmatch(r"\+1 202 555 01\d\d", profile.phone)
    assert profile.name


@every_key
def test_the_outbox_of_a_new_account_is_empty(key: str) -> None:
    """Messages of the past are not kept."""
    assert account_of(key).outbox == []


@every_key
def test_the_same_key_seed_and_clock_give_the_same_account(key: str) -> None:
    """The exported bytes do not depend on other accounts."""
    world = make_world()
    world.state.tenant("sk_test_another")
    assert json.dumps(world.state.export(key)) == json.dumps(shared_world(NOON).state.export(key))


@every_key
def test_a_persona_is_the_same_after_a_reset(key: str) -> None:
    """A cached account is as it was built, without later changes."""
    world = make_world()
    first = world.state.export(key)
    context = world.state.context(world.state.tenant(key))
    context.record_activity("bonus", "Something", 1)
    world.reset()
    again = world.state.context(world.state.tenant(key))
    assert world.state.export(key) == first
    assert usage.project(again) == usage.project(new_context(key))


def test_a_persona_is_built_anew_at_another_time() -> None:
    """A cached account is used only at its own time."""
    world = make_world()
    first = world.state.export(DEFAULT)
    later = NOON + timedelta(days=1)
    world.reset(now=later)
    assert world.state.export(DEFAULT) == make_world(later).state.export(DEFAULT) != first


def test_the_cache_is_bounded() -> None:
    """Tests at many different times do not fill the memory."""
    world = make_world()
    for day in range(40):
        world.reset(now=NOON + timedelta(days=day))
        world.state.tenant("sk_test_new")
    assert len(world.state._builder._cache) == 16
    world.reset()
    assert world.state.export("sk_test_new") == make_world().state.export("sk_test_new")


@pytest.mark.parametrize("key", ["sk_test_default", "sk_test_new", "sk_test_anything"])
def test_ids_and_names_depend_on_the_seed(key: str) -> None:
    """Another seed gives another id, another profile and other ledger ids."""
    mine, other = account_of(key), make_world(seed=2).state.tenant(key).account
    assert mine.id != other.id
    assert mine.profile != other.profile
    assert {entry.id for entry in mine.ledger.entries}.isdisjoint(
        entry.id for entry in other.ledger.entries
    )


def test_the_usage_history_depends_on_the_seed() -> None:
    """Another seed gives other usage events."""
    mine, other = account_of(DEFAULT), make_world(seed=2).state.tenant(DEFAULT).account
    assert [event.requests for event in mine.usage.events] != [
        event.requests for event in other.usage.events
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 10**12])
def test_the_facts_of_a_title_hold_with_any_seed(seed: int) -> None:
    """The facts that a title states do not depend on the seed."""
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
    """A key without a persona has an account with the history of the default persona."""
    tenant = shared_world(NOON).state.tenant(key)
    assert tenant.persona == "default"
    assert shape(tenant.account) == shape(account_of(DEFAULT))
    assert shared_world(NOON).state.violations(key) == []


def test_accounts_of_other_keys_are_isolated() -> None:
    """Accounts share no ids, and a change of one leaves the others unchanged."""
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
def test_the_books_of_every_persona_add_up_a_year_later(key: str) -> None:
    """Advancing the clock by a year violates no invariant."""
    world = make_world()
    world.state.tenant(key)
    world.advance_to(NOON + timedelta(days=366))
    assert world.state.violations(key) == []
