"""Repeated, odd and large headers are served or refused; an invalid key is refused with 401."""

from __future__ import annotations

import pytest

from tests.api.account import assert_detail
from tests.api.raw import KEY, request, send
from tests.api.refusals import assert_refused
from tests.conftest import API, RunningServer

pytestmark = pytest.mark.usefixtures("unchanged_newcomer")


@pytest.mark.parametrize(
    "headers",
    [
        [KEY, b"X-API-Key: sk_test_other"],
        [KEY, KEY],
        [b"X-API-Key: ", KEY],
        [KEY, b"X-Organization-Id: a", b"X-Organization-Id: b"],
        [KEY, b"Host: evil.example"],
        [KEY, b"Content-Type: application/json", b"Content-Type: text/plain"],
        [KEY, b"Accept: text/html", b"Accept: application/json"],
        [KEY, b"X-Forwarded-For: \xff\xfe"],
        [KEY, *[b"X-Extra-%d: x" % number for number in range(90)]],
        [KEY, b"Cookie: " + b"a=b; " * 5_000],
    ],
    ids=[
        "two keys",
        "the same key twice",
        "an empty key first",
        "two organizations",
        "two hosts",
        "two media types",
        "two accepts",
        "bytes",
        "many",
        "large",
    ],
)
@pytest.mark.parametrize("path", ["balance", "usage-chart", "invoices"])
def test_repeated_and_odd_headers_do_no_harm(
    frozen_server: RunningServer, path: str, headers: list[bytes]
) -> None:
    """The request is served as if the header had come once, or it is refused."""
    response = send(frozen_server, request("GET", f"{API}/{path}".encode(), headers=headers))
    assert response is not None
    if response.status != 200:
        assert 400 <= response.status < 500
        if response.headers["content-type"] == "application/json":
            assert_detail(response.json())


def test_of_two_keys_the_first_counts(frozen_server: RunningServer) -> None:
    """As in Starlette, the first of two equal headers is read."""
    for keys, balance in (
        ([KEY, b"X-API-Key: sk_test_exhausted"], "$1.00"),
        ([b"X-API-Key: sk_test_exhausted", KEY], "$0.00"),
    ):
        response = send(frozen_server, request("GET", f"{API}/balance".encode(), headers=keys))
        assert response is not None
        assert response.json()["balance_display"] == balance


INVALID_KEYS = [
    b"",
    b" ",
    b"sk_test_",
    b"sk_test",
    b"SK_TEST_new",
    b"sk-test-new",
    b"Bearer sk_test_new",
    b"null",
    b"undefined",
    b"0",
    b"sk_test_new\xff",
    "sk_test_é".encode(),
    b"sk_test_\x80",
    b"sk_test_a\tb",
    b"sk_test_" + b"x" * 193,
    b"sk_test_" + b"x" * 60_000,
    b"x" * 60_000,
]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "balance"), ("POST", "deposit"), ("DELETE", "auto-recharge")]
)
def test_an_invalid_key_is_401(frozen_server: RunningServer, method: str, path: str) -> None:
    """The text says what to send, and does not repeat what was sent."""
    count = len(list(frozen_server.world.state.tenants()))
    body = b'{"amount_cents":5000}' if method == "POST" else b""
    for key in INVALID_KEYS:
        head = request(method, f"{API}/{path}".encode(), headers=[b"X-API-Key: " + key], body=body)
        detail = assert_refused(send(frozen_server, head), 401)
        assert "begins with sk_test_" in detail
        assert len(key) < 10 or key.decode("latin-1") not in detail
    assert len(list(frozen_server.world.state.tenants())) == count


@pytest.mark.parametrize(
    "key",
    [
        b"sk_test_0",
        b"sk_test_" + b"x" * 192,
        b"sk_test_a b",
        b"sk_test_'; DROP TABLE",
        b"sk_test_<b>",
        b"  sk_test_new  ",
    ],
)
def test_every_other_test_key_works(frozen_server: RunningServer, key: bytes) -> None:
    """Any other key that begins with ``sk_test_`` has an account of its own."""
    response = send(
        frozen_server, request("GET", f"{API}/balance".encode(), headers=[b"X-API-Key: " + key])
    )
    assert response is not None
    assert response.status == 200
