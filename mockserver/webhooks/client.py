"""One POST over a connection of its own: bounded in time and size, no redirects, no proxies.

Made of asyncio and the HTTP parser that the server has loaded anyway. An HTTP client would cost a megabyte and some
ten milliseconds, and several times as much of the loop for each call.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import NamedTuple, cast

from httptools import HttpParserError, HttpResponseParser

from mockserver.webhooks.target import Target

MAX_ANSWER_BYTES = 65_536
"""As much of an answer as is read, its head included; what comes after it is nobody's business."""
KEPT_BYTES = 1_024

_WITHOUT_FRAME = "The receiver closed the connection before its answer was complete."


class Undelivered(Exception):
    """A call without an answer: a sentence that says why."""


class Answer(NamedTuple):
    status: int
    body: bytes
    """As it began: at most 1 KiB."""


async def post(target: Target, headers: dict[str, str], body: bytes, seconds: float) -> Answer:
    """Send a body, and read the answer. Raises Undelivered."""
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
        raise Undelivered(f"The receiver did not answer within {seconds:g} seconds.") from None


async def _exchange(target: Target, request: bytes) -> Answer:
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
    """What went wrong, without numbers."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return (error.strerror or str(error)).lower()


def _tls(target: Target) -> ssl.SSLContext:
    """How to speak TLS: on this machine any certificate will do, since nobody can be in between."""
    if not target.is_local:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Exchange(asyncio.Protocol):
    """Sends the request once it is connected, and reads the answer as it comes."""

    def __init__(self, request: bytes) -> None:
        self.outcome: asyncio.Future[Answer | Undelivered] = (
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
        # The parser knows this and this knows the parser: left so, each call would wait for the garbage collector.
        self._parser = None
        if self._transport is not None:
            self._transport.abort()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # To be told by its type it would have to be asyncio's own: uvloop's is none.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._fail("The receiver answered with something that is no HTTP.")
        if self._received >= MAX_ANSWER_BYTES:
            # Enough is known of an answer whose head is there.
            self._finish() if self._status >= 200 else self._fail(
                "The head of the receiver's answer is too large."
            )

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 (the shape of a protocol)
        # An answer without a length ends where the connection ends.
        self._finish() if self._status >= 200 and not self._is_framed else self._fail(
            _WITHOUT_FRAME
        )

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: ARG002 (the shape of a callback)
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._is_framed = True

    def on_headers_complete(self) -> None:
        if self._parser is not None:
            self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self._body = (
            (self._body + body)[:KEPT_BYTES] if len(self._body) < KEPT_BYTES else self._body
        )

    def on_message_complete(self) -> None:
        if (
            self._status >= 200
        ):  # else it is a 100 Continue or the like, and the answer comes after it
            self._finish()

    def _finish(self) -> None:
        if not self.outcome.done():
            self.outcome.set_result(Answer(self._status, self._body))

    def _fail(self, sentence: str) -> None:
        # No exception: nobody may be there any more to take it.
        if not self.outcome.done():
            self.outcome.set_result(Undelivered(sentence))
