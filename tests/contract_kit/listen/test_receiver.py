"""The receiver of callbacks: what it keeps, how it answers, and where it ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from contract_tests.errors import UsageError
from contract_tests.listen.receiver import MAX_BODY, MAX_DELIVERIES, MAX_REQUESTS, Inbox, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver.at("127.0.0.1:0")
    yield running
    running.close()


def test_each_inbox_has_its_own_deliveries(receiver: Receiver) -> None:
    """Body, headers and method are kept as they came."""
    first, second = receiver.inbox(), receiver.inbox()
    assert first.url != second.url
    sent = httpx.post(first.url + "?a=b", content=b"{}", headers={"X-Kit": "1"})
    assert (sent.status_code, second.deliveries) == (200, [])
    (delivery,) = first.wait(1, 1.0)
    assert (delivery.method, delivery.body, delivery.header("x-kit")) == ("POST", b"{}", "1")


def test_an_inbox_answers_with_its_statuses(receiver: Receiver) -> None:
    """The last status stays."""
    inbox = receiver.inbox((500, 503, 200))
    statuses = [httpx.post(inbox.url, content=b"x").status_code for _ in range(4)]
    assert statuses == [500, 503, 200, 200]
    assert [delivery.status for delivery in inbox.deliveries] == statuses


def test_waiting_ends_with_the_delivery_or_the_time(receiver: Receiver) -> None:
    """A delivery ends the wait at once."""
    inbox = receiver.inbox()
    assert inbox.wait(1, 0.05) == []
    later = threading.Timer(0.1, lambda: httpx.post(inbox.url, content=b"x"))
    later.start()
    started = time.monotonic()
    assert len(inbox.wait(1, 20.0)) == 1
    assert time.monotonic() - started < 10
    later.join()


def test_what_is_sent_elsewhere_is_not_kept(receiver: Receiver) -> None:
    """Unknown paths are 404, a body without a length 411, a large one 413."""
    inbox = receiver.inbox()
    assert httpx.post(f"{receiver.url}/else", content=b"x").status_code == 404
    assert httpx.post(inbox.url, content=iter([b"x"])).status_code == 411
    announcing = HTTPConnection(receiver.url.removeprefix("http://"))
    announcing.putrequest("POST", urlsplit(inbox.url).path)
    announcing.putheader("Content-Length", str(MAX_BODY + 1))
    announcing.endheaders()
    assert announcing.getresponse().status == 413
    announcing.close()
    assert inbox.deliveries == []


def test_deliveries_are_bounded() -> None:
    """A deployment that never stops sending fills no memory."""
    inbox = Inbox("http://127.0.0.1:1/kit")
    for _ in range(MAX_DELIVERIES + 5):
        inbox.take("POST", (), b"")
    assert len(inbox.deliveries) == MAX_DELIVERIES


@pytest.mark.slow
def test_slow_senders_do_not_pile_up(receiver: Receiver) -> None:
    """Above the bound connections are closed, and a free place is used again."""
    host, _, port = receiver.url.removeprefix("http://").rpartition(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(MAX_REQUESTS + 4)]
    try:
        refused = slow[-1]
        refused.settimeout(5)
        assert refused.recv(1) == b""
    finally:
        for connection in slow:
            connection.close()
    inbox = receiver.inbox()
    for _ in range(50):
        try:
            assert httpx.post(inbox.url, content=b"x").status_code == 200
            return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("no place became free")


def test_the_public_url_is_what_the_deployment_calls() -> None:
    """A path in front is kept: a tunnel may add one."""
    receiver = Receiver.at("127.0.0.1:0", "https://kit.example.com/tunnel")
    inbox = receiver.inbox()
    receiver.close()
    assert inbox.url.startswith("https://kit.example.com/tunnel/kit/")


def test_an_address_in_use_is_refused(receiver: Receiver) -> None:
    """The flag and the reason are in one line."""
    address = receiver.url.removeprefix("http://")
    with pytest.raises(UsageError, match=f"--listen {address}: Address already in use"):
        Receiver.at(address)
