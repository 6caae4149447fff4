"""The sender of a request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from mockserver.engine.errors import Refusal


class Caller(Protocol):
    """The sender of one request, as the behaviour of an API knows them."""

    @property
    def key(self) -> str:
        """Identifies the caller to faults and the control API. Empty if unauthenticated."""

    @property
    def account_id(self) -> str | None:
        """The public id of the caller's account, once it is open."""

    def enter(self, now: datetime, *, is_write: bool) -> None:
        """Open the account and charge its rate limit. Raises Refusal when the limit is reached."""

    def peek(self, now: datetime) -> None:
        """Open the account without charging its rate limit."""

    def context(self, params: Mapping[str, Any], now: datetime) -> Any:
        """Return what handlers read and change. Raises an error of the API."""

    def throttle(self, now: datetime, seconds: int | None) -> Refusal:
        """Return this API's 429, to be retried after ``seconds``, or after its own interval."""

    def leave(self) -> None:
        """Publish the events of the request."""
