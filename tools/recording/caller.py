"""Sends requests over plain HTTP and keeps every response as it came."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from tools.recording.unstable import FILE_HEADERS, stable

API = "/api/v1/billing/"
AUTHORITY = "127.0.0.1:8080"
"""The ``Host`` of every request: the mock writes its links for it, so no port gets into a body."""

Json = dict[str, Any]

_IDS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?:cs_test|seti|bps|acct|whd|we|fault|pm_mock)_\w+"
)
_UNREAD_PATHS = ("/docs/static/",)
"""Files of other projects: their hash is enough."""
_TIMEOUT = 60
_IDLE_SECONDS = 2.0


@dataclass(frozen=True)
class Response:
    """A response as it came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """Return the value of a header. Raise KeyError if the response has none."""
        return dict(self.headers)[name]


@dataclass
class Log:
    """The exchanges of one story, in their order."""

    ports: dict[int, str] = field(default_factory=dict)
    """Ports of this run, and the five digits that stand for them in the recording."""
    exchanges: list[Json] = field(default_factory=list)
    facts: Json = field(default_factory=dict)
    """What a story observed beside the responses."""
    _labels: dict[str, int] = field(default_factory=dict)

    def add(self, label: str, request: Json, response: Json) -> None:
        """Keep an exchange under a label, which a number makes unique."""
        count = self._labels[label] = self._labels.get(label, 0) + 1
        unique = label if count == 1 else f"{label} #{count}"
        self.exchanges.append({"label": unique, "request": request, **response})

    def text(self, content: str) -> str:
        """Return a text without ports and other parts that vary from run to run."""
        for port, digits in self.ports.items():
            content = content.replace(f"127.0.0.1:{port}", f"127.0.0.1:{digits}")
        return stable(content)

    def body(self, content: bytes) -> Json:
        """Return bytes as JSON can hold them."""
        try:
            return {"text": self.text(content.decode())}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(content).decode()}


@dataclass(frozen=True)
class Caller:
    """A client of one server with an API key, or none; every exchange gets into the log."""

    port: int
    log: Log
    key: str | None = None
    host: str = AUTHORITY
    prefix: str = ""
    """What the labels of this caller's exchanges begin with."""

    def as_(self, key: str | None) -> Caller:
        """Return a caller of the same server with another key."""
        return replace(self, key=key)

    def labelled(self, prefix: str) -> Caller:
        """Return the same caller with labels that begin with ``prefix``."""
        return replace(self, prefix=f"{prefix} | ")

    def get(self, path: str, headers: Mapping[str, str] | None = None, **query: object) -> Response:
        """Send a GET."""
        return self.send("GET", path, headers=headers, query=query)

    def head(self, path: str, **query: object) -> Response:
        """Send a HEAD."""
        return self.send("HEAD", path, query=query)

    def post(self, path: str, body: object = None, **more: Any) -> Response:
        """Send a POST, with ``body`` as JSON if there is one."""
        return self.send("POST", path, body, **more)

    def put(self, path: str, body: object, **more: Any) -> Response:
        """Send a PUT of JSON."""
        return self.send("PUT", path, body, **more)

    def delete(self, path: str, **query: object) -> Response:
        """Send a DELETE."""
        return self.send("DELETE", path, query=query)

    def form(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a POST of a form, as a browser does."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        content = urlencode(fields or {}).encode()
        return self.send("POST", path, content=content, headers={**kind, **(headers or {})})

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
        label: str | None = None,
    ) -> Response:
        """Send any request; a path without a leading slash belongs to the Billing API."""
        target = path if path.startswith("/") else API + path
        target += f"?{urlencode(query)}" if query else ""
        sent = {"Host": self.host} | ({} if self.key is None else {"X-API-Key": self.key})
        if content is None and body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        response, error = self._exchange(method, target, content, sent)
        shown = {"method": method, "target": self.log.text(target), "headers": sent}
        if content is not None:
            shown["body"] = _brief(self.log.body(content))
        recorded = _recorded(self.log, target, response) | ({"error": error} if error else {})
        self.log.add(
            self.prefix + (label or f"{method} {_IDS.sub('{id}', target)}"), shown, recorded
        )
        return response

    def raw(self, label: str, content: bytes) -> bytes:
        """Send bytes as they are and keep all that comes back before the server closes."""
        received, error = self._raw_exchange(content)
        received = re.sub(rb"(?im)^date: .*\r\n", b"", received)
        request = {"raw": _brief(self.log.body(content))}
        body = self.log.body(received)
        self.log.add(
            self.prefix + label, request, {"body": body} | ({"error": error} if error else {})
        )
        return received

    def _raw_exchange(self, content: bytes) -> tuple[bytes, str | None]:
        """Send bytes; end the sending side only when the server has been silent for a while."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=_IDLE_SECONDS) as stream:
            try:
                stream.sendall(content)
                try:
                    while chunk := stream.recv(65_536):
                        received += chunk
                except TimeoutError:
                    stream.settimeout(_TIMEOUT)
                    stream.shutdown(socket.SHUT_WR)
                    while chunk := stream.recv(65_536):
                        received += chunk
            except OSError as problem:
                return received, type(problem).__name__
        return received, None

    def _exchange(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Response, str | None]:
        """Send a request on a new connection. Name the error if the response breaks off."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT)
        status, body = 0, b""
        received: tuple[tuple[str, str], ...] = ()
        try:
            connection.request(method, target, content, dict(headers))
            reply = connection.getresponse()
            status, received = reply.status, tuple(reply.getheaders())
            body = reply.read()
        except http.client.IncompleteRead as broken:
            return Response(status, received, broken.partial), "IncompleteRead"
        except (OSError, http.client.HTTPException) as broken:
            return Response(status, received, body), type(broken).__name__
        finally:
            connection.close()
        return Response(status, received, body), None


def _recorded(log: Log, target: str, response: Response) -> Json:
    """Return a response as it is kept; a length that fitted the body fits what is kept of it."""
    body = log.body(response.body)
    unread = target.startswith(_UNREAD_PATHS)
    if unread:
        body = {"sha256": hashlib.sha256(response.body).hexdigest(), "length": len(response.body)}
    kept_length = len(str(body["text"]).encode()) if "text" in body else len(response.body)
    headers = []
    for name, value in response.headers:
        if name.lower() == "date":
            continue
        if name.lower() == "content-length" and value == str(len(response.body)):
            kept = str(kept_length)
        else:
            kept = "..." if unread and name.lower() in FILE_HEADERS else log.text(value)
        headers.append([name, kept])
    return {"status": response.status, "headers": headers, "body": body}


def _brief(body: Json) -> Json:
    """Return a long body of a request as its length and hash."""
    text = str(body.get("text", ""))
    if len(text) <= 2_000:
        return body
    return {"length": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
