"""What a fault does to an answer and to the connection that it should have gone over."""

import asyncio
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any, Protocol

from starlette.types import Message, Receive, Scope, Send

from mockserver.billing.api.rate_limits import Headers
from mockserver.engine.errors import Refusal
from mockserver.engine.reply import encode
from mockserver.engine.responses import BrokenContract, Responses
from mockserver.faults.rule import Rule, phrase
from mockserver.server.uvicorn_server import TRANSPORT

HEADER = b"x-mock-fault"

_LINGER_NOT = struct.pack("ii", 1, 0)
"""What is unsent is thrown away, and the other side is told by RST instead of FIN."""
_FLUSH_SECONDS, _FLUSH_PAUSE = 5, 0.001
"""How long a client may take to read half of a body, and how often to look."""


class Transport(Protocol):
    """As much of asyncio's transport as is needed."""

    def get_extra_info(self, name: str) -> Any: ...
    def is_closing(self) -> bool: ...
    def get_write_buffer_size(self) -> int: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


async def arrived(receive: Receive, most: int) -> Receive | None:
    """Wait for a request's whole body, and keep it: a client that leaves later has sent it. None if it left before.

    Of a body that is too large, only enough is read to see that it is.
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
    """The connection of a request; None under a server that does not hand it out."""
    transport: Transport | None = scope.get("state", {}).get(TRANSPORT)
    return transport


def no_transport(names: str) -> Refusal:
    """The answer where a connection should be broken and cannot be."""
    return Refusal(
        500,
        f"The fault '{names}' breaks the connection, and this server does not hand it out. Start the mock with "
        "'mockserver serve', or give uvicorn http=mockserver.server.uvicorn_server.BufferedProtocol.",
    )


def reset(transport: Transport) -> None:
    """End the connection as a machine does that crashed: by RST. What is written to it from then on goes nowhere."""
    if not transport.is_closing():  # the client may have left by itself meanwhile
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()


def marked(send: Send, names: str) -> Send:
    """Sends answers that say which faults they show."""
    mark = (HEADER, names.encode("ascii"))

    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], mark]
        await send(message)

    return send_marked


def unheard(send: Send, transport: Transport) -> Send:
    """Resets the connection before the first byte. The server sees the answer pass, and so the request end."""

    async def send_nowhere(message: Message) -> None:
        reset(transport)
        await send(message)

    return send_nowhere


def truncated(send: Send, transport: Transport) -> Send:
    """Sends half of each body, and its whole length before it; then the connection closes."""

    async def send_half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message["body"]
            half = len(body) // 2
            await send({"type": "http.response.body", "body": body[:half], "more_body": True})
            await _hang_up(transport)
            message = {"type": "http.response.body", "body": body[half:]}
        await send(message)

    return send_half


async def _hang_up(transport: Transport) -> None:
    """End the connection after what was written, so that what comes next goes nowhere."""
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


def error_body(
    rule: Rule, status: int, responses: Responses, *, on: str, default: str | None
) -> bytes:
    """The body of an error: as the contract has it where it knows the status, else in the same envelope."""
    if rule.detail is None and default is None:
        example = responses.example(status)
        if example is not None:
            return encode(example)
    detail = rule.detail or default or phrase(status)
    for body in _envelopes(detail, on):
        try:
            return responses.encode(status, body)
        except BrokenContract:
            continue
    return encode({"detail": detail})


def _envelopes(detail: str, on: str) -> Iterator[dict[str, Any]]:
    yield {"detail": detail}
    yield {"detail": [{"loc": [on], "msg": detail, "type": "value_error"}]}


def merged(headers: Headers, chosen: dict[str, str]) -> Headers:
    """Headers, with those that a rule chose in the place of others of the same name."""
    own = {name.lower().encode("ascii"): value.encode("ascii") for name, value in chosen.items()}
    return [*((name, value) for name, value in headers if name not in own), *own.items()]
