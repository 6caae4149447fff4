"""Pages of lists that are kept oldest first and shown newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, newest first, of ``total`` in all."""

    items: Sequence[Item]
    total: int
    has_more: bool


def newest_first(items: Sequence[Item], *, limit: int, offset: int = 0) -> Page[Item]:
    """Cut a page from a list in order of writing, in time that depends on ``limit`` alone."""
    total = len(items)
    end = max(total - offset, 0)
    start = max(end - limit, 0)
    return Page(items[start:end][::-1], total, start > 0)
