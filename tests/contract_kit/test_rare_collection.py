"""Garbage is collected rarely during a run, and as before after it."""

from __future__ import annotations

import gc

import pytest

from contract_tests.rare_collection import rarely_collected


def test_collection_is_rare_in_the_block_and_as_before_after_it() -> None:
    """An error in the block changes nothing of that."""
    before = gc.get_threshold()

    def run() -> None:
        with rarely_collected():
            assert gc.get_threshold() > before
            assert gc.get_freeze_count() > 0
            raise KeyError

    with pytest.raises(KeyError):
        run()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
