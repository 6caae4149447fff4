"""Conversion of the times that tests pass."""

from __future__ import annotations

from datetime import UTC, datetime

from mockserver.testing.errors import BillingMockError

__tracebackhide__ = True


def in_iso(moment: datetime | str) -> str:
    """Return a time in ISO 8601. A time without an offset is in UTC, as with ``--now``.

    Raises BillingMockError if the text is not a time.
    """
    try:
        read = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    except (ValueError, TypeError):
        raise BillingMockError(
            f"{moment!r} is not a time in ISO 8601, such as 2026-03-01T12:00:00Z."
        ) from None
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).isoformat()
