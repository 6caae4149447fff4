"""One request that an ASGI app serves on a connection of this server."""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from typing import Protocol

from starlette.types import ASGIApp, Message, Scope

from mockserver.engine.errors import Headers, Refusal, envelope
from mockserver.engine.reply import WITHOUT_LENGTH, Reply, encode
from mockserver.engine.request_log import Observer
from mockserver.server.head import head
from mockserver.server.request_reader import Incoming

EVENT_STREAM = b"text/event-stream"
logger = logging.getLogger(__name__)

_FAILED = Reply(500, encode(envelope(Refusal(500, "The mock failed; its log says why."))), [])


class Connection(Protocol):
    """What an exchange needs of its connection."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    def abort(self) -> None:
        """Close the connection at once: the response cannot be completed."""

    def own_headers(self, incoming: Incoming) -> Headers:
        """Return the headers that say whether the connection is kept."""

    @property
    def addresses(self) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
        """The address of the client, and that of this server."""


class AsgiExchange:
    """Calls the app and writes what it sends."""

    def __init__(
        self, incoming: Incoming, connection: Connection, observe: Observer | None
    ) -> None:
        self._observe = observe
        self._payload = b""
        """The beginning of the body, for the observer."""
        self._incoming = incoming
        self._connection = connection
        self._start: Message | None = None
        """The start of the response, which is written with the first part of the body."""
        self._is_written = False
        self._is_chunked = False
        self._is_complete = False
        self._is_received = False
        self._gone = asyncio.Event()
        """Set when the client has disconnected, or the response is complete."""
        self._writable: asyncio.Event | None = None
        """Set when the client has read what was sent; None until it falls behind."""

    async def run(self, app: ASGIApp) -> None:
        """Serve the request."""
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception:
            incoming = self._incoming
            logger.exception("%s %s failed", incoming.method, incoming.path)
        if not self._is_complete and not self._gone.is_set():
            await self._fail()
        if self._observe is not None:
            self._report(self._observe)

    def _report(self, observe: Observer) -> None:
        incoming, start = self._incoming, self._start or {}
        seconds = perf_counter() - incoming.began
        headers = list(start.get("headers", ()))
        observe(incoming, start.get("status"), headers, self._payload, seconds)

    @property
    def is_endless(self) -> bool:
        """Whether the response is a stream of events, which ends only with its client."""
        start = self._start or {}
        return (b"content-type", EVENT_STREAM) in start.get("headers", ())

    def disconnect(self) -> None:
        """Tell the app that its client is gone."""
        self._gone.set()
        self.resume()

    def pause(self) -> None:
        """Let the app wait until the client has read what was sent."""
        if self._writable is None:
            self._writable = asyncio.Event()

    def resume(self) -> None:
        """Let the app go on."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def _scope(self) -> Scope:
        request = self._incoming
        client, server = self._connection.addresses
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.0" if self._incoming.is_old else "1.1",
            "method": request.method,
            "scheme": request.scheme,
            "path": request.path,
            "raw_path": request.path.encode(),
            "query_string": request.query,
            "root_path": "",
            "headers": request.header_list,
            "client": client,
            "server": server,
        }

    async def _receive(self) -> Message:
        if not self._is_received:
            self._is_received = True
            body = self._incoming.payload
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._gone.is_set():
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        more = message.get("more_body", False)
        data = message.get("body", b"")
        if not self._is_written:
            self._payload = data
        parts = b"" if self._is_written else self._head(None if more else len(data))
        if self._incoming.method != "HEAD":
            parts += self._framed(data, is_last=not more)
        if parts:
            self._connection.write(parts)
        if not more:
            self._is_complete = True
            self._gone.set()
        elif self._writable is not None:
            await self._writable.wait()

    def _head(self, size: int | None) -> bytes:
        """Return the head; ``size`` is None for a body of unknown size."""
        start = self._start
        if start is None:
            raise RuntimeError("the app sent a body before its status")
        self._is_written = True
        status, headers = start["status"], [*start.get("headers", ())]
        if not any(name == b"content-length" for name, _ in headers):
            if size is not None and status not in WITHOUT_LENGTH:
                headers.append((b"content-length", b"%d" % size))
            elif size is None and self._incoming.is_old:
                self._incoming.is_kept_alive = False
            elif size is None:
                self._is_chunked = True
                headers.append((b"transfer-encoding", b"chunked"))
        return head(status, [*headers, *self._connection.own_headers(self._incoming)])

    def _framed(self, data: bytes, *, is_last: bool) -> bytes:
        if not self._is_chunked:
            return data
        chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        return chunk + (b"0\r\n\r\n" if is_last else b"")

    async def _fail(self) -> None:
        """Send a 500, or break off a response that has begun."""
        if self._is_written:
            self._connection.abort()
            return
        await self._send(
            {
                "type": "http.response.start",
                "status": _FAILED.status,
                "headers": _FAILED.all_headers,
            }
        )
        await self._send({"type": "http.response.body", "body": _FAILED.payload})
