"""Receivers that behave badly hurt nobody: the API stays fast, memory bounded, the end quick, secrets secret."""

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

from .conftest import Mock, answered
from .receiver import NEVER, Receiver, closed_port, receiving, status

HERE = str(Path(mockserver.__file__).parents[1])
"""So that a process of its own runs what is tested here."""
HUGE = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"z" * 2_000_000


@pytest.mark.parametrize("response", [NEVER, HUGE, status(500)], ids=["silent", "huge", "failing"])
def test_a_bad_receiver_slows_nobody_down(mock: Mock, receiver: Receiver, response: bytes) -> None:
    """Requests are answered while it keeps the mock waiting, and as fast as ever."""
    receiver.otherwise = response
    mock.register(receiver.url)
    seconds = []
    for _ in range(50):
        began = time.perf_counter()
        mock.happen()
        seconds.append(time.perf_counter() - began)
    assert statistics.median(seconds) < 0.05
    assert max(seconds) < 2  # the receiver has five


def test_nobody_waits_for_a_receiver_that_is_not_there(mock: Mock) -> None:
    """Nor for twenty of them."""
    for _ in range(20):
        mock.register(f"http://127.0.0.1:{closed_port()}/")
    began = time.perf_counter()
    mock.happen(5)
    assert time.perf_counter() - began < 2


def test_answers_are_kept_as_they_began(mock: Mock, receiver: Receiver) -> None:
    """A kilobyte of a gigabyte."""
    receiver.otherwise = HUGE
    mock.register(receiver.url)
    mock.happen()
    mock.settle()
    (delivery,) = mock.deliveries()
    assert delivery["status"] == "delivered"
    assert delivery["attempts"][0]["response_body"] == "z" * 1_024


def test_an_answer_that_is_no_text_is_shown_all_the_same(mock: Mock, receiver: Receiver) -> None:
    """Bytes that are no UTF-8 are replaced, keys are hidden."""
    receiver.responses = [status(400, body=b"\xff\xfe sk_test_abcdef \x00")]
    mock.register(receiver.url)
    mock.happen()
    mock.settle()
    shown = mock.deliveries()[0]["attempts"][0]["response_body"]
    assert shown == "\ufffd\ufffd sk_test_*** \x00"


def test_memory_is_bounded_whatever_happens() -> None:
    """Three thousand events for a receiver that is never reached: as many are kept as there is room for."""
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
    """The way to an address is forgotten when nothing is to be sent to it."""

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


def test_nobody_listening_costs_nothing(mock: Mock) -> None:
    """Events that nobody wants are gone."""
    mock.happen(3)
    assert mock.deliveries() == []
    assert mock.settle() == {"settled": True, "pending": 0, "next_attempt_at": None}


def test_no_secret_stands_among_the_requests(mock: Mock, receiver: Receiver) -> None:
    """What the control API was told is not listed, and no answer of the API has a secret."""
    endpoint = mock.register(receiver.url, secret="whsec_very_secret")
    mock.deposit()
    mock.settle()
    listed = mock.client.get("/_mock/requests").text
    assert endpoint["secret"] not in listed
    assert "whsec_" not in listed
    assert all(endpoint["secret"].encode() not in request.body for request in receiver.received)
    assert endpoint["secret"] not in mock.client.get("/_mock/webhook-deliveries").text


def test_a_page_publishes_too(mock: Mock, receiver: Receiver) -> None:
    """Paying on the checkout page is told as paying over the control API is, with the payer's own."""
    mock.register(receiver.url)
    session = mock.post(f"{API}/deposit", amount_cents=5_000)
    assert mock.client.post(f"/checkout/{session['session_id']}/pay").status_code == 200
    mock.settle()
    assert receiver.types[-1] == "deposit.completed"


# ------------------------------------------------------------------------------------------------------------ the end


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_end_waits_for_no_receiver(number: signal.Signals) -> None:
    """Deliveries under way, waiting and to be retried: it ends at once, and says nothing."""
    with (
        receiving() as silent,
        receiving() as failing,
        launched("serve", "--port", "0", PYTHONPATH=HERE) as program,
    ):
        silent.otherwise, failing.otherwise = NEVER, status(500)
        program.wait_until_ready()
        with program.client("sk_test_end") as client:
            for receiver in (silent, failing):
                answered(client.post("/_mock/webhook-endpoints", json={"url": receiver.url}))
            for _ in range(20):
                answered(client.post(f"{API}/deposit", json={"amount_cents": 5_000}))
            for receiver in (silent, failing):
                receiver.wait_for(1)
        code, seconds = program.end(number)
        assert (code, program.stderr) == (0, "")
        assert seconds < 2


@pytest.mark.slow
def test_a_lone_event_is_sent_at_once() -> None:
    """In a process of its own: a few milliseconds after what it tells of."""
    with receiving() as receiver, launched("serve", "--port", "0", PYTHONPATH=HERE) as program:
        program.wait_until_ready()
        with program.client("sk_test_lone") as client:
            answered(client.post("/_mock/webhook-endpoints", json={"url": receiver.url}))
            delays = []
            for number in range(10):
                answered(client.post(f"{API}/deposit", json={"amount_cents": 5_000}))
                began = time.perf_counter()
                while len(receiver.received) <= number:
                    time.sleep(0.0005)
                delays.append(time.perf_counter() - began)
                time.sleep(0.05)
            assert statistics.median(delays) < 0.05
