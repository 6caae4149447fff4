"""The facts that the title of each persona states, at any time."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from statistics import mean

import pytest

from mockserver.billing import auto_recharge, money, payment_methods, promo, usage
from mockserver.billing.accounts.store import Tenant
from mockserver.billing.errors import (
    CardDeclined,
    InsufficientBalance,
    NotAMember,
    PromoCodeRefused,
)
from mockserver.billing.payment_methods import charge
from mockserver.billing.usage_log import CREDITS_PER_REQUEST
from tests.worlds import (
    DEFAULT,
    KEYS,
    MEMBER,
    NOON,
    ORGANIZATION,
    OWNER,
    account_of,
    every_moment,
    make_world,
    new_context,
    shared_world,
)


@every_moment
def test_the_default_account_is_healthy(now: datetime) -> None:
    """The default persona pays as it goes: balance, a working card, paid invoices and usage."""
    account = account_of(DEFAULT, now)
    assert account.subscription is None
    assert account.ledger.balance > money.in_microcents(5_000)
    assert account.ledger.deposited_cents == 10_000
    assert account.wallet.default is not None
    assert charge(account.wallet.default, now) == account.wallet.default
    assert {invoice.status for invoice in account.invoices} == {"paid"}
    assert len(account.usage.events) >= 100
    assert not account.auto_recharge.enabled


def test_the_default_account_was_built_by_the_rules() -> None:
    """Each deposit, card, bonus and refund of the past has left all its records."""
    account = account_of(DEFAULT)
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
            shared_world(NOON).state.context(shared_world(NOON).state.tenant(DEFAULT)),
            "WELCOME10",
            5_000,
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
def test_new_has_only_the_sign_up_bonus(now: datetime) -> None:
    """``new`` has just signed up: a bonus of $1, and no card."""
    account = account_of("sk_test_new", now)
    assert (account.ledger.balance, len(account.ledger.entries)) == (money.in_microcents(100), 1)
    assert account.created_at == now
    assert (account.wallet.cards, account.usage.events, account.invoices) == ([], [], [])
    assert account.checkout_sessions == {}


@every_moment
def test_low_balance_is_just_above_its_threshold(now: datetime) -> None:
    """``low_balance`` has $5.10: after 500 light requests, one more triggers the recharge."""
    context = new_context("sk_test_low_balance", now)
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
    """``exhausted`` has no balance, all alerts have fired this month, and usage is refused."""
    context = new_context("sk_test_exhausted", now)
    assert context.account.ledger.balance == 0
    period = f"{now:%Y-%m}"
    fired = [
        alert.threshold for alert in context.account.usage_alerts.fired if alert.period == period
    ]
    assert sorted(fired) == [50, 75, 90, 100]
    assert all(alert.fired_at <= now for alert in context.account.usage_alerts.fired)
    with pytest.raises(InsufficientBalance):
        usage.record(context, "light", 1)
    projection = usage.project(context)
    assert projection.credits_used == projection.credits_allocated > 0


@every_moment
def test_card_declined_fails_every_charge(now: datetime) -> None:
    """``card_declined`` has auto-recharge enabled, and the next recharge fails."""
    context = new_context("sk_test_card_declined", now)
    account = context.account
    assert (account.auto_recharge.enabled, account.auto_recharge.attempts) == (True, [])
    with pytest.raises(CardDeclined):
        charge(account.wallet.default, now)
    assert not auto_recharge.check(context).works
    usage.record(context, "light", 1_000)
    assert [attempt.status for attempt in account.auto_recharge.attempts] == ["failed"]


@every_moment
def test_card_expiring_expires_with_the_month(now: datetime) -> None:
    """``card_expiring`` has a card that works until the end of the month."""
    context = new_context("sk_test_card_expiring", now)
    card = context.account.wallet.default
    assert card is not None
    assert context.account.auto_recharge.enabled
    assert (card.exp_year, card.exp_month) == (now.year, now.month)
    assert auto_recharge.check(context).works
    _, next_month = usage.month_of(now)
    check = auto_recharge.check(context.at(next_month))
    assert (check.works, check.card_expired) == (False, True)


@every_moment
def test_past_due_has_an_unpaid_renewal(now: datetime) -> None:
    """``past_due`` has an open invoice; the subscription ends after the last failed retry."""
    world = make_world(now)
    account = world.state.tenant("sk_test_past_due").account
    current = account.subscription
    assert current is not None
    assert (current.status, current.plan, current.period) == ("past_due", "growth", 2)
    assert [invoice.status for invoice in account.invoices] == ["paid", "open"]
    assert account.invoices[-1].created_at == current.period_start <= now < current.due_at
    assert account.ledger.balance > 0
    world.advance_to(now + timedelta(days=7))
    assert account.subscription is None
    assert account.invoices[-1].status == "void"
    assert world.state.violations("sk_test_past_due") == []


@every_moment
def test_past_due_recovers_with_a_working_card(now: datetime) -> None:
    """With a new default card the next retry succeeds."""
    world = make_world(now)
    context = world.state.context(world.state.tenant("sk_test_past_due"))
    payment_methods.add(context, "pm_card_mastercard")
    payment_methods.set_default(context, "pm_card_mastercard")
    current = context.account.subscription
    assert current is not None
    world.advance_to(current.due_at)
    assert (current.status, context.account.invoices[-1].status) == ("active", "paid")


@every_moment
def test_the_subscriber_has_paid_three_times(now: datetime) -> None:
    """``subscriber`` has been on the Starter plan for three periods; usage is within the plan."""
    context = new_context("sk_test_subscriber", now)
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
    """``power_user`` has exactly 10,000 ledger entries from two years."""
    account = account_of("sk_test_power_user", now)
    assert len(account.ledger.entries) == 10_000
    assert len(account.wallet.cards) == 3
    assert account.ledger.entries[0].created_at == now - timedelta(days=730)
    assert account.ledger.entries[-1].created_at > now - timedelta(days=2)
    assert account.ledger.balance > 0


def test_the_power_users_history_is_realistic() -> None:
    """Usage is lower at weekends, grows, mixes all types and names hosts."""
    events = account_of("sk_test_power_user").usage.events
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
        if event.created_at < NOON - timedelta(days=730) + quarter
    )
    last = sum(event.requests for event in events if event.created_at > NOON - quarter)
    assert last > 1.5 * first
    by_type = Counter(event.type for event in events)
    assert set(by_type) == set(CREDITS_PER_REQUEST)
    assert by_type["light"] > by_type["js"] > by_type["ocr"]
    entries = [
        entry for entry in account_of("sk_test_power_user").ledger.entries if entry.type == "usage"
    ]
    assert all(
        re.fullmatch(r"[\d,]+ \w+ requests to [\w.-]+\.\w+", entry.description) for entry in entries
    )


def test_owner_and_member_share_one_organization() -> None:
    """Both have access to the organization's account, and each has one of its own."""
    world = make_world()
    account = world.state.organization(OWNER, ORGANIZATION).account
    assert world.state.organization(MEMBER, ORGANIZATION).account is account
    own_accounts = {world.state.tenant(key).account.id for key in (OWNER, MEMBER)}
    assert len(own_accounts | {account.id}) == 3
    usage.record(world.state.context(world.state.organization(MEMBER, ORGANIZATION)), "light", 3)
    assert world.state.organization(OWNER, ORGANIZATION).account.usage.events[-1].requests == 3


