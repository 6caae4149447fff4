"""The one clock, and the world that it drives: advancing, resetting, snapshots, export and import."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

import pytest

from mockserver import fixtures, resources
from mockserver.billing import payment_methods, usage
from mockserver.clock import END_OF_TIME, Clock, ClockError
from mockserver.world import (
    MAX_SNAPSHOTS,
    Fixtures,
    TooManySnapshots,
    UnknownSnapshot,
    UnusableState,
    World,
)

NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
SUBSCRIBER, PAST_DUE, DEFAULT = "sk_test_subscriber", "sk_test_past_due", "sk_test_default"


class Wall:
    """A wall clock that a test turns."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time

    def turn(self, **duration: float) -> None:
        self.time += timedelta(**duration)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def running(wall: Wall) -> Clock:
    """A clock that follows the wall."""
    return Clock(wall=wall)


@pytest.fixture
def frozen(wall: Wall) -> Clock:
    """A clock that stands still at noon."""
    return Clock(NOON, wall)


def test_a_clock_without_a_start_follows_real_time(running: Clock, wall: Wall) -> None:
    """It follows real time."""
    assert (running.frozen, running.now()) == (False, NOON)
    wall.turn(seconds=3)
    assert running.now() == NOON + timedelta(seconds=3)


def test_a_clock_with_a_start_stands_still(frozen: Clock, wall: Wall) -> None:
    """Set with ``--now``, it moves only when told to."""
    wall.turn(days=3)
    assert (frozen.frozen, frozen.now()) == (True, NOON)


def test_a_running_clock_never_goes_back(running: Clock, wall: Wall) -> None:
    """Even when the machine's clock does."""
    wall.turn(seconds=10)
    assert running.now() == NOON + timedelta(seconds=10)
    wall.turn(seconds=-5)
    assert running.now() == NOON + timedelta(seconds=10)
    wall.turn(seconds=6)
    assert running.now() == NOON + timedelta(seconds=11)


