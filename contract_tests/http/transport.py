"""Sends requests over connections that are kept alive, one for each thread."""

from __future__ import annotations

import base64
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit
from weakref import WeakSet, finalize

import requests

from contract_tests.http.exchange import SAFE_METHODS, Headers
from contract_tests.http.network import Network
from contract_tests.http.response_reader import RESET, Broken, Reply, ResponseReader

_FORBIDDEN = re.compile(r"[\r\n\0]")
_NAME = re.compile(r"[^:\s\0][^:\r\n\0]*")
_TARGET = re.compile(r"[\x21-\x7e]+")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class WireRequest:
    """A request as it is written to a connection."""

    method: str
    url: str
    headers: Headers
    body: bytes


class Transport:
    """Sends requests over one connection for each thread."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._connections: WeakSet[Connection] = WeakSet()

    def close(self) -> None:
        """Close the connections of all threads. Another request would open a new one."""
        for connection in list(self._connections):
            connection.socket.close()

    def fetch(self, request: WireRequest, network: Network, ends_at: float) -> Reply:
        """Return the response, or why there is none by that moment on the monotonic clock."""
        url = _split(request.url)
        data = _written(request, url, network)
        where = (url.scheme, url.netloc, network)
        kept = self._kept(where)
        if kept is not None:
            reply, is_stale = self._exchange(kept, data, request.method, ends_at)
            # The deployment closed the connection as the request left: it has not read it.
            if not is_stale or request.method not in SAFE_METHODS:
                return reply
        try:
            connection = Connection(where, open_socket(url, network, ends_at))
        except (OSError, ValueError, Broken) as error:
            return Reply(error=plain(error), failure=_failure(error))
        self._connections.add(connection)
        return self._exchange(connection, data, request.method, ends_at)[0]

    def _kept(self, where: tuple[str, str, Network]) -> Connection | None:
        """Return the connection that this thread has kept, if it still is of use."""
        kept: Connection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        return kept if kept is not None and kept.where == where and kept.is_idle else None

    def _exchange(
        self, connection: Connection, data: bytes, method: str, ends_at: float
    ) -> tuple[Reply, bool]:
        """Send and receive. Return the response, and whether the connection gave nothing back."""
        reader = ResponseReader(connection.socket, ends_at)
        error: OSError | None = None
        try:
            connection.socket.settimeout(max(0.001, ends_at - time.monotonic()))
            connection.socket.sendall(data)
        except TimeoutError:
            return Reply(error="no response within --timeout", failure="timeout"), False
        except OSError as problem:
            error = problem  # a deployment may refuse a request before it has read it all
        reply = reader.read(method)
        if error is not None and not reply.status:
            reply = Reply(error=plain(error), failure="closed")
        if reply.reusable and error is None:
            self._local.connection = connection
        return reply, reply.failure == "closed" and not reader.received


class Connection:
    """An open connection, which is closed when nobody refers to it."""

    def __init__(self, where: tuple[str, str, Network], opened: socket.socket) -> None:
        self.where = where
        """Scheme, host and port, and the way there."""
        self.socket = opened
        finalize(self, opened.close)

    @property
    def is_idle(self) -> bool:
        """Whether the connection is open, and nothing unexpected has come."""
        try:
            return not select.select([self.socket], [], [], 0)[0]
        except (OSError, ValueError):  # a descriptor that is too large for select, or closed
            return False


# --------------------------------------------------------------------------------- the way there


def open_socket(url: SplitResult, network: Network, ends_at: float) -> socket.socket:
    """Return a socket to the deployment, through the proxy if there is one. Raise OSError."""
    host, port = str(url.hostname), url.port or _PORTS[url.scheme]
    if not network.proxy:
        opened = socket.create_connection((host, port), _left(ends_at))
    else:
        opened = _opened_through_proxy(url, network, ends_at)
    try:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if url.scheme == "https":
            opened.settimeout(_left(ends_at))
            return tls_context(network).wrap_socket(opened, server_hostname=host)
    except BaseException:
        opened.close()
        raise
    return opened


def _opened_through_proxy(url: SplitResult, network: Network, ends_at: float) -> socket.socket:
    proxy = urlsplit(network.proxy)
    address = (str(proxy.hostname), proxy.port or _PORTS.get(proxy.scheme, 80))
    try:
        opened = socket.create_connection(address, _left(ends_at))
    except TimeoutError:
        raise
    except OSError as error:
        raise OSError(f"connect to proxy: {error}") from None
    try:
        if proxy.scheme == "https":
            opened = tls_context(network).wrap_socket(opened, server_hostname=proxy.hostname)
        if url.scheme == "https":
            _connect(opened, url, proxy, ends_at)
    except BaseException:
        opened.close()
        raise
    return opened


def _connect(opened: socket.socket, url: SplitResult, proxy: SplitResult, ends_at: float) -> None:
    """Ask a proxy for a tunnel. Raise OSError."""
    target = f"{_host(url)}:{url.port or _PORTS[url.scheme]}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", *_proxy_authorization(proxy)]
    opened.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1"))
    head = ResponseReader(opened, ends_at).read_final_head()
    if not 200 <= head.status < 300:
        raise OSError(f"connect to proxy: it responds with {head.status}")


def _proxy_authorization(proxy: SplitResult) -> list[str]:
    if not proxy.username:
        return []
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return [f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}"]


def _left(ends_at: float) -> float:
    return max(0.001, ends_at - time.monotonic())


@lru_cache(maxsize=8)
def tls_context(network: Network) -> ssl.SSLContext:
    """Return what a TLS connection trusts and presents."""
    context = ssl.create_default_context(
        cafile=str(network.ca_bundle or requests.utils.DEFAULT_CA_BUNDLE_PATH)
    )
    if network.client_cert is not None:
        key = network.client_key
        context.load_cert_chain(str(network.client_cert), str(key) if key is not None else None)
    return context


# ------------------------------------------------------------------------------------- the request


@lru_cache(maxsize=1_024)
def _split(url: str) -> SplitResult:
    return urlsplit(url)


def _host(url: SplitResult) -> str:
    host = str(url.hostname)
    return f"[{host}]" if ":" in host else host.encode("idna").decode()


def _written(request: WireRequest, url: SplitResult, network: Network) -> bytes:
    """Return a request as bytes. Raise InvalidHeader or InvalidURL for what HTTP cannot carry."""
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    if not _TARGET.fullmatch(target):
        raise requests.exceptions.InvalidURL("its URL holds characters that HTTP cannot carry")
    own: list[str] = []
    if network.proxy and url.scheme == "http":
        target = f"http://{url.netloc}{target}"
        own = _proxy_authorization(urlsplit(network.proxy))
    names = {name.lower() for name, _ in request.headers}
    if "host" not in names:
        own.append(f"Host: {_host(url)}" + (f":{url.port}" if url.port else ""))
    lines = [f"{request.method} {target} HTTP/1.1", *own, *_header_lines(request.headers)]
    try:
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + request.body
    except UnicodeEncodeError:
        raise requests.exceptions.InvalidHeader("a header holds no latin-1 text") from None


def _header_lines(headers: Headers) -> Iterable[str]:
    for name, value in headers:
        if not _NAME.fullmatch(name) or _FORBIDDEN.search(value):
            raise requests.exceptions.InvalidHeader(f"the header {name!r} cannot be sent")
        yield f"{name}: {value}"


# ------------------------------------------------------------------------------------------ errors


def plain(error: Exception) -> str:
    """Return a network error in a few words."""
    if isinstance(error, Broken):
        return str(error)
    text = f"{error} {error.__context__ or ''}"
    for sign, words in _PLAIN:
        if sign in text:
            return words
    return type(error).__name__


_NO_CERTIFICATE = "no TLS connection; it may want a client certificate (--client-cert)"
_PLAIN = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        "its TLS certificate is not valid; name the authority with --ca-bundle",
    ),
    ("HANDSHAKE_FAILURE", _NO_CERTIFICATE),
    ("EOF occurred in violation of protocol", _NO_CERTIFICATE),
    ("certificate required", "it wants a client certificate; name one with --client-cert"),
    ("connect to proxy", "the proxy does not respond, or does not let this through"),
    ("SSL", "no TLS connection"),
    ("No such file or directory", "the file of --ca-bundle is not there"),
    ("Name or service not known", "no such host"),
    ("No address associated with hostname", "no such host"),
    ("Temporary failure in name resolution", "no such host"),
    ("nodename nor servname", "no such host"),
    ("label empty or too long", "no such host"),
    ("Connection refused", "connection refused"),
    ("No route to host", "no route to the host"),
    ("Network is unreachable", "network unreachable"),
    ("timed out", "no response within --timeout"),
    ("Connection reset", RESET),
    ("Broken pipe", RESET),
)


def _failure(error: Exception) -> str:
    """Return ``timeout`` or ``closed`` if another attempt may succeed."""
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "timeout"
    return "closed" if isinstance(error, ConnectionResetError) else ""