@pytest.mark.parametrize("key", sorted({*KEYS, "sk_test_x"} - {OWNER, MEMBER}))
def test_others_have_no_access_to_the_organization(key: str) -> None:
    """The error is the same as for an unknown organization, and no account is created."""
    world = make_world()
    messages = set()
    for organization in (ORGANIZATION, "ffffffff-ffff-4fff-8fff-ffffffffffff", ""):
        with pytest.raises(NotAMember) as caught:
            world.state.organization(key, organization)
        messages.add(str(caught.value))
    assert len(messages) == 1
    assert ORGANIZATION not in messages.pop()
    assert list(world.state.tenants()) == []


@pytest.mark.parametrize("key", [OWNER, MEMBER])
def test_a_member_has_no_access_to_another_organization(key: str) -> None:
    """A member is refused for every organization except its own."""
    with pytest.raises(NotAMember):
        make_world().state.organization(key, "ffffffff-ffff-4fff-8fff-ffffffffffff")


def test_only_rate_limited_has_an_enforced_limit() -> None:
    """``rate_limited`` may send 5 requests a minute; no other persona has a limit."""
    limits = {key: shared_world(NOON).state.tenant(key).requests_per_minute for key in KEYS}
    assert limits.pop("sk_test_rate_limited") == 5
    assert set(limits.values()) == {None}
    tenant = make_world().state.tenant("sk_test_rate_limited")
    assert isinstance(tenant, Tenant)
    assert (tenant.window, tenant.spent) == (0, 0)
