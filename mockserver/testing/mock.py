"""What a test does with the mock that no customer could: move time, use credits, pay, read the mail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from mockserver.testing.connection import Connection
from mockserver.testing.errors import BillingMockError
from mockserver.testing.moments import in_iso
from mockserver.testing.records import (
    CheckoutSession,
    Exchange,
    Fault,
    Message,
    UsageCharge,
    WebhookDelivery,
    WebhookEndpoint,
)

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
class _Faults:
    faults: list[Fault]


@dataclass
class _Deliveries:
    deliveries: list[WebhookDelivery]


@dataclass
class _Settled:
    settled: bool
    pending: int


@dataclass
class _Invariants:
    violations: list[str]


class BillingMock:
    """A running billing mock, and one account on it.

    All of it is synchronous and takes about a millisecond a call, so it can be used as it is in ``async`` tests too:
    the server is another process. Every method raises BillingMockError, with one sentence, when the mock refuses.
    """

    def __init__(
        self, server: BillingServer, api_key: str, start: datetime | str | None = None
    ) -> None:
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

    def advance(
        self, *, days: int = 0, seconds: int = 0, to: datetime | str | None = None
    ) -> datetime:
        """Let time pass for all accounts, with all that falls due on the way: renewals, retries. The new time."""
        step = (
            {"to": in_iso(to)} if to is not None else {"seconds": days * _SECONDS_PER_DAY + seconds}
        )
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

    def decline_checkout(
        self, checkout: Checkout | None = None, *, reason: str = "generic_decline"
    ) -> CheckoutSession:
        """Let the payment of a session fail: it stays open, and shows the reason."""
        return self._end_checkout(checkout, "decline", {"reason": reason})

    def expire_checkout(self, checkout: Checkout | None = None) -> CheckoutSession:
        """Close a session unpaid, as happens by itself after 24 hours."""
        return self._end_checkout(checkout, "expire", None)

    # ------------------------------------------------------------------------------------------ what goes wrong

    def fail_next(
        self,
        operation: str | None = None,
        *,
        times: int = 1,
        status: int | None = None,
        detail: str | None = None,
        retry_after_seconds: int | None = None,
        connection: Literal["reset", "truncated_body", "answer_lost"] | None = None,
        latency_ms: int | None = None,
    ) -> Fault:
        """Let the account's next requests fail: those to one operation, by its operationId, or all.

        They are answered with ``status`` in the operation's stead (503 if nothing else is said), their connection
        breaks, or they are held up by ``latency_ms`` of real time, alone or before one of the other two.
        """
        if status is None and connection is None and latency_ms is None:
            status = 503
        rule = {
            "operations": None if operation is None else [operation],
            "next": times,
            "status": status,
            "detail": detail,
            "retry_after_seconds": retry_after_seconds,
            "connection": connection,
            "latency": None if latency_ms is None else {"ms": latency_ms},
        }
        return self._call("POST", "/faults", Fault, body=rule)

    def apply_faults(self, name: str) -> list[Fault]:
        """Switch a named set of faults on for the account, such as ``outage`` or ``slow-3g``."""
        return self._call("POST", f"/fault-sets/{quote(name, safe='')}/apply", _Faults).faults

    @property
    def faults(self) -> list[Fault]:
        """The account's faults, and how often each was met. They are gone when the test is over."""
        return self._call("GET", "/faults", _Faults).faults

    def clear_faults(self) -> None:
        """Let the account's requests go well again."""
        self._call("DELETE", "/faults", dict[str, Any])

    # ------------------------------------------------------------------------------------------------ webhooks

    def webhooks_to(self, url: str, *, events: Sequence[str] = (), **modes: Any) -> WebhookEndpoint:
        """Tell an address on this machine what happens to the account: some types of events, or all.

        ``modes`` are what goes wrong on purpose: ``duplicate=True``, ``drop_next=2``, ``reorder=2``,
        ``delay_seconds=60``, ``checkout="redirect_first"`` and what else the control API knows.
        """
        wanted = {"url": url, "events": list(events), "modes": modes}
        return self._call("POST", "/webhook-endpoints", WebhookEndpoint, body=wanted)

    @property
    def deliveries(self) -> list[WebhookDelivery]:
        """What was told of the account, and what has come of it so far, newest first."""
        return self._call(
            "GET", "/webhook-deliveries", _Deliveries, query={"limit": _MOST}
        ).deliveries

    def settle_webhooks(self, timeout_seconds: int = 15) -> list[WebhookDelivery]:
        """Wait until everything due is told, and see what came of it, newest first. Retries are due when time passes.

        Where the receiver runs in the event loop of the test, give it room: ``await asyncio.to_thread(...)``.
        """
        with closing(Connection(self.url)) as own:  # the receiver may use the other meanwhile
            answer = own.call(
                "POST",
                "/webhook-deliveries/settle",
                key=self.api_key,
                query={"timeout_seconds": timeout_seconds},
            )
        settled = msgspec.json.decode(answer, type=_Settled)
        if not settled.settled:
            raise BillingMockError(
                f"{settled.pending} webhooks were not told within {timeout_seconds} seconds."
            )
        return self.deliveries

    def replay(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """Tell the same again, as a delivery of its own."""
        return self._call("POST", f"/webhook-deliveries/{delivery.id}/replay", WebhookDelivery)

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
        answer = self._server.connection.call(
            method, path, key=self.api_key, query=query, body=body
        )
        return msgspec.json.decode(answer, type=kind)


def _session_id(checkout: Checkout) -> str:
    """The id of a checkout session, wherever it stands."""
    if isinstance(checkout, str):
        found = _SESSION_ID.search(checkout)
        return found[0] if found else checkout
    try:
        answer = checkout if isinstance(checkout, Mapping) else checkout.json()
    except (AttributeError, ValueError):
        raise BillingMockError(f"This names no checkout session: {checkout!r}") from None
    try:
        return str(answer["session_id"])
    except (KeyError, TypeError):
        raise BillingMockError(
            f"This names no checkout session, it has no 'session_id': {answer!r}"
        ) from None
