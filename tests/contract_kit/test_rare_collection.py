"""Garbage is collected rarely during a run, and as before after it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from contract_tests.rare_collection import rarely_collected


@pytest.fixture
def _unfrozen() -> Iterator[None]:
    """A process as most are: the process of the tests has frozen what it collected."""
    gc.unfreeze()
    yield
    gc.freeze()


def fail_in_the_block() -> None:
    with rarely_collected():
        assert gc.get_threshold() == (50_000, 20, 100)
        assert gc.get_freeze_count() > 0
        raise KeyError


@pytest.mark.usefixtures("_unfrozen")
def test_collection_is_rare_in_the_block_and_as_before_after_it() -> None:
    """An error in the block changes nothing of that."""
    before = gc.get_threshold()
    with pytest.raises(KeyError):
        fail_in_the_block()
    assert gc.get_threshold() == before != (50_000, 20, 100)
    assert gc.get_freeze_count() == 0


@pytest.mark.usefixtures("_unfrozen")
def test_what_was_frozen_before_stays_frozen() -> None:
    """A process that has frozen its objects would visit all of them after a run otherwise."""
    gc.freeze()
    before = gc.get_freeze_count()
    with pytest.raises(KeyError):
        fail_in_the_block()
    assert gc.get_freeze_count() == pytest.approx(before, rel=0.01)
