"""A deployment that breaks HTTP, JSON and patience, in one way at a time."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.contract_kit.exchanges import example, headers_of

FIRST = json.dumps(example("get_balance")).encode()
Write = Callable[[bytes], None]
Behaviour = Callable[[Write, bytes], None]
"""Writes a response to a request."""


def response(
    body: bytes = b"{}", status: int = 200, *headers: str, kind: str = "application/json"
) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body


def good() -> bytes:
    """Return what the check before a run asks for."""
    headers = headers_of("get_balance", 200, example("get_balance"))
    pairs = [f"{name}: {value}" for name, value in headers if name != "Content-Type"]
    return response(FIRST, 200, *pairs)


def _repeat(data: bytes, pause: float = 0) -> Behaviour:
    """Write the same again and again."""

    def write_all(write: Write, _: bytes) -> None:
        while True:
            write(data)
            time.sleep(pause)

    return write_all


def _begin(head: bytes, data: bytes, pause: float = 0) -> Behaviour:
    """Write the beginning, then the same again and again."""

    def write_all(write: Write, request: bytes) -> None:
        write(head)
        _repeat(data, pause)(write, request)

    return write_all


def _just(data: bytes) -> Behaviour:
    return lambda write, _: write(data)


def _echo(write: Write, request: bytes) -> None:
    target = request.split(b" ")[1]
    write(response(json.dumps({"detail": target.decode("latin-1") * 2_000}).encode(), 404))


def _silence(write: Write, request: bytes) -> None:  # noqa: ARG001 (a behaviour)
    time.sleep(30)


def _statuses() -> Behaviour:
    turn = iter(range(10**9))

    def write_next(write: Write, _: bytes) -> None:
        write(response(b"{}", 200 + next(turn) % 400))

    return write_next


_CHUNKED = b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
_ENDLESS = b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\n"
_MEGABYTES = b" " * 1_000_000
_FIELDS = json.dumps({f"field {number}": number for number in range(200_000)}).encode()
_COOKIES = [f"Set-Cookie: c{number}={'x' * 200}" for number in range(250)]
_HEADERS = [f"X-{number}: {number}" for number in range(10_000)]

QUICK: dict[str, Behaviour] = {
    "nothing, and a closed connection": _just(b""),
    "silence": _silence,
    "endless 100 Continue": _repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "slow 100 Continue": _repeat(b"HTTP/1.1 100 Continue\r\n\r\n", 0.1),
    "a header each half second": _begin(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n", 0.5),
    "a body in drips": _begin(_ENDLESS + b"Content-Length: 900\r\n\r\n", b" ", 0.2),
    "an endless body": _begin(_ENDLESS + b"\r\n", _MEGABYTES),
    "endless chunks": _begin(_CHUNKED, b"1\r\n \r\n"),
    "endless chunk extensions": _begin(_CHUNKED + b"1;", b"x" * 1_000),
    "a body that is cut off": _just(response(FIRST)[:-20]),
    "a short Content-Length": _just(response(FIRST).replace(b"Length: ", b"Length: 1", 1)),
    "two values of Content-Length": _just(response(b"{}", 200, "Content-Length: 3")),
    "a negative Content-Length": _just(_ENDLESS + b"Content-Length: -1\r\n\r\n{}"),
    "not HTTP": _just(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "HTTP/0.9": _just(b"<html>hello</html>"),
    "a huge header": _just(response(b"{}", 200, f"X-A: {'x' * 1_000_000}")),
    "10,000 headers": _just(response(b"{}", 200, *_HEADERS)),
    "no header at all": _just(b"HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n"),
    "an upgrade": _just(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\x00\x00"),
    "chunks that lie": _just(_CHUNKED + b"5\r\n{}\r\n0\r\n\r\n"),
    "a chunk without end": _just(_CHUNKED + b"ffffffffffffffff\r\n{}"),
    "204 with a body": _just(response(FIRST, 204)),
    "no gzip": _just(response(b"{}", 200, "Content-Encoding: gzip")),
    "a redirect to itself": _just(response(b"", 302, "Location: /api/v1/billing/balance")),
    "a redirect to another host": _just(response(b"", 302, "Location: https://sso.invalid/")),
}
"""Behaviours by name, which never give a response that a judge could read."""
READABLE: dict[str, Behaviour] = {
    "a gzip bomb": _just(response(gzip.compress(bytes(40_000_000)), 200, "Content-Encoding: gzip")),
    "1,000 levels": _just(response(b"[" * 1_000 + b"]" * 1_000)),
    "1,000 levels of objects": _just(response(b'{"a":' * 1_000 + b"1" + b"}" * 1_000)),
    "100,000 levels": _just(response(b"[" * 100_000 + b"]" * 100_000)),
    "200,000 unknown fields": _just(response(_FIELDS)),
    "bytes that are no UTF-8": _just(response(b'{"a": "\xff\xfe"}')),
    "half a surrogate pair": _just(response(b'{"balance_microcents": "\\ud800"}')),
    "NaN": _just(response(b'{"balance_microcents": NaN}')),
    "a number of 5,000 digits": _just(response(b'{"a": ' + b"9" * 5_000 + b"}")),
    "control characters": _just(response(b'{"a\\u0000\\u001b[31m\\r": "\\u0007"}')),
    "commands of CI systems": _just(response(b'{"a\\n::error::x": 1, "\\n##[error]": 2}')),
    "escapes in a header": _just(response(b"{}", 200, "X-A: \x1b[31mred", "X-B: a\x07b")),
    "a flood of cookies": _just(response(b"{}", 200, *_COOKIES)),
    "a very long echo of the path": _echo,
    "each status": _statuses(),
}
"""Behaviours with responses that a judge can read, if not like."""
ALL = QUICK | READABLE


@contextmanager
def hostile_server(behaviour: Behaviour, *, polite: int = 1) -> Iterator[str]:
    """Serve a number of correct responses, then the behaviour. Yield the URL."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    left = iter(range(polite))
    ended = threading.Event()

    def serve(connection: socket.socket) -> None:
        def write(data: bytes) -> None:
            if ended.is_set():
                raise OSError
            connection.sendall(data)

        with connection, suppress(OSError):
            connection.settimeout(10)
            request = connection.recv(65_536)
            if next(left, None) is not None:
                write(good().replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            elif behaviour is RESET:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            else:
                behaviour(write, request)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.close()


def RESET(write: Write, request: bytes) -> None:
    """Reset the connection instead of a response."""


ALL["a connection that is reset"] = RESET
