"""A small HTTP/1.1 client with one keep-alive connection and one request at a time.

It leaves out what this server never does (chunks, redirects, compression), so that it costs less
than the server.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, NamedTuple, cast

import orjson

from benchmarks.errors import BenchError

_HEAD_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Response(NamedTuple):
    """Status and body."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return orjson.loads(self.body)


class Client(asyncio.Protocol):
    """One connection to a server on this machine."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._waiting: asyncio.Future[Response] | None = None
        self._received = bytearray()
        self._status = 0
        self._needed = -1

    @classmethod
    async def open(cls, port: int) -> Client:
        """Connect. Raises BenchError."""
        try:
            _, client = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        except OSError as error:
            raise BenchError(f"the server does not take connections: {error}") from None
        return client

    async def ask(
        self,
        method: str,
        path: str,
        key: str | None = None,
        body: bytes = b"",
        headers: tuple[str, ...] = (),
    ) -> Response:
        """Send a request and return the response. Raises BenchError if the connection breaks."""
        assert self._transport is not None
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
        if key is not None:
            lines.append(f"X-API-Key: {key}")
        if body:
            lines.append(f"Content-Length: {len(body)}")
            if not headers:
                lines.append("Content-Type: application/json")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write("\r\n".join(lines).encode() + _HEAD_END + body)
        return await self._waiting

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Collect a response until it is complete."""
        self._received += data
        if self._needed < 0:
            end = self._received.find(_HEAD_END)
            if end < 0:
                return
            head = bytes(self._received[: end + 2])
            status, length = _STATUS.match(head), _LENGTH.search(head)
            if status is None or length is None:
                self._fail("a response without a status or a Content-Length")
                return
            self._status, self._needed = int(status[1]), int(length[1])
            del self._received[: end + len(_HEAD_END)]
        if len(self._received) < self._needed:
            return
        response = Response(self._status, bytes(self._received))
        self._received.clear()
        self._needed = -1
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(response)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request under way."""
        self._fail(f"the connection was closed: {exc or 'end of stream'}")

    def _fail(self, why: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(BenchError(why))
