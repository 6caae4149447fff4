"""The short way and the ASGI app send the same bytes."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from mockserver import app, packaged
from mockserver.openapi.contract import Contract
from mockserver.server.http_server import HttpServer
from mockserver.settings import Settings
from tests.conftest import NOON
from tests.server.wire import Raw, wire

CONTRACT = Contract.load(packaged.spec())
KEYS = ("sk_test_default", "sk_test_subscriber", "sk_test_exhausted", "sk_test_twins", "")
_PARAMETER = re.compile(r"\{[^}]+\}")
BODIES = (b"", b"{}", b'{"amount_cents": 5000}', b'{"amount_cents": "x"}', b"{", b"[1]")


@contextmanager
def served(*, by_uvicorn: bool) -> Iterator[str]:
    """Serve the mock by its own protocol, or its ASGI app by uvicorn."""
    settings = Settings(packaged.spec(), packaged.fixtures(), now=NOON)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        built = app.build(settings, public_url="http://mock.example")
        if by_uvicorn:
            config = uvicorn.Config(
                built.app, ws="none", lifespan="off", log_config=None, date_header=False
            )
            server = uvicorn.Server(config)
            run = threading.Thread(target=server.run, args=[[listener]], daemon=True)
        else:
            http = HttpServer(built)
            run = threading.Thread(target=http.run, args=[listener], daemon=True)
        run.start()
        try:
            yield url
        finally:
            if by_uvicorn:
                server.should_exit = True
            else:
                http.stop()
            run.join(timeout=5)


@pytest.fixture(scope="module")
def urls() -> Iterator[tuple[str, str]]:
    """The addresses of two servers with the same seed, clock and accounts."""
    with served(by_uvicorn=False) as own, served(by_uvicorn=True) as other:
        yield own, other


def requests_of(operation_id: str) -> Iterator[bytes]:
    """Yield requests for one operation: callers, bodies, queries, preferences, origins."""
    operation = CONTRACT.operations[operation_id]
    path = CONTRACT.base_path + operation.path
    method = operation.method.upper()
    for value in ("a%2Fb%20c", "a%2fb%252Fc", "a/b"):
        yield request(method, _PARAMETER.sub(value, path), KEYS[0])
    path = _PARAMETER.sub("00000000-0000-4000-8000-000000000000", path)
    for key in KEYS:
        yield request(method, path, key, BODIES[2] if operation.request_body else b"")
    for body in BODIES if operation.request_body else ():
        yield request(method, path, KEYS[0], body)
    for query in ("?limit=1", "?limit=x", "?unknown=1", "?limit=1&offset=1"):
        yield request(method, path + query, KEYS[0])
    for more in (
        "Prefer: dynamic=true",
        f"Prefer: code={operation.statuses[0]}",
        "Prefer: code=999",
        "Origin: http://shop.example",
    ):
        yield request(method, path, KEYS[0], b"", more)
    preflight = f"Origin: http://shop.example\r\nAccess-Control-Request-Method: {method}"
    yield request("OPTIONS", path, "", b"", preflight)
    for other in ("HEAD", "OPTIONS", "PATCH", "TRACE"):
        yield request(other, path, KEYS[0])
    yield request(method, path + "/more", KEYS[0])


def request(method: str, path: str, key: str, body: bytes = b"", more: str = "") -> bytes:
    """Return a request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: mock.example"]
    lines += [f"X-API-Key: {key}"] * bool(key) + [more] * bool(more)
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def plain(raw: Raw) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return what must be equal. Servers may order headers as they like."""
    own = [pair for pair in raw.headers if pair != ("server", "uvicorn")]
    return raw.status, sorted(own), raw.body


@pytest.mark.parametrize("operation_id", CONTRACT.operations)
def test_both_ways_send_the_same(urls: tuple[str, str], operation_id: str) -> None:
    """For each operation, every caller, and every kind of mistake.

    Each request is sent three times, since much is kept of a head that arrives again.
    """
    with wire(urls[0]) as own, wire(urls[1]) as other:
        for data in (data for data in requests_of(operation_id) for _ in range(3)):
            method = data.partition(b" ")[0].decode()
            expected = other.send(data).response(method)
            assert plain(own.send(data).response(method)) == plain(expected), data
