"""One HTTP/1.1 connection: its requests are served in order, within limits."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections import deque
from collections.abc import Awaitable
from datetime import datetime
from time import perf_counter
from typing import Any, Protocol

from starlette.types import ASGIApp

from mockserver.engine.errors import Headers, Refusal, envelope
from mockserver.engine.reply import Reply, encode
from mockserver.engine.request import Request
from mockserver.engine.request_log import Observer
from mockserver.limits import SLICE_BYTES, WRITE_BUFFER_BYTES, Limits
from mockserver.server.cors import ORIGIN
from mockserver.server.exchange import AsgiExchange
from mockserver.server.head import CLOSE, CONTINUE, KEEP_ALIVE, head_of
from mockserver.server.request_reader import Incoming, Malformed, RequestReader, Resolver

logger = logging.getLogger(__name__)

_NO_LINGER = struct.pack("ii", 1, 0)
"""Unsent data is discarded, and the connection is closed by RST instead of FIN."""
_LINGER_SECONDS = 2
"""How long a refused client may go on sending, so that it reads why it was refused."""
_NO_HEADERS: Headers = []
_FAILURE = Refusal(500, "The mock failed; its log says why. Please report it.")


class Site(Resolver, Protocol):
    """What a server serves. Its parts may be replaced between two requests."""

    def now(self) -> datetime:
        """Return the time of a request."""

    @property
    def app(self) -> ASGIApp:
        """The app for what has no short way."""


class HttpProtocol(asyncio.Protocol):
    """The protocol of one connection."""

    def __init__(
        self,
        site: Site,
        limits: Limits,
        connections: set[HttpProtocol],
        observe: Observer | None = None,
    ) -> None:
        self._observe = observe
        self._site = site
        self._limits = limits
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._reader = RequestReader(site, limits, self._take)
        self._transport: Any = None
        self._queue: deque[Incoming] = deque()
        """Pipelined requests that wait for the response before theirs."""
        self._unread = b""
        """What is not parsed until the responses before it are written."""
        self._refused: Malformed | None = None
        """The error that ends the connection after the responses that are due."""
        self._task: asyncio.Task[None] | None = None
        """What waits for a response."""
        self._exchange: AsgiExchange | None = None
        self._active_at = 0.0
        """When the client last sent or read something."""
        self._head_at = 0.0
        """When an incomplete head began; 0 if there is none."""
        self._dropped = 0
        self._is_closing = False
        self._is_paused = False
        """Whether the client has not read what was written."""

    # -------------------------------------------------------------------------- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set up the connection, or close it if there are too many."""
        self._transport = transport
        self._peer, self._own = map(_pair, map(transport.get_extra_info, ("peername", "sockname")))
        self._active_at = self._loop.time()
        if len(self._connections) >= self._limits.max_connections:
            logger.warning("closed a connection beyond %d", self._limits.max_connections)
            self._is_closing = True
            self._transport.close()
            return
        self._connections.add(self)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        """Drop what was not served."""
        self._connections.discard(self)
        self._is_closing = True
        self._queue.clear()
        self._unread = b""
        if self._exchange is not None:
            self._exchange.disconnect()

    def eof_received(self) -> bool:
        """Keep the connection if its client has sent everything but waits for responses.

        A stream of events is not waited for: its client has closed the page.
        """
        if self._exchange is not None and self._exchange.is_endless:
            self._exchange.disconnect()
            return False
        return self._task is not None or bool(self._queue) or bool(self._unread)

    def pause_writing(self) -> None:
        """Stop serving a client that does not read."""
        self._is_paused = True
        self._active_at = self._loop.time()
        if self._exchange is not None:
            self._exchange.pause()

    def resume_writing(self) -> None:
        """Go on with what waits."""
        self._is_paused = False
        self._active_at = self._loop.time()
        if self._exchange is not None:
            self._exchange.resume()
        self._go_on()

    def check(self, now: float) -> None:
        """Close the connection if its client takes too long."""
        limits, silent = self._limits, now - self._active_at
        if self._is_closing:
            if silent > max(_LINGER_SECONDS, limits.write_timeout if self._is_paused else 0):
                self._transport.abort()
        elif self._is_paused:
            if silent > limits.write_timeout:
                self._transport.abort()
        elif self._task is not None:
            pass
        elif self._reader.is_in_body:
            if silent > limits.body_timeout:
                self._refuse(408, "The body was not complete in time.")
        elif self._head_at:
            if now - self._head_at > limits.head_timeout:
                self._refuse(408, "The head was not complete in time.")
        elif silent > limits.keep_alive_timeout:
            self._transport.close()

    def stop(self) -> bool:
        """Close the connection unless a response is under way. Return whether it is closed."""
        if self._exchange is not None and self._exchange.is_endless:
            self._exchange.disconnect()
        if self._task is not None or self._queue:
            return False
        self._is_closing = True
        self._transport.close()
        return True

    def abort(self) -> None:
        """Close the connection at once."""
        self._is_closing = True
        self._transport.abort()

    # -------------------------------------------------------------------------------- reading

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, in slices, unless responses before it are not yet written."""
        self._active_at = self._loop.time()
        if self._is_closing:
            self._drop(data)
            return
        if self._refused is not None:
            return
        is_blocked = self._task is not None or self._is_paused
        if not is_blocked and not self._unread and len(data) <= SLICE_BYTES:
            self._feed(data)
        else:
            self._unread += data
            self._go_on()

    def _drop(self, data: bytes) -> None:
        """Count what a refused client still sends."""
        self._dropped += len(data)
        if self._dropped > self._limits.max_dropped_bytes:
            self._transport.abort()

    @property
    def _is_blocked(self) -> bool:
        return self._task is not None or self._is_paused

    def _go_on(self) -> None:
        """Serve and parse what waits, until a response must be waited for."""
        while not self._is_closing and not self._is_blocked:
            if self._queue:
                self._serve(self._queue.popleft())
            elif self._refused is not None:
                self._refuse(self._refused.status, str(self._refused))
            elif self._unread:
                data, self._unread = self._unread[:SLICE_BYTES], self._unread[SLICE_BYTES:]
                self._feed(data)
            else:
                self._transport.resume_reading()
                return
        if not self._is_closing:
            self._transport.pause_reading()

    def _feed(self, data: bytes) -> None:
        reader = self._reader
        try:
            reader.feed(data)
        except Malformed as error:
            self._refuse(error.status, str(error))
            return
        except Exception:
            logger.exception("a request cannot be read")
            self._refuse(500, str(_FAILURE.detail))
            return
        if not reader.is_in_head:
            self._head_at = 0.0
        elif not self._head_at:
            self._head_at = self._active_at
        if reader.owes_continue and not self._queue and not self._is_blocked:
            reader.owes_continue = False
            self._transport.write(CONTINUE)

    def _refuse(self, status: int, sentence: str) -> None:
        """Send an error that ends the connection, after the responses that are still due."""
        if self._is_blocked or self._queue:
            self._refused = Malformed(status, sentence)
            return
        reply = Reply(status, encode(envelope(Refusal(status, sentence))), [])
        self._transport.write(head_of(reply, [CLOSE]) + reply.payload)
        self._linger()

    # -------------------------------------------------------------------------------- serving

    def _take(self, incoming: Incoming) -> None:
        """Serve a request that is complete, or let it wait for its turn."""
        if self._task is not None or self._is_paused or self._queue:
            self._queue.append(incoming)
        else:
            self._serve(incoming)

    def _serve(self, incoming: Incoming) -> None:
        route = incoming.route
        respond = route.respond if ORIGIN not in incoming.headers else route.respond_to_page
        if respond is None:
            exchange = self._exchange = AsgiExchange(incoming, self, self._observe)
            self._task = self._loop.create_task(self._run(exchange, incoming))
            return
        incoming.now = self._site.now()
        incoming.client = self._peer
        try:
            reply = respond(incoming)
        except Exception:
            logger.exception("%s %s failed", incoming.method, incoming.path)
            reply = Reply(500, encode(envelope(_FAILURE)), [])
        if isinstance(reply, Reply):
            self._respond(incoming, reply)
        else:
            self._task = self._loop.create_task(self._wait(incoming, reply))

    async def _run(self, exchange: AsgiExchange, incoming: Incoming) -> None:
        """Let the ASGI app serve a request."""
        await exchange.run(self._site.app)
        self._exchange = self._task = None
        if not incoming.is_kept_alive:
            self._close()
        self._go_on()

    async def _wait(self, incoming: Incoming, reply: Awaitable[Reply]) -> None:
        """Write a response that must be waited for."""
        try:
            ready = await reply
        except Exception:
            logger.exception("%s %s failed", incoming.method, incoming.path)
            ready = Reply(500, encode(envelope(_FAILURE)), [])
        self._task = None
        if not self._is_closing:
            self._respond(incoming, ready)
        self._go_on()

    def _respond(self, incoming: Incoming, reply: Reply) -> None:
        """Write a response, or as much of it as a fault leaves."""
        if self._observe is not None:
            self._report(incoming, reply)
        if reply.delivery == "reset":
            self._reset()
            return
        is_plain = incoming.is_kept_alive and not incoming.is_old
        more = _NO_HEADERS if is_plain else self.own_headers(incoming)
        head = head_of(reply, more)
        if incoming.method == "HEAD":
            self._transport.write(head)
        elif reply.delivery == "half":
            self._transport.write(head + reply.payload[: len(reply.payload) // 2])
            self._close()
        else:
            self._transport.write(head + reply.payload)
        if not incoming.is_read:
            self._linger()
        elif not incoming.is_kept_alive:
            self._close()

    def _report(self, request: Request, reply: Reply) -> None:
        observe, seconds = self._observe, perf_counter() - request.began
        if observe is not None and reply.delivery == "reset":
            observe(request, None, reply.headers, b"", seconds)
        elif observe is not None:
            observe(request, reply.status, reply.headers, reply.payload, seconds)

    def _reset(self) -> None:
        """Close the connection by RST, as a crash does."""
        self._is_closing = True
        connection: socket.socket = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def _linger(self) -> None:
        """Close the connection when the client has sent what it still sends, which is dropped.

        Closing it earlier would reset it, and the client might never read the response.
        """
        self._is_closing = True
        self._transport.write_eof()
        self._transport.resume_reading()

    def _close(self) -> None:
        """Close the connection after what was written."""
        self._is_closing = True
        self._transport.close()

    # --------------------------------------------------------------------- for ASGI exchanges

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._transport.write(data)

    def own_headers(self, incoming: Incoming) -> Headers:
        """Return the headers that say whether the connection is kept."""
        if not incoming.is_kept_alive:
            return [CLOSE]
        return [KEEP_ALIVE] if incoming.is_old else []

    @property
    def addresses(self) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
        """The address of the client, and that of this server."""
        return self._peer, self._own


def _pair(address: Any) -> tuple[str, int] | None:
    """Return host and port; None for a socket without them."""
    return (address[0], address[1]) if isinstance(address, tuple) else None
