"""An HTTP client for one POST: a new connection, bounds on time and size, no redirects, no proxies.

It consists of asyncio and the HTTP parser that the server loads in any case. An HTTP client library
costs a megabyte of memory, ten milliseconds to load and several times the processor time per call.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import NamedTuple, cast

from httptools import HttpParserError, HttpResponseParser

from mockserver.webhooks.target import Target

MAX_RESPONSE_BYTES = 65_536
"""How much of a response is read, status line and headers included."""
KEPT_BYTES = 1_024
"""How much of a response's body is kept."""

_INCOMPLETE = "The receiver closed the connection before its response was complete."


class Undelivered(Exception):
    """A call that got no response; the message is a sentence that says why."""


class Response(NamedTuple):
    """What a receiver responded."""

    status: int
    body: bytes
    """The first ``KEPT_BYTES`` of the body."""


async def post(target: Target, headers: dict[str, str], body: bytes, seconds: float) -> Response:
    """Send a body and return the response.

    Raises Undelivered if the connection fails, the response is not HTTP, or ``seconds`` of real
    time pass before it is complete.
    """
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join([*lines, "Connection: close", "", ""]).encode("ascii") + body
    try:
        async with asyncio.timeout(seconds):
            return await _exchange(target, request)
    except TimeoutError:
        raise Undelivered(f"The receiver did not respond within {seconds:g} seconds.") from None


async def _exchange(target: Target, request: bytes) -> Response:
    exchange = await _connect(target, request)
    try:
        outcome = await exchange.outcome
    finally:
        exchange.close()
    if isinstance(outcome, Undelivered):
        raise outcome
    return outcome


async def _connect(target: Target, request: bytes) -> _Exchange:
    loop = asyncio.get_running_loop()
    context = _tls(target) if target.is_tls else None
    name = target.host if target.is_tls else None
    problem = ""
    for address in target.addresses:
        try:
            _, exchange = await loop.create_connection(
                lambda: _Exchange(request), address, target.port, ssl=context, server_hostname=name
            )
        except TimeoutError:
            raise
        except OSError as error:
            problem = problem or _reason(error)
        else:
            return exchange
    raise Undelivered(f"No connection to {target.authority}: {problem}.")


def _reason(error: OSError) -> str:
    """Return the reason in words, without the error number."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return (error.strerror or str(error)).lower()


def _tls(target: Target) -> ssl.SSLContext:
    """Return the TLS settings. Certificates of this machine are not verified (no third party)."""
    if not target.is_local:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Exchange(asyncio.Protocol):
    """Sends the request as soon as it is connected, and parses the response as it arrives."""

    def __init__(self, request: bytes) -> None:
        self.outcome: asyncio.Future[Response | Undelivered] = (
            asyncio.get_running_loop().create_future()
        )
        self._request = request
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._received = 0
        self._status = 0
        self._body = b""
        self._is_framed = False

    def close(self) -> None:
        """Close the connection."""
        # The parser and this object refer to each other: that cycle would keep both in memory until
        # the garbage collector runs.
        self._parser = None
        if self._transport is not None:
            self._transport.abort()

    # Callbacks of the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, since uvloop's transport does not derive from asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._fail("The receiver's response is not HTTP.")
        if self._received >= MAX_RESPONSE_BYTES:
            # A response whose headers are complete counts, however long its body is.
            self._finish() if self._status >= 200 else self._fail(
                "The headers of the receiver's response are too large."
            )

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 (asyncio callback)
        # A response without a length ends when the connection is closed.
        is_complete = self._status >= 200 and not self._is_framed
        self._finish() if is_complete else self._fail(_INCOMPLETE)

    # Callbacks of the parser.

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: ARG002 (httptools callback)
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._is_framed = True

    def on_headers_complete(self) -> None:
        if self._parser is not None:
            self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if len(self._body) < KEPT_BYTES:
            self._body = (self._body + body)[:KEPT_BYTES]

    def on_message_complete(self) -> None:
        # An interim response, such as 100 Continue, precedes the final one.
        if self._status >= 200:
            self._finish()

    def _finish(self) -> None:
        if not self.outcome.done():
            self.outcome.set_result(Response(self._status, self._body))

    def _fail(self, sentence: str) -> None:
        # A result and not an exception: after a timeout nobody retrieves it, and asyncio logs that.
        if not self.outcome.done():
            self.outcome.set_result(Undelivered(sentence))
