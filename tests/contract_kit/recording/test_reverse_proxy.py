"""What passes the proxy is not changed, and what fails behind it is said."""

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
from contract_tests.recording.reverse_proxy import MAX_KEPT
from tests.contract_kit import faulty
from tests.contract_kit.exchanges import example, headers_of
from tests.contract_kit.proxied import Desk, proxied, raw, settings, until
from tests.contract_kit.recorder import answer, recording
from tests.contract_kit.recording.test_har import EXCHANGE

API = "/api/v1/billing"
BALANCE = f"{API}/balance"
KEY = {"X-API-Key": "sk_live_planted0secret"}


def test_a_request_arrives_as_it_was_sent() -> None:
    """Method, target, headers and body, to the byte; what is about one connection stays here."""
    target = "/a%2Fb/%7Eme;x=1//c?q=%20+a&q=&=%C3%BC&empty"
    body = bytes(range(256))
    with recording(lambda _: answer(200)) as server, proxied(server.url) as proxy:
        head = (
            f"QUERY {target} HTTP/1.1\r\nHost: here\r\nX-Odd: a, b\r\nx-odd: \xe9\r\nCookie: a=b\r\n"
            "Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nAccept-Encoding: br;q=0.1\r\n"
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
def test_an_answer_arrives_as_it_was_sent(status: int) -> None:
    """Status, headers and body, to the byte, compressed as it was."""
    packed = gzip.compress(b'{"detail": "a"}' * 50)
    sent = answer(status, packed, Content_Encoding="gzip", X_Odd="caf\xc3", Set_Cookie="a=b")
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
def test_answers_without_a_body_end(method: str, sent: bytes) -> None:
    """And the connection is good for the next request."""
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
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: a\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nhello!",
    ],
    ids=["chunked", "until it is closed"],
)
def test_bodies_of_unknown_length_arrive(sent: bytes) -> None:
    """However the upstream marks their end."""
    with (
        recording(lambda _: sent) as server,
        proxied(server.url) as proxy,
        proxy.client() as client,
    ):
        assert client.get("/any").text == "hello!"


def test_large_bodies_pass_both_ways() -> None:
    """In pieces; of these the judge sees status and headers only."""
    size = 3 * MAX_KEPT
    headers = {
        name: value
        for name, value in headers_of("get_balance", 200, example("get_balance"))
        if name != "Content-Type"
    }

    async def echo(_: Any, receive: Any, send: Any) -> None:
        names = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/json"), *names],
            }
        )
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


def test_events_pass_as_they_come() -> None:
    """The second is sent when the first has been seen; when the client hangs up, the upstream is told."""
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
    """Others are passed on as they are; the proxy follows none."""
    with (
        recording(lambda _: b"") as server,
        proxied(f"{server.url}/base") as proxy,
        proxy.client() as client,
    ):
        server.respond = lambda _: answer(302, Location=location.format(upstream=server.url))
        got = client.get("/here")
        assert got.headers["location"] == expected.format(proxy=proxy.url)
        assert [request.target for request in server.received] == ["/base/here"]


def test_it_speaks_to_no_other_host() -> None:
    """A request that names another host, as to a forward proxy, goes to the upstream or nowhere."""
    with recording(lambda _: answer(200)) as server, proxied(server.url) as proxy:
        raw(
            proxy.url,
            b"GET http://other.invalid/path HTTP/1.1\r\nHost: other.invalid\r\nConnection: close\r\n\r\n",
        )
        raw(
            proxy.url,
            b"CONNECT other.invalid:443 HTTP/1.1\r\nHost: other.invalid\r\nConnection: close\r\n\r\n",
        )
        assert all(
            request.header("host") == server.url.removeprefix("http://")
            for request in server.received
        )
        assert "/path" in [request.target for request in server.received]


def test_websockets_are_refused_clearly() -> None:
    """501 with a reason, and nothing reaches the upstream."""
    with (
        recording(lambda _: answer(200)) as server,
        proxied(server.url) as proxy,
        proxy.client() as client,
    ):
        got = client.get("/live", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
        assert got.status_code == 501
        assert "WebSocket" in got.json()["detail"]
        assert server.received == []


# ---------------------------------------------------------------------------------------- upstreams that fail


def test_an_upstream_that_goes_and_comes_back() -> None:
    """502 with a reason meanwhile, which is not the deployment's answer and not judged."""
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
        ("GET", BALANCE, b"", [("get_balance", "no_answer", "broken")]),
        ("POST", f"{API}/portal", b"", []),
        (
            "POST",
            f"{API}/portal",
            b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
            [("create_portal_session", "no_answer", "broken")],
        ),
        (
            "GET",
            BALANCE,
            b"HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n",
            [("get_balance", "no_answer", "broken")],
        ),
    ],
    ids=["silence", "silence after a write", "no HTTP", "no status"],
)
def test_an_upstream_that_does_not_answer(
    method: str, path: str, sent: bytes, found: list[tuple[str, str, str]]
) -> None:
    """The client is told with 502; whether it is a fault is judged. A write is never sent twice."""
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