def test_time_is_told_in_utc() -> None:
    """A start in another zone is the same moment."""
    clock = Clock(NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert clock.now() == NOON
    assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize("micro", [0, 1, 999, 1_000, 999_999])
def test_time_is_told_to_the_millisecond(micro: int) -> None:
    """What is written into JSON and read back is the same moment."""
    now = Clock(NOON.replace(microsecond=micro)).now()
    assert now == NOON.replace(microsecond=micro // 1_000 * 1_000)


def test_advancing_a_frozen_clock_leaves_it_frozen(frozen: Clock, wall: Wall) -> None:
    """It goes to the moment and stands still there."""
    frozen.advance_to(NOON + timedelta(days=2))
    wall.turn(hours=1)
    assert (frozen.frozen, frozen.now()) == (True, NOON + timedelta(days=2))


def test_advancing_a_running_clock_leaves_it_running(running: Clock, wall: Wall) -> None:
    """It goes to the moment and runs on from there, as often as it is told to."""
    for _ in range(2):
        before = running.now()
        running.advance_to(before + timedelta(days=2))
        assert running.now() == before + timedelta(days=2)
        wall.turn(seconds=7)
        assert (running.frozen, running.now()) == (False, before + timedelta(days=2, seconds=7))


def test_setting_a_clock_lets_it_stand_still(running: Clock, wall: Wall) -> None:
    """Set: it stands still at the moment, running before or not."""
    running.set(NOON + timedelta(hours=1))
    wall.turn(days=1)
    assert (running.frozen, running.now()) == (True, NOON + timedelta(hours=1))


@pytest.mark.parametrize("clock", ["running", "frozen"])
@pytest.mark.parametrize("move", [Clock.set, Clock.advance_to], ids=["set", "advance"])
@pytest.mark.parametrize(
    "moment",
    [
        NOON - timedelta(milliseconds=1),
        datetime(1970, 1, 1, tzinfo=UTC),
        END_OF_TIME + timedelta(seconds=1),
    ],
)
def test_a_clock_never_goes_backwards_nor_beyond_its_end(
    clock: str,
    move: Callable[[Clock, datetime], None],
    moment: datetime,
    request: pytest.FixtureRequest,
) -> None:
    """Refused, and the clock is as it was."""
    moved: Clock = request.getfixturevalue(clock)
    before = moved.state
    with pytest.raises(ClockError):
        move(moved, moment)
    assert moved.state == before


@pytest.mark.parametrize("move", [Clock.set, Clock.advance_to], ids=["set", "advance"])
def test_a_clock_may_stay_where_it_is(
    frozen: Clock, move: Callable[[Clock, datetime], None]
) -> None:
    """Now is not backwards; and the end itself can be reached."""
    move(frozen, NOON)
    assert frozen.now() == NOON
    move(frozen, END_OF_TIME)
    assert frozen.now() == END_OF_TIME


@pytest.mark.parametrize(
    "start",
    [
        END_OF_TIME + timedelta(seconds=1),
        datetime(9999, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_a_clock_cannot_start_where_arithmetic_ends(start: datetime) -> None:
    """A start is as bounded as a move: beyond it, the first account that is made would crash."""
    with pytest.raises(ClockError):
        Clock(start)


@cache
def loaded() -> Fixtures:
    return fixtures.load(resources.fixtures())


def made(seed: int = 1, now: datetime = NOON) -> World:
    """A world whose clock stands still."""
    return World(loaded(), Clock(now), seed)


@pytest.fixture
def world() -> World:
    return made()


def exported(world: World, *keys: str) -> str:
    return json.dumps([world.export_state(key) for key in keys or (DEFAULT, SUBSCRIBER, PAST_DUE)])


def test_advancing_does_all_that_falls_due(world: World) -> None:
    """All the work is done on return, for every account, each thing at its own moment."""
    healthy, unpaid = world.tenant(SUBSCRIBER).account, world.tenant(PAST_DUE).account
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
def test_advancing_in_one_step_or_many_is_the_same(world: World, steps: int) -> None:
    """How often the clock is moved leaves no trace."""
    other = made()
    assert exported(world) == exported(other)
    whole = timedelta(days=100)
    world.advance_to(NOON + whole)
    for step in range(1, steps + 1):
        other.advance_to(NOON + whole * step / steps)
    assert exported(world) == exported(other)


def test_setting_the_clock_does_the_work_too(world: World) -> None:
    """Set or advanced: the same work is done."""
    other = made()
    exported(world)
    exported(other)
    world.set_clock(NOON + timedelta(days=100))
    other.advance_to(NOON + timedelta(days=100))
    assert exported(world) == exported(other)


def test_an_account_of_a_running_clock_catches_up_when_it_is_seen(wall: Wall) -> None:
    """Nobody has to advance a clock that runs: what is due is done before an account is read."""
    world = World(loaded(), Clock(wall=wall), 1)
    account = world.tenant(SUBSCRIBER).account
    invoices = len(account.invoices)
    wall.turn(days=31)
    assert len(account.invoices) == invoices
    assert len(world.tenant(SUBSCRIBER).account.invoices) == invoices + 1


def test_a_refused_move_changes_nothing(world: World) -> None:
    """Never backwards, for the world as for its clock."""
    before = exported(world)
    for move in (world.advance_to, world.set_clock):
        with pytest.raises(ClockError):
            move(NOON - timedelta(seconds=1))
    assert (world.clock.now(), exported(world)) == (NOON, before)


def test_reset_makes_the_world_anew(world: World) -> None:
    """As if the server had just started: clock, accounts and snapshots."""
    before = exported(world)
    usage.record(world.context(world.tenant(DEFAULT)), "light", 5)
    world.take_snapshot("old")
    world.advance_to(NOON + timedelta(days=50))
    assert exported(world) != before
    world.reset()
    assert list(world.tenants()) == []
    assert (world.clock.now(), world.snapshots(), list(world.exchanges)) == (NOON, [], [])
    assert exported(world) == before


def test_reset_of_one_account_leaves_the_others(world: World) -> None:
    """With a key, that account alone; the clock stays where it is."""
    mine, other = exported(world, DEFAULT), exported(world, "sk_test_other")
    for key in (DEFAULT, "sk_test_other"):
        usage.record(world.context(world.tenant(key)), "light", 5)
    changed = exported(world, "sk_test_other")
    world.reset(DEFAULT)
    assert exported(world, DEFAULT) == mine
    assert exported(world, "sk_test_other") == changed != other


def test_reset_of_an_account_that_is_not_there_is_nothing(world: World) -> None:
    """Resetting is safe to repeat."""
    before = exported(world)
    world.reset("sk_test_never_seen")
    assert exported(world) == before


def test_a_snapshot_keeps_the_whole_world(world: World) -> None:
    """What comes later does not change it; restoring brings back accounts and clock, as often as one likes."""
    before = exported(world)
    world.take_snapshot("before")
    for _ in range(2):
        usage.record(world.context(world.tenant(DEFAULT)), "light", 5)
        world.tenant("sk_test_newcomer")
        world.advance_to(NOON + timedelta(days=50))
        assert exported(world) != before
        assert world.restore_snapshot("before").name == "before"
        assert world.clock.now() == NOON
        assert "sk_test_newcomer" not in dict(world.tenants())
        assert exported(world) == before
    usage.record(world.context(world.tenant(DEFAULT)), "light", 5)
    assert world.violations(DEFAULT) == []


def test_a_restored_world_goes_on_as_the_first_did(world: World) -> None:
    """The same requests after a restore have the same answers: ids come from the state."""
    world.tenant(DEFAULT)
    world.take_snapshot("before")
    ids = []
    for _ in range(2):
        ids.append(payment_methods.add(world.context(world.tenant(DEFAULT)), "pm_card_amex").id)
        world.restore_snapshot("before")
    assert ids[0] == ids[1]


def test_a_snapshot_knows_what_it_holds(world: World) -> None:
    """Name, moment and number of accounts; one of the same name replaces the older."""
    world.tenant(DEFAULT)
    world.take_snapshot("one")
    world.advance_to(NOON + timedelta(hours=1))
    world.tenant(SUBSCRIBER)
    taken = world.take_snapshot("one")
    assert world.snapshots() == [taken]
    assert (taken.name, taken.created_at, taken.accounts) == ("one", NOON + timedelta(hours=1), 2)


def test_an_unknown_snapshot_changes_nothing(world: World) -> None:
    """There is no such snapshot: said by name."""
    before = exported(world)
    with pytest.raises(UnknownSnapshot, match="'nope'"):
        world.restore_snapshot("nope")
    assert exported(world) == before


def test_snapshots_are_bounded(world: World) -> None:
    """So many and no more; one of a known name can still be taken."""
    for number in range(MAX_SNAPSHOTS):
        world.take_snapshot(str(number))
    with pytest.raises(TooManySnapshots):
        world.take_snapshot("one too many")
    world.take_snapshot("0")
    assert len(world.snapshots()) == MAX_SNAPSHOTS


KEYS = sorted(persona.key for persona in loaded().personas.values() if persona.key)


@pytest.mark.parametrize("key", KEYS)
def test_export_import_export_is_the_identity(world: World, key: str) -> None:
    """An account that is written out and read back is the same account."""
    state = world.export_state(key)
    text = json.dumps(state)
    world.import_state(key, json.loads(text))
    assert json.dumps(world.export_state(key)) == text


def test_an_imported_account_lives_on(world: World) -> None:
    """The same things happen to it afterwards as to the one that it was exported from."""
    other = made()
    other.import_state(SUBSCRIBER, world.export_state(SUBSCRIBER))
    for each in (world, other):
        each.advance_to(NOON + timedelta(days=45))
        usage.record(each.context(each.tenant(SUBSCRIBER)), "js", 3)
    assert exported(world, SUBSCRIBER) == exported(other, SUBSCRIBER)


def test_an_account_takes_over_a_state_and_stays_itself(world: World) -> None:
    """Imported under another key: its past is the other's, its id and its ids to come are its own."""
    own = world.tenant("sk_test_mine").account.id
    account = world.import_state("sk_test_mine", world.export_state(SUBSCRIBER))
    theirs = world.tenant(SUBSCRIBER).account
    assert (account.id, account.subscription) == (own, theirs.subscription)
    mine_next, theirs_next = (
        usage.record(world.context(world.tenant(key)), "light", 1)
        for key in ("sk_test_mine", SUBSCRIBER)
    )
    assert mine_next.id != theirs_next.id
    assert len(theirs.usage.events) == len(account.usage.events)
    assert account.usage.events[-1] is not theirs.usage.events[-1]


def test_an_import_does_the_work_that_fell_due_since(world: World) -> None:
    """An older state is brought up to the clock."""
    state = world.export_state(SUBSCRIBER)
    world.advance_to(NOON + timedelta(days=100))
    world.import_state("sk_test_mine", state)
    subscription = world.tenant("sk_test_mine").account.subscription
    assert subscription is not None
    assert subscription.period_end > world.clock.now()


def broken(path: str, value: Any) -> Callable[[Any], Any]:
    """The state with one thing in it replaced."""

    def change(state: Any) -> Any:
        *parents, last = path.split(".")
        node = state
        for part in parents:
            node = node[int(part)] if isinstance(node, list) else node[part]
        node[int(last) if isinstance(node, list) else last] = value
        return state

    return change


def without_ledger(state: Any) -> Any:
    del state["ledger"]["entries"][0]
    return state


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: None, id="nothing"),
        pytest.param(lambda _: [], id="a list"),
        pytest.param(lambda _: {}, id="an empty object"),
        pytest.param(lambda _: "state", id="a text"),
        pytest.param(without_ledger, id="an entry is lost"),
        pytest.param(broken("ledger", []), id="another type"),
        pytest.param(broken("ledger.entries.0.amount_microcents", "1"), id="a text for a number"),
        pytest.param(
            broken("ledger.entries.0.amount_microcents", 1.5), id="a fraction of a microcent"
        ),
        pytest.param(broken("ledger.entries.0.type", "gift"), id="an unknown type of entry"),
        pytest.param(broken("ledger.entries.0.created_at", "yesterday"), id="no time"),
        pytest.param(
            broken("ledger.entries.0.created_at", "2025-12-01T00:00:00"), id="a time without a zone"
        ),
        pytest.param(
            broken("ledger.entries.3.created_at", "2020-01-01T00:00:00Z"), id="a time out of order"
        ),
        pytest.param(broken("subscription.plan", "gold"), id="an unknown plan"),
        pytest.param(broken("subscription.period", 0), id="no period"),
        pytest.param(
            broken("subscription.started_at", "2027-01-01T00:00:00Z"), id="a start to come"
        ),
        pytest.param(broken("subscription.status", "past_due"), id="past due without an invoice"),
        pytest.param(broken("wallet.default_id", None), id="no default card"),
        pytest.param(broken("wallet.cards.0.exp_month", 13), id="no month"),
        pytest.param(broken("wallet.cards.0.exp_year", 10**6), id="no year"),
        pytest.param(broken("ids.counter", 2**63), id="a number beyond 64 bits"),
    ],
)
def test_a_bad_state_changes_nothing(world: World, change: Callable[[Any], Any]) -> None:
    """What is imported is validated; a bad one is refused with reasons, and the account is as it was."""
    before = exported(world, SUBSCRIBER)
    with pytest.raises(UnusableState) as caught:
        world.import_state(
            SUBSCRIBER, change(json.loads(json.dumps(world.export_state(SUBSCRIBER))))
        )
    assert caught.value.problems
    assert all(problem.strip() for problem in caught.value.problems)
    assert exported(world, SUBSCRIBER) == before


def test_a_state_of_later_is_refused(world: World) -> None:
    """Whatever happened last, money or not: a state is never of later than the clock."""
    later = made(now=NOON)
    later.tenant(DEFAULT)
    later.advance_to(NOON + timedelta(days=5))
    payment_methods.add(later.context(later.tenant(DEFAULT)), "pm_card_amex")
    before = exported(world, DEFAULT)
    with pytest.raises(UnusableState, match="clock"):
        world.import_state(DEFAULT, later.export_state(DEFAULT))
    assert exported(world, DEFAULT) == before


def test_ids_are_not_given_twice_after_an_import(world: World) -> None:
    """An edited counter cannot make the account repeat itself."""
    state = world.export_state(DEFAULT)
    known = json.dumps(state)
    state["ids"]["counter"] = 0
    world.import_state(DEFAULT, state)
    context = world.context(world.tenant(DEFAULT))
    assert usage.record(context, "light", 1).id not in known
    assert context.account.ledger.entries[-1].id not in known
