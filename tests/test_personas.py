"""Personas: each lives up to its title, at any moment, and is the same for the same key, seed and clock."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import mean

import pytest

from mockserver import fixtures, resources
from mockserver.billing import auto_recharge, money, payment_methods, promo, usage
from mockserver.billing.account import CREDITS_PER_REQUEST, Account
from mockserver.billing.context import Context
from mockserver.billing.errors import (
    CardDeclined,
    InsufficientBalance,
    NotAMember,
    PromoCodeRefused,
)
from mockserver.billing.payment_methods import charge
from mockserver.clock import Clock
from mockserver.storage.memory import Tenant
from mockserver.world import Fixtures, World

ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
OWNER, MEMBER = "sk_test_org_owner", "sk_test_org_member"
DEFAULT = "sk_test_default"

WEDNESDAY = datetime(2026, 3, 18, 12, tzinfo=UTC)
MOMENTS = {
    "a Wednesday in the middle of a month": WEDNESDAY,
    "a Monday morning": datetime(2026, 3, 16, 0, 0, 1, tzinfo=UTC),
    "half a minute into a month": datetime(2026, 3, 1, 0, 0, 30, tzinfo=UTC),
    "the first moment of a year": datetime(2027, 1, 1, tzinfo=UTC),
    "the last moment of a year": datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 29, 12, tzinfo=UTC),
    "the 31st": datetime(2026, 5, 31, 6, 30, tzinfo=UTC),
}

THE_TABLE = {
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


@cache
def loaded() -> Fixtures:
    return fixtures.load(resources.fixtures())


def made(now: datetime = WEDNESDAY, seed: int = 1) -> World:
    return World(loaded(), Clock(now), seed)


@cache
def shared(now: datetime) -> World:
    """The world of a moment, that no test changes."""
    return made(now)


KEYS = sorted(persona.key for persona in loaded().personas.values() if persona.key)

every_key = pytest.mark.parametrize("key", KEYS)
every_moment = pytest.mark.parametrize("now", MOMENTS.values(), ids=MOMENTS)


def lived(key: str, now: datetime = WEDNESDAY) -> Account:
    return shared(now).tenant(key).account


def own(key: str, now: datetime = WEDNESDAY) -> Context:
    """The context of a persona that a test may change."""
    world = made(now)
    return world.context(world.tenant(key))


def test_there_is_a_persona_for_every_key_of_the_table() -> None:
    """The keys that the design promises, and an organization."""
    assert set(KEYS) == THE_TABLE
    assert [
        each.organization_id for each in loaded().personas.values() if each.organization_id
    ] == [ORGANIZATION]


@every_moment
@every_key
def test_the_books_of_every_persona_are_in_order(key: str, now: datetime) -> None:
    """At whatever moment it is made, nothing is to come and everything adds up."""
    assert shared(now).violations(key) == []


@pytest.mark.parametrize("year", [1990, 2199])
@pytest.mark.parametrize("key", [DEFAULT, "sk_test_subscriber"])
def test_the_books_are_in_order_in_other_times(key: str, year: int) -> None:
    """A clock may stand anywhere: what the rules make then is in order, and can be exported and imported."""
    world = made(datetime(year, 6, 15, tzinfo=UTC))
    assert world.violations(key) == []
    world.import_state(key, world.export_state(key))


@every_moment
def test_the_books_of_the_organization_are_in_order(now: datetime) -> None:
    """The organization is an account like any other."""
    account = shared(now).organization(OWNER, ORGANIZATION).account
    names = dict(shared(now).tenants())
    assert names[ORGANIZATION].account is account
    assert shared(now).violations(OWNER) == []
    assert (
        sum(entry.amount_microcents for entry in account.ledger.entries)
        == account.ledger.balance
        > 0
    )
    assert len(account.usage.events) == 600


@every_key
def test_every_persona_has_its_age(key: str) -> None:
    """Nothing happened before it was born."""
    account = lived(key)
    persona = loaded().personas[shared(WEDNESDAY).tenant(key).persona]
    assert account.created_at == WEDNESDAY - timedelta(days=persona.age_days)
    assert account.ledger.entries[0].created_at >= account.created_at
    assert persona.title
    assert persona.about


@every_key
def test_every_persona_got_the_sign_up_bonus(key: str) -> None:
    """$1, as the first entry."""
    first = lived(key).ledger.entries[0]
    assert (first.type, first.reference_type, money.display(first.amount_microcents)) == (
        "bonus",
        "signup",
        "$1.00",
    )


@every_key
def test_every_persona_is_made_up(key: str) -> None:
    """No real person's address: example.com and the numbers kept for fiction."""
    profile = lived(key).profile
    assert profile.email.endswith("@example.com")
    assert re.fullmatch(r"\+1 202 555 01\d\d", profile.phone)
    assert profile.name


