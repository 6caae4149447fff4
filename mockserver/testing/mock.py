"""What a test does with the mock that no customer could: move time, use credits, pay, read the mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from mockserver.testing.errors import BillingMockError
from mockserver.testing.moments import in_iso
from mockserver.testing.records import CheckoutSession, Exchange, Message, UsageCharge

if TYPE_CHECKING:
    from mockserver.testing.server import BillingServer

__tracebackhide__ = True

_MOST = 1_000
_SESSION_ID = re.compile(r"cs_test_[A-Za-z0-9]+")
_SECONDS_PER_DAY = 86_400

_Answer = TypeVar("_Answer")


class HasJson(Protocol):
    """A response of httpx, requests and their kin."""

    def json(self) -> Any: ...


Checkout = str | Mapping[str, Any] | HasJson
"""What names a checkout session: its id, the address of its page, or the answer to a deposit or checkout."""


@dataclass
class _Clock:
    now: datetime


@dataclass
class _Outbox:
    messages: list[Message]


@dataclass
class _Exchanges:
    requests: list[Exchange]


@dataclass
class _Invariants:
    violations: list[str]


class BillingMock:
    """A running billing mock, and one account on it.

    All of it is synchronous and takes about a millisecond a call, so it can be used as it is in ``async`` tests too:
    the server is another process. Every method raises BillingMockError, with one sentence, when the mock refuses.
    """

    def __init__(self, server: BillingServer, api_key: str, start: datetime | str | None = None) -> None:
        self._server = server
        self._start = start
        self.url = server.url
        """Where the mock is, such as ``http://127.0.0.1:40123``; the Billing API is under ``/api/v1/billing``."""
        self.api_key = api_key
        """The key of the account."""

    def __repr__(self) -> str:
        return f"<BillingMock {self.url}, {self.api_key}>"

    @property
    def headers(self) -> dict[str, str]:
        """What a client sends to be this account."""
        return {"X-API-Key": self.api_key}

    # ------------------------------------------------------------------------------------------ other accounts

    def as_persona(self, persona: str) -> BillingMock:
        """The same server as another account: that of a persona, such as ``subscriber`` or ``card_declined``."""
        return self.with_key(self._server.key_of(persona))

    def with_key(self, api_key: str) -> BillingMock:
        """The same server as another account: that of a key. Each ``sk_test_...`` has one."""
        return BillingMock(self._server, api_key, self._start)

    # ---------------------------------------------------------------------------------------------------- time

    @property
    def now(self) -> datetime:
        """The mock's time. It stands still, and moves only by ``advance``."""
        return self._call("GET", "/clock", _Clock).now

    def advance(self, *, days: int = 0, seconds: int = 0, to: datetime | str | None = None) -> datetime:
        """Let time pass for all accounts, with all that falls due on the way: renewals, retries. The new time."""
        step = {"to": in_iso(to)} if to is not None else {"seconds": days * _SECONDS_PER_DAY + seconds}
        if to is not None and (days or seconds):
            raise BillingMockError("advance() goes by days and seconds, or to a moment, not both.")
        return self._call("POST", "/clock/advance", _Clock, body=step).now

    # ----------------------------------------------------------------------------------------- what happens to it

    def use(self, type: str, requests: int = 1) -> UsageCharge:
        """Use credits, with all that follows: ledger, alerts, recharge. Types: light, js, pdf, ocr, crawl."""
        return self._call("POST", "/usage", UsageCharge, body={"type": type, "requests": requests})

    def complete_checkout(
        self, checkout: Checkout | None = None, *, payment_method_id: str | None = None
    ) -> CheckoutSession:
        """Pay a checkout session as its page would: a given one, or the latest that is open.

        Without ``payment_method_id`` the default card pays, and ``pm_card_visa`` if there is none. A card that is
        declined raises; the session stays open.
        """
        body = {"payment_method_id": payment_method_id} if payment_method_id is not None else None
        return self._end_checkout(checkout, "complete", body)

    def decline_checkout(self, checkout: Checkout | None = None, *, reason: str = "generic_decline") -> CheckoutSession:
        """Let the payment of a session fail: it stays open, and shows the reason."""
        return self._end_checkout(checkout, "decline", {"reason": reason})

    def expire_checkout(self, checkout: Checkout | None = None) -> CheckoutSession:
        """Close a session unpaid, as happens by itself after 24 hours."""
        return self._end_checkout(checkout, "expire", None)

    # ------------------------------------------------------------------------------------------------- looking

    @property
    def outbox(self) -> list[Message]:
        """E-mails, text messages and webhook calls of the account, newest first."""
        return self._call("GET", "/outbox", _Outbox, query={"limit": _MOST}).messages

    @property
    def requests(self) -> list[Exchange]:
        """What the Billing API was asked and answered since the test began, newest first; of all accounts."""
        return self._call("GET", "/requests", _Exchanges, query={"limit": _MOST}).requests

    def invariants(self) -> list[str]:
        """What does not add up in the account's books, a sentence each: nothing, it is hoped."""
        return self._call("GET", "/invariants", _Invariants).violations

    # ------------------------------------------------------------------------------------------ saving, restoring

    @property
    def state(self) -> dict[str, Any]:
        """The account's whole state, as plain JSON."""
        return self._call("GET", "/state", dict[str, Any])

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replace the account's state by one that was exported, and perhaps edited."""
        self._call("PUT", "/state", dict[str, Any], body=state)

    def reset(self) -> None:
        """Start anew, as when the test began: all accounts, the clock, everything."""
        self._server.reset(self._start)

    def _end_checkout(self, checkout: Checkout | None, verb: str, body: Any) -> CheckoutSession:
        session_id = self._latest_open() if checkout is None else _session_id(checkout)
        path = f"/checkout-sessions/{quote(session_id, safe='')}/{verb}"
        return self._call("POST", path, CheckoutSession, body=body)

    def _latest_open(self) -> str:
        now = self.now
        for session_id, session in reversed(self.state["checkout_sessions"].items()):
            if session["closed"] is None and datetime.fromisoformat(session["expires_at"]) > now:
                return str(session_id)
        raise BillingMockError(f"{self!r} has no open checkout session.")

    def _call(
        self,
        method: str,
        path: str,
        kind: type[_Answer],
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
    ) -> _Answer:
        answer = self._server.connection.call(method, path, key=self.api_key, query=query, body=body)
        return msgspec.json.decode(answer, type=kind)


def _session_id(checkout: Checkout) -> str:
    """The id of a checkout session, wherever it stands."""
    if isinstance(checkout, str):
        found = _SESSION_ID.search(checkout)
        return found[0] if found else checkout
    answer = checkout if isinstance(checkout, Mapping) else checkout.json()
    try:
        return str(answer["session_id"])
    except (KeyError, TypeError):
        raise BillingMockError(f"This names no checkout session, it has no 'session_id': {answer!r}") from None
