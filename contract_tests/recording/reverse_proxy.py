"""A reverse proxy for one upstream, as an ASGI application: passes on everything as it is, keeps what can be judged."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpcore

from contract_tests.http.exchange import Exchange, Headers

MAX_KEPT = 1_000_000
"""Bytes of a body. Larger ones are passed on, and not judged."""
CONNECT_SECONDS = 10.0
IDLE_SECONDS = 3.0
"""How long an idle connection is kept: less than servers do, so that none is used that has just been closed."""

_ONE_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Headers that are about one connection, and not passed on."""
_SAFE = ("GET", "HEAD", "OPTIONS")
_NO_ANSWER = "Server disconnected without sending a response."
_NO_BODY = (204, 304)

Pairs = list[tuple[bytes, bytes]]


class _ClientGone(Exception):
    """The client has hung up."""


@dataclass
class _Kept:
    """What is kept of a body while it passes."""

    data: bytearray = field(default_factory=bytearray)
    size: int = 0
    """Of all that has passed."""
    is_broken: bool = False
    """Whether it was not heard to its end."""

    @property
    def is_whole(self) -> bool:
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
    """One request on its way."""

    scope: dict[str, Any]
    receive: Callable[[], Any]
    send: Callable[[dict[str, Any]], Any]
    target: bytes
    headers: Pairs
    request: _Kept = field(default_factory=_Kept)
    response: _Kept = field(default_factory=_Kept)
    status: int = 0
    response_headers: Pairs = field(default_factory=list)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    """Until the last piece of the answer came; what the client does with it is not the upstream's time."""

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
        """The request's body as it comes."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise _ClientGone
            if message["body"]:
                yield self.request.add(message["body"])
            if not message.get("more_body"):
                self.request.is_broken = False
                return

    async def answer(self, status: int, detail: str) -> None:
        """An answer of our own."""
        body = json.dumps({"detail": detail}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


class ReverseProxy:
    """The application. It speaks to no host but the upstream."""

    def __init__(
        self, upstream: str, deliver: Callable[[Exchange], None], tls: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(upstream)
        self.upstream = upstream
        self.deliver = deliver
        """Who hears of each exchange that has been passed on."""
        self.unreachable = 0
        """How many requests found no upstream."""
        self._host = parts.netloc.encode("ascii")
        self._prefix = parts.path.encode("ascii")
        self._origin = (parts.scheme.encode(), str(parts.hostname).encode("ascii"), parts.port)
        self._count = 0
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
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
            await passing.answer(501, "contract-tests proxy does not pass on WebSocket connections")
            return
        try:
            await self._pass_on(passing)
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            self.unreachable += 1
            await passing.answer(502, f"the upstream {self.upstream} cannot be reached")
        except _ClientGone:
            self._hand_over(passing)
        except (httpcore.RemoteProtocolError, httpcore.NetworkError) as error:
            await self._broken(passing, error)
        except httpcore.LocalProtocolError as error:
            await passing.answer(400, f"contract-tests proxy cannot pass on the request: {error}")

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._pool.aclose()

    async def _pass_on(self, passing: _Passing) -> None:
        response = await self._ask(passing)
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
                await self._relay_while_wanted(passing, response)
            self._hand_over(passing)
        finally:
            await response.aclose()
        await passing.send({"type": "http.response.body", "body": b""})

    async def _ask(self, passing: _Passing) -> httpcore.Response:
        """The upstream's answer, as soon as its head is there."""
        try:
            return await self._pool.handle_async_request(self._request(passing))
        except (httpcore.RemoteProtocolError, httpcore.NetworkError) as error:
            # A kept connection may have been closed at the same moment; what changes nothing may be asked again.
            if passing.method not in _SAFE or passing.has_body or not _is_silence(error):
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

    async def _relay_while_wanted(self, passing: _Passing, response: httpcore.Response) -> None:
        """What may go on for long ends when the client hangs up."""
        relay = asyncio.ensure_future(self._relay(passing, response))
        gone = asyncio.ensure_future(_hung_up(passing.receive))
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
        """The upstream hung up before its answer was whole, or what it said is not HTTP."""
        if passing.status:  # the client has seen the beginning; uvicorn hangs up when we return
            self._hand_over(passing, "the answer breaks off")
            return
        is_silence = _is_silence(error)
        words = (
            "the connection was closed without an answer"
            if is_silence
            else "the answer is not HTTP"
        )
        # Of a write nobody knows whether a kept connection had just been closed; it may have been done.
        self._hand_over(passing, words if passing.method in _SAFE or not is_silence else "")
        await passing.answer(502, f"the upstream {self.upstream}: {words}")

    def _hand_over(self, passing: _Passing, error: str = "") -> None:
        """Give an exchange to the judge."""
        if not passing.status:
            passing.note_time()
        self._count += 1
        path = passing.scope["raw_path"].decode("latin-1")
        query = passing.scope["query_string"].decode("latin-1")
        self.deliver(
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
                request_body_known=passing.request.is_whole,
                response_body_known=passing.response.is_whole,
            )
        )

    def _outgoing(self, headers: Iterable[tuple[bytes, bytes]]) -> Pairs:
        """The client's headers for the upstream."""
        own = _named_by_connection(headers) | {b"host", b"expect"}
        passed = [(name, value) for name, value in headers if name not in own]
        if any(name == b"transfer-encoding" for name, _ in headers):
            passed.append((b"transfer-encoding", b"chunked"))
        return [(b"host", self._host), *passed]

    def _incoming(self, passing: _Passing) -> Pairs:
        """The upstream's headers for the client."""
        own = _named_by_connection(passing.response_headers)
        if passing.status in _NO_BODY:
            own |= {b"content-length"}  # uvicorn would wait for the body
        here = next((value for name, value in passing.scope["headers"] if name == b"host"), b"")
        return [
            (
                name,
                self._relocated(value, here)
                if name.lower() in (b"location", b"content-location")
                else value,
            )
            for name, value in passing.response_headers
            if name.lower() not in own
        ]

    def _relocated(self, location: bytes, here: bytes) -> bytes:
        """A redirect within the upstream leads through the proxy."""
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


async def _hung_up(receive: Callable[[], Any]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_silence(error: Exception) -> bool:
    return isinstance(error, httpcore.ReadError | httpcore.WriteError) or str(error) == _NO_ANSWER


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """Headers that end here: the usual ones, and those that ``Connection`` names."""
    named = (value for name, value in headers if name.lower() == b"connection")
    return _ONE_HOP.union(token.strip().lower() for value in named for token in value.split(b","))


def _texts(headers: Pairs) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
