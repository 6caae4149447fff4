"""A history behaves like a list, whether its items are packed or not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from mockserver.billing.history import BLOCK, NEWEST, History


class Thing(Struct, frozen=True):
    number: int
    text: str


def things(count: int) -> list[Thing]:
    return [Thing(number, f"thing {number % 7}") for number in range(count)]


COUNTS = [0, 1, NEWEST, NEWEST + 1, NEWEST + BLOCK, 5 * BLOCK + 3]


@pytest.mark.parametrize("count", COUNTS)
def test_it_holds_what_was_appended(count: int) -> None:
    """Items keep their order, whether given at once or appended one by one."""
    one_by_one: History[Thing] = History()
    for thing in things(count):
        one_by_one.append(thing)
    assert list(one_by_one) == list(History(things(count))) == things(count)
    assert len(one_by_one) == count
    assert one_by_one == things(count)


@given(
    count=st.sampled_from(COUNTS),
    start=st.integers(-500, 500),
    end=st.integers(-500, 500),
    step=st.sampled_from([1, 2, -1, -3]),
)
def test_it_is_sliced_like_a_list(count: int, start: int, end: int, step: int) -> None:
    """Any slice, in any direction, gives what a list gives."""
    assert History(things(count))[start:end:step] == things(count)[start:end:step]


@given(count=st.sampled_from(COUNTS), index=st.integers(-500, 500))
def test_it_is_indexed_like_a_list(count: int, index: int) -> None:
    """Indexes work from both ends and raise the error of a list."""
    if -count <= index < count:
        assert History(things(count))[index] == things(count)[index]
    else:
        with pytest.raises(IndexError):
            History(things(count))[index]


@given(count=st.sampled_from(COUNTS[1:]), index=st.integers(0, 500))
def test_it_is_changed_like_a_list(count: int, index: int) -> None:
    """Items can be replaced, inserted and deleted, and then appended again."""
    history, plain = History(things(count)), things(count)
    place, other = index % count, Thing(-1, "another")
    for items in (history, plain):
        items[place] = other
        items.insert(place, other)
        del items[-1]
        items.extend(things(NEWEST))
    assert list(history) == plain


def test_old_items_are_packed() -> None:
    """A long history takes a fraction of its size; reading twice gives the same object."""
    history = History(things(100 * BLOCK))
    assert len(history._newest) <= NEWEST
    assert sum(map(len, history._blocks)) < 10 * 100 * BLOCK
    assert history[0] is history[0]


class Event(Struct, frozen=True):
    at: datetime
    ended: datetime | None


@pytest.mark.slow
@given(
    moments=st.lists(
        st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 31), timezones=st.just(UTC)),
        min_size=NEWEST + 1,
        max_size=NEWEST + 1,
    ),
    gap=st.integers(1, 70),
)
def test_moments_are_kept_to_the_microsecond(moments: list[datetime], gap: int) -> None:
    """Datetimes in UTC keep their microseconds, in any order, with None among them."""
    events = [Event(at, None if number % gap == 0 else at) for number, at in enumerate(moments)]
    kept = History(events)
    assert kept == events
    assert all(item.at.tzinfo is UTC for item in kept)
