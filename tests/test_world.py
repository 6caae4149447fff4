"""The world: moving its clock, resetting it, and its snapshots."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver.billing import payment_methods, usage
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.api.behaviour import world_of
from mockserver.clock import Clock, ClockError
from mockserver.engine.world import MAX_SNAPSHOTS, TooManySnapshots, UnknownSnapshot, World
from tests.worlds import (
    DEFAULT,
    NOON,
    PAST_DUE,
    SUBSCRIBER,
    WallClock,
    exported,
    load_fixtures,
    make_world,
)


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
def world() -> World[Accounts]:
    return make_world()


def test_advancing_does_all_due_work(world: World[Accounts]) -> None:
    """The due work of every account is done on return, each piece at its own time."""
    healthy, unpaid = world.state.tenant(SUBSCRIBER).account, world.state.tenant(PAST_DUE).account
    assert healthy.subscription is not None
    due = healthy.subscription.period_end
    invoices = len(healthy.invoices)
    assert (
        world.advance_to(NOON + timedelta(days=40))
        == world.clock.now()
        == NOON + timedelta(days=40)
    )
    assert healthy.invoices[invoices].created_at == due
    assert [
        entry.created_at for entry in healthy.audit_log if entry.action == "subscription.renewed"
    ][-1] >= due
    assert unpaid.subscription is None
    assert unpaid.audit_log[-1].created_at < NOON + timedelta(days=8)


@pytest.mark.parametrize("steps", [2, 7, 400])
def test_one_step_and_many_lead_to_the_same_state(world: World[Accounts], steps: int) -> None:
    """The state depends on the time of the clock, not on the number of steps."""
    other = make_world()
    assert exported(world) == exported(other)
    whole = timedelta(days=100)
    world.advance_to(NOON + whole)
    for step in range(1, steps + 1):
        other.advance_to(NOON + whole * step / steps)
    assert exported(world) == exported(other)


def test_setting_the_clock_does_all_due_work(world: World[Accounts]) -> None:
    """Setting the clock leads to the same state as advancing it."""
    other = make_world()
    exported(world)
    exported(other)
    world.set_clock(NOON + timedelta(days=100))
    other.advance_to(NOON + timedelta(days=100))
    assert exported(world) == exported(other)


def test_an_account_catches_up_when_it_is_opened(wall: WallClock) -> None:
    """With a running clock, due work is done before an account is read."""
    world = world_of(load_fixtures(), Clock(wall=wall), 1)
    account = world.state.tenant(SUBSCRIBER).account
    invoices = len(account.invoices)
    wall.advance(days=31)
    assert len(account.invoices) == invoices
    assert len(world.state.tenant(SUBSCRIBER).account.invoices) == invoices + 1


def test_the_clock_never_moves_backwards(world: World[Accounts]) -> None:
    """A refused move changes neither the clock nor an account."""
    before = exported(world)
    for move in (world.advance_to, world.set_clock):
        with pytest.raises(ClockError):
            move(NOON - timedelta(seconds=1))
    assert (world.clock.now(), exported(world)) == (NOON, before)


def test_a_reset_restores_the_initial_world(world: World[Accounts]) -> None:
    """A reset removes accounts, snapshots and exchanges, and resets the clock."""
    before = exported(world)
    usage.record(world.state.context(world.state.tenant(DEFAULT)), "light", 5)
    world.take_snapshot("old")
    world.advance_to(NOON + timedelta(days=50))
    assert exported(world) != before
    world.reset()
    assert list(world.state.tenants()) == []
    assert (world.clock.now(), world.snapshots(), list(world.exchanges)) == (NOON, [], [])
    assert exported(world) == before


def test_a_reset_of_one_account_leaves_the_others(world: World[Accounts]) -> None:
    """A reset with a key changes that account only."""
    mine, other = exported(world, DEFAULT), exported(world, "sk_test_other")
    for key in (DEFAULT, "sk_test_other"):
        usage.record(world.state.context(world.state.tenant(key)), "light", 5)
    changed = exported(world, "sk_test_other")
    world.reset(DEFAULT)
    assert exported(world, DEFAULT) == mine
    assert exported(world, "sk_test_other") == changed != other


def test_a_reset_of_an_unknown_account_changes_nothing(world: World[Accounts]) -> None:
    """Resets can be repeated safely."""
    before = exported(world)
    world.reset("sk_test_unknown")
    assert exported(world) == before


def test_a_snapshot_restores_accounts_and_clock(world: World[Accounts]) -> None:
    """Later changes do not affect a snapshot, and it can be restored repeatedly."""
    before = exported(world)
    world.take_snapshot("before")
    for _ in range(2):
        usage.record(world.state.context(world.state.tenant(DEFAULT)), "light", 5)
        world.state.tenant("sk_test_later")
        world.advance_to(NOON + timedelta(days=50))
        assert exported(world) != before
        assert world.restore_snapshot("before").name == "before"
        assert world.clock.now() == NOON
        assert "sk_test_later" not in dict(world.state.tenants())
        assert exported(world) == before
    usage.record(world.state.context(world.state.tenant(DEFAULT)), "light", 5)
    assert world.state.violations(DEFAULT) == []


def test_a_restored_world_issues_the_same_ids(world: World[Accounts]) -> None:
    """The same requests after a restore get the same responses: ids come from the state."""
    world.state.tenant(DEFAULT)
    world.take_snapshot("before")
    ids = []
    for _ in range(2):
        ids.append(
            payment_methods.add(world.state.context(world.state.tenant(DEFAULT)), "pm_card_amex").id
        )
        world.restore_snapshot("before")
    assert ids[0] == ids[1]


def test_a_snapshot_has_name_time_and_number_of_accounts(world: World[Accounts]) -> None:
    """A snapshot replaces an older one of the same name."""
    world.state.tenant(DEFAULT)
    world.take_snapshot("one")
    world.advance_to(NOON + timedelta(hours=1))
    world.state.tenant(SUBSCRIBER)
    taken = world.take_snapshot("one")
    assert world.snapshots() == [taken]
    assert (taken.name, taken.created_at, taken.accounts) == ("one", NOON + timedelta(hours=1), 2)


def test_an_unknown_snapshot_changes_nothing(world: World[Accounts]) -> None:
    """The error names the snapshot."""
    before = exported(world)
    with pytest.raises(UnknownSnapshot, match="'nope'"):
        world.restore_snapshot("nope")
    assert exported(world) == before


def test_snapshots_are_bounded(world: World[Accounts]) -> None:
    """Beyond the limit no snapshot is added, but one of the same name can be replaced."""
    for number in range(MAX_SNAPSHOTS):
        world.take_snapshot(str(number))
    with pytest.raises(TooManySnapshots):
        world.take_snapshot("one too many")
    world.take_snapshot("0")
    assert len(world.snapshots()) == MAX_SNAPSHOTS
