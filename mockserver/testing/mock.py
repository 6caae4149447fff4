"""Control of the mock from a test: move the clock, use credits, pay, inject faults, read mail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar
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
    Refund,
    UsageCharge,
    WebhookDelivery,
    WebhookEndpoint,
)
from mockserver.testing.server import BillingServer

__tracebackhide__ = True

_LIMIT = 1_000
"""The largest page of the control API's lists."""
_SESSION_ID = re.compile(r"cs_test_[A-Za-z0-9]+")
_SECONDS_PER_DAY = 86_400

_Response = TypeVar("_Response")


class HasJson(Protocol):
    """A response of httpx, requests or a similar client."""

    def json(self) -> Any: ...


Checkout = str | Mapping[str, Any] | HasJson
"""Reference to a checkout session: its id, its page's URL, or the response that created it."""


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

    Amounts are in microcents (100,000,000 per dollar) unless a name says otherwise; times are
    in UTC. All methods are synchronous and take about a millisecond. They can be called from async
    tests as well, since the server is another process. Each method and property that calls the mock
    raises BillingMockError if the mock refuses the call or cannot be reached.
    """

    def __init__(
        self, server: BillingServer, api_key: str, start: datetime | str | None = None
    ) -> None:
        self._server = server
        self._start = start
        self.url = server.url
        """Base URL, such as ``http://127.0.0.1:40123``; the API is at ``/api/v1/billing``."""
        self.api_key = api_key
        """API key of the account."""

    def __repr__(self) -> str:
        return f"<BillingMock {self.url}, {self.api_key}>"

    @property
    def headers(self) -> dict[str, str]:
        """Request headers that authenticate a client as this account."""
        return {"X-API-Key": self.api_key}

    # ------------------------------------------------------------------------------- other accounts

    def as_persona(self, persona: str) -> BillingMock:
        """Return a ``BillingMock`` for the account of a persona on the same server.

        Personas are, for example, ``subscriber`` and ``card_declined``. Raises BillingMockError for
        an unknown persona and for one without an API key.
        """
        return self.with_key(self._server.key_of(persona))

    def with_key(self, api_key: str) -> BillingMock:
        """Return a ``BillingMock`` for the account of an API key on the same server.

        Every key ``sk_test_...`` has an account; it is created by the first call.
        """
        return BillingMock(self._server, api_key, self._start)

    # ----------------------------------------------------------------------------------------- time

    @property
    def now(self) -> datetime:
        """The mock's time. The clock is frozen; only ``advance`` and ``reset`` move it."""
        return self._call("GET", "/clock", _Clock).now

    def advance(
        self, *, days: int = 0, seconds: int = 0, to: datetime | str | None = None
    ) -> datetime:
        """Advance the clock of all accounts by a step or to a time; return the new time.

        Everything that falls due on the way happens: renewals, retries, expiries. ``days`` and
        ``seconds`` add up. ``to`` without an offset is in UTC. Raises BillingMockError if ``to`` is
        combined with a step or lies in the past, and if a step is negative.
        """
        step = (
            {"to": in_iso(to)} if to is not None else {"seconds": days * _SECONDS_PER_DAY + seconds}
        )
        if to is not None and (days or seconds):
            raise BillingMockError("advance() takes either days and seconds, or to, not both.")
        return self._call("POST", "/clock/advance", _Clock, body=step).now

    # --------------------------------------------------------------------------- usage and payments

    def use(self, type: str, requests: int = 1) -> UsageCharge:
        """Use credits by a number of requests of one type; return the charge.

        Types are ``light``, ``js``, ``pdf``, ``ocr`` and ``crawl``. The ledger entry, usage alerts
        and auto recharge follow as in production. Raises BillingMockError if the balance is
        insufficient.
        """
        return self._call("POST", "/usage", UsageCharge, body={"type": type, "requests": requests})

    def refund(self, amount_cents: int, description: str | None = None) -> Refund:
        """Refund charged usage in part or in whole; return the refund.

        ``description`` is the text of the ledger entry, by default "Refund of failed requests".
        Raises BillingMockError if the amount exceeds the charged usage less earlier refunds.
        """
        body: dict[str, Any] = {"amount_cents": amount_cents}
        if description is not None:
            body["description"] = description
        return self._call("POST", "/refunds", Refund, body=body)

    def complete_checkout(
        self, checkout: Checkout | None = None, *, payment_method_id: str | None = None
    ) -> CheckoutSession:
        """Pay a checkout session, as its page does: the given one, or the latest open one.

        Without ``payment_method_id`` the default card is charged, or ``pm_card_visa`` if there is
        no card. Raises BillingMockError if the card is declined; the session then stays open.
        """
        body = {"payment_method_id": payment_method_id} if payment_method_id is not None else None
        return self._close_checkout(checkout, "complete", body)

    def decline_checkout(
        self, checkout: Checkout | None = None, *, reason: str = "generic_decline"
    ) -> CheckoutSession:
        """Decline the payment of a session, by default the latest open one.

        The session stays open. ``reason`` is its decline code, such as ``insufficient_funds``.
        """
        return self._close_checkout(checkout, "decline", {"reason": reason})

    def expire_checkout(self, checkout: Checkout | None = None) -> CheckoutSession:
        """Expire an unpaid session, by default the latest open one.

        Without this call a session expires 24 hours after it was created.
        """
        return self._close_checkout(checkout, "expire", None)

    # --------------------------------------------------------------------------------------- faults

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
        """Make the account's next requests fail, ``times`` in all; return the fault.

        ``operation`` is an operationId such as ``create_deposit``; None selects all operations.
        Either ``status`` (400 to 599) replaces the response, with the message ``detail`` and, for
        429 and 503, the header Retry-After from ``retry_after_seconds``. Or ``connection`` breaks
        the connection: ``reset`` before the operation runs, ``truncated_body`` and ``answer_lost``
        after it ran. ``latency_ms`` delays the request by real time, alone or in addition. Without
        any of the three the status is 503.
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
        """Activate a fault set for the account; return its faults.

        Fault sets, such as ``outage`` and ``slow-3g``, are files of ``fixtures/faults``. Raises
        BillingMockError for an unknown name.
        """
        return self._call("POST", f"/fault-sets/{quote(name, safe='')}/apply", _Faults).faults

    @property
    def faults(self) -> list[Fault]:
        """The account's faults with their counters, used up or not. They end with the test."""
        return self._call("GET", "/faults", _Faults).faults

    def clear_faults(self) -> None:
        """Remove all faults of the account."""
        self._call("DELETE", "/faults", dict[str, Any])

    # ------------------------------------------------------------------------------------- webhooks

    def webhooks_to(self, url: str, *, events: Sequence[str] = (), **modes: Any) -> WebhookEndpoint:
        """Register a webhook endpoint for the account's events; return it.

        ``url`` must be on this machine. ``events`` are types such as ``deposit.completed``; empty
        for all. ``modes`` make deliveries misbehave: ``duplicate=True``, ``drop_next=2``,
        ``drop_share=0.5``, ``reorder=2``, ``delay_seconds=60``, ``checkout="redirect_first"``.
        """
        wanted = {"url": url, "events": list(events), "modes": modes}
        return self._call("POST", "/webhook-endpoints", WebhookEndpoint, body=wanted)

    @property
    def deliveries(self) -> list[WebhookDelivery]:
        """The account's webhook deliveries with their attempts, newest first; at most 1,000."""
        return self._call(
            "GET", "/webhook-deliveries", _Deliveries, query={"limit": _LIMIT}
        ).deliveries

    def settle_webhooks(self, timeout_seconds: int = 15) -> list[WebhookDelivery]:
        """Wait until no delivery of the account is due; return all deliveries, newest first.

        Retries fall due when the clock is advanced. If the receiver runs in the event loop of the
        test, call this with ``await asyncio.to_thread(...)``. Raises BillingMockError if deliveries
        are still due after ``timeout_seconds`` of real time.
        """
        with closing(Connection(self.url)) as own:  # the receiver may use the shared one
            response = own.call(
                "POST",
                "/webhook-deliveries/settle",
                key=self.api_key,
                query={"timeout_seconds": timeout_seconds},
            )
        settled = msgspec.json.decode(response, type=_Settled)
        if not settled.settled:
            raise BillingMockError(
                f"{settled.pending} webhooks were not delivered within {timeout_seconds} seconds."
            )
        return self.deliveries

    def replay(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """Send a delivery again; return the new delivery."""
        return self._call("POST", f"/webhook-deliveries/{delivery.id}/replay", WebhookDelivery)

    # ----------------------------------------------------------------------------------- inspection

    @property
    def outbox(self) -> list[Message]:
        """E-mails, text messages and usage alerts to the account, newest first; at most 1,000."""
        return self._call("GET", "/outbox", _Outbox, query={"limit": _LIMIT}).messages

    @property
    def requests(self) -> list[Exchange]:
        """Requests to the Billing API and their responses since the test began.

        They are those of all accounts, newest first, at most 1,000.
        """
        return self._call("GET", "/requests", _Exchanges, query={"limit": _LIMIT}).requests

    def invariants(self) -> list[str]:
        """Return the violated invariants of the account's books as sentences; empty if all hold."""
        return self._call("GET", "/invariants", _Invariants).violations

    # ---------------------------------------------------------------------------------------- state

    @property
    def state(self) -> dict[str, Any]:
        """The account's whole state as JSON values."""
        return self._call("GET", "/state", dict[str, Any])

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replace the account's state.

        ``state`` is what the property ``state`` returned, for this or another account, edited or
        not. Raises BillingMockError if the state is invalid or violates an invariant.
        """
        self._call("PUT", "/state", dict[str, Any], body=state)

    def reset(self) -> None:
        """Return all accounts, the clock and everything else to the state when the test began."""
        self._server.reset(self._start)

    def _close_checkout(self, checkout: Checkout | None, verb: str, body: Any) -> CheckoutSession:
        session_id = self._latest_open_session() if checkout is None else _session_id(checkout)
        path = f"/checkout-sessions/{quote(session_id, safe='')}/{verb}"
        return self._call("POST", path, CheckoutSession, body=body)

    def _latest_open_session(self) -> str:
        now = self.now
        for session_id, session in reversed(self.state["checkout_sessions"].items()):
            if session["closed"] is None and datetime.fromisoformat(session["expires_at"]) > now:
                return str(session_id)
        raise BillingMockError(f"{self!r} has no open checkout session.")

    def _call(
        self,
        method: str,
        path: str,
        kind: type[_Response],
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
    ) -> _Response:
        response = self._server.connection.call(
            method, path, key=self.api_key, query=query, body=body
        )
        return msgspec.json.decode(response, type=kind)


def _session_id(checkout: Checkout) -> str:
    """Return the id that a reference to a checkout session contains."""
    if isinstance(checkout, str):
        found = _SESSION_ID.search(checkout)
        return found[0] if found else checkout
    try:
        body = checkout if isinstance(checkout, Mapping) else checkout.json()
    except (AttributeError, ValueError):
        raise BillingMockError(f"Not a reference to a checkout session: {checkout!r}") from None
    try:
        return str(body["session_id"])
    except (KeyError, TypeError):
        raise BillingMockError(
            f"Not a reference to a checkout session, 'session_id' is missing: {body!r}"
        ) from None
