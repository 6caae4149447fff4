"""A receiver of webhooks that sends prepared responses, byte by byte, and records requests."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NEVER = b""
"""The receiver reads the request and sends nothing."""


def status(code: int, headers: str = "", body: bytes = b"") -> bytes:
    """Return a plain response."""
    return (
        f"HTTP/1.1 {code} Whatever\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
    )


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    """The headers by name in lower case."""
    body: bytes
    at: float = field(default_factory=time.monotonic, compare=False)
    """The time when the request was read, in seconds of ``time.monotonic``."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A receiver that sends ``responses`` first, one each, and then always ``otherwise``."""

    url: str
    responses: list[bytes] = field(default_factory=list)
    otherwise: bytes = OK
    received: list[Received] = field(default_factory=list)
    most_at_once: int = 0
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _end: threading.Event = field(default_factory=threading.Event)

    @property
    def types(self) -> list[str]:
        """The types of the received events, in order."""
        return [request.json["event"] for request in self.received]

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = _read(connection)
            with self._lock:
                self.received.append(request)
                response = self.responses.pop(0) if self.responses else self.otherwise
                self._open += 1
                self.most_at_once = max(self.most_at_once, self._open)
            if response == NEVER:
                self._end.wait(30)
            with self._lock:
                self._open -= 1  # before the response: the next request may follow it at once
            connection.sendall(response)

    def wait_for(self, count: int, seconds: float = 5) -> None:
        """Wait until so many requests were received."""
        deadline = time.monotonic() + seconds
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"{len(self.received)} of {count} requests came"
            time.sleep(0.002)

    def stop(self) -> None:
        self._end.set()


@contextmanager
def receiving(host: str = "127.0.0.1") -> Iterator[Receiver]:
    """Run a receiver on a port of its own until the end of the block."""
    listener = socket.create_server(
        (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET
    )
    shown = f"[{host}]" if ":" in host else host
    receiver = Receiver(f"http://{shown}:{listener.getsockname()[1]}")

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=receiver.serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stop()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _read(connection: socket.socket) -> Received:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += _more(connection)
    method, path, _ = first.split(" ")
    return Received(method, path, headers, body)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise ConnectionError
    return data
