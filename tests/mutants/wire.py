"""Faults outside: altered requests and altered responses.

The mock validates its own responses, so responses that break the contract are made here, after the
validation. The control API under ``/_mock`` is never altered.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockserver.openapi.contract import Contract

Headers = dict[bytes, bytes]

_CONTROL = re.compile(r"/_mock(/|$)")
_KEY = b"x-api-key"


@dataclass
class Request:
    """A request on its way in."""

    operation: str | None
    """The operationId, or None for an unknown path or method."""
    method: str
    path: str
    """The path, read-only: a request is routed by its original path."""
    query: dict[str, str]
    headers: Headers
    """The headers by lower-case name."""
    body: bytes

    @property
    def key(self) -> str | None:
        """The API key as it was sent."""
        value = self.headers.get(_KEY)
        return value.decode("latin-1") if value is not None else None

    @key.setter
    def key(self, key: str) -> None:
        self.headers[_KEY] = key.encode("latin-1")

    @property
    def json(self) -> Any:
        """The body as a value, or None if it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    @json.setter
    def json(self, value: Any) -> None:
        self.body = orjson.dumps(value)


@dataclass
class Response:
    """A response on its way out."""

    status: int
    headers: Headers
    """By lower-case name."""
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = orjson.dumps(value)


@dataclass(frozen=True)
class Inside:
    """The server behind the wire, and the fault's memory between requests."""

    ask: Callable[[Request], Awaitable[Response]]
    memory: dict[Any, Any]


Alteration = Callable[[Inside, Request], Awaitable[Response]]


@dataclass(frozen=True)
class Wire:
    """An alteration of some operations' exchanges, or of all paths but the control API."""

    operations: tuple[str, ...]
    alter: Alteration
    everywhere: bool = False


def changes_response(
    *operations: str, by: Callable[[Response, Request], object], everywhere: bool = False
) -> Wire:
    """Change a response of any status."""

    async def alter(inside: Inside, request: Request) -> Response:
        response = await inside.ask(request)
        by(response, request)
        return response

    return Wire(operations, alter, everywhere)


def changes_body(*operations: str, by: Callable[[Any, Request], object], status: int = 200) -> Wire:
    """Change the JSON of responses with one status, in place."""

    def change(response: Response, request: Request) -> None:
        if response.status == status:
            body = response.json
            by(body, request)
            response.json = body

    return changes_response(*operations, by=change)


def changes_request(*operations: str, by: Callable[[Request], object]) -> Wire:
    """Change a request."""

    async def alter(inside: Inside, request: Request) -> Response:
        by(request)
        return await inside.ask(request)

    return Wire(operations, alter)


def changes_sent_json(*operations: str, by: Callable[[Any], Any]) -> Wire:
    """Replace the JSON object of a request; other bodies are unchanged."""

    def change(request: Request) -> None:
        if isinstance(request.json, dict):
            request.json = by(request.json)

    return changes_request(*operations, by=change)


class WireApp:
    """The ASGI app that alters the exchanges of another."""

    def __init__(self, app: ASGIApp, wire: Wire, contract: Contract) -> None:
        self._app = app
        self._wire = wire
        self._memory: dict[Any, Any] = {}
        self._operations = [
            (operation.method.upper(), _pattern(operation.path), name)
            for name, operation in contract.operations.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operation(scope["method"], scope["path"])
        concerned = self._wire.everywhere or operation in self._wire.operations
        if not concerned or _CONTROL.match(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def ask(request: Request) -> Response:
            return await _ask(self._app, scope, request)

        request = await _read(scope, receive, operation)
        response = await self._wire.alter(Inside(ask, self._memory), request)
        await _send(response, send)

    def _operation(self, method: str, path: str) -> str | None:
        method = "GET" if method == "HEAD" else method
        found = (
            name
            for _operation, pattern, name in self._operations
            if _operation == method and pattern.fullmatch(path)
        )
        return next(found, None)


@dataclass
class _Recorder:
    """The client of the app inside: it sends a body and collects the response."""

    body: bytes
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)

    async def receive(self) -> Message:
        body, self.body = self.body, b""
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.chunks.append(message.get("body", b""))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^/]+?\}", "[^/]+", path))


async def _read(scope: Scope, receive: Receive, operation: str | None) -> Request:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    # The first of repeated headers counts, as in the mock.
    headers = dict(scope["headers"][::-1])
    return Request(
        operation, scope["method"], scope["path"], _query(scope), headers, b"".join(chunks)
    )


def _query(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


async def _ask(app: ASGIApp, scope: Scope, request: Request) -> Response:
    headers = {**request.headers, b"content-length": b"%d" % len(request.body)}
    altered = {**scope, "method": request.method, "headers": list(headers.items())}
    if request.query != _query(scope):
        altered["query_string"] = urlencode(request.query).encode()
    recorder = _Recorder(request.body)
    await app(altered, recorder.receive, recorder.send)
    return Response(recorder.status, dict(recorder.headers), b"".join(recorder.chunks))


async def _send(response: Response, send: Send) -> None:
    headers = {**response.headers, b"content-length": b"%d" % len(response.body)}
    if response.status == 204:
        # Such a response has no body and no length.
        headers = {
            name: value
            for name, value in headers.items()
            if name not in (b"content-length", b"content-type")
        }
    await send(
        {"type": "http.response.start", "status": response.status, "headers": list(headers.items())}
    )
    await send({"type": "http.response.body", "body": response.body})
