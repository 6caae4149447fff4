"""Bad receivers do no harm: the API stays fast, memory bounded, shutdown quick, secrets secret."""

from __future__ import annotations

import asyncio
import signal
import statistics
import time
from pathlib import Path

import pytest

import mockserver
from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.api.behaviour import world_of
from mockserver.clock import Clock
from mockserver.webhooks.backlog import MAX_BACKLOG
from mockserver.webhooks.dispatcher import MAX_DELIVERIES, Webhooks
from tests.cli.program import launched
from tests.conftest import API, NOON

from .conftest import Mock, body_of
from .receiver import NEVER, Receiver, closed_port, receiving, status

HERE = str(Path(mockserver.__file__).parents[1])
"""The import path for a process that runs this tree."""
HUGE = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"z" * 2_000_000


@pytest.mark.parametrize("response", [NEVER, HUGE, status(500)], ids=["silent", "huge", "failing"])
def test_a_bad_receiver_does_not_slow_the_api(
    mock: Mock, receiver: Receiver, response: bytes
) -> None:
    """Requests are served while the mock waits for a receiver."""
    receiver.otherwise = response
    mock.register(receiver.url)
    seconds = []
    for _ in range(50):
        began = time.perf_counter()
        mock.happen()
        seconds.append(time.perf_counter() - began)
    assert statistics.median(seconds) < 0.05
    assert max(seconds) < 2  # the receiver has five seconds


def test_unreachable_receivers_do_not_slow_the_api(mock: Mock) -> None:
    """Twenty of them change nothing."""
    for _ in range(20):
        mock.register(f"http://127.0.0.1:{closed_port()}/")
    began = time.perf_counter()
    mock.happen(5)
    assert time.perf_counter() - began < 2


def test_responses_are_kept_up_to_a_kilobyte(mock: Mock, receiver: Receiver) -> None:
    """A response of a gigabyte is cut."""
    receiver.otherwise = HUGE
    mock.register(receiver.url)
    mock.happen()
    mock.settle()
    (delivery,) = mock.deliveries()
    assert delivery["status"] == "delivered"
    assert delivery["attempts"][0]["response_body"] == "z" * 1_024


def test_a_binary_response_is_shown(mock: Mock, receiver: Receiver) -> None:
    """Bytes that are not UTF-8 are replaced, and keys are hidden."""
    receiver.responses = [status(400, body=b"\xff\xfe sk_test_abcdef \x00")]
    mock.register(receiver.url)
    mock.happen()
    mock.settle()
    shown = mock.deliveries()[0]["attempts"][0]["response_body"]
    assert shown == "\ufffd\ufffd sk_test_*** \x00"


def test_memory_is_bounded() -> None:
    """Of three thousand undelivered events the newest are kept."""
    webhooks = Webhooks(Clock(NOON), 1)
    world = world_of(fixtures.load(packaged.fixtures()), Clock(NOON), 1, webhooks)
    endpoint = webhooks.register("http://127.0.0.1:9/")
    context = world.state.context(world.state.tenant("sk_test_new"))
    for number in range(3_000):
        context.emit("deposit.created", str(number), {"number": number})
    world.state.publish()
    assert context.account.events == []
    assert len(webhooks.deliveries) == MAX_DELIVERIES
    assert len(endpoint.queue.backlog) == MAX_BACKLOG
    assert endpoint.queue.counts["dropped"] == 3_000 - MAX_BACKLOG
    assert [delivery.event.data["number"] for delivery in endpoint.queue.backlog] == list(
        range(3_000 - MAX_BACKLOG, 3_000)
    )


def test_usage_alerts_of_many_accounts_leave_nothing_behind(receiver: Receiver) -> None:
    """A queue without deliveries is removed."""

    async def story() -> None:
        webhooks = Webhooks(Clock(NOON), 1)
        world = world_of(fixtures.load(packaged.fixtures()), Clock(NOON), 1, webhooks)
        context = world.state.context(world.state.tenant("sk_test_new"))
        for number in range(30):
            data = {"threshold": 50, "credits_used": 1, "credits_allocated": 2, "period": "2026-03"}
            context.emit("usage.alert", str(number), data, f"{receiver.url}/{number}")
            webhooks.publish(f"acct_{number}", context.account.events)
            context.account.events.clear()
            await webhooks.settle()
        assert sum(1 for _ in webhooks._queues()) <= 1

    asyncio.run(story())
    assert len(receiver.received) == 30


def test_events_without_endpoints_are_discarded(mock: Mock) -> None:
    """No delivery is created."""
    mock.happen(3)
    assert mock.deliveries() == []
    assert mock.settle() == {"settled": True, "pending": 0, "next_attempt_at": None}


def test_no_secret_is_in_the_recorded_requests(mock: Mock, receiver: Receiver) -> None:
    """Requests of the control API are not recorded, and no response has a secret."""
    endpoint = mock.register(receiver.url, secret="whsec_very_secret")
    mock.deposit()
    mock.settle()
    listed = mock.client.get("/_mock/requests").text
    assert endpoint["secret"] not in listed
    assert "whsec_" not in listed
    assert all(endpoint["secret"].encode() not in request.body for request in receiver.received)
    assert endpoint["secret"] not in mock.client.get("/_mock/webhook-deliveries").text


def test_a_page_publishes_too(mock: Mock, receiver: Receiver) -> None:
    """A payment on the checkout page is delivered like one by the control API."""
    mock.register(receiver.url)
    session = mock.post(f"{API}/deposit", amount_cents=5_000)
    assert mock.client.post(f"/checkout/{session['session_id']}/pay").status_code == 200
    mock.settle()
    assert receiver.types[-1] == "deposit.completed"


# ------------------------------------------------------------------------------------------ the end


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_shutdown_waits_for_no_receiver(number: signal.Signals) -> None:
    """It ends at once and silently, with deliveries under way, queued and to be retried."""
    with (
        receiving() as silent,
        receiving() as failing,
        launched("serve", "--quiet", "--port", "0", PYTHONPATH=HERE) as program,
    ):
        silent.otherwise, failing.otherwise = NEVER, status(500)
        program.wait_until_ready()
        with program.client("sk_test_end") as client:
            for receiver in (silent, failing):
                body_of(client.post("/_mock/webhook-endpoints", json={"url": receiver.url}))
            for _ in range(20):
                body_of(client.post(f"{API}/deposit", json={"amount_cents": 5_000}))
            for receiver in (silent, failing):
                receiver.wait_for(1)
        code, seconds = program.end(number)
        assert (code, program.stderr) == (0, "")
        assert seconds < 2


@pytest.mark.slow
def test_a_lone_event_is_sent_at_once() -> None:
    """In a process of its own, an event is delivered within milliseconds."""
    words = ("serve", "--quiet", "--port", "0")
    with receiving() as receiver, launched(*words, PYTHONPATH=HERE) as program:
        program.wait_until_ready()
        with program.client("sk_test_lone") as client:
            body_of(client.post("/_mock/webhook-endpoints", json={"url": receiver.url}))
            delays = []
            for number in range(10):
                body_of(client.post(f"{API}/deposit", json={"amount_cents": 5_000}))
                began = time.perf_counter()
                while len(receiver.received) <= number:
                    time.sleep(0.0005)
                delays.append(time.perf_counter() - began)
                time.sleep(0.05)
            assert statistics.median(delays) < 0.05
