"""Rare garbage collection, which takes a fifth of the processor time of a run otherwise."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLD = (50_000, 20, 100)
"""Objects between two collections, and collections between two of older objects."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Collect garbage rarely in the block, and nothing of what exists before it.

    What a run keeps is bounded and has few cycles, so that memory does not grow by it. A process
    that has frozen its objects itself, such as one of tests, keeps them frozen after the block.
    """
    before = gc.get_threshold()
    is_frozen = gc.get_freeze_count() > 0
    if not is_frozen:
        gc.freeze()
    gc.set_threshold(*_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if not is_frozen:
            gc.unfreeze()
