"""A single POST, to receivers that misbehave in every way."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop

from mockserver.webhooks import client, target
from mockserver.webhooks.client import KEPT_BYTES, MAX_RESPONSE_BYTES, Response, Undelivered

from .receiver import NEVER, Receiver, closed_port, receiving, status

SECONDS = 5


def post(url: str, body: bytes = b"{}", seconds: float = SECONDS) -> Response:
    """Send a body, and close the event loop: nothing may be left open."""
    return asyncio.run(client.post(target.parse(url), {"X-One": "1"}, body, seconds), debug=True)


def test_headers_and_body_arrive(receiver: Receiver) -> None:
    """Headers and body arrive as they were given, with the headers of HTTP/1.1."""
    assert post(f"{receiver.url}/a?b=c", b"x" * 200_000) == Response(200, b"ok")
    (request,) = receiver.received
    assert (request.method, request.path, len(request.body)) == ("POST", "/a?b=c", 200_000)
    assert request.headers == {
        "host": receiver.url.removeprefix("http://"),
        "content-length": "200000",
        "x-one": "1",
        "connection": "close",
    }


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (status(204), Response(204, b"")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
            b"chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
            Response(200, b"abcde"),
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", Response(200, b"until the end")),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\nx",
            Response(202, b"x"),
        ),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", Response(200, b"")),
        (status(200, body=b"y" * 5_000), Response(200, b"y" * KEPT_BYTES)),
    ],
    ids=["no-content", "chunked", "until-closed", "continue", "no-reason", "long"],
)
def test_responses_of_every_shape_are_read(
    receiver: Receiver, response: bytes, expected: Response
) -> None:
    """The status is read, and the start of the body."""
    receiver.responses = [response]
    assert post(receiver.url) == expected


def test_an_endless_response_is_read_to_a_limit(receiver: Receiver) -> None:
    """After 64 KiB the connection is closed, and the status counts."""
    receiver.responses = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"z" * 8_000_000
    ]
    began = time.monotonic()
    assert post(receiver.url) == Response(200, b"z" * KEPT_BYTES)
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * MAX_RESPONSE_BYTES, "too large|not HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"\0\1\2\3" * 100, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "before its response was complete"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            "before its response was complete",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "before its response was complete"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "before its response was complete"),
    ],
    ids=["huge-head", "ssh", "noise", "short", "half-a-chunk", "half-a-head", "only-continue"],
)
def test_an_invalid_response_is_an_error_with_its_reason(
    receiver: Receiver, response: bytes, problem: str
) -> None:
    """The error is one sentence, without a traceback or a hang."""
    receiver.responses = [response]
    with pytest.raises(Undelivered, match=problem) as caught:
        post(receiver.url)
    assert str(caught.value).endswith(".")


def test_a_silent_receiver_times_out(receiver: Receiver) -> None:
    """The error names the seconds."""
    receiver.otherwise = NEVER
    with pytest.raises(Undelivered, match=r"did not respond within 0\.3 seconds"):
        post(receiver.url, seconds=0.3)


def test_a_closed_connection_is_an_error(receiver: Receiver) -> None:
    """The receiver sent no byte."""
    receiver.responses = [b"\n"]
    with pytest.raises(Undelivered):
        post(receiver.url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_refused_connection_is_reported_in_words(host: str) -> None:
    """The error has the reason, and no error number."""
    port = closed_port()
    with pytest.raises(
        Undelivered, match=rf"^No connection to {host}:{port}: connection refused\.$"
    ):
        post(f"http://{host}:{port}/")


def test_the_proxies_of_the_environment_are_ignored(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No webhook goes through a proxy."""
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert post(receiver.url).status == 200
        assert proxy.received == []


def test_a_cancelled_call_leaves_nothing_open(receiver: Receiver) -> None:
    """The connection is closed, and nothing is logged."""
    receiver.otherwise = NEVER

    async def give_up() -> None:
        call = asyncio.create_task(client.post(target.parse(receiver.url), {}, b"", 10))
        await asyncio.to_thread(receiver.wait_for, 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(give_up(), debug=True)
    assert len(receiver.received) == 1


# ---------------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its key."""
    folder = tmp_path_factory.mktemp("tls")
    path = folder / "both.pem"
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    names = ["-subj", "/CN=nobody", "-days", "1"]
    subprocess.run(
        [*request, *names, "-keyout", path, "-out", folder / "c.pem"],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + (folder / "c.pem").read_bytes())
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[int]:
    """The port of a receiver that speaks TLS."""
    import socket

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listener.accept()
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(65_536)
                tls.sendall(status(200, body=b"safe"))
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.close()
    thread.join(timeout=5)


def test_loopback_accepts_any_certificate(secure: int) -> None:
    """Development servers have self-signed certificates."""
    assert post(f"https://127.0.0.1:{secure}/") == Response(200, b"safe")


def test_other_hosts_need_a_valid_certificate(secure: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is not loopback is verified."""
    monkeypatch.setattr(target, "is_loopback", lambda _: False)
    there = target.parse(f"https://127.0.0.1:{secure}/", allowed=["127.0.0.1"])
    with pytest.raises(Undelivered, match="certificate verify failed"):
        asyncio.run(client.post(there, {}, b"", SECONDS))


def test_https_to_a_receiver_without_tls_is_an_error(receiver: Receiver) -> None:
    """The error names TLS."""
    with pytest.raises(Undelivered):
        post(receiver.url.replace("http://", "https://"))


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_a_call_closes_its_connection(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """The connection is closed even if the receiver would keep it, on both event loops."""

    async def call() -> bool:
        ended = asyncio.get_running_loop().create_future()

        async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"{}")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            with suppress(ConnectionError):
                await reader.read()
            ended.set_result(True)
            writer.close()

        server = await asyncio.start_server(keep, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
        await client.post(target.parse(url), {}, b"{}", SECONDS)
        server.close()
        return bool(await asyncio.wait_for(ended, SECONDS))

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(call())
