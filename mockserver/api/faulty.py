"""What a fault does to an answer and to the connection that it should have gone over."""

import socket
import struct
from collections.abc import Iterator
from typing import Any, Protocol

from starlette.types import Message, Receive, Scope, Send

from mockserver.api.errors import Refusal
from mockserver.api.rate_limits import Headers
from mockserver.api.reply import encode
from mockserver.api.responses import BrokenContract, Responses
from mockserver.faults.rule import Rule, phrase
from mockserver.uvicorn_parts import TRANSPORT

HEADER = b"x-mock-fault"

_LINGER_NOT = struct.pack("ii", 1, 0)
"""What is unsent is thrown away, and the other side is told by RST instead of FIN."""


class Transport(Protocol):
    """As much of asyncio's transport as is needed."""

    def get_extra_info(self, name: str) -> Any: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


def transport_of(scope: Scope) -> Transport | None:
    """The connection of a request; None under a server that does not hand it out."""
    transport: Transport | None = scope.get("state", {}).get(TRANSPORT)
    return transport


def no_transport(names: str) -> Refusal:
    """The answer where a connection should be broken and cannot be."""
    return Refusal(
        500,
        f"The fault '{names}' breaks the connection, and this server does not hand it out. Start the mock with "
        "'mockserver serve', or give uvicorn http=mockserver.uvicorn_parts.BufferedProtocol.",
    )


async def reset(transport: Transport, receive: Receive) -> None:
    """End the connection as a machine does that crashed: by RST."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
    await _gone(receive)


async def hang_up(transport: Transport, receive: Receive) -> None:
    """End the connection after what was sent."""
    transport.close()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Wait until the server knows: it would take an answer that does not end for a mistake."""
    while (await receive())["type"] != "http.disconnect":
        pass


def marked(send: Send, names: str) -> Send:
    """Sends answers that say which faults they show."""
    mark = (HEADER, names.encode("ascii"))

    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], mark]
        await send(message)

    return send_marked


def truncated(send: Send) -> Send:
    """Sends half of each body, and its whole length before it."""

    async def send_half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message["body"]
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return send_half


async def unheard(message: Message) -> None:
    """Sends nothing."""


def error_body(rule: Rule, status: int, responses: Responses, *, on: str, default: str | None) -> bytes:
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
