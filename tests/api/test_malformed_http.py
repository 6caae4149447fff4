"""Malformed HTTP does not harm the server."""

from __future__ import annotations

import pytest

from mockserver.openapi.contract import Operation
from tests.api.account import Account, assert_envelope
from tests.api.operations import (
    each_operation,
    path_of,
)
from tests.api.raw import KEY, request, send
from tests.api.refusals import JSON_HEADERS, reset
from tests.conftest import API, RunningServer

pytestmark = pytest.mark.usefixtures("unchanged_newcomer")


MALFORMED: dict[str, bytes] = {
    "words": b"hello there\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    "an unknown method": request("FETCH", f"{API}/balance".encode()),
    "a method in small letters": request("get", f"{API}/balance".encode()),
    "bytes in the path": request("GET", f"{API}/".encode() + b"b\xffl"),
    "a NUL in the path": request("GET", f"{API}/".encode() + b"\x00"),
    "bytes in the query": request("GET", f"{API}/balance?".encode() + b"\xff"),
    "a NUL in a header": request("GET", f"{API}/balance".encode(), headers=[KEY, b"X-A: \x00"]),
    "a header without a name": request("GET", f"{API}/balance".encode(), headers=[KEY, b": x"]),
    "a folded header": request("GET", f"{API}/balance".encode(), headers=[KEY, b"X-A: b", b" c"]),
    "no host": b"GET /api/v1/billing/balance HTTP/1.1\r\n\r\n",
    "a host of nonsense": request("GET", f"{API}/balance".encode(), host=b'"<>\\^'),
    "an unknown version": b"GET /api/v1/billing/balance HTTP/9.9\r\nHost: a\r\n\r\n",
    "a negative length": request(
        "POST", f"{API}/deposit".encode(), headers=[KEY, b"Content-Length: -1"]
    ),
    "a length of words": request(
        "POST", f"{API}/deposit".encode(), headers=[KEY, b"Content-Length: ten"]
    ),
    "a length past 64 bits": request(
        "POST", f"{API}/deposit".encode(), headers=[KEY, b"Content-Length: " + b"9" * 30]
    ),
    "two lengths": request(
        "POST",
        f"{API}/deposit".encode(),
        headers=[KEY, b"Content-Length: 2", b"Content-Length: 21"],
        body=b"{}",
    ),
    "a length and chunks": request(
        "POST",
        f"{API}/deposit".encode(),
        headers=[KEY, b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        body=b"0\r\n\r\n",
    ),
    "a chunk of no size": request(
        "POST",
        f"{API}/deposit".encode(),
        headers=[KEY, b"Transfer-Encoding: chunked"],
        body=b"zz\r\n{}\r\n",
    ),
    "a star": request("OPTIONS", b"*"),
    "a proxy's request": request("GET", b"http://evil.example/api/v1/billing/balance"),
    "a tunnel": request("CONNECT", b"evil.example:443"),
    "a websocket": request(
        "GET",
        f"{API}/balance".encode(),
        headers=[
            KEY,
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ],
    ),
    "half a request": f"GET {API}/balance HT".encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_malformed_http_does_not_harm_the_server(
    newcomer: Account, frozen_server: RunningServer, data: bytes
) -> None:
    """It is refused, served or disconnected, never a 5xx, and the next request is served."""
    response = send(frozen_server, data, then_hang_up=True)
    assert response is None or response.status < 500
    assert newcomer.call("GET", "balance").status_code == 200


def test_an_unread_body_is_not_the_next_request(frozen_server: RunningServer) -> None:
    """A body that was not read is not parsed as the next request."""
    smuggled = request("POST", f"{API}/setup-intent".encode())
    response = send(
        frozen_server, request("GET", f"{API}/balance".encode(), body=smuggled), then_hang_up=True
    )
    assert response is not None
    assert response.status == 200


@each_operation
def test_errors_reveal_nothing_internal(newcomer: Account, operation: Operation) -> None:
    """No error names a file, a line or a class of the mock."""
    path = path_of(operation)
    for response in (
        newcomer.client.request(operation.method, path, headers={"X-API-Key": "x"}),
        newcomer.client.request(
            operation.method, f"{path}?limit=x&days=x&page=x", content=b"{", headers=JSON_HEADERS
        ),
        newcomer.client.request("PATCH", path),
    ):
        if response.status_code != 200:
            assert_envelope(response)
            for word in (
                "Traceback",
                ".py",
                "mockserver",
                "orjson",
                "jsonschema",
                "connexion",
                "starlette",
            ):
                assert word not in response.text
    reset(newcomer)
