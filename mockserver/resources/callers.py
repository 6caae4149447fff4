"""The senders of requests to any document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from mockserver.engine.errors import Refusal
from mockserver.resources.account import Account, Kind
from mockserver.resources.accounts import Accounts

_RETRY_AFTER_SECONDS = 60


class AnyCaller(Struct):
    """A caller whose credentials have the form that the document requires."""

    key: str
    account_id: str | None = None

    def enter(self, now: datetime, *, is_write: bool) -> None:
        """Do nothing: there is no rate limit."""

    def peek(self, now: datetime) -> None:
        """Do nothing: there is no account."""

    def context(
        self,
        params: Mapping[str, Any],  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Account | None:
        """Return None: there is no state to read or change."""
        return None

    def throttle(self, now: datetime, seconds: int | None) -> Refusal:  # noqa: ARG002 (any time)
        """Return a 429 with ``Retry-After``."""
        seconds = _RETRY_AFTER_SECONDS if seconds is None else seconds
        sentence = f"Too many requests. Try again in {seconds} seconds."
        return Refusal(429, sentence, [(b"retry-after", b"%d" % seconds)])

    def leave(self) -> None:
        """Do nothing: there are no events."""


class AccountCaller(AnyCaller):
    """A caller with an account of their own."""

    accounts: Accounts | None = None
    account: Account | None = None
    kind: Kind = "other"

    def enter(self, now: datetime, *, is_write: bool) -> None:  # noqa: ARG002 (no rate limit)
        """Open the account."""
        if self.accounts is not None:
            self.account = self.accounts.open(self.key, now, self.kind)
            self.account_id = self.account.id

    def peek(self, now: datetime) -> None:  # noqa: ARG002 (nothing changes)
        """Find the account, if it exists."""
        if self.accounts is not None:
            self.account_id = self.accounts.account_id(self.key)

    def context(
        self,
        params: Mapping[str, Any],  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Account | None:
        """Return the account."""
        return self.account
