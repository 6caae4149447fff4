"""The addresses by which callers reach this server, directly or through proxies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from mockserver.loopback import Network, is_loopback, without_mapping

Client = tuple[str, int] | None
"""Address and port of the peer of a connection, as in an ASGI scope; None if it has none."""
_Headers = Mapping[bytes, bytes]

FORWARDED_HOST, FORWARDED_FOR = b"x-forwarded-host", b"x-forwarded-for"
_FORWARDED_PROTO, _FORWARDED_PORT = b"x-forwarded-proto", b"x-forwarded-port"
_FORWARDED = b"forwarded"
"""The standard header (RFC 7239). ``X-Forwarded-...`` count more if a proxy sends both."""
_PARAMETER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]+))")
_PORT = re.compile(rb"[0-9]{1,5}")
_DEFAULT_PORTS = {b"http": b"80", b"https": b"443"}
_HOST = re.compile(rb"[A-Za-z0-9_.:\[\]-]{1,255}")
_SCHEMES = (b"http", b"https")


class Address:
    """Finds the address that a caller used, for URLs in responses and for origins of pages.

    ``default`` is used when the Host header names none. ``public_url`` replaces all others.
    ``X-Forwarded-Host``, ``-Proto`` and ``-Port``, and ``Forwarded`` (RFC 7239), count if the peer
    is on this machine or in one of the ``trusted`` networks.
    """

    def __init__(
        self, default: str, public_url: str | None = None, trusted: Sequence[Network] = ()
    ) -> None:
        self._default = default
        self._public_url = public_url
        self._trusted = tuple(trusted)
        self._is_trusted = lru_cache(maxsize=256)(self._look_up)

    @property
    def public_host(self) -> str:
        """Host and port of the public URL; empty if there is none."""
        return urlsplit(self._public_url).netloc if self._public_url else ""

    def base_url(self, headers: _Headers, scheme: str, client: Client) -> str:
        """Return the address of this server for a caller, without a slash at the end."""
        if self._public_url is not None:
            return self._public_url
        host, name = headers.get(b"host", b""), scheme.encode()
        if self._is_forwarded(headers, client):
            proto = _first(headers, _FORWARDED_PROTO) or b"".join(forwarded(headers, b"proto")[:1])
            name = proto.lower() if proto.lower() in _SCHEMES else name
            host = _with_port(_forwarded_host(headers) or host, headers, name)
        return _url(name, host) or self._default

    def is_own(self, origin: str, headers: _Headers, client: Client) -> bool:
        """Return whether an origin is that of this server's pages, as the caller sees them.

        Schemes are not compared with that of the connection, since a proxy may terminate TLS.
        """
        origin = origin.lower()
        if self._public_url is not None and origin == self._public_url.lower():
            return True
        scheme, _, authority = origin.partition("://")
        hosts = [headers.get(b"host", b"")]
        if self._is_forwarded(headers, client):
            named = _forwarded_host(headers)
            hosts += [named, _with_port(named or hosts[0], headers, scheme.encode())]
        names = {host.decode("latin-1").lower() for host in hosts}
        return scheme in ("http", "https") and bool(authority) and authority in names

    def _is_forwarded(self, headers: _Headers, client: Client) -> bool:
        is_named = (
            FORWARDED_HOST in headers
            or _FORWARDED_PROTO in headers
            or _FORWARDED_PORT in headers
            or _FORWARDED in headers
        )
        return is_named and client is not None and self._is_trusted(client[0])

    def _look_up(self, peer: str) -> bool:
        try:
            address = without_mapping(ip_address(peer))
        except ValueError:
            return False
        return address.is_loopback or any(address in network for network in self._trusted)


def are_loopback(names: str) -> bool:
    """Return whether all hosts or addresses of a forwarded header are of this machine."""
    parts = [part.strip() for part in names.split(",")]
    return all(is_loopback(part) or is_loopback(without_port(part)) for part in parts)


_AUTHORITY = re.compile(r"\[(?P<ipv6>[^\]]*)\](?::[0-9]*)?|(?P<name>[^:\[\]]*)(?::[0-9]*)?")


def without_port(host: str) -> str:
    """Return the name or address of a Host header; empty if it is malformed."""
    match = _AUTHORITY.fullmatch(host)
    return (match["ipv6"] or match["name"] or "") if match else ""


def _first(headers: _Headers, name: bytes) -> bytes:
    """Return the first of several values: the one that the proxy next to the caller has set."""
    return headers.get(name, b"").partition(b",")[0].strip()


def forwarded(headers: _Headers, name: bytes) -> list[bytes]:
    """Return all values of a parameter of ``Forwarded``, that of the first proxy first."""
    return [
        re.sub(rb"\\(.)", rb"\1", quoted) if quoted else plain
        for parameter, quoted, plain in _PARAMETER.findall(headers.get(_FORWARDED, b""))
        if parameter.lower() == name
    ]


def _forwarded_host(headers: _Headers) -> bytes:
    return _first(headers, FORWARDED_HOST) or b"".join(forwarded(headers, b"host")[:1])


def _with_port(host: bytes, headers: _Headers, scheme: bytes) -> bytes:
    """Return a host with the port of ``X-Forwarded-Port``, unless it has one or needs none."""
    port = _first(headers, _FORWARDED_PORT)
    has_port = re.search(rb":[0-9]*$", host) is not None
    if has_port or not _PORT.fullmatch(port) or _DEFAULT_PORTS.get(scheme) == port:
        return host
    return host + b":" + port


@lru_cache(maxsize=64)
def _url(scheme: bytes, host: bytes) -> str:
    return f"{scheme.decode()}://{host.decode()}" if _HOST.fullmatch(host) else ""
