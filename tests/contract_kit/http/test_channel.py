"""The one way out: rate limits, pauses, bounds, and what comes of connections that break."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from contract_tests.errors import Unreachable
from contract_tests.http import channel as channels
from contract_tests.http.channel import Channel, Limits, Stopped, TimeIsUp
from contract_tests.http.exchange import Exchange, Request
from contract_tests.http.redaction import Keyring
from tests.contract_kit.exchanges import CONTRACT

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@contextmanager
def serving(*answers: bytes, hold: float = 0) -> Iterator[tuple[str, list[float]]]:
    """A server that gives these raw answers in turn, the last for ever: its URL, and when it was asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[float] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                asked.append(time.monotonic())
                connection.sendall(answers[min(len(asked), len(answers)) - 1])
                time.sleep(hold)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.close()


def make(url: str, **limits: float) -> tuple[Channel, list[Exchange]]:
    heard: list[Exchange] = []
    made = Channel(url, CONTRACT, Keyring(), limits=Limits(**limits), listeners=[heard.append])  # type: ignore[arg-type]
    return made, heard


def get(channel: Channel) -> Exchange:
    return channel.send(Request("GET", "/api/v1/billing/balance"))


def test_what_is_sent_and_answered_is_heard() -> None:
    """Listeners hear each exchange, numbered, with what sent it."""
    with serving(OK) as (url, _):
        channel, heard = make(url)
        channel.source = "test"
        get(channel)
        get(channel)
    assert [
        (exchange.number, exchange.status, exchange.source, exchange.path) for exchange in heard
    ] == [
        (1, 200, "test", "/api/v1/billing/balance"),
        (2, 200, "test", "/api/v1/billing/balance"),
    ]


def test_requests_keep_their_distance() -> None:
    """With 20 requests a second, 5 requests are at least 50 ms apart."""
    with serving(OK) as (url, asked):
        channel, _ = make(url, per_second=20)
        for _ in range(5):
            get(channel)
    assert asked[-1] - asked[0] >= 4 / 20 * 0.9


def test_retry_after_is_honoured() -> None:
    """429 with Retry-After: it waits so long and asks again; the answer is the second one."""
    storm = b"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with serving(storm, OK) as (url, asked):
        channel, heard = make(url)
        assert get(channel).status == 200
    assert [exchange.status for exchange in heard] == [429, 200]
    assert asked[1] - asked[0] >= 0.9


@pytest.mark.parametrize(
    ("answer", "limits", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{", {}, "breaks off"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            {},
            "encoding",
        ),
        (b"SSH-2.0-OpenSSH\r\n", {}, "not HTTP"),
        (b"", {}, "without a response"),
    ],
)
def test_what_is_no_whole_answer_is_said_in_words(
    answer: bytes, limits: dict[str, float], words: str
) -> None:
    """Broken off, wrongly encoded, not HTTP, nothing."""
    with serving(answer) as (url, _):
        channel, _ = make(url, **limits)
        assert words in get(channel).error


def test_an_answer_that_drips_is_given_up() -> None:
    """--timeout is for the whole answer, not for each byte."""
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", hold=3) as (url, _):
        channel, _ = make(url, timeout=0.3)
        started = time.monotonic()
        assert "--timeout" in get(channel).error
    assert time.monotonic() - started < 2.5


def test_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is longer than the bound is not read to its end."""
    monkeypatch.setattr(channels, "MAX_ANSWER_BYTES", 1_000)
    body = b"x" * 200_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n"
    with serving(head + body) as (url, _):
        channel, _ = make(url)
        exchange = get(channel)
    assert "larger than" in exchange.error
    assert len(exchange.response_body) < 200_000


def test_a_deployment_that_is_gone_ends_the_run() -> None:
    """After some requests without any answer it is not asked any more."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    channel, _ = make(url)
    for _ in range(channels.GONE_AFTER - 1):
        assert get(channel).status == 0
    with pytest.raises(Unreachable, match="does not answer any more: connection refused"):
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
def test_nothing_is_sent_when_it_is_over(
    stop: Callable[[Channel], None], error: type[Exception]
) -> None:
    """When the time is up, or somebody has seen enough."""
    with serving(OK) as (url, asked):
        channel, _ = make(url)
        stop(channel)
        with pytest.raises(error):
            get(channel)
    assert asked == []


def test_cookies_are_not_kept() -> None:
    """Each request stands for itself."""
    cookie = OK.replace(b"Connection: close", b"Connection: close\r\nSet-Cookie: session=1")
    with serving(cookie) as (url, _):
        channel, heard = make(url)
        get(channel)
        get(channel)
    assert all(exchange.request_header("cookie") is None for exchange in heard)
