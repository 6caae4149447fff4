"""The reverse proxy forwards traffic unchanged, and reports failures of the upstream."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from contract_tests.recording.judge_process import decoded
from contract_tests.recording.refusals import own_names
from contract_tests.recording.reverse_proxy import MAX_KEPT
from tests.contract_kit import faulty
from tests.contract_kit.exchanges import example, headers_of
from tests.contract_kit.proxied import DeferredJudge, proxied, raw, settings, until
from tests.contract_kit.recorder import http_response, recording
from tests.contract_kit.recording.test_har import EXCHANGE

API = "/api/v1/billing"
BALANCE = f"{API}/balance"
KEY = {"X-API-Key": "sk_live_planted0secret"}


def test_a_request_is_forwarded_unchanged() -> None:
    """Method, target, headers and body are identical, except for hop-by-hop headers."""
    target = "/a%2Fb/%7Eme;x=1//c?q=%20+a&q=&=%C3%BC&empty"
    body = bytes(range(256))
    with recording(lambda _: http_response(200)) as server, proxied(server.url) as proxy:
        head = (
            f"QUERY {target} HTTP/1.1\r\nHost: here\r\nX-Odd: a, b\r\nx-odd: \xe9\r\n"
            "Cookie: a=b\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
            "TE: trailers\r\nAccept-Encoding: br;q=0.1\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        assert raw(proxy.url, head.replace("QUERY", "PATCH").encode("latin-1") + body).startswith(
            b"HTTP/1.1 200 "
        )
        (received,) = server.received
    assert (received.method, received.target, received.body) == ("PATCH", target, body)
    assert sorted((name.lower(), value) for name, value in received.headers) == [
        ("accept-encoding", "br;q=0.1"),
        ("content-length", "256"),
        ("cookie", "a=b"),
        ("host", server.url.removeprefix("http://")),
        ("x-odd", "a, b"),
        ("x-odd", "\xe9"),
    ]


@pytest.mark.parametrize("status", [200, 201, 302, 404, 418, 503])
def test_a_response_is_forwarded_unchanged(status: int) -> None:
    """Status, headers and body are identical, and remain compressed."""
    packed = gzip.compress(b'{"detail": "a"}' * 50)
    sent = http_response(status, packed, Content_Encoding="gzip", X_Odd="caf\xc3", Set_Cookie="a=b")
    with recording(lambda _: sent) as server, proxied(server.url) as proxy:
        received = raw(proxy.url, b"GET /any HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert body == packed
    lines = set(sent.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]) - {b"Connection: close"}
    ours = {line.lower() for line in head.split(b"\r\n")[1:]} - {b"connection: close"}
    assert ours == {line.lower() for line in lines}


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nX-A: b\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: x\r\nX-A: b\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: b\r\n\r\n"),
        (
            "GET",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: b\r\n\r\n",
        ),
    ],
)
def test_responses_without_a_body_end(method: str, sent: bytes) -> None:
    """The connection can be used for the next request."""
    with (
        recording(lambda _: sent) as server,
        proxied(server.url) as proxy,
        proxy.client() as client,
    ):
        for _ in range(2):
            got = client.request(method, "/any")
            assert (got.headers["x-a"], got.content) == ("b", b"")
        assert ("content-length" in got.headers) == (b"304" not in sent and b"204" not in sent)


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5;ext=1\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: a\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nhello!",
    ],
    ids=["chunked", "until it is closed"],
)
def test_bodies_of_unknown_length_arrive(sent: bytes) -> None:
    """The upstream may mark their end in any way."""
    with (
        recording(lambda _: sent) as server,
        proxied(server.url) as proxy,
        proxy.client() as client,
    ):
        assert client.get("/any").text == "hello!"


def test_large_bodies_pass_both_ways() -> None:
    """They are streamed, and the judge gets status and headers only."""
    size = 3 * MAX_KEPT
    headers = {
        name: value
        for name, value in headers_of("get_balance", 200, example("get_balance"))
        if name != "Content-Type"
    }

    async def echo(_: Any, receive: Any, send: Any) -> None:
        names = [(name.encode(), value.encode()) for name, value in headers.items()]
        names.append((b"content-type", b"application/json"))
        await send({"type": "http.response.start", "status": 200, "headers": names})
        while True:
            message = await receive()
            more = message.get("more_body", False)
            await send({"type": "http.response.body", "body": message["body"], "more_body": more})
            if not more:
                return

    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            yield b"x" * MAX_KEPT

    with (
        faulty.upstream(echo) as server,
        proxied(server.url) as proxy,
        proxy.client(**KEY) as client,
    ):
        assert client.request("GET", BALANCE, content=pieces()).content == b"x" * size
        assert client.request("GET", BALANCE, content=b"x" * size).content == b"x" * size
    assert proxy.findings == []
    assert proxy.result is not None
    assert [(skipped.what, "without it" in skipped.why) for skipped in proxy.result.skipped] == [
        ("2 exchanges", True)
    ]


def test_events_are_forwarded_immediately() -> None:
    """A client that disconnects also ends the connection to the upstream."""
    seen, over = threading.Event(), threading.Event()

    async def events(_: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        while not seen.is_set():
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b"data: 2\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        over.set()

    with faulty.upstream(events) as server, proxied(server.url) as proxy, proxy.client() as client:
        with client.stream("GET", "/events") as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line) == "data: 1"
            seen.set()
            assert next(line for line in lines if line) == "data: 2"
        assert over.wait(10)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("{upstream}/base/there?a=b", "{proxy}/there?a=b"),
        ("{upstream}/base", "{proxy}/"),
        ("/base/there", "/there"),
        ("there", "there"),
        ("/elsewhere", "/elsewhere"),
        ("https://login.example.com/base/there", "https://login.example.com/base/there"),
        ("http://localhost:1/base", "http://localhost:1/base"),
    ],
)
def test_redirects_within_the_upstream_lead_through_the_proxy(location: str, expected: str) -> None:
    """Other redirects are unchanged; the proxy follows none."""
    with (
        recording(lambda _: b"") as server,
        proxied(f"{server.url}/base") as proxy,
        proxy.client() as client,
    ):
        server.respond = lambda _: http_response(302, Location=location.format(upstream=server.url))
        got = client.get("/here")
        assert got.headers["location"] == expected.format(proxy=proxy.url)
        assert [request.target for request in server.received] == ["/base/here"]


def test_it_connects_to_no_other_host() -> None:
    """A request for another host, as to a forward proxy, is refused."""
    with recording(lambda _: http_response(200)) as server, proxied(server.url) as proxy:
        received = raw(
            proxy.url,
            b"GET http://other.invalid/path HTTP/1.1\r\nHost: other.invalid\r\n"
            b"Connection: close\r\n\r\n",
        )
        raw(
            proxy.url,
            b"CONNECT other.invalid:443 HTTP/1.1\r\nHost: other.invalid\r\n"
            b"Connection: close\r\n\r\n",
        )
        assert server.received == []
    assert received.startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (["rebind.test"], 421),
        (["rebind.test:80"], 421),
        (["127.0.0.1.rebind.test"], 421),
        (["a, b.test"], 421),
        (["[::1"], 421),
        (["127.0.0.1", "rebind.test"], 400),
        (["127.0.0.1:9000"], 200),
        (["10.1.2.3"], 200),
        (["[::1]:9000"], 200),
        (["localhost:9000"], 200),
        (["api.localhost"], 200),
        (["proxy"], 200),
        (["Proxy.Example.COM:9000"], 200),
        ([], 200),
    ],
)
def test_only_requests_for_the_proxy_itself_are_forwarded(hosts: list[str], status: int) -> None:
    """The upstream gets its own Host, so a name that was rebound to the proxy must not arrive."""
    head = "".join(f"Host: {host}\r\n" for host in hosts)
    version = "1.1" if hosts else "1.0"
    with (
        recording(lambda _: http_response(200)) as server,
        proxied(server.url, names=own_names("proxy.example.com")) as proxy,
    ):
        text = f"GET /_mock/state HTTP/{version}\r\n{head}Connection: close\r\n\r\n"
        received = raw(proxy.url, text.encode())
        assert len(server.received) == (status == 200)
    assert received.startswith(f"HTTP/1.1 {status} ".encode()), received
    assert proxy.result is not None
    assert proxy.result.exchanges == (status == 200)


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ("Connection: content-length\r\nContent-Length: 2", "Connection names content-length"),
        ("Connection: close, Host\r\nContent-Length: 2", "Connection names host"),
        (
            "Connection: transfer-encoding\r\nTransfer-Encoding: chunked",
            "Connection names transfer-encoding",
        ),
        ("Connection: content-length", "Connection names content-length"),
        ("Transfer-Encoding: gzip, chunked", "no Transfer-Encoding but chunked"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", ""),
        ("Transfer-Encoding: chunked\r\nContent-Length: 2", ""),
        ("Transfer-Encoding: identity", ""),
        ("Content-Length: 2\r\nContent-Length: 3", ""),
        ("Content-Length: -1", ""),
    ],
)
def test_a_request_whose_end_is_in_doubt_is_refused(headers: str, detail: str) -> None:
    """The client gets 400 with the reason in one line, and nothing reaches the upstream."""
    with recording(lambda _: http_response(200)) as server, proxied(server.url) as proxy:
        body = b"2\r\n{}\r\n0\r\n\r\n" if "chunked" in headers else b"{}"
        body = body if ": 2" in headers or "chunked" in headers else b""
        head = f"PUT {API}/usage-alerts HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n"
        host, port = proxy.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as client:
            client.sendall(head.encode() + body)
            received = client.recv(65_536)
        assert server.received == []
    assert received.startswith(b"HTTP/1.1 400 "), received
    shown = received.partition(b"\r\n\r\n")[2].decode()
    assert "\n" not in shown
    assert detail in shown


def test_websockets_are_refused_clearly() -> None:
    """The client gets 501 with a reason, and nothing reaches the upstream."""
    with (
        recording(lambda _: http_response(200)) as server,
        proxied(server.url) as proxy,
        proxy.client() as client,
    ):
        got = client.get("/live", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
        assert got.status_code == 501
        assert "WebSocket" in got.json()["detail"]
        assert server.received == []


# ------------------------------------------------------------------------------ upstreams that fail


def test_an_upstream_may_be_down_for_a_while() -> None:
    """Meanwhile the proxy responds with 502 and a reason, which is not judged."""
    with (
        faulty.mock() as server,
        proxied(server.url) as proxy,
        proxy.client(**{"X-API-Key": "sk_test_a"}) as client,
    ):
        assert client.get(BALANCE).status_code == 200
        server.stop()
        for method in ("GET", "POST", "GET"):
            got = client.request(method, BALANCE, content=b"{}" if method == "POST" else None)
            assert got.status_code == 502
            assert got.json() == {"detail": f"the upstream {server.url} cannot be reached"}
        server.start(int(server.url.rpartition(":")[2]))
        assert client.get(BALANCE).status_code == 200
    assert proxy.findings == []
    assert proxy.result is not None
    assert (proxy.result.exchanges, proxy.forwarder.unreachable) == (2, 3)


@pytest.mark.parametrize(
    ("method", "path", "sent", "found"),
    [
        ("GET", BALANCE, b"", [("get_balance", "no_response", "broken")]),
        ("POST", f"{API}/portal", b"", []),
        (
            "POST",
            f"{API}/portal",
            b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
            [("create_portal_session", "no_response", "broken")],
        ),
        (
            "GET",
            BALANCE,
            b"HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n",
            [("get_balance", "no_response", "broken")],
        ),
    ],
    ids=["silence", "silence after a write", "no HTTP", "no status"],
)
def test_an_upstream_that_does_not_respond(
    method: str, path: str, sent: bytes, found: list[tuple[str, str, str]]
) -> None:
    """The client gets a 502, and a safe request is judged. A write is never repeated."""
    with (
        recording(lambda _: sent) as server,
        proxied(server.url) as proxy,
        proxy.client(**KEY) as client,
    ):
        got = client.request(method, path)
        assert got.status_code == 502
        assert server.url in got.json()["detail"]
        assert len(server.received) == (2 if not sent and method == "GET" else 1)
    assert proxy.findings == found


def test_a_truncated_response_stays_truncated() -> None:
    """It is so for the client and for the judge."""
    sent = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    with (
        recording(lambda _: sent) as server,
        proxied(server.url) as proxy,
        proxy.client(**KEY) as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get(BALANCE)
    assert proxy.findings == [("get_balance", "no_response", "broken")]


def test_a_closed_idle_connection_is_no_violation() -> None:
    """A safe request is repeated on a new connection."""
    gone = iter([http_response(200, b"1"), b"", http_response(200, b"2")])
    with (
        recording(lambda _: next(gone)) as server,
        proxied(server.url) as proxy,
        proxy.client(**KEY) as client,
    ):
        assert [client.get("/any").text, client.get("/any").text] == ["1", "2"]
        assert len(server.received) == 3
    assert proxy.findings == []


def test_an_unread_request_body_is_unknown() -> None:
    """A server may refuse a body that it has not read, and the client may stop sending."""
    judge = DeferredJudge(settings("http://127.0.0.1:1"))
    taken = judge.taken

    async def refuse(_: Any, __: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"2")]}
        )
        await send({"type": "http.response.body", "body": b"{}"})

    with faulty.upstream(refuse) as server, proxied(server.url, judge) as proxy:
        host, port = proxy.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as client:
            head = f"PUT {API}/usage-alerts HTTP/1.1\r\nHost: h\r\nContent-Length: 400000\r\n\r\n"
            client.sendall(head.encode() + b"x" * 70_000)
            until(lambda: bool(server.requests))
        until(lambda: bool(taken))
    (exchange,) = taken
    assert not exchange.request_body_known
    assert exchange.error == ""


def test_a_client_that_disconnects_is_no_violation() -> None:
    """It may do so in the middle of its request."""
    judge = DeferredJudge(settings("http://127.0.0.1:1"))
    taken = judge.taken
    with recording(lambda _: http_response(200)) as server, proxied(server.url, judge) as proxy:
        host, port = proxy.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as client:
            head = (
                f"PUT {API}/usage-alerts HTTP/1.1\r\nHost: h\r\nX-API-Key: abcdefgh\r\n"
                "Content-Length: 9\r\n\r\n{"
            )
            client.sendall(head.encode())
        until(lambda: bool(taken))
    assert taken[0].status == 0
    assert proxy.findings == []


# -------------------------------------------------------------------------------- compressed bodies

PACKED = {
    "gzip": gzip.compress(b'{"a": 1}'),
    "X-GZIP": gzip.compress(b'{"a": 1}'),
    "deflate": zlib.compress(b'{"a": 1}'),
    "Deflate": zlib.compress(b'{"a": 1}', wbits=-15),
    "identity": b'{"a": 1}',
}


@pytest.mark.parametrize("coding", PACKED)
def test_compressed_bodies_are_judged_decompressed(coding: str) -> None:
    """All usual encodings are supported."""
    exchange = replace(
        EXCHANGE, response_headers=(("content-encoding", coding),), response_body=PACKED[coding]
    )
    assert decoded(exchange).parsed_body == {"a": 1}


def test_a_body_in_an_unknown_encoding_is_unknown() -> None:
    """So is a decompression bomb; a body in another encoding than declared is a violation."""
    packed = replace(EXCHANGE, response_headers=(("content-encoding", "br"),))
    assert not decoded(packed).response_body_known
    bomb = gzip.compress(b" " * (MAX_KEPT + 1))
    packed = replace(EXCHANGE, response_headers=(("content-encoding", "gzip"),), response_body=bomb)
    assert (decoded(packed).response_body_known, decoded(packed).response_body) == (False, b"")
    for broken in (b"{}", PACKED["gzip"][:-4]):
        packed = replace(
            EXCHANGE, response_headers=(("content-encoding", "gzip"),), response_body=broken
        )
        assert "Content-Encoding" in decoded(packed).error


def test_a_violation_in_a_compressed_body_is_found() -> None:
    """The body is decompressed before it is judged."""
    body = {**example("get_balance"), "tier": 5}
    headers = {
        name.replace("-", "_"): value for name, value in headers_of("get_balance", 200, body)[1:]
    }
    sent = http_response(
        200, gzip.compress(json.dumps(body).encode()), Content_Encoding="gzip", **headers
    )
    with (
        recording(lambda _: sent) as server,
        proxied(server.url) as proxy,
        proxy.client(**KEY) as client,
    ):
        assert client.get(BALANCE).json() == body
    assert ("get_balance", "response_schema", "type") in proxy.findings
