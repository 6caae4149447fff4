"""The backlog: ordered by time, then by arrival; bounded; compared with a sorted list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.billing.events import Event
from mockserver.webhooks import waiting
from mockserver.webhooks.delivery import Delivery
from mockserver.webhooks.waiting import Waiting
from tests.conftest import NOON


def delivery(number: int) -> Delivery:
    event = Event("deposit.created", NOON, {}, str(number))
    return Delivery(f"whd_{number}", "we_1", "acct_1", event, "http://localhost/", NOON)


@given(st.lists(st.one_of(st.integers(0, 9), st.just("take"), st.just("remove")), max_size=60))
def test_it_behaves_as_a_sorted_list(steps: list[int | str]) -> None:
    """Any order of put, take and remove gives the same as a list that is sorted each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "MAX_WAITING", 5)
        play(steps)


def play(steps: list[int | str]) -> None:
    subject = Waiting()
    model: list[tuple[int, Delivery]] = []  # due time and delivery, in order of arrival
    for number, step in enumerate(steps):
        if isinstance(step, int):
            new = delivery(number)
            gone = subject.put(new, NOON + timedelta(seconds=step))
            model.append((step, new))
            assert gone is (model.pop(0)[1] if len(model) > waiting.MAX_WAITING else None)
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


def test_the_backlog_has_a_maximum() -> None:
    """The oldest delivery is dropped, even if it is due last."""
    subject = Waiting()
    first = delivery(0)
    subject.put(first, NOON + timedelta(days=1))
    for number in range(1, waiting.MAX_WAITING):
        assert subject.put(delivery(number), NOON) is None
    assert subject.put(delivery(10_000), NOON) is first
    assert len(subject) == waiting.MAX_WAITING