@every_key
def test_no_message_is_waiting(key: str) -> None:
    """The past's messages went out in the past; the outbox begins empty."""
    assert lived(key).outbox == []


@every_key
def test_the_same_key_seed_and_clock_are_the_same_account(key: str) -> None:
    """The same bytes, whoever else is in the world and in whatever order they came."""
    world = made()
    world.tenant("sk_test_somebody_else")
    assert json.dumps(world.export_state(key)) == json.dumps(shared(WEDNESDAY).export_state(key))


@every_key
def test_a_persona_that_is_made_again_is_the_same(key: str) -> None:
    """After a reset everything is as at first, also what was remembered, and what happened in between is forgotten."""
    world = made()
    first = world.export_state(key)
    context = world.context(world.tenant(key))
    context.record_activity("bonus", "Something", 1)
    world.reset()
    again = world.context(world.tenant(key))
    assert world.export_state(key) == first
    assert usage.project(again) == usage.project(own(key))


def test_a_persona_that_is_made_again_elsewhen_is_of_that_time() -> None:
    """What is remembered belongs to its moment."""
    world = made()
    first = world.export_state(DEFAULT)
    later = WEDNESDAY + timedelta(days=1)
    world.reset(now=later)
    assert world.export_state(DEFAULT) == made(later).export_state(DEFAULT) != first


def test_only_the_last_few_are_remembered() -> None:
    """Tests of many moments do not fill the memory."""
    world = made()
    for day in range(40):
        world.reset(now=WEDNESDAY + timedelta(days=day))
        world.tenant("sk_test_new")
    assert len(world._biographer._remembered) == 16
    world.reset()
    assert world.export_state("sk_test_new") == made().export_state("sk_test_new")


@pytest.mark.parametrize("key", ["sk_test_default", "sk_test_new", "sk_test_anything"])
def test_another_seed_is_another_person(key: str) -> None:
    """Ids and names come from the seed."""
    mine, other = lived(key), made(seed=2).tenant(key).account
    assert mine.id != other.id
    assert mine.profile != other.profile
    assert {entry.id for entry in mine.ledger.entries}.isdisjoint(
        entry.id for entry in other.ledger.entries
    )


def test_another_seed_is_another_history() -> None:
    """Chance comes from the seed: when, what and how much was used."""
    mine, other = lived(DEFAULT), made(seed=2).tenant(DEFAULT).account
    assert [event.requests for event in mine.usage.events] != [
        event.requests for event in other.usage.events
    ]


@pytest.mark.parametrize("seed", [0, 10**12])
def test_personas_keep_their_promises_with_any_seed(seed: int) -> None:
    """What a title says does not depend on chance."""
    world = made(seed=seed)
    for key in KEYS:
        assert world.violations(key) == []
    assert world.tenant("sk_test_exhausted").account.ledger.balance == 0
    assert len(world.tenant("sk_test_power_user").account.ledger.entries) == 10_000
    assert len(world.tenant("sk_test_default").account.ledger.entries) > 100


