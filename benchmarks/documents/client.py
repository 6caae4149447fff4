"""Sends requests to a server on this machine, one at a time."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from benchmarks.documents.messages import Message, body_of, headers_of, target_of

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Reply:
    """A response; status 0 is a connection that broke."""

    status: int
    media: str
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        """Return the body as JSON. Raises ValueError."""
        return json.loads(self.content)


class Client:
    """One keep-alive connection, opened again when it breaks."""

    def __init__(self, port: int, base_path: str) -> None:
        """Take the port, and the path before each path of the document."""
        self._base_path = base_path
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)

    def send(self, message: Message) -> Reply:
        """Send a request."""
        headers, body = headers_of(message), body_of(message)
        if body is not None:
            headers["Content-Type"] = body[1]
        plain = {name: _plain(value) for name, value in headers.items() if _is_token(name)}
        target = self._base_path + target_of(message)
        try:
            self._connection.request(
                message.operation.method, target, body[0] if body else None, plain
            )
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Reply(0, "", {}, b"")
        named = {name.lower(): value for name, value in response.getheaders()}
        media = named.get("content-type", "").partition(";")[0].strip().lower()
        return Reply(response.status, media, named, content)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _is_token(name: str) -> bool:
    return bool(name) and name.isascii() and not any(char in " :\r\n\t" for char in name)


def _plain(value: str) -> str:
    return value.encode("ascii", "ignore").decode().replace("\n", " ")
