"""``GET /_mock/requests/stream``: recorded requests as they come, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.asgi import headers_of
from mockserver.engine.errors import Problem, Refusal, Unprocessable
from mockserver.engine.feed import BATCH, TooManyWatchers, Watcher
from mockserver.engine.redaction import Redactor
from mockserver.engine.render import timestamp
from mockserver.engine.request_log import reason_of
from mockserver.engine.world import Exchange, World

_SILENT_SECONDS = 15.0
"""A comment is sent after this time without an event, so that a broken connection is noticed."""
_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

_BOOLEANS = (["true"], ["false"])
_NO_BOOLEAN: Problem = {
    "loc": ["query", "history"],
    "msg": "Input should be a valid boolean, unable to interpret input",
    "type": "bool_parsing",
}

_MAX_EVENT_ID = 64
_LONG_EVENT_ID: Problem = {
    "loc": ["header", "Last-Event-ID"],
    "msg": f"String should have at most {_MAX_EVENT_ID} characters",
    "type": "string_too_long",
}

Refuse = Callable[[Send, Refusal], Awaitable[None]]


class RequestStream:
    """An ASGI app in front of another one. It serves the stream of recorded requests."""

    def __init__(self, app: ASGIApp, world: World[Any], prefix: str, refuse: Refuse) -> None:
        self._app, self._world, self._refuse = app, world, refuse
        self._path = f"{prefix}/requests/stream"
        self._run = f"{int(world.started * 1_000):x}"
        """Identifies this run of the server, whose numbers begin at 1."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or (scope["path"], scope["method"]) != (self._path, "GET"):
            await self._app(scope, receive, send)
            return
        problems = [*_problems(scope)]
        if problems:
            await self._refuse(send, Unprocessable(problems))
            return
        try:
            watcher = self._world.feed.watch(self._batch)
        except TooManyWatchers as error:
            await self._refuse(send, Refusal(409, str(error)))
            return
        try:
            await self._serve(watcher, scope, receive, send)
        finally:
            self._world.feed.unwatch(watcher)

    async def _serve(self, watcher: Watcher, scope: Scope, receive: Receive, send: Send) -> None:
        beginning = [*self._beginning(scope)]
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        for event in beginning:
            await _send(send, event)
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            while not gone.done():
                for event in _events(watcher):
                    await _send(send, event)
                filled = asyncio.ensure_future(watcher.is_filled.wait())
                await asyncio.wait(
                    {gone, filled}, timeout=_SILENT_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if not filled.done():
                    filled.cancel()
                    await _send(send, b": nothing new\n\n")
        finally:
            gone.cancel()

    def _beginning(self, scope: Scope) -> Iterator[bytes]:
        """Yield how many requests were missed, and those that are still recorded."""
        world = self._world
        wants_history = _history(scope) != ["false"]
        run, _, number = (
            headers_of(scope).get(b"last-event-id", b"").decode("latin-1").rpartition("-")
        )
        is_number = number.isdecimal() and len(number) < 16
        is_known = run == self._run and is_number and int(number) <= world.recorded
        last = int(number) if is_known else (0 if wants_history else world.recorded)
        recorded = [exchange for exchange in world.exchanges if exchange.number > last]
        missed = world.missed_after(last) if is_known else 0
        hello = {"run": self._run, "missed": missed, "resumed": is_known, "cleared": world.cleared}
        yield _event("hello", hello)
        for start in range(0, len(recorded), BATCH):
            yield self._batch(recorded[start : start + BATCH])

    def _batch(self, exchanges: Sequence[Exchange]) -> bytes:
        """Return one event. Requests that are alike are rendered once."""
        known: dict[Hashable, bytes] = {}
        redactor = self._world.redactor
        data = b",".join([_rendered(exchange, redactor, known) for exchange in exchanges])
        id = f"{self._run}-{exchanges[-1].number}".encode()
        return b"event: requests\nid: %b\ndata: [%b]\n\n" % (id, data)


def _problems(scope: Scope) -> Iterator[Problem]:
    """Yield what violates the contract in a request."""
    if _history(scope) not in _BOOLEANS:
        yield _NO_BOOLEAN
    if len(headers_of(scope).get(b"last-event-id", b"")) > _MAX_EVENT_ID:
        yield _LONG_EVENT_ID


def _history(scope: Scope) -> list[str]:
    """Return the values of the parameter ``history``."""
    query: str = scope["query_string"].decode("latin-1")
    return parse_qs(query, keep_blank_values=True).get("history", ["true"])


def _events(watcher: Watcher) -> Iterator[bytes]:
    """Yield all that a watcher has not seen."""
    watcher.is_filled.clear()
    while (batch := watcher.take()) is not None:
        if dropped := watcher.take_dropped():
            yield _event("dropped", {"count": dropped})
        yield batch
    if changes := watcher.take_changes():
        yield _event("changed", changes)


def _rendered(exchange: Exchange, redactor: Redactor, known: dict[Hashable, bytes]) -> bytes:
    """Return a recorded request without its bodies, as JSON."""
    is_error = exchange.status is not None and exchange.status >= 400
    body = exchange.response_body if is_error else b""
    facts = (
        *(exchange.account_id, exchange.operation_id, exchange.method, exchange.path),
        *(exchange.query, exchange.status, body, exchange.fault, exchange.warnings),
    )
    rest = known.get(facts)
    if rest is None:
        rest = known[facts] = orjson.dumps(_facts(exchange, body, redactor))[1:]
    at, milliseconds = timestamp(exchange.at).encode(), exchange.seconds * 1_000
    head = b'{"number":%d,"at":"%b","duration_ms":%.3f,'
    return head % (exchange.number, at, milliseconds) + rest


def _facts(exchange: Exchange, body: bytes, redactor: Redactor) -> dict[str, Any]:
    """Return what many requests may have in common. ``body`` is that of an error."""
    return {
        "account_id": exchange.account_id,
        "operation_id": exchange.operation_id,
        "method": exchange.method,
        "path": redactor.path(exchange.path),
        "query": redactor.query(exchange.query) if exchange.query else "",
        "status": exchange.status,
        "reason": redactor.text(reason_of(body)) if body else None,
        "fault": exchange.fault and redactor.text(exchange.fault),
        "warnings": [redactor.text(warning) for warning in exchange.warnings],
    }


def _event(name: str, data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))


async def _send(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
