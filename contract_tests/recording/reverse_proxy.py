"""A reverse proxy for one upstream, as an ASGI application that records exchanges."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore

from contract_tests.http.exchange import Exchange, Headers
from contract_tests.http.network import DIRECT, Network
from contract_tests.http.transport import tls_context
from contract_tests.recording.refusals import refusal

MAX_KEPT = 1_000_000
"""The most bytes of a body. Larger ones are passed on, but not judged."""
CONNECT_SECONDS = 10.0
IDLE_SECONDS = 3.0
"""How long an idle connection is kept: shorter than by servers, to avoid closed connections."""

_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Headers that concern one connection only, and are not forwarded."""
_SAFE = ("GET", "HEAD", "OPTIONS")
_NO_RESPONSE = "Server disconnected without sending a response."
_NO_BODY = (204, 304)

Pairs = list[tuple[bytes, bytes]]


class _ClientGone(Exception):
    """The client closed the connection."""


@dataclass
class _Body:
    """The recorded part of a body."""

    data: bytearray = field(default_factory=bytearray)
    size: int = 0
    """The bytes that have passed."""
    is_broken: bool = False
    """Whether its end did not arrive."""

    @property
    def is_complete(self) -> bool:
        return not self.is_broken and self.size == len(self.data)

    def add(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        if self.size <= MAX_KEPT:
            self.data += chunk
        else:
            self.data.clear()
        return chunk


@dataclass
class _Passing:
    """A request that is being forwarded."""

    scope: dict[str, Any]
    receive: Callable[[], Any]
    send: Callable[[dict[str, Any]], Any]
    target: bytes
    headers: Pairs
    request: _Body = field(default_factory=_Body)
    response: _Body = field(default_factory=_Body)
    status: int = 0
    response_headers: Pairs = field(default_factory=list)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    """The time until the last chunk of the response arrived from the upstream."""

    def __post_init__(self) -> None:
        self.request.is_broken = self.has_body  # until it has been read to its end

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def has_body(self) -> bool:
        return any(
            name in (b"content-length", b"transfer-encoding") for name, _ in self.scope["headers"]
        )

    def note_time(self) -> None:
        self.seconds = time.monotonic() - self.clock

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the chunks of the request body."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise _ClientGone
            if message["body"]:
                yield self.request.add(message["body"])
            if not message.get("more_body"):
                self.request.is_broken = False
                return

    async def respond(self, status: int, detail: str) -> None:
        """Send a response of the proxy itself."""
        body = json.dumps({"detail": detail}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


class ReverseProxy:
    """The application. It connects to the upstream only."""

    def __init__(
        self,
        upstream: str,
        on_exchange: Callable[[Exchange], None],
        network: Network = DIRECT,
        names: Collection[str] = (),
    ) -> None:
        parts = urlsplit(upstream)
        self.upstream = upstream
        self.on_exchange = on_exchange
        """Called with every forwarded exchange."""
        self.unreachable = 0
        """The number of requests that could not reach the upstream."""
        self._host = parts.netloc.encode("ascii")
        self._prefix = parts.path.encode("ascii")
        self._origin = (parts.scheme.encode(), str(parts.hostname).encode("ascii"), parts.port)
        self._names = names
        """Names of the proxy itself, in lower case. Addresses are always accepted."""
        self._count = 0
        self._added = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in network.headers
        ]
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls_context(network) if parts.scheme == "https" else None,
            proxy=_http_proxy(network) if network.proxy else None,
            max_connections=None,
            max_keepalive_connections=100,
            keepalive_expiry=IDLE_SECONDS,
        )

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        target = self._prefix + scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        passing = _Passing(scope, receive, send, target, self._outgoing(scope["headers"]))
        if any(
            name == b"upgrade" and value.lower() == b"websocket" for name, value in scope["headers"]
        ):
            await passing.respond(
                501, "contract-tests proxy does not support WebSocket connections"
            )
            return
        refused = refusal(scope["headers"], self._names)
        if refused is not None:
            await passing.respond(refused[0], f"contract-tests proxy: {refused[1]}")
            return
        try:
            await self._forward(passing)
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            self.unreachable += 1
            await passing.respond(502, f"the upstream {self.upstream} cannot be reached")
        except _ClientGone:
            self._record(passing)
        except (httpcore.RemoteProtocolError, httpcore.NetworkError) as error:
            await self._broken(passing, error)
        except httpcore.LocalProtocolError as error:
            await passing.respond(400, f"contract-tests proxy cannot forward the request: {error}")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def _forward(self, passing: _Passing) -> None:
        response = await self._open(passing)
        try:
            if response.status not in range(200, 600):
                raise httpcore.RemoteProtocolError(f"the status {response.status}")
            passing.note_time()
            passing.status, passing.response_headers = response.status, list(response.headers)
            await passing.send(
                {
                    "type": "http.response.start",
                    "status": response.status,
                    "headers": self._incoming(passing),
                }
            )
            length = next(
                (value for name, value in response.headers if name.lower() == b"content-length"),
                b"",
            )
            if length.isdigit() and int(length) <= MAX_KEPT:
                await self._relay(passing, response)
            else:
                await self._relay_until_disconnect(passing, response)
            self._record(passing)
        finally:
            await response.aclose()
        await passing.send({"type": "http.response.body", "body": b""})

    async def _open(self, passing: _Passing) -> httpcore.Response:
        """Send the request, and return the response once its headers have arrived."""
        try:
            return await self._pool.handle_async_request(self._request(passing))
        except (httpcore.RemoteProtocolError, httpcore.NetworkError) as error:
            # The upstream may have closed an idle connection just now: safe requests are repeated.
            if passing.method not in _SAFE or passing.has_body or not _is_closed(error):
                raise
            return await self._pool.handle_async_request(self._request(passing))

    def _request(self, passing: _Passing) -> httpcore.Request:
        scheme, host, port = self._origin
        return httpcore.Request(
            passing.method.encode("ascii"),
            httpcore.URL(scheme=scheme, host=host, port=port, target=passing.target),
            headers=passing.headers,
            content=passing.body() if passing.has_body else None,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        )

    async def _relay(self, passing: _Passing, response: httpcore.Response) -> None:
        async for chunk in response.aiter_stream():
            passing.note_time()
            await passing.send(
                {
                    "type": "http.response.body",
                    "body": passing.response.add(chunk),
                    "more_body": True,
                }
            )

    async def _relay_until_disconnect(self, passing: _Passing, response: httpcore.Response) -> None:
        """Relay a response of any length until its end, or until the client disconnects."""
        relay = asyncio.ensure_future(self._relay(passing, response))
        gone = asyncio.ensure_future(_disconnected(passing.receive))
        await asyncio.wait((relay, gone), return_when=asyncio.FIRST_COMPLETED)
        if relay.done():
            gone.cancel()
            relay.result()
            return
        relay.cancel()
        await asyncio.wait((relay,))
        passing.response.is_broken = True
        raise _ClientGone

    async def _broken(self, passing: _Passing, error: Exception) -> None:
        """Handle an upstream that closed the connection early, or does not speak HTTP."""
        if passing.status:  # the response has begun; uvicorn closes the connection on return
            self._record(passing, "the response breaks off")
            return
        is_closed = _is_closed(error)
        reason = (
            "the connection was closed without a response"
            if is_closed
            else "the response is not HTTP"
        )
        # After a write on a closed connection, it is unknown whether the upstream has executed it.
        self._record(passing, reason if passing.method in _SAFE or not is_closed else "")
        await passing.respond(502, f"the upstream {self.upstream}: {reason}")

    def _record(self, passing: _Passing, error: str = "") -> None:
        """Report the exchange to ``on_exchange``."""
        if not passing.status:
            passing.note_time()
        self._count += 1
        path = passing.scope["raw_path"].decode("latin-1")
        query = passing.scope["query_string"].decode("latin-1")
        self.on_exchange(
            Exchange(
                number=self._count,
                method=passing.method,
                url=f"{self.upstream}{path}{'?' + query if query else ''}",
                path=path,
                request_headers=_texts(passing.headers),
                request_body=bytes(passing.request.data),
                status=passing.status,
                response_headers=_texts(passing.response_headers),
                response_body=bytes(passing.response.data),
                started=passing.started,
                seconds=passing.seconds,
                account="",
                error=error,
                source="proxy",
                request_body_known=passing.request.is_complete,
                response_body_known=passing.response.is_complete,
            )
        )

    def _outgoing(self, headers: Iterable[tuple[bytes, bytes]]) -> Pairs:
        """Return the headers to send to the upstream."""
        dropped = _named_by_connection(headers) | {b"host", b"expect"}
        dropped |= {name.lower() for name, _ in self._added}
        forwarded = [(name, value) for name, value in headers if name not in dropped]
        if any(name == b"transfer-encoding" for name, _ in headers):
            forwarded.append((b"transfer-encoding", b"chunked"))
        return [(b"host", self._host), *forwarded, *self._added]

    def _incoming(self, passing: _Passing) -> Pairs:
        """Return the headers to send to the client."""
        dropped = _named_by_connection(passing.response_headers)
        if passing.status in _NO_BODY:
            dropped |= {b"content-length"}  # uvicorn would wait for the body
        here = next((value for name, value in passing.scope["headers"] if name == b"host"), b"")
        return [
            (
                name,
                self._relocated(value, here)
                if name.lower() in (b"location", b"content-location")
                else value,
            )
            for name, value in passing.response_headers
            if name.lower() not in dropped
        ]

    def _relocated(self, location: bytes, here: bytes) -> bytes:
        """Return a location with the upstream replaced by the proxy."""
        scheme, host, port = self._origin
        parts = urlsplit(location)
        default = {b"https": 443, b"http": 80}
        is_upstream = (parts.scheme, parts.hostname) == (scheme, host) and (
            (parts.port or default.get(parts.scheme)) == (port or default.get(scheme))
        )
        if not (
            is_upstream or (not parts.scheme and not parts.netloc)
        ) or not parts.path.startswith(self._prefix):
            return location
        path = parts._replace(
            scheme=b"", netloc=b"", path=parts.path[len(self._prefix) :] or b"/"
        ).geturl()
        return b"http://" + here + path if is_upstream else path


async def _disconnected(receive: Callable[[], Any]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_closed(error: Exception) -> bool:
    return isinstance(error, httpcore.ReadError | httpcore.WriteError) or str(error) == _NO_RESPONSE


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """Return the hop-by-hop headers, including those that ``Connection`` names."""
    named = (value for name, value in headers if name.lower() == b"connection")
    return _HOP_BY_HOP.union(
        token.strip().lower() for value in named for token in value.split(b",")
    )


def _http_proxy(network: Network) -> httpcore.Proxy:
    parts = urlsplit(network.proxy)
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    tls = tls_context(network) if parts.scheme == "https" else None
    return httpcore.Proxy(network.proxy, auth=auth, ssl_context=tls)


def _texts(headers: Pairs) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
