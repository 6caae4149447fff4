"""The address by which callers reach the mock, without a server."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from mockserver.engine.address import Address

HERE, ELSEWHERE, PROXY = ("127.0.0.1", 1), ("192.0.2.9", 1), ("10.0.0.7", 1)
ADDRESS = Address("http://127.0.0.1:8080", trusted=[ip_network("10.0.0.0/8")])
FORWARDED = {
    b"host": b"127.0.0.1:8080",
    b"x-forwarded-host": b"mock.test, inner.test",
    b"x-forwarded-proto": b"https, http",
}


@pytest.mark.parametrize(
    "peer", [HERE, PROXY, ("::1", 1), ("::ffff:127.0.0.1", 1), ("::ffff:10.1.1.1", 1)]
)
def test_headers_of_trusted_proxies_count(peer: tuple[str, int]) -> None:
    """Proxies on this machine are trusted; of several values the first one counts."""
    assert ADDRESS.base_url(FORWARDED, "http", peer) == "https://mock.test"
    assert ADDRESS.is_own("https://mock.test", FORWARDED, peer)


@pytest.mark.parametrize("peer", [ELSEWHERE, None, ("", 1), ("/run/mock.sock", 0)])
def test_headers_of_others_are_ignored(peer: tuple[str, int] | None) -> None:
    """Any client could send them."""
    assert ADDRESS.base_url(FORWARDED, "http", peer) == "http://127.0.0.1:8080"
    assert not ADDRESS.is_own("https://mock.test", FORWARDED, peer)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({b"host": b"a.test"}, "http://a.test"),
        ({b"host": b"a.test", b"x-forwarded-proto": b"HTTPS"}, "https://a.test"),
        ({b"host": b"a.test", b"x-forwarded-proto": b"javascript"}, "http://a.test"),
        ({b"host": b"a.test", b"x-forwarded-host": b"b.test:1"}, "http://b.test:1"),
        ({b"host": b"a.test", b"x-forwarded-host": b"b/c"}, "http://127.0.0.1:8080"),
        ({b"host": b"a.test", b"x-forwarded-port": b"8443"}, "http://a.test:8443"),
        ({b"host": b"a.test:1", b"x-forwarded-port": b"8443"}, "http://a.test:1"),
        ({b"host": b"[::1]", b"x-forwarded-port": b"8443"}, "http://[::1]:8443"),
        ({b"host": b"a.test", b"x-forwarded-port": b"80"}, "http://a.test"),
        ({b"host": b"a.test", b"x-forwarded-port": b"80/x"}, "http://a.test"),
        ({b"host": b"a.test", b"forwarded": b"for=1.2.3.4"}, "http://a.test"),
        ({b"host": b"a.test", b"forwarded": b"proto=https;host=b.test"}, "https://b.test"),
        ({b"forwarded": b'For="[::1]:1" ; Host="b.test:1" , host=c.test'}, "http://b.test:1"),
        ({b"forwarded": b'host="b\\.test"'}, "http://b.test"),
        ({b"forwarded": b"host=b.test", b"x-forwarded-host": b"c.test"}, "http://c.test"),
        ({b"host": b"a b"}, "http://127.0.0.1:8080"),
        ({}, "http://127.0.0.1:8080"),
    ],
)
def test_each_header_counts_alone(headers: dict[bytes, bytes], expected: str) -> None:
    """What is not a host or a scheme is ignored."""
    assert ADDRESS.base_url(headers, "http", HERE) == expected


def test_a_forwarded_port_belongs_to_the_origin() -> None:
    """It is compared with that of a page, and left out where it is the default of the scheme."""
    headers = {b"host": b"a.test", b"x-forwarded-port": b"8443", b"x-forwarded-proto": b"https"}
    assert ADDRESS.base_url(headers, "http", HERE) == "https://a.test:8443"
    assert ADDRESS.is_own("https://a.test:8443", headers, HERE)
    assert not ADDRESS.is_own("https://a.test:8444", headers, HERE)
    assert not ADDRESS.is_own("https://a.test:8443", headers, ELSEWHERE)


def test_the_standard_header_names_the_origin() -> None:
    """As ``X-Forwarded-Host`` does, and only if a trusted proxy has sent it (RFC 7239)."""
    headers = {b"host": b"127.0.0.1:8080", b"forwarded": b"host=mock.test;proto=https"}
    assert ADDRESS.is_own("https://mock.test", headers, HERE)
    assert not ADDRESS.is_own("https://mock.test", headers, ELSEWHERE)


def test_the_public_url_replaces_all_others() -> None:
    """Its origin is that of the mock's pages, as is the host of the request."""
    address = Address("http://127.0.0.1:8080", "https://public.test")
    assert address.base_url(FORWARDED, "http", HERE) == "https://public.test"
    for origin in ("https://public.test", "HTTPS://PUBLIC.TEST", "http://127.0.0.1:8080"):
        assert address.is_own(origin, FORWARDED, ELSEWHERE)
    for origin in ("http://public.test", "null", "", "http://", "ftp://127.0.0.1:8080"):
        assert not address.is_own(origin, FORWARDED, ELSEWHERE)
        assert not address.is_own(origin, {}, ELSEWHERE)