def test_an_answer_that_breaks_off_breaks_off() -> None:
    """For the client as for the judge."""
    sent = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    with (
        recording(lambda _: sent) as server,
        proxied(server.url) as proxy,
        proxy.client(**KEY) as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get(BALANCE)
    assert proxy.findings == [("get_balance", "no_answer", "broken")]


def test_a_kept_connection_that_was_closed_is_no_fault() -> None:
    """Servers close what is idle; a reading is asked again, and nobody notices."""
    gone = iter([answer(200, b"1"), b"", answer(200, b"2")])
    with (
        recording(lambda _: next(gone)) as server,
        proxied(server.url) as proxy,
        proxy.client(**KEY) as client,
    ):
        assert [client.get("/any").text, client.get("/any").text] == ["1", "2"]
        assert len(server.received) == 3
    assert proxy.findings == []


def test_a_body_that_was_not_read_to_its_end_is_not_known() -> None:
    """A server may refuse a body that it has not read, and the client leave with the rest of it."""
    desk = Desk(settings("http://127.0.0.1:1"))
    taken = desk.taken

    async def refuse(_: Any, __: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"2")]}
        )
        await send({"type": "http.response.body", "body": b"{}"})

    with faulty.upstream(refuse) as server, proxied(server.url, desk) as proxy:
        host, port = proxy.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as client:
            head = f"PUT {API}/usage-alerts HTTP/1.1\r\nHost: h\r\nContent-Length: 400000\r\n\r\n"
            client.sendall(head.encode() + b"x" * 70_000)
            until(lambda: bool(server.requests))
        until(lambda: bool(taken))
    (exchange,) = taken
    assert not exchange.request_body_known
    assert exchange.error == ""


def test_a_client_that_hangs_up_is_no_fault() -> None:
    """In the middle of its own request."""
    desk = Desk(settings("http://127.0.0.1:1"))
    taken = desk.taken
    with recording(lambda _: answer(200)) as server, proxied(server.url, desk) as proxy:
        host, port = proxy.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as client:
            head = f"PUT {API}/usage-alerts HTTP/1.1\r\nHost: h\r\nX-API-Key: abcdefgh\r\nContent-Length: 9\r\n\r\n{{"
            client.sendall(head.encode())
        until(lambda: bool(taken))
    assert taken[0].status == 0
    assert proxy.findings == []


# ------------------------------------------------------------------------------------------- compressed bodies

PACKED = {
    "gzip": gzip.compress(b'{"a": 1}'),
    "X-GZIP": gzip.compress(b'{"a": 1}'),
    "deflate": zlib.compress(b'{"a": 1}'),
    "Deflate": zlib.compress(b'{"a": 1}', wbits=-15),
    "identity": b'{"a": 1}',
}


@pytest.mark.parametrize("coding", PACKED)
def test_compressed_bodies_are_judged_as_they_were(coding: str) -> None:
    """Whatever is usual."""
    exchange = replace(
        EXCHANGE, response_headers=(("content-encoding", coding),), response_body=PACKED[coding]
    )
    assert decoded(exchange).answer == {"a": 1}


def test_what_cannot_be_unpacked_here_is_unknown() -> None:
    """An encoding that Python does not know, or a bomb, is no fault; a body that is not what it says is one."""
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


def test_a_compressed_fault_is_found() -> None:
    """From the wire to the verdict."""
    body = {**example("get_balance"), "tier": 5}
    headers = {
        name.replace("-", "_"): value for name, value in headers_of("get_balance", 200, body)[1:]
    }
    sent = answer(200, gzip.compress(json.dumps(body).encode()), Content_Encoding="gzip", **headers)
    with (
        recording(lambda _: sent) as server,
        proxied(server.url) as proxy,
        proxy.client(**KEY) as client,
    ):
        assert client.get(BALANCE).json() == body
    assert ("get_balance", "response_schema", "type") in proxy.findings
