"""The mock with one fault applied to its responses, for tests of tools that judge traffic."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from mockserver import app, packaged
from mockserver.settings import Settings

Json = dict[str, Any]
API = "/api/v1/billing"
_POLL_SECONDS, _GRACE_SECONDS = 0.01, 1.0


@dataclass
class Response:
    """A response of the mock with its request. A fault changes it in place."""

    method: str
    path: str
    key: str | None
    request: bytes
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def is_of(self, method: str, path: str) -> bool:
        return (self.method, self.path, self.status) == (method, API + path, 200)

    def change(self, **fields: Any) -> None:
        """Replace fields of the JSON body."""
        self.body = json.dumps({**json.loads(self.body), **fields}).encode()


def field_lost(response: Response) -> None:
    """response: a required field is missing."""
    if response.is_of("GET", "/balance"):
        body = json.loads(response.body)
        del body["tier"]
        response.body = json.dumps(body).encode()


def text_for_number(response: Response) -> None:
    """response: an amount is a string."""
    if response.is_of("GET", "/balance"):
        response.change(balance_microcents=str(json.loads(response.body)["balance_microcents"]))


def html_body(response: Response) -> None:
    """response: the body is HTML."""
    if response.is_of("GET", "/subscription"):
        response.body = b"<html>\xff</html>"


def crash(response: Response) -> None:
    """crashes: 500."""
    if response.is_of("GET", "/usage-alerts"):
        response.status, response.body = 500, b"Internal Server Error"


def header_missing(response: Response) -> None:
    """headers: a documented header is missing."""
    response.headers = [
        header for header in response.headers if header[0].lower() != b"x-ratelimit-limit"
    ]


def money_appears(response: Response) -> None:
    """money: the balance exceeds the ledger by a dollar."""
    if response.is_of("GET", "/balance"):
        response.change(
            balance_microcents=json.loads(response.body)["balance_microcents"] + 100_000_000
        )


def has_more_always(response: Response) -> None:
    """pagination: has_more is always true."""
    if response.is_of("GET", "/credit-transactions"):
        response.change(has_more=True)


def nothing_is_stored(response: Response) -> None:
    """state: auto-recharge always reads as disabled."""
    if response.is_of("GET", "/auto-recharge"):
        response.change(enabled=False, recharge_amount_cents=1000)


def unauthenticated_accepted(response: Response) -> None:
    """auth: 401 becomes 200."""
    if response.status == 401:
        response.status = 200


FAULTS: dict[str, Callable[[Response], None]] = {
    fault.__name__: fault
    for fault in (
        field_lost,
        text_for_number,
        html_body,
        crash,
        header_missing,
        money_appears,
        has_more_always,
        nothing_is_stored,
        unauthenticated_accepted,
    )
}


class _QuickServer(uvicorn.Server):
    """Stops at once. uvicorn looks every 0.1 s whether to stop, and then waits as long again."""

    async def main_loop(self) -> None:
        while not self.should_exit:
            await asyncio.sleep(_POLL_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        ends_at = time.monotonic() + _GRACE_SECONDS
        while self.server_state.connections and time.monotonic() < ends_at:
            await asyncio.sleep(_POLL_SECONDS)
        for task in self.server_state.tasks:
            task.cancel()


@dataclass
class Upstream:
    """A server in a thread of this process that can be stopped and started again."""

    app: Any
    url: str = ""
    requests: list[str] = field(default_factory=list)
    """The method and target of each received request."""

    def start(self, port: int = 0) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(128)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self._counting,
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            date_header=False,
            server_header=False,
        )
        self._server = _QuickServer(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    async def _counting(self, scope: Any, receive: Any, send: Any) -> None:
        target = scope["raw_path"] + (
            b"?" + scope["query_string"] if scope["query_string"] else b""
        )
        self.requests.append(f"{scope['method']} {target.decode('latin-1')}")
        await self.app(scope, receive, send)


@contextmanager
def upstream(server: Any) -> Iterator[Upstream]:
    """Serve an ASGI application on a free port until the end of the block."""
    running = Upstream(server)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def mock(fault: str = "", **changes: Any) -> Iterator[Upstream]:
    """Serve the mock, with a fault or without, until the end of the block."""
    settings = Settings(**{"spec": packaged.spec(), "fixtures": packaged.fixtures(), **changes})
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    with upstream(Faulty(built, FAULTS[fault]) if fault else built) as running:
        yield running


class Faulty:
    """An ASGI application whose responses a fault may change."""

    def __init__(self, app: Any, fault: Callable[[Response], None]) -> None:
        self._app = app
        self.fault = fault

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request, sent = bytearray(), []

        async def receive_and_record() -> Any:
            message = await receive()
            request.extend(message.get("body", b""))
            return message

        async def record(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive_and_record, record)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        key = dict(scope["headers"]).get(b"x-api-key", b"").decode("latin-1") or None
        response = Response(
            scope["method"],
            scope["path"],
            key,
            bytes(request),
            sent[0]["status"],
            list(sent[0]["headers"]),
            body,
        )
        self.fault(response)
        headers = [header for header in response.headers if header[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
