"""What a test has told to a receiver of its own."""

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
    """A webhook endpoint as an application has one; ``statuses`` are what it answers, 200 when there are none left."""

    def __init__(self) -> None:
        self.bodies: SimpleQueue[bytes] = SimpleQueue()
        self.statuses: list[int] = []
        self.on_receipt: Callable[[], object] = lambda: None
        """What it does with a call before it answers."""
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


def test_an_endpoint_is_told_what_it_wants_to_know(
    mock: BillingMock, receiver: Receiver, api: httpx.Client
) -> None:
    """Of this account and of the types asked for; the list shows what came of it."""
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
    assert [each.response_status for each in delivery.attempts] == [200]


def test_a_call_that_failed_is_tried_again_when_time_passes(
    mock: BillingMock, receiver: Receiver
) -> None:
    """On the mock's clock: a test waits for no retry."""
    receiver.statuses = [200, 503]
    mock.webhooks_to(receiver.url, events=["credit_transaction.created"])
    mock.use("light")
    (waiting,) = mock.settle_webhooks()
    assert (waiting.status, len(waiting.attempts)) == ("pending", 1)
    assert waiting.next_attempt_at is not None
    mock.advance(to=waiting.next_attempt_at)
    (done,) = mock.settle_webhooks()
    assert (done.status, [each.response_status for each in done.attempts]) == (
        "delivered",
        [503, 200],
    )
    again = mock.replay(done)
    assert (again.replay_of, again.body) == (done.id, done.body)
    assert [each.status for each in mock.settle_webhooks()] == ["delivered", "delivered"]


def test_modes_let_deliveries_go_wrong(mock: BillingMock, receiver: Receiver) -> None:
    """Lost and doubled, as asked."""
    mock.webhooks_to(
        receiver.url, events=["credit_transaction.created"], drop_next=1, duplicate=True
    )
    mock.use("light")
    mock.use("light")
    statuses = sorted(each.status for each in mock.settle_webhooks())
    assert statuses == ["delivered", "delivered", "dropped"]


def test_a_receiver_may_look_at_the_mock_before_it_answers(
    mock: BillingMock, receiver: Receiver
) -> None:
    """Waiting for webhooks does not hold up what they lead to."""
    seen: list[int] = []
    receiver.on_receipt = lambda: seen.append(len(mock.state["usage"]["events"]))
    mock.webhooks_to(receiver.url, events=["credit_transaction.created"])
    before = len(mock.state["usage"]["events"])
    mock.use("light")
    assert [each.status for each in mock.settle_webhooks(timeout_seconds=5)] == ["delivered"]
    assert seen == [before + 1]


def test_a_receiver_that_hangs_is_said_to(mock: BillingMock, receiver: Receiver) -> None:
    """The wait ends, with how many are not done."""
    released = threading.Event()
    receiver.on_receipt = lambda: released.wait(10)
    mock.webhooks_to(receiver.url, events=["credit_transaction.created"])
    mock.use("light")
    try:
        with pytest.raises(BillingMockError, match="1 webhooks were not told within 1 seconds"):
            mock.settle_webhooks(timeout_seconds=1)
    finally:
        released.set()


def test_a_receiver_in_the_tests_event_loop_is_told_too(mock: BillingMock) -> None:
    """Only the wait has to leave the loop free."""

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


def test_another_machine_is_refused(mock: BillingMock) -> None:
    """What a test tells leaves this machine never."""
    with pytest.raises(BillingMockError, match="url"):
        mock.webhooks_to("https://example.com/hooks")


def test_a_reset_tells_nobody_any_more(mock: BillingMock, receiver: Receiver) -> None:
    """The next test begins without endpoints and without deliveries."""
    mock.webhooks_to(receiver.url)
    mock.use("light")
    mock.settle_webhooks()
    mock.reset()
    mock.use("light")
    assert mock.settle_webhooks() == []