def shape(account: Account) -> dict[str, int]:
    """How many there are of each thing, and what does not depend on chance."""
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
    """Every sk_test_ key works: a new account in the shape of the default one."""
    tenant = shared(WEDNESDAY).tenant(key)
    assert tenant.persona == "default"
    assert shape(tenant.account) == shape(lived(DEFAULT))
    assert shared(WEDNESDAY).violations(key) == []


def test_accounts_of_other_keys_are_isolated() -> None:
    """Nothing is shared: neither ids nor balances nor what happens next."""
    world = made()
    keys = [f"sk_test_{number}" for number in range(20)]
    accounts = [world.tenant(key).account for key in keys]
    assert len({account.id for account in accounts}) == 20
    assert len({account.profile.user_id for account in accounts}) == 20
    ids = [entry.id for account in accounts for entry in account.ledger.entries]
    assert len(set(ids)) == len(ids)
    before = [world.export_state(key) for key in keys[1:]]
    usage.record(world.context(world.tenant(keys[0])), "light", 1)
    assert [world.export_state(key) for key in keys[1:]] == before
    assert world.tenant(keys[0]).account is accounts[0]


@every_moment
def test_the_default_account_is_healthy(now: datetime) -> None:
    """Pay as you go: money, a card that works, deposits, usage, nothing owed."""
    account = lived(DEFAULT, now)
    assert account.subscription is None
    assert account.ledger.balance > money.in_microcents(5_000)
    assert account.ledger.deposited_cents == 10_000
    assert account.wallet.default is not None
    assert charge(account.wallet.default, now) == account.wallet.default
    assert {invoice.status for invoice in account.invoices} == {"paid"}
    assert len(account.usage.events) >= 100
    assert not account.auto_recharge.enabled


def test_the_default_account_was_made_by_the_rules() -> None:
    """Its past is not painted on: what a rule leaves behind is there for every deposit, card, bonus and refund."""
    account = lived(DEFAULT)
    deposits = [entry for entry in account.ledger.entries if entry.type == "deposit"]
    sessions = [account.checkout_sessions[str(entry.reference_id)] for entry in deposits]
    assert [session.closed for session in sessions] == ["complete", "complete"]
    assert [session.completed_at for session in sessions] == [
        entry.created_at for entry in deposits
    ]
    assert [invoice.created_at for invoice in account.invoices] == [
        entry.created_at for entry in deposits
    ]
    assert account.redeemed_promo_codes == ["WELCOME10"]
    with pytest.raises(PromoCodeRefused):
        promo.check(
            shared(WEDNESDAY).context(shared(WEDNESDAY).tenant(DEFAULT)), "WELCOME10", 5_000
        )
    assert [entry.action for entry in account.audit_log] == [
        "account.created",
        "payment_method.added",
        "deposit.created",
        "deposit.completed",
        "promo_code.redeemed",
        "deposit.created",
        "deposit.completed",
        "refund.granted",
    ]
    assert {activity.type for activity in account.activities} == {
        "bonus",
        "payment_method_added",
        "deposit",
        "refund",
    }
    assert [entry.reference_id for entry in account.ledger.entries if entry.type == "usage"] == [
        event.id for event in account.usage.events
    ]


@every_moment
def test_new_has_a_dollar_and_nothing_else(now: datetime) -> None:
    """Just signed up, $1 bonus, no card."""
    account = lived("sk_test_new", now)
    assert (account.ledger.balance, len(account.ledger.entries)) == (money.in_microcents(100), 1)
    assert account.created_at == now
    assert (account.wallet.cards, account.usage.events, account.invoices) == ([], [], [])
    assert account.checkout_sessions == {}


@every_moment
def test_low_balance_is_just_above_its_threshold(now: datetime) -> None:
    """$5.10, recharging below $5: 500 light requests do nothing, one more sets it off."""
    context = own("sk_test_low_balance", now)
    account = context.account
    assert account.auto_recharge.enabled
    assert (account.ledger.balance, account.auto_recharge.threshold_microcents) == (
        510_000_000,
        500_000_000,
    )
    assert account.auto_recharge.attempts == []
    usage.record(context, "light", 500)
    assert account.auto_recharge.attempts == []
    usage.record(context, "light", 1)
    assert [attempt.status for attempt in account.auto_recharge.attempts] == ["succeeded"]
    assert account.ledger.balance > account.auto_recharge.threshold_microcents


