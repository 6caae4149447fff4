"""Selects pages by ``limit`` and ``offset``, or by number."""

from collections.abc import Sequence
from typing import Any, TypeVar

from mockserver.engine.call import Call
from mockserver.engine.pages import Page, newest_first

Item = TypeVar("Item")


def by_offset(call: Call[Any, Any], items: Sequence[Item]) -> Page[Item]:
    """Return the page that ``limit`` and ``offset`` name, newest first."""
    return newest_first(items, limit=call.params["limit"], offset=call.params.get("offset", 0))


def by_number(call: Call[Any, Any], items: Sequence[Item]) -> Page[Item]:
    """Return the page that ``page`` and ``per_page`` name, newest first."""
    size = call.params["per_page"]
    return newest_first(items, limit=size, offset=(call.params["page"] - 1) * size)
