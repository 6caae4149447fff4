"""Pages of lists that are stored oldest first and shown newest first."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

Item = TypeVar("Item")


class Page(Struct, Generic[Item], frozen=True):
    """One page of items, newest first; ``total`` counts the whole list."""

    items: Sequence[Item]
    total: int
    has_more: bool


def newest_first(items: Sequence[Item], *, limit: int, offset: int = 0) -> Page[Item]:
    """Cut a page from a list in order of writing. The cost depends only on ``limit``."""
    total = len(items)
    end = max(total - offset, 0)
    start = max(end - limit, 0)
    return Page(items[start:end][::-1], total, start > 0)
