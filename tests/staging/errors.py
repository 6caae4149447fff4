"""Errors of the domain."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A request that cannot be carried out: its status and its message."""

    def __init__(self, status: int, detail: Any, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more
        """Further members of the body, or of the headers if they are under `headers`."""


def problem(place: list[str | int], message: str, kind: str) -> dict[str, Any]:
    """Return one entry of the detail of a 422 response."""
    return {"loc": place, "msg": message, "type": kind}
