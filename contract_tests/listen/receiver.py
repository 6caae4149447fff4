"""An HTTP server in a thread that receives callbacks, and responds as a test says.

Each test has a path of its own (``Inbox``), so callbacks of an earlier one are not mistaken for its
own. The server is bounded: in the size of a body, the time of a request, the number of deliveries
that are kept and the number of requests at a time.
"""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from contract_tests.errors import UsageError
from contract_tests.http.exchange import header

MAX_BODY = 1024 * 1024
MAX_DELIVERIES = 1_000
"""Deliveries that are kept for one inbox."""
MAX_REQUESTS = 32
"""Requests at the same time."""
REQUEST_TIMEOUT = 10.0
"""Seconds that a request may take to arrive."""
_POLL_SECONDS = 0.05
"""How long ``close`` waits at most for the server's thread."""
_TOO_LARGE, _UNKNOWN, _NO_LENGTH = 413, 404, 411


@dataclass(frozen=True)
class Delivery:
    """A request that was received."""

    method: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    arrived: float
    """The time on the monotonic clock."""
    status: int
    """The status of the response."""

    def header(self, name: str) -> str | None:
        return header(self.headers, name)


@dataclass
class Inbox:
    """The deliveries to one path, and the responses to them."""

    url: str
    """Where the deployment is to deliver."""
    statuses: Sequence[int] = (200,)
    """The statuses of the first responses; all later responses have the last of them."""
    deliveries: list[Delivery] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, method: str, headers: tuple[tuple[str, str], ...], body: bytes) -> int:
        """Keep a delivery, and return the status of the response."""
        with self.changed:
            status = self.statuses[min(len(self.deliveries), len(self.statuses) - 1)]
            if len(self.deliveries) < MAX_DELIVERIES:
                now = time.monotonic()
                self.deliveries.append(Delivery(method, headers, body, now, status))
            self.changed.notify_all()
        return status

    def wait(self, count: int, seconds: float) -> list[Delivery]:
        """Return all deliveries as soon as there are so many, or when the time is up."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.deliveries) >= count, seconds)
            return list(self.deliveries)


class Receiver:
    """The server, from its start until ``close``."""

    def __init__(self, host: str, port: int, public_url: str | None = None) -> None:
        self._inboxes: dict[str, Inbox] = {}
        self._server = _Server((host, port), _handler(self))
        shown = f"[{host}]" if ":" in host else host
        self.url = public_url or f"http://{shown}:{self._server.server_address[1]}"
        """Where the deployment reaches it."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        )
        self._thread.start()

    @classmethod
    def at(cls, address: str | None, public_url: str | None = None) -> Receiver:
        """Return a receiver that listens at ``HOST:PORT``. Raise UsageError."""
        host, _, port = (address or "127.0.0.1:0").rpartition(":")
        try:
            return cls(host.strip("[]"), int(port), public_url)
        except OSError as error:
            raise UsageError(f"--listen {address}: {error.strerror}") from None

    def inbox(self, statuses: Sequence[int] = (200,)) -> Inbox:
        """Return a new inbox, with the statuses of its first responses."""
        path = f"/kit/{secrets.token_hex(8)}"
        self._inboxes[path] = Inbox(self.url + path, statuses)
        return self._inboxes[path]

    def deliver(self, request: BaseHTTPRequestHandler) -> int:
        """Take in a request, and return the status of the response."""
        path = urlsplit(request.path).path
        inbox = next(
            (self._inboxes[suffix] for suffix in self._inboxes if path.endswith(suffix)), None
        )
        if inbox is None:
            return _UNKNOWN
        length = request.headers.get("content-length", "")
        if not length.isascii() or not length.isdigit():
            return _NO_LENGTH
        if int(length) > MAX_BODY:
            return _TOO_LARGE
        body = request.rfile.read(int(length))
        return inbox.take(request.command, tuple(request.headers.items()), body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._slots = threading.BoundedSemaphore(MAX_REQUESTS)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a request in a thread, or close the connection when there are too many."""
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a sender may break off."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_TIMEOUT
        server_version, sys_version = "contract-tests", ""

        def respond(self) -> None:
            self.send_response(receiver.deliver(self))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    for method in ("POST", "PUT", "PATCH", "GET", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.respond)
    return Handler
