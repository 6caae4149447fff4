"""``BillingMock``: webhooks to a receiver of the test."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue

import httpx
import pytest

from mockserver.testing import BillingMock, BillingMockError


class Receiver:
    """An application's webhook endpoint.

    It responds with the last of ``statuses`` and removes it; without statuses it responds with 200.
    """

    def __init__(self) -> None:
        self.bodies: SimpleQueue[bytes] = SimpleQueue()
        self.statuses: list[int] = []
        self.on_receipt: Callable[[], object] = lambda: None
        """Called before the response is sent."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.bodies.put(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.on_receipt()
                self.send_response(receiver.statuses.pop() if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_an_endpoint_receives_the_events_it_registered_for(
    mock: BillingMock, receiver: Receiver, api: httpx.Client
) -> None:
    """They are of this account and of the chosen types; the delivery records the outcome."""
    endpoint = mock.webhooks_to(receiver.url, events=["deposit.completed"])
    assert (endpoint.url, endpoint.events, endpoint.account_id) == (
        receiver.url,
        ["deposit.completed"],
        mock.state["id"],
    )
    api.post("/deposit", json={"amount_cents": 5_000})
    mock.complete_checkout()
    mock.as_persona("subscriber").advance(days=31)
    (delivery,) = mock.settle_webhooks()
    assert (delivery.event, delivery.status, delivery.endpoint_id) == (
        "deposit.completed",
        "delivered",
        endpoint.id,
    )
    assert json.loads(receiver.bodies.get(timeout=5)) == delivery.body
    assert [attempt.response_status for attempt in delivery.attempts] == [200]


def test_a_failed_delivery_is_retried_when_the_clock_advances(
    mock: BillingMock, receiver: Receiver
) -> None:
    """Retries follow the mock's clock, so a test does not wait for them."""
    receiver.statuses = [200, 503]
    mock.webhooks_to(receiver.url, events=["credit_transaction.created"])
    mock.use("light")
    (pending,) = mock.settle_webhooks()
    assert (pending.status, len(pending.attempts)) == ("pending", 1)
    assert pending.next_attempt_at is not None
    mock.advance(to=pending.next_attempt_at)
    (done,) = mock.settle_webhooks()
    assert (done.status, [attempt.response_status for attempt in done.attempts]) == (
        "delivered",
        [503, 200],
    )
    again = mock.replay(done)
    assert (again.replay_of, again.body) == (done.id, done.body)
    assert [delivery.status for delivery in mock.settle_webhooks()] == ["delivered", "delivered"]


def test_modes_drop_and_duplicate_deliveries(mock: BillingMock, receiver: Receiver) -> None:
    """The first event is dropped, the second is delivered twice."""
    mock.webhooks_to(
        receiver.url, events=["credit_transaction.created"], drop_next=1, duplicate=True
    )
    mock.use("light")
    mock.use("light")
    statuses = sorted(delivery.status for delivery in mock.settle_webhooks())
    assert statuses == ["delivered", "delivered", "dropped"]


def test_a_receiver_may_call_the_mock_before_it_responds(
    mock: BillingMock, receiver: Receiver
) -> None:
    """``settle_webhooks`` does not block other calls of the mock."""
    seen: list[int] = []
    receiver.on_receipt = lambda: seen.append(len(mock.state["usage"]["events"]))
    mock.webhooks_to(receiver.url, events=["credit_transaction.created"])
    before = len(mock.state["usage"]["events"])
    mock.use("light")
    assert [delivery.status for delivery in mock.settle_webhooks(timeout_seconds=5)] == [
        "delivered"
    ]
    assert seen == [before + 1]


def test_waiting_for_a_receiver_that_hangs_times_out(mock: BillingMock, receiver: Receiver) -> None:
    """The error says how many deliveries are unfinished."""
    released = threading.Event()
    receiver.on_receipt = lambda: released.wait(10)
    mock.webhooks_to(receiver.url, events=["credit_transaction.created"])
    mock.use("light")
    try:
        with pytest.raises(
            BillingMockError, match="1 webhooks were not delivered within 1 seconds"
        ):
            mock.settle_webhooks(timeout_seconds=1)
    finally:
        released.set()


def test_a_receiver_can_run_in_the_event_loop_of_the_test(mock: BillingMock) -> None:
    """Only ``settle_webhooks`` has to run in another thread."""

    async def story() -> str:
        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(receive, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            mock.webhooks_to(f"http://127.0.0.1:{port}/", events=["credit_transaction.created"])
            mock.use("light")
            (delivery,) = await asyncio.to_thread(mock.settle_webhooks)
            return delivery.status

    assert asyncio.run(story()) == "delivered"


def test_a_url_on_another_machine_is_refused(mock: BillingMock) -> None:
    """Webhooks do not leave this machine."""
    with pytest.raises(BillingMockError, match="url"):
        mock.webhooks_to("https://example.com/hooks")


def test_a_reset_removes_endpoints_and_deliveries(mock: BillingMock, receiver: Receiver) -> None:
    """Webhooks of one test do not reach the receivers of another."""
    mock.webhooks_to(receiver.url)
    mock.use("light")
    mock.settle_webhooks()
    mock.reset()
    mock.use("light")
    assert mock.settle_webhooks() == []
