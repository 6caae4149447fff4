"""The mock with one fault applied to its responses, for tests of tools that judge traffic."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from mockserver import app, packaged
from mockserver.settings import Settings

Json = dict[str, Any]
API = "/api/v1/billing"


@dataclass
class Answer:
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


def field_lost(answer: Answer) -> None:
    """response: a required field is missing."""
    if answer.is_of("GET", "/balance"):
        body = json.loads(answer.body)
        del body["tier"]
        answer.body = json.dumps(body).encode()


def text_for_number(answer: Answer) -> None:
    """response: an amount is a string."""
    if answer.is_of("GET", "/balance"):
        answer.change(balance_microcents=str(json.loads(answer.body)["balance_microcents"]))


def html_body(answer: Answer) -> None:
    """response: the body is HTML."""
    if answer.is_of("GET", "/subscription"):
        answer.body = b"<html>\xff</html>"


def crash(answer: Answer) -> None:
    """crashes: 500."""
    if answer.is_of("GET", "/usage-alerts"):
        answer.status, answer.body = 500, b"Internal Server Error"


def header_missing(answer: Answer) -> None:
    """headers: a documented header is missing."""
    answer.headers = [
        header for header in answer.headers if header[0].lower() != b"x-ratelimit-limit"
    ]


def money_appears(answer: Answer) -> None:
    """money: the balance exceeds the ledger by a dollar."""
    if answer.is_of("GET", "/balance"):
        answer.change(
            balance_microcents=json.loads(answer.body)["balance_microcents"] + 100_000_000
        )


def has_more_always(answer: Answer) -> None:
    """pagination: has_more is always true."""
    if answer.is_of("GET", "/credit-transactions"):
        answer.change(has_more=True)


def nothing_is_stored(answer: Answer) -> None:
    """state: auto-recharge always reads as disabled."""
    if answer.is_of("GET", "/auto-recharge"):
        answer.change(enabled=False, recharge_amount_cents=1000)


def unauthenticated_accepted(answer: Answer) -> None:
    """auth: 401 becomes 200."""
    if answer.status == 401:
        answer.status = 200


FAULTS: dict[str, Callable[[Answer], None]] = {
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
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
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

    def __init__(self, app: Any, fault: Callable[[Answer], None]) -> None:
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
        answer = Answer(
            scope["method"],
            scope["path"],
            key,
            bytes(request),
            sent[0]["status"],
            list(sent[0]["headers"]),
            body,
        )
        self.fault(answer)
        headers = [header for header in answer.headers if header[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
