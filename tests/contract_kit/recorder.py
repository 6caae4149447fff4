"""A server that records requests byte by byte and sends any bytes, HTTP or not."""

from __future__ import annotations

import io
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Received:
    """One received request."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes
    """The exact bytes of the request."""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


Responder = Callable[[Received], bytes]


class Recorder(ThreadingHTTPServer):
    """The server: passes each request to a responder and sends the bytes that it returns."""

    daemon_threads = True
    respond: Responder
    received: list[Received]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect early or reject the certificate."""


class _Tee(io.BytesIO):
    """A stream that keeps a copy of everything read through it."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self.read_so_far = b""

    def read(self, size: int | None = -1) -> bytes:
        return self._kept(self._file.read(-1 if size is None else size))

    def readline(self, size: int | None = -1) -> bytes:
        return self._kept(self._file.readline(-1 if size is None else size))

    def _kept(self, data: bytes) -> bytes:
        self.read_so_far += data
        return data


class _Handler(BaseHTTPRequestHandler):
    server: Recorder
    rfile: Any

    def log_message(self, *_: Any) -> None:
        """Log nothing: the kit under test may run in this process and use standard error."""

    def handle_one_request(self) -> None:
        self.close_connection = True
        self.rfile = _Tee(self.rfile)
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        received = Received(
            self.command, self.path, tuple(self.headers.items()), body, self.rfile.read_so_far
        )
        self.server.received.append(received)
        self.wfile.write(self.server.respond(received))


def http_response(
    status: int, body: bytes = b"", /, media_type: str = "application/json", **headers: str
) -> bytes:
    """Return an HTTP response as bytes."""
    lines = [
        f"HTTP/1.1 {status} Some",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def as_json(status: int, value: Any, **headers: str) -> bytes:
    return http_response(status, json.dumps(value).encode(), **headers)


def forwarding(url: str) -> Responder:
    """Return a responder that forwards requests and responses to and from another server."""
    parts = urlsplit(url)

    def forward(received: Received) -> bytes:
        head, _, body = received.raw.partition(b"\r\n\r\n")
        lines = [
            line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")
        ]
        with socket.create_connection(
            (str(parts.hostname), parts.port or 80), timeout=30
        ) as upstream:
            upstream.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body)
            return b"".join(iter(lambda: upstream.recv(65_536), b""))

    return forward


@contextmanager
def recording(responder: Responder, tls: ssl.SSLContext | None = None) -> Iterator[Recorder]:
    """Run a recording server on loopback until the end of the block."""
    with Recorder(("127.0.0.1", 0), _Handler) as server:
        server.respond, server.received = responder, []
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(timeout=5)