@every_moment
def test_exhausted_has_spent_its_last_credit(now: datetime) -> None:
    """Zero balance, every alert fired this month, and usage is refused with 402."""
    context = own("sk_test_exhausted", now)
    assert context.account.ledger.balance == 0
    period = f"{now:%Y-%m}"
    fired = [each.threshold for each in context.account.usage_alerts.fired if each.period == period]
    assert sorted(fired) == [50, 75, 90, 100]
    assert all(each.fired_at <= now for each in context.account.usage_alerts.fired)
    with pytest.raises(InsufficientBalance):
        usage.record(context, "light", 1)
    projection = usage.project(context)
    assert projection.credits_used == projection.credits_allocated > 0


@every_moment
def test_card_declined_fails_every_charge(now: datetime) -> None:
    """The card is on the account and auto-recharge is on; the next recharge fails."""
    context = own("sk_test_card_declined", now)
    account = context.account
    assert (account.auto_recharge.enabled, account.auto_recharge.attempts) == (True, [])
    with pytest.raises(CardDeclined):
        charge(account.wallet.default, now)
    assert not auto_recharge.check(context).works
    usage.record(context, "light", 1_000)
    assert [attempt.status for attempt in account.auto_recharge.attempts] == ["failed"]


@every_moment
def test_card_expiring_expires_with_the_month(now: datetime) -> None:
    """Works still, and will not when the month is over."""
    context = own("sk_test_card_expiring", now)
    card = context.account.wallet.default
    assert card is not None
    assert context.account.auto_recharge.enabled
    assert (card.exp_year, card.exp_month) == (now.year, now.month)
    assert auto_recharge.check(context).works
    _, next_month = usage.month_of(now)
    check = auto_recharge.check(context.at(next_month))
    assert (check.works, check.card_expired) == (False, True)


@every_moment
def test_past_due_owes_its_last_renewal(now: datetime) -> None:
    """The last renewal was declined: an open invoice, more tries to come, and in the end it is over."""
    world = made(now)
    account = world.tenant("sk_test_past_due").account
    current = account.subscription
    assert current is not None
    assert (current.status, current.plan, current.period) == ("past_due", "growth", 2)
    assert [invoice.status for invoice in account.invoices] == ["paid", "open"]
    assert account.invoices[-1].created_at == current.period_start <= now < current.due_at
    assert account.ledger.balance > 0
    world.advance_to(now + timedelta(days=7))
    assert account.subscription is None
    assert account.invoices[-1].status == "void"
    assert world.violations("sk_test_past_due") == []


@every_moment
def test_past_due_recovers_with_a_card_that_works(now: datetime) -> None:
    """What a customer would do about it helps: a new default card, and the next try goes through."""
    world = made(now)
    context = world.context(world.tenant("sk_test_past_due"))
    payment_methods.add(context, "pm_card_mastercard")
    payment_methods.set_default(context, "pm_card_mastercard")
    current = context.account.subscription
    assert current is not None
    world.advance_to(current.due_at)
    assert (current.status, context.account.invoices[-1].status) == ("active", "paid")


@every_moment
def test_the_subscriber_has_paid_three_times(now: datetime) -> None:
    """On the Starter plan for three months: three paid invoices, usage within the plan."""
    context = own("sk_test_subscriber", now)
    current = context.account.subscription
    assert current is not None
    assert (current.plan, current.status, current.period, current.pending_plan) == (
        "starter",
        "active",
        3,
        None,
    )
    assert [(invoice.amount_cents, invoice.status) for invoice in context.account.invoices] == [
        (2_900, "paid")
    ] * 3
    projection = usage.project(context)
    assert projection.credits_allocated == 150_000
    assert projection.credits_used < projection.credits_allocated
    assert context.account.ledger.balance > 0


