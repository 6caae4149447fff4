"""HTTP as bytes on a socket, for requests that no HTTP client would send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import Any

from tests.conftest import RunningServer

KEY = b"X-API-Key: sk_test_new"


@dataclass(frozen=True)
class RawResponse:
    """The response to a raw request."""

    status: int
    headers: Message
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


def request(
    method: str,
    path: bytes,
    *,
    headers: Iterable[bytes] = (KEY,),
    body: bytes = b"",
    host: bytes = b"127.0.0.1",
) -> bytes:
    """Return the bytes of a request.

    A Content-Length is added if there is a body and the headers do not declare it otherwise.
    """
    lines = [method.encode() + b" " + path + b" HTTP/1.1", b"Host: " + host, *headers]
    names = {line.partition(b":")[0].lower() for line in lines}
    if body and not names & {b"content-length", b"transfer-encoding"}:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def send(server: RunningServer, data: bytes, *, then_hang_up: bool = False) -> RawResponse | None:
    """Send bytes and return the response; None if the server closes the connection."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(data)
        if then_hang_up:
            connection.shutdown(socket.SHUT_WR)
        response = HTTPResponse(connection, method=data.partition(b" ")[0].decode("latin-1"))
        try:
            response.begin()
            return RawResponse(response.status, response.headers, response.read())
        except (HTTPException, ConnectionError):
            return None
        finally:
            response.close()
