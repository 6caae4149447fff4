"""``GET /_mock/requests/stream``: recorded requests as they come, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.asgi import headers_of
from mockserver.engine.errors import Refusal
from mockserver.engine.feed import Entry, TooManyWatchers, Watcher
from mockserver.engine.redaction import Redactor
from mockserver.engine.render import timestamp
from mockserver.engine.request_log import reason_of
from mockserver.engine.world import Exchange, World

BATCH = 500
"""The highest number of requests in one event."""
_PAUSE_SECONDS = 0.1
"""Requests are collected for this time, so that many of them are one event."""
_SILENT_SECONDS = 15.0
"""A comment is sent after this time without an event, so that a broken connection is noticed."""
_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

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
        try:
            watcher = self._world.feed.watch()
        except TooManyWatchers as error:
            await self._refuse(send, Refusal(409, str(error)))
            return
        try:
            await self._serve(watcher, scope, receive, send)
        finally:
            self._world.feed.unwatch(watcher)

    async def _serve(
        self, watcher: Watcher[Exchange], scope: Scope, receive: Receive, send: Send
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        for event in self._beginning(scope):
            await _send(send, event)
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            while not gone.done():
                filled = asyncio.ensure_future(watcher.wait())
                await asyncio.wait(
                    {gone, filled}, timeout=_SILENT_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if not filled.done():
                    filled.cancel()
                    await _send(send, b": nothing new\n\n")
                    continue
                for event in self._events(watcher):
                    await _send(send, event)
                await asyncio.wait({gone}, timeout=_PAUSE_SECONDS)
        finally:
            gone.cancel()

    def _beginning(self, scope: Scope) -> Iterator[bytes]:
        """Yield how many requests were missed, and those that are still recorded."""
        world = self._world
        wants_history = parse_qs(scope["query_string"]).get(b"history") != [b"false"]
        run, _, number = headers_of(scope).get(b"last-event-id", b"").decode("latin-1").rpartition(
            "-"
        )
        is_known = run == self._run and number.isdecimal() and len(number) < 16
        last = int(number) if is_known else (0 if wants_history else world.recorded)
        recorded = [exchange for exchange in world.exchanges if exchange.number > last]
        missed = world.recorded - last - len(recorded) if is_known else 0
        yield _event("hello", {"run": self._run, "missed": missed, "resumed": is_known})
        for start in range(0, len(recorded), BATCH):
            yield self._batch([Entry(exchange) for exchange in recorded[start : start + BATCH]])

    def _events(self, watcher: Watcher[Exchange]) -> Iterator[bytes]:
        """Yield all that a watcher has not seen."""
        if watcher.dropped:
            yield _event("dropped", {"count": watcher.dropped})
            watcher.dropped = 0
        entries = watcher.take(BATCH)
        while entries:
            yield self._batch(entries)
            entries = watcher.take(BATCH) if watcher.has_more else []
        changes = watcher.take_changes()
        if changes:
            yield _event("changed", changes)

    def _batch(self, entries: list[Entry[Exchange]]) -> bytes:
        redactor = self._world.redactor
        paths: dict[str, str] = {}
        for entry in entries:
            if not entry.rendered:
                entry.rendered = orjson.dumps(summary(entry.event, redactor, paths))
        data = b",".join([entry.rendered for entry in entries])
        id = f"{self._run}-{entries[-1].event.number}".encode()
        return b"event: requests\nid: %b\ndata: [%b]\n\n" % (id, data)


def summary(exchange: Exchange, redactor: Redactor, paths: dict[str, str]) -> dict[str, Any]:
    """Return a recorded request without its bodies. ``paths`` keeps redacted paths."""
    shown = paths.get(exchange.path)
    if shown is None:
        shown = paths[exchange.path] = redactor.path(exchange.path)
    is_error = exchange.status is not None and exchange.status >= 400
    return {
        "number": exchange.number,
        "at": timestamp(exchange.at),
        "account_id": exchange.account_id,
        "operation_id": exchange.operation_id,
        "method": exchange.method,
        "path": shown,
        "query": redactor.query(exchange.query) if exchange.query else "",
        "status": exchange.status,
        "duration_ms": round(exchange.seconds * 1_000, 3),
        "reason": redactor.text(reason_of(exchange.response_body)) if is_error else None,
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
