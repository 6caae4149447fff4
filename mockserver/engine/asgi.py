"""Operations as ASGI apps, for any ASGI server and for Connexion's application."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Protocol
from urllib.parse import unquote

from starlette.types import Receive, Scope, Send

from mockserver.clock import Clock
from mockserver.engine.body import BodyReader
from mockserver.engine.reply import Reply
from mockserver.engine.request import NO_PARAMS, Request, by_name
from mockserver.openapi.contract import route_name


class Servable(Protocol):
    """An operation, with or without faults."""

    @property
    def body(self) -> BodyReader | None:
        """The reader of its request body; None for an operation that has none."""

    def respond(self, request: Request) -> Reply | Awaitable[Reply]:
        """Return the response, or what to await where the operation waits for something."""


class AsgiOperation:
    """An ASGI app that serves one operation."""

    def __init__(self, operation: Servable, clock: Clock, path_names: list[str]) -> None:
        self._operation = operation
        self._clock = clock
        self._names = [(name, route_name(index)) for index, name in enumerate(path_names)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Send nothing to a client that disconnects before its request ends."""
        request = request_of(scope, self._clock, self._path_params(scope))
        body = self._operation.body
        if body is not None:
            payload = await receive_body(receive, body.max_bytes)
            if payload is None:
                return
            accept_body(request, body, payload)
            request.now = self._clock.now()
        reply = self._operation.respond(request)
        await send_reply(send, reply if isinstance(reply, Reply) else await reply)

    def _path_params(self, scope: Scope) -> Mapping[str, str]:
        if not self._names:
            return NO_PARAMS
        values = {name: scope["path_params"][key] for name, key in self._names}
        if has_encoded_slash(scope["path"]):
            return {name: unquote(value) for name, value in values.items()}
        return values


def has_encoded_slash(path: str) -> bool:
    """Return whether a path has a slash that is part of a value, such as that of an ARN."""
    return "%2F" in path or "%2f" in path


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Return headers by name. The first of repeated headers is used, as in FastAPI."""
    return by_name(scope["headers"])


def request_of(scope: Scope, clock: Clock, path_params: Mapping[str, str] = NO_PARAMS) -> Request:
    """Return the request of a scope, its body not yet read."""
    return Request(
        scope["method"],
        scope["path"],
        scope["query_string"],
        list(scope["headers"]),
        headers_of(scope),
        clock.now(),
        path_params,
        scope["scheme"],
        client=scope.get("client"),
    )


def accept_body(request: Request, body: BodyReader, payload: bytes) -> None:
    """Add a body to a request, or the reason why it is not accepted."""
    if len(payload) > body.max_bytes:
        request.refused = body.too_large()
        return
    if payload:
        request.refused = body.unsupported(request.headers)
    if request.refused is None:
        request.payload = payload


async def receive_body(receive: Receive, most: int) -> bytes | None:
    """Return a body, or the beginning of one that is too large; None without the whole request."""
    chunks: list[bytes] = []
    size = 0
    while size <= most:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if not message.get("more_body"):
            break
    return b"".join(chunks)


async def send_reply(send: Send, reply: Reply) -> None:
    """Send a response as ASGI messages."""
    await send(
        {"type": "http.response.start", "status": reply.status, "headers": reply.all_headers}
    )
    await send({"type": "http.response.body", "body": reply.payload})