@every_moment
def test_the_power_user_has_10_000_transactions(now: datetime) -> None:
    """10,000 transactions in two years, exactly."""
    account = lived("sk_test_power_user", now)
    assert len(account.ledger.entries) == 10_000
    assert len(account.wallet.cards) == 3
    assert account.ledger.entries[0].created_at == now - timedelta(days=730)
    assert account.ledger.entries[-1].created_at > now - timedelta(days=2)
    assert account.ledger.balance > 0


def test_the_power_users_history_is_believable() -> None:
    """Weekday rhythm, growth, a mix of types, and hosts by name."""
    events = lived("sk_test_power_user").usage.events
    by_weekday = Counter(event.created_at.weekday() for event in events)
    workdays, weekend = (
        mean(by_weekday[day] for day in range(5)),
        mean(by_weekday[day] for day in (5, 6)),
    )
    assert weekend < 0.6 * workdays
    quarter = timedelta(days=180)
    first = sum(
        event.requests
        for event in events
        if event.created_at < WEDNESDAY - timedelta(days=730) + quarter
    )
    last = sum(event.requests for event in events if event.created_at > WEDNESDAY - quarter)
    assert last > 1.5 * first
    by_type = Counter(event.type for event in events)
    assert set(by_type) == set(CREDITS_PER_REQUEST)
    assert by_type["light"] > by_type["js"] > by_type["ocr"]
    entries = [
        entry for entry in lived("sk_test_power_user").ledger.entries if entry.type == "usage"
    ]
    assert all(
        re.fullmatch(r"[\d,]+ \w+ requests to [\w.-]+\.\w+", entry.description) for entry in entries
    )


def test_owner_and_member_share_one_organization() -> None:
    """With the header both see the organization's account; without it each sees its own."""
    world = made()
    account = world.organization(OWNER, ORGANIZATION).account
    assert world.organization(MEMBER, ORGANIZATION).account is account
    own_accounts = {world.tenant(key).account.id for key in (OWNER, MEMBER)}
    assert len(own_accounts | {account.id}) == 3
    usage.record(world.context(world.organization(MEMBER, ORGANIZATION)), "light", 3)
    assert world.organization(OWNER, ORGANIZATION).account.usage.events[-1].requests == 3


@pytest.mark.parametrize("key", sorted({*KEYS, "sk_test_x"} - {OWNER, MEMBER}))
def test_others_do_not_belong_to_the_organization(key: str) -> None:
    """403, the same as for one that does not exist, and the organization is not made for them."""
    world = made()
    said = set()
    for organization in (ORGANIZATION, "ffffffff-ffff-4fff-8fff-ffffffffffff", ""):
        with pytest.raises(NotAMember) as caught:
            world.organization(key, organization)
        said.add(str(caught.value))
    assert len(said) == 1
    assert ORGANIZATION not in said.pop()
    assert list(world.tenants()) == []


@pytest.mark.parametrize("key", [OWNER, MEMBER])
def test_a_member_belongs_to_no_other_organization(key: str) -> None:
    """Nor does a member learn whether another exists."""
    with pytest.raises(NotAMember):
        made().organization(key, "ffffffff-ffff-4fff-8fff-ffffffffffff")


def test_only_rate_limited_is_limited() -> None:
    """429 after 5 a minute: no other persona has a limit of its own."""
    limits = {key: shared(WEDNESDAY).tenant(key).requests_per_minute for key in KEYS}
    assert limits.pop("sk_test_rate_limited") == 5
    assert set(limits.values()) == {None}
    tenant = made().tenant("sk_test_rate_limited")
    assert isinstance(tenant, Tenant)
    assert (tenant.window, tenant.spent) == (0, 0)


@pytest.mark.parametrize("key", [key for key in KEYS if key != "sk_test_power_user"])
def test_every_persona_has_a_future(key: str) -> None:
    """A year later its books are still in order."""
    world = made()
    world.tenant(key)
    world.advance_to(WEDNESDAY + timedelta(days=366))
    assert world.violations(key) == []
