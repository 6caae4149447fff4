"""The two ways in which lists are asked for: ``limit`` and ``offset``, and numbered pages."""

from collections.abc import Sequence
from typing import TypeVar

from mockserver.engine.operation import Call
from mockserver.engine.pages import Page, newest_first

Item = TypeVar("Item")


def by_offset(call: Call, items: Sequence[Item]) -> Page[Item]:
    """The page that ``limit`` and ``offset`` name, newest first."""
    return newest_first(items, limit=call.params["limit"], offset=call.params.get("offset", 0))


def by_number(call: Call, items: Sequence[Item]) -> Page[Item]:
    """The page that ``page`` and ``per_page`` name, newest first."""
    size = call.params["per_page"]
    return newest_first(items, limit=size, offset=(call.params["page"] - 1) * size)
