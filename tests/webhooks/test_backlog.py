"""The backlog: ordered by time, then by insertion; bounded; compared with a sorted list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.billing.events import Event
from mockserver.webhooks import backlog
from mockserver.webhooks.backlog import Backlog
from mockserver.webhooks.delivery import Delivery
from tests.conftest import NOON


def delivery(number: int) -> Delivery:
    event = Event("deposit.created", NOON, {}, str(number))
    return Delivery(f"whd_{number}", "we_1", "acct_1", event, "http://localhost/", NOON)


@given(st.lists(st.one_of(st.integers(0, 9), st.just("take"), st.just("remove")), max_size=60))
def test_it_behaves_as_a_sorted_list(steps: list[int | str]) -> None:
    """Any sequence of insertions and removals gives the same result as a sorted list."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backlog, "MAX_BACKLOG", 5)
        play(steps)


def play(steps: list[int | str]) -> None:
    subject = Backlog()
    model: list[tuple[int, Delivery]] = []  # when it is due, in the order of coming
    for number, step in enumerate(steps):
        if isinstance(step, int):
            new = delivery(number)
            gone = subject.put(new, NOON + timedelta(seconds=step))
            model.append((step, new))
            assert gone is (model.pop(0)[1] if len(model) > backlog.MAX_BACKLOG else None)
        elif step == "take":
            due = [pair for pair in model if pair[0] <= 5]
            first = min(due, key=lambda pair: pair[0], default=None)
            assert subject.take(NOON + timedelta(seconds=5)) is (first[1] if first else None)
            if first:
                model.remove(first)
        elif model:
            removed = model.pop(len(model) // 2)[1]
            assert subject.remove(removed)
            assert not subject.remove(removed)
            assert removed not in subject
        expected = [delivery for _, delivery in sorted(model, key=lambda pair: pair[0])]
        assert list(subject) == expected
        assert len(subject) == len(model)
        assert subject.next_due == (
            NOON + timedelta(seconds=min(due for due, _ in model)) if model else None
        )


def test_there_is_room_for_so_many_and_no_more() -> None:
    """The one that came first has to go, also when its moment is the last."""
    subject = Backlog()
    first = delivery(0)
    subject.put(first, NOON + timedelta(days=1))
    for number in range(1, backlog.MAX_BACKLOG):
        assert subject.put(delivery(number), NOON) is None
    assert subject.put(delivery(10_000), NOON) is first
    assert len(subject) == backlog.MAX_BACKLOG
