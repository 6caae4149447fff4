"""Moments as tests write them."""

from __future__ import annotations

from datetime import UTC, datetime

from mockserver.testing.errors import BillingMockError

__tracebackhide__ = True


def in_iso(moment: datetime | str) -> str:
    """A moment as the control API wants it. Without an offset it is meant in UTC, as that of ``--now`` is."""
    try:
        read = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    except (ValueError, TypeError):
        raise BillingMockError(
            f"{moment!r} is no time in ISO 8601, such as 2026-03-01T12:00:00Z."
        ) from None
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).isoformat()
