"""The channel: rate limits, retries, size limits and broken connections."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from contract_tests.errors import Unreachable
from contract_tests.http import channel as channels
from contract_tests.http import response_reader
from contract_tests.http.channel import Channel, Limits, Stopped, TimeIsUp
from contract_tests.http.exchange import Exchange, Request
from contract_tests.http.redaction import Keyring
from tests.contract_kit.exchanges import CONTRACT

OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2\r\nConnection: close\r\n\r\n{}"
)


@contextmanager
def serving(*responses: bytes, hold: float = 0) -> Iterator[tuple[str, list[float]]]:
    """Send raw responses in turn, then repeat the last; yield the URL and the request times."""
    listener = socket.create_server(("127.0.0.1", 0))
    times: list[float] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                times.append(time.monotonic())
                connection.sendall(responses[min(len(times), len(responses)) - 1])
                time.sleep(hold)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", times
    finally:
        listener.close()


def make_channel(url: str, **limits: float) -> tuple[Channel, list[Exchange]]:
    exchanges: list[Exchange] = []
    channel = Channel(
        url,
        CONTRACT,
        Keyring(),
        limits=Limits(**limits),  # type: ignore[arg-type]
        listeners=[exchanges.append],
    )
    return channel, exchanges


def get(channel: Channel) -> Exchange:
    return channel.send(Request("GET", "/api/v1/billing/balance"))


def test_listeners_receive_every_exchange() -> None:
    """Listeners receive every exchange with its number and its source."""
    with serving(OK) as (url, _):
        channel, exchanges = make_channel(url)
        channel.source = "test"
        get(channel)
        get(channel)
    assert [
        (exchange.number, exchange.status, exchange.source, exchange.path) for exchange in exchanges
    ] == [
        (1, 200, "test", "/api/v1/billing/balance"),
        (2, 200, "test", "/api/v1/billing/balance"),
    ]


def test_requests_respect_the_rate_limit() -> None:
    """At 20 requests a second, 5 requests take at least four intervals of 50 ms."""
    with serving(OK) as (url, times):
        channel, _ = make_channel(url, per_second=20)
        for _ in range(5):
            get(channel)
    assert times[-1] - times[0] >= 4 / 20 * 0.9


def test_retry_after_is_honoured() -> None:
    """After a 429 with Retry-After, the channel waits, retries and returns the second response."""
    throttled = (
        b"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    with serving(throttled, OK) as (url, times):
        channel, exchanges = make_channel(url)
        assert get(channel).status == 200
    assert [exchange.status for exchange in exchanges] == [429, 200]
    assert times[1] - times[0] >= 0.9


@pytest.mark.parametrize(
    ("response", "limits", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{", {}, "breaks off"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
            b"Content-Length: 2\r\nConnection: close\r\n\r\n{}",
            {},
            "encoding",
        ),
        (b"SSH-2.0-OpenSSH\r\n", {}, "not HTTP"),
        (b"", {}, "without a response"),
    ],
)
def test_an_incomplete_or_invalid_response_is_explained(
    response: bytes, limits: dict[str, float], words: str
) -> None:
    """The error says why there is no whole response."""
    with serving(response) as (url, _):
        channel, _ = make_channel(url, **limits)
        assert words in get(channel).error


def test_a_slow_response_times_out() -> None:
    """--timeout limits the whole response, not the time between bytes."""
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", hold=3) as (url, _):
        channel, _ = make_channel(url, timeout=0.3)
        started = time.monotonic()
        assert "--timeout" in get(channel).error
    assert time.monotonic() - started < 2.5


def test_the_size_of_responses_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response over the limit is not read to its end."""
    monkeypatch.setattr(response_reader, "MAX_BODY_BYTES", 1_000)
    body = b"x" * 200_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n"
    with serving(head + body) as (url, _):
        channel, _ = make_channel(url)
        exchange = get(channel)
    assert "larger than" in exchange.error
    assert len(exchange.response_body) < 200_000


def test_an_unreachable_deployment_ends_the_run() -> None:
    """After several requests without a response, the channel raises Unreachable."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    channel, _ = make_channel(url)
    for _ in range(channels.GONE_AFTER - 1):
        assert get(channel).status == 0
    with pytest.raises(Unreachable, match="does not respond any more: connection refused"):
        get(channel)


@pytest.mark.parametrize(
    ("stop", "error"),
    [
        (lambda channel: setattr(channel, "stop_reason", "enough"), Stopped),
        (
            lambda channel: setattr(channel, "limits", Limits(deadline=time.monotonic() - 1)),
            TimeIsUp,
        ),
    ],
)
def test_nothing_is_sent_after_the_end_of_the_run(
    stop: Callable[[Channel], None], error: type[Exception]
) -> None:
    """The deadline and a stop reason both prevent further requests."""
    with serving(OK) as (url, times):
        channel, _ = make_channel(url)
        stop(channel)
        with pytest.raises(error):
            get(channel)
    assert times == []


def test_cookies_are_not_kept() -> None:
    """A cookie of one response is not sent with the next request."""
    cookie = OK.replace(b"Connection: close", b"Connection: close\r\nSet-Cookie: session=1")
    with serving(cookie) as (url, _):
        channel, exchanges = make_channel(url)
        get(channel)
        get(channel)
    assert all(exchange.request_header("cookie") is None for exchange in exchanges)
