"""A raw connection to a server, and the responses that come back on it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

KEY = b"X-API-Key: sk_test_wire\r\n"
BALANCE = b"/api/v1/billing/balance"
DEPOSIT = b"/api/v1/billing/deposit"


@dataclass(frozen=True)
class Raw:
    """A response as it was sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header; None without it."""
        return next((value for given, value in self.headers if given == name), None)


class Wire:
    """A connection on which any bytes can be sent."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._data = b""

    def send(self, data: bytes) -> Wire:
        """Send bytes as they are."""
        self.connection.sendall(data)
        return self

    def response(self, method: str = "GET") -> Raw:
        """Read one response. Raise ConnectionError if the connection ends before it is whole."""
        while True:
            raw = self._read_one(method)
            if raw.status >= 200:
                return raw

    def interim(self) -> int:
        """Read an interim response and return its status."""
        return self._read_one("GET").status

    def is_closed(self) -> bool:
        """Wait for the end of the connection. Return whether nothing came before it."""
        if self._data:
            return False
        try:
            return self.connection.recv(1) == b""
        except ConnectionResetError:
            return True

    def _read_one(self, method: str) -> Raw:
        head, rest = self._until(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        pairs = (line.partition(": ") for line in lines[1:])
        headers = [(name.lower(), value) for name, _, value in pairs]
        raw = Raw(status, headers, b"")
        length = int(raw.header("content-length") or 0)
        if method == "HEAD" or status < 200 or status in (204, 304):
            length = 0
        while len(rest) < length:
            rest += self._more()
        self._data = rest[length:]
        return Raw(status, headers, rest[:length])

    def _until(self, end: bytes) -> tuple[bytes, bytes]:
        while end not in self._data:
            self._data += self._more()
        before, _, after = self._data.partition(end)
        return before, after

    def _more(self) -> bytes:
        data = self.connection.recv(65_536)
        if not data:
            raise ConnectionError("the connection was closed")
        return data


@contextmanager
def wire(url: str, *, timeout: float = 10) -> Iterator[Wire]:
    """Connect to a server until the end of the block."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=timeout) as connection:
        yield Wire(connection)


def get(path: bytes = BALANCE, headers: bytes = KEY, version: bytes = b"1.1") -> bytes:
    """Return a GET request."""
    return b"GET %b HTTP/%b\r\nHost: 127.0.0.1\r\n%b\r\n" % (path, version, headers)


def post(body: bytes, headers: bytes = KEY, path: bytes = DEPOSIT) -> bytes:
    """Return a POST request with a JSON body."""
    length = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    return b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\n%b%b\r\n%b" % (path, headers, length, body)
