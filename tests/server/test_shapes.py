"""What a client may send, in whatever shape, and what it gets (RFC 9110, RFC 9112)."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import pytest

from mockserver.limits import Limits
from tests.conftest import RunningServer, running_server
from tests.server.wire import BALANCE, DEPOSIT, KEY, get, post, wire

FIVE_DOLLARS = b'{"amount_cents": 5000}'
PAGE = get(b"/api/v1/billing/credit-transactions?limit=100", b"X-API-Key: sk_test_power_user\r\n")
QUICK = Limits(
    head_timeout=0.2, body_timeout=0.2, keep_alive_timeout=0.3, max_connections=20, write_timeout=1
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a server with the usual limits."""
    with running_server() as server:
        yield server.url


@pytest.fixture(scope="module")
def quick() -> Iterator[RunningServer]:
    """A server that loses its patience after a fraction of a second."""
    with running_server(limits=QUICK) as server:
        yield server


REFUSED: dict[str, tuple[bytes, int]] = {
    "no Host": (b"GET %b HTTP/1.1\r\n\r\n" % BALANCE, 400),
    "two Hosts": (b"GET %b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" % BALANCE, 400),
    "a head of more than 64 KB": (get(headers=b"A: %b\r\n" % (b"a" * 66_000)), 431),
    "more than 200 headers": (get(headers=b"A: a\r\n" * 201), 431),
    "a target of more than 16 KB": (get(b"/" + b"a" * 17_000), 414),
    "Content-Length with Transfer-Encoding": (
        get(headers=b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
        400,
    ),
    "two Content-Lengths": (get(headers=b"Content-Length: 3\r\nContent-Length: 4\r\n"), 400),
    "a negative Content-Length": (get(headers=b"Content-Length: -1\r\n"), 400),
    "a bad percent-encoding in the path": (get(b"/api/%zz"), 400),
    "a bad percent-encoding in the query": (get(BALANCE + b"?a=%"), 400),
    "NUL in the target": (get(b"/a\x00b"), 400),
    "NUL in a header": (get(headers=b"A: a\x00b\r\n"), 400),
    "a bare CR in a header": (get(headers=b"A: a\rb\r\n"), 400),
    "a line that is no header": (get(headers=b"no header\r\n"), 400),
    "a space before the colon": (get(headers=b"A : b\r\n"), 400),
    "a folded header": (get(headers=b"A: b\r\n c\r\n"), 400),
    "an unknown transfer coding": (get(headers=b"Transfer-Encoding: gzip\r\n"), 400),
    "an unknown method": (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405),
    "HTTP/2 without a TLS handshake": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/2.0 in the request line": (get(version=b"2.0"), 505),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "a target that is no path": (get(b"ftp://a/b"), 400),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_malformed_request_is_refused_and_ends_the_connection(url: str, kind: str) -> None:
    """The body says in JSON what is wrong. Other connections go on."""
    data, status = REFUSED[kind]
    with wire(url) as other, wire(url) as connection:
        other.send(get()).response()
        response = connection.send(data).response()
        assert response.status == status
        assert response.header("connection") == "close"
        assert isinstance(json.loads(response.body)["detail"], str)
        assert connection.is_closed()
        assert other.send(get()).response().status == 200


SERVED: dict[str, bytes] = {
    "a head in single bytes": b"",
    "an absolute target": get(b"http://127.0.0.1" + BALANCE),
    "empty lines before the request": b"\r\n\r\n" + get(),
    "200 headers": get(headers=KEY + b"A: a\r\n" * 198),
    "a fragment": get(BALANCE + b"#top"),
    "an offer of HTTP/2": get(
        headers=KEY + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n"
    ),
    "an offer of a WebSocket": get(headers=KEY + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"),
    "a header name in capitals": get(headers=KEY.upper().replace(b"SK_TEST", b"sk_test")),
}


@pytest.mark.parametrize("kind", SERVED)
def test_an_unusual_request_is_served_and_the_connection_is_kept(url: str, kind: str) -> None:
    """Twice on the same connection."""
    with wire(url) as connection:
        for _ in range(2):
            if SERVED[kind]:
                connection.send(SERVED[kind])
            else:
                for byte in get():
                    connection.send(bytes([byte]))
            assert connection.response().status == 200


@pytest.mark.parametrize("size", [1, 7, len(FIVE_DOLLARS)])
def test_the_body_of_a_request_that_offers_an_upgrade_is_read(url: str, size: int) -> None:
    """The JDK's HttpClient offers HTTP/2 on every plain request."""
    offer = KEY + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
    data = post(FIVE_DOLLARS, offer)
    with wire(url) as connection:
        for _ in range(2):
            for start in range(0, len(data), size):
                connection.send(data[start : start + size])
            assert connection.response().status == 200


def test_a_chunked_body_with_an_offer_of_an_upgrade_is_read(url: str) -> None:
    """Trailers are dropped."""
    head = b"POST %b HTTP/1.1\r\nHost: a\r\n%bConnection: Upgrade\r\nUpgrade: h2c\r\n" % (
        DEPOSIT,
        KEY,
    )
    head += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with wire(url) as connection:
        connection.send(head + b"a\r\n" + FIVE_DOLLARS[:10] + b"\r\n")
        connection.send(
            b"%x\r\n" % len(FIVE_DOLLARS[10:]) + FIVE_DOLLARS[10:] + b"\r\n0\r\nA: b\r\n\r\n"
        )
        assert connection.response().status == 200
        assert connection.send(get()).response().status == 200


def test_trailers_are_never_headers(url: str) -> None:
    """A key in a trailer is no key."""
    head = b"POST %b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" % DEPOSIT
    head += b"Content-Type: application/json\r\n\r\n"
    body = b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(FIVE_DOLLARS), FIVE_DOLLARS, KEY)
    with wire(url) as connection:
        assert connection.send(head + body).response().status == 401


def test_http_1_0_closes_unless_it_is_to_be_kept(url: str) -> None:
    """A kept connection is announced by a header."""
    with wire(url) as connection:
        response = connection.send(get(version=b"1.0")).response()
        assert (response.status, response.header("connection")) == (200, "close")
        assert connection.is_closed()
    with wire(url) as connection:
        for _ in range(2):
            kept = get(headers=KEY + b"Connection: keep-alive\r\n", version=b"1.0")
            response = connection.send(kept).response()
            assert (response.status, response.header("connection")) == (200, "keep-alive")


def test_http_1_0_needs_no_host(url: str) -> None:
    """Nor does it have one by default."""
    with wire(url) as connection:
        assert (
            connection.send(b"GET %b HTTP/1.0\r\n%b\r\n" % (BALANCE, KEY)).response().status == 200
        )


def test_a_connection_that_is_to_be_closed_is_closed(url: str) -> None:
    """What comes after it is not served."""
    with wire(url) as connection:
        connection.send(get(headers=KEY + b"Connection: close\r\n") + get())
        response = connection.response()
        assert (response.status, response.header("connection")) == (200, "close")
        assert connection.is_closed()


def test_a_client_that_expects_100_continue_gets_it(url: str) -> None:
    """Before it sends the body."""
    head, _, body = post(FIVE_DOLLARS, KEY + b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
    with wire(url) as connection:
        for _ in range(2):
            assert connection.send(head + b"\r\n\r\n").interim() == 100
            assert connection.send(body).response().status == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(url: str) -> None:
    """With or without an expectation. The response arrives although the body is sent."""
    for expectation in (b"", b"Expect: 100-continue\r\n"):
        length = b"Content-Length: 30000000\r\nContent-Type: application/json\r\n"
        head = b"POST %b HTTP/1.1\r\nHost: a\r\n%b%b%b\r\n" % (DEPOSIT, KEY, length, expectation)
        with wire(url) as connection:
            assert connection.send(head).response().status == 413
        with wire(url) as connection:
            connection.send(head)
            for _ in range(300):
                connection.send(b"a" * 100_000)
            response = connection.response()
            assert (response.status, response.header("connection")) == (413, "close")


def test_a_chunked_body_that_is_too_large_is_refused(url: str) -> None:
    """The connection can be used again."""
    head = b"POST %b HTTP/1.1\r\nHost: a\r\n%bTransfer-Encoding: chunked\r\n\r\n" % (DEPOSIT, KEY)
    with wire(url) as connection:
        connection.send(head)
        for _ in range(30):
            connection.send(b"186a0\r\n" + b"a" * 100_000 + b"\r\n")
        assert connection.send(b"0\r\n\r\n").response().status == 413
        assert connection.send(get()).response().status == 200


def test_pipelined_requests_are_served_in_order(url: str) -> None:
    """A slow one holds up those after it."""
    slow = get(headers=KEY + b"Prefer: delay=100\r\n")
    paths = [BALANCE, b"/api/v1/billing/subscription", b"/nothing", b"/_mock/health", BALANCE]
    with wire(url) as connection:
        connection.send(slow + b"".join(get(path) for path in paths))
        assert [connection.response().status for _ in range(6)] == [200, 200, 200, 404, 200, 200]


def test_an_error_comes_after_the_responses_before_it(url: str) -> None:
    """Then the connection ends."""
    with wire(url) as connection:
        connection.send(get(headers=KEY + b"Prefer: delay=100\r\n") + get() + b"nonsense\r\n\r\n")
        assert [connection.response().status for _ in range(3)] == [200, 200, 400]
        assert connection.is_closed()


def test_a_client_that_has_sent_everything_gets_its_responses(url: str) -> None:
    """Half-closed connections are no reason to drop a request."""
    with wire(url) as connection:
        connection.send(get(headers=KEY + b"Prefer: delay=100\r\n") + get())
        connection.connection.shutdown(1)
        assert [connection.response().status for _ in range(2)] == [200, 200]


def test_a_response_to_head_has_no_body(url: str) -> None:
    """On pages, too."""
    for path in (BALANCE, b"/_mock/health"):
        with wire(url) as connection:
            for _ in range(2):
                data = get(path).replace(b"GET", b"HEAD")
                response = connection.send(data).response("HEAD")
                assert response.status == 200
                assert int(response.header("content-length") or 0) > 0


def flood(connection: socket.socket) -> int:
    """Send pipelined requests and read nothing, until the kernel takes no more."""
    sent = 0
    with contextlib.suppress(TimeoutError):
        while True:
            connection.sendall(PAGE * 10)
            sent += 10
    return sent


def test_pipelined_requests_that_nobody_reads_wait(url: str) -> None:
    """Reading stops while writing does. Other connections go on."""
    with wire(url, timeout=0.5) as connection, wire(url) as other:
        assert flood(connection.connection) > 100
        assert other.send(get()).response().status == 200
        connection.connection.settimeout(10)
        assert connection.response().status == 200


# ---------------------------------------------------------------------------------------- patience


def test_a_head_that_is_never_complete_is_a_408(quick: RunningServer) -> None:
    """However slowly it comes."""
    with wire(quick.url) as connection:
        connection.send(b"GET / HT")
        response = connection.response()
        assert (response.status, response.header("connection")) == (408, "close")
        assert connection.is_closed()


def test_a_body_that_stops_is_a_408(quick: RunningServer) -> None:
    """The time begins anew with each part."""
    head = b"POST %b HTTP/1.1\r\nHost: a\r\n%bContent-Length: 100\r\n\r\n" % (DEPOSIT, KEY)
    with wire(quick.url) as connection:
        assert connection.send(head + b"abc").response().status == 408


def test_an_idle_connection_is_closed_without_a_word(quick: RunningServer) -> None:
    """Before the first request, and after one."""
    with wire(quick.url) as first, wire(quick.url) as second:
        second.send(get()).response()
        assert first.is_closed()
        assert second.is_closed()


@pytest.mark.slow
def test_a_client_that_reads_nothing_is_dropped(quick: RunningServer) -> None:
    """After the write timeout."""
    with wire(quick.url, timeout=0.3) as connection:
        deadline = time.monotonic() + 10
        is_dropped = False
        while not is_dropped and time.monotonic() < deadline:
            try:
                flood(connection.connection)
            except ConnectionError:
                is_dropped = True
        assert is_dropped


def test_further_connections_are_closed(quick: RunningServer) -> None:
    """Those that are open go on."""
    with wire(quick.url) as first:
        first.send(get()).response()
        others = [wire(quick.url) for _ in range(25)]
        opened = [other.__enter__() for other in others]
        assert any(connection.is_closed() for connection in reversed(opened))
        for other in others:
            other.__exit__(None, None, None)
