"""The clock: real or frozen, set and advanced, never backwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mockserver.clock import END_OF_TIME, Clock, ClockError
from tests.worlds import (
    NOON,
    WallClock,
)


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
def running(wall: WallClock) -> Clock:
    """A clock that follows the wall clock."""
    return Clock(wall=wall)


@pytest.fixture
def frozen(wall: WallClock) -> Clock:
    """A clock that is frozen at noon."""
    return Clock(NOON, wall)


def test_a_clock_without_a_start_follows_real_time(running: Clock, wall: WallClock) -> None:
    """It advances with the wall clock."""
    assert (running.frozen, running.now()) == (False, NOON)
    wall.advance(seconds=3)
    assert running.now() == NOON + timedelta(seconds=3)


def test_a_clock_with_a_start_is_frozen(frozen: Clock, wall: WallClock) -> None:
    """With ``--now`` it moves only on request."""
    wall.advance(days=3)
    assert (frozen.frozen, frozen.now()) == (True, NOON)


def test_a_running_clock_never_goes_back(running: Clock, wall: WallClock) -> None:
    """It stands still while the machine's clock goes back."""
    wall.advance(seconds=10)
    assert running.now() == NOON + timedelta(seconds=10)
    wall.advance(seconds=-5)
    assert running.now() == NOON + timedelta(seconds=10)
    wall.advance(seconds=6)
    assert running.now() == NOON + timedelta(seconds=11)


def test_time_is_in_utc() -> None:
    """A start in another zone is the same moment."""
    clock = Clock(NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert clock.now() == NOON
    assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize("micro", [0, 1, 999, 1_000, 999_999])
def test_time_has_milliseconds(micro: int) -> None:
    """JSON keeps the exact moment."""
    now = Clock(NOON.replace(microsecond=micro)).now()
    assert now == NOON.replace(microsecond=micro // 1_000 * 1_000)


def test_advancing_a_frozen_clock_leaves_it_frozen(frozen: Clock, wall: WallClock) -> None:
    """It stays at the new moment."""
    frozen.advance_to(NOON + timedelta(days=2))
    wall.advance(hours=1)
    assert (frozen.frozen, frozen.now()) == (True, NOON + timedelta(days=2))


def test_advancing_a_running_clock_leaves_it_running(running: Clock, wall: WallClock) -> None:
    """It runs on from the new moment, any number of times."""
    for _ in range(2):
        before = running.now()
        running.advance_to(before + timedelta(days=2))
        assert running.now() == before + timedelta(days=2)
        wall.advance(seconds=7)
        assert (running.frozen, running.now()) == (False, before + timedelta(days=2, seconds=7))


def test_setting_a_clock_freezes_it(running: Clock, wall: WallClock) -> None:
    """A running clock stops at the moment."""
    running.set(NOON + timedelta(hours=1))
    wall.advance(days=1)
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
    """Such a move is refused, and the clock is unchanged."""
    moved: Clock = request.getfixturevalue(clock)
    before = moved.state
    with pytest.raises(ClockError):
        move(moved, moment)
    assert moved.state == before


@pytest.mark.parametrize("move", [Clock.set, Clock.advance_to], ids=["set", "advance"])
def test_a_clock_may_stay_where_it_is(
    frozen: Clock, move: Callable[[Clock, datetime], None]
) -> None:
    """The current moment and the end itself are valid."""
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
def test_a_clock_cannot_start_out_of_range(start: datetime) -> None:
    """Beyond the range, the first account would fail."""
    with pytest.raises(ClockError):
        Clock(start)
