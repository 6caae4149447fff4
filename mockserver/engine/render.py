"""Renders timestamps and pages."""

from datetime import datetime
from typing import Any

from mockserver.engine.pages import Page

Json = dict[str, Any]


def timestamp(moment: datetime) -> str:
    """Return a moment in ISO 8601, in UTC and to the millisecond."""
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def optional_timestamp(moment: datetime | None) -> str | None:
    """Return a moment in ISO 8601; None if there is none."""
    return timestamp(moment) if moment is not None else None


def page(name: str, items: list[Json], of: Page[Any]) -> Json:
    """Return a page of a list with ``total`` and ``has_more``."""
    return {name: items, "total": of.total, "has_more": of.has_more}
