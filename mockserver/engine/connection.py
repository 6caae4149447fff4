"""Marks, loses and truncates responses, and breaks connections."""

import asyncio
import socket
import struct
import time
from typing import Any, Protocol

from starlette.types import Message, Receive, Scope, Send

from mockserver.engine.errors import Refusal

TRANSPORT = "mockserver.transport"
"""The key under which a server hands out the connection in the state of a request."""
HEADER = b"x-mock-fault"

_NO_LINGER = struct.pack("ii", 1, 0)
"""Unsent data is discarded, and the connection is closed by RST instead of FIN."""
_FLUSH_SECONDS, _FLUSH_PAUSE = 5, 0.001
"""How long a client may take to read half of a body, and how often that is checked."""


class Transport(Protocol):
    """The methods of asyncio's transport that are used here."""

    def get_extra_info(self, name: str) -> Any: ...
    def is_closing(self) -> bool: ...
    def get_write_buffer_size(self) -> int: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


async def arrived(receive: Receive, most: int) -> Receive | None:
    """Wait for a request's whole body and return a ``receive`` that replays it.

    Return None if the client disconnects first. Reading stops when a body is too large.
    """
    messages: list[Message] = []
    size = 0
    while size <= most:
        message = await receive()
        if message["type"] != "http.request":
            return None
        messages.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    messages.reverse()

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def transport_of(scope: Scope) -> Transport | None:
    """Return the connection of a request; None under a server that does not hand it out."""
    transport: Transport | None = scope.get("state", {}).get(TRANSPORT)
    return transport


def no_transport(names: str) -> Refusal:
    """Return the 500 for a fault that cannot break the connection."""
    return Refusal(
        500,
        f"The fault '{names}' breaks the connection, and this server does not hand it out. "
        "Start the mock with 'mockserver serve', or give uvicorn "
        "http=mockserver.server.uvicorn_server.BufferedProtocol.",
    )


def reset(transport: Transport) -> None:
    """Close the connection by RST, as a crash does. Later writes are discarded."""
    if not transport.is_closing():  # the client may have disconnected
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()


def mark(send: Send, names: str) -> Send:
    """Return a ``send`` that names the faults in a response header."""
    header = (HEADER, names.encode("ascii"))

    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], header]
        await send(message)

    return send_marked


def lose(send: Send, transport: Transport) -> Send:
    """Return a ``send`` that resets the connection before the first byte.

    The server sees the whole response, and so the end of the request.
    """

    async def send_after_reset(message: Message) -> None:
        reset(transport)
        await send(message)

    return send_after_reset


def truncate(send: Send, transport: Transport) -> Send:
    """Return a ``send`` that closes the connection after half of the body."""

    async def send_half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message["body"]
            half = len(body) // 2
            await send({"type": "http.response.body", "body": body[:half], "more_body": True})
            await _close_after_flush(transport)
            message = {"type": "http.response.body", "body": body[half:]}
        await send(message)

    return send_half


async def _close_after_flush(transport: Transport) -> None:
    """Close the connection once everything written so far is sent."""
    deadline = time.monotonic() + _FLUSH_SECONDS
    while (
        transport.get_write_buffer_size()
        and not transport.is_closing()
        and time.monotonic() < deadline
    ):
        await asyncio.sleep(_FLUSH_PAUSE)
    if transport.get_write_buffer_size():
        transport.abort()
    transport.close()
