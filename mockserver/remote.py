"""A client of the control API of a running mock, for commands."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct, field

from mockserver.settings import DEFAULT_CONTROL_PREFIX, ENVIRONMENT_PREFIX

_TIMEOUT_SECONDS = 60
_MAX_CHARACTERS = 500
_RETRY_SECONDS = 1.0
_NOT_FOUND, _SERVER_ERROR = 404, 500
_EVENT_STREAM = "text/event-stream"

T = TypeVar("T")


class RemoteError(Exception):
    """A request without a successful response. The message is one line."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """The status of the response; None if there was no response."""

    @property
    def is_not_found(self) -> bool:
        """Whether the mock does not have what the request names."""
        return self.status == _NOT_FOUND

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed as soon as the mock runs again."""
        return self.status is None or self.status >= _SERVER_ERROR


class Health(Struct):
    """The response of a mock that is up."""

    status: Literal["ok"]
    version: str
    seed: int


class Endpoint(Struct):
    """A registered webhook endpoint."""

    id: str
    url: str
    secret: str


class Endpoints(Struct):
    """All webhook endpoints."""

    endpoints: list[Endpoint]


class Attempt(Struct):
    """An attempt to deliver an event."""

    duration_ms: int
    response_status: int | None
    error: str | None


class Delivery(Struct):
    """An event on its way to an endpoint."""

    id: str
    event: str
    url: str
    attempts: list[Attempt]


class Deliveries(Struct):
    """Deliveries, newest first."""

    deliveries: list[Delivery]


class SentEvent(Struct):
    """A made-up event and its deliveries."""

    event_id: str
    deliveries: list[Delivery]


class Entry(Struct):
    """A recorded request. Only the stream has reasons and durations."""

    method: str
    path: str
    query: str
    status: int | None
    fault: str | None
    warnings: list[str]
    reason: str | None = None
    duration_ms: float | None = None


class Entries(Struct):
    """Recorded requests, newest first."""

    requests: list[Entry]


class _Scheme(Struct):
    type: str
    name: str = ""
    place: str = field(name="in", default="")
    scheme: str = ""


class _Schemes(Struct):
    key: _Scheme = field(name="ApiKey")


class _Components(Struct):
    schemes: _Schemes = field(name="securitySchemes")


class _Document(Struct):
    """The part of the control API's document that names its credentials."""

    components: _Components


class _Error(Struct):
    detail: Any = ""


class Remote:
    """A running mock."""

    def __init__(self, url: str, prefix: str, token: str) -> None:
        self._url, self._prefix, self._token = url, prefix, token
        self._scheme: _Scheme | None = None

    @classmethod
    def of(cls, url: str, environment: Mapping[str, str]) -> Remote:
        """Return the mock at a URL, with token and prefix from the environment."""
        prefix = environment.get(f"{ENVIRONMENT_PREFIX}CONTROL_PREFIX") or DEFAULT_CONTROL_PREFIX
        return cls(url, prefix, environment.get(f"{ENVIRONMENT_PREFIX}CONTROL_TOKEN", ""))

    @property
    def page(self) -> str:
        """The address of the workbench."""
        return f"{self._url}{self._prefix}/"

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, kind: type[T]
    ) -> T:
        """Return a response, which has the given type. Raise RemoteError."""
        headers: dict[str, str] = {}
        if key is not None:
            path, headers = self._with_key(path, key)
        if body is not None:
            headers["Content-Type"] = "application/json"
        payload = None if body is None else json.dumps(body).encode()
        connection, response = self._send(method, path, payload, headers)
        with closing(connection):
            try:
                content = response.read()
            except (OSError, HTTPException) as error:
                raise self._no_mock(_reason(error)) from None
        if response.status >= 400:
            raise self._refusal(response.status, content)
        return self._converted(response.status, content, kind)

    def follow(self, path: str) -> Iterator[Entry]:
        """Yield the requests of the stream, without end. Raise RemoteError if it is refused.

        A stream that breaks is resumed, as soon as the mock responds.
        """
        last = ""
        is_first = True
        while True:
            try:
                for id, requests in self._events(path, last):
                    last, is_first = id or last, False
                    yield from requests
            except RemoteError as error:
                if is_first or not error.may_pass:
                    raise
            except (OSError, HTTPException):
                pass
            is_first = False
            time.sleep(_RETRY_SECONDS)

    def _events(self, path: str, last: str) -> Iterator[tuple[str, list[Entry]]]:
        """Yield the events of one connection: id and requests."""
        headers = {"Last-Event-ID": last} if last else {}
        connection, response = self._send("GET", path, None, headers)
        with closing(connection):
            if response.status >= 400:
                raise self._refusal(response.status, response.read())
            if response.headers.get_content_type() != _EVENT_STREAM:
                reason = f"its response with status {response.status} is no stream of events"
                raise self._no_mock(reason, response.status)
            fields: dict[str, str] = {}
            for raw in response:
                line = raw.decode(errors="replace").rstrip("\r\n")
                name, _, value = line.partition(":")
                if name:
                    fields[name] = value.removeprefix(" ")
                    continue
                if fields.get("event") == "requests":
                    data = fields.get("data", "").encode()
                    yield fields.get("id", ""), self._converted(response.status, data, list[Entry])
                fields = {}

    def _converted(self, status: int, content: bytes, kind: type[T]) -> T:
        """Return the JSON of a response as a type. Raise RemoteError."""
        try:
            return msgspec.convert(json.loads(content), kind)
        except msgspec.ValidationError as error:
            raise self._no_mock(str(error), status) from None
        except (ValueError, RecursionError):
            raise self._no_mock(f"its response with status {status} is no JSON", status) from None

    def _refusal(self, status: int, content: bytes) -> RemoteError:
        """Return the error of a response that is one."""
        try:
            detail = msgspec.json.decode(content, type=_Error).detail
        except (ValueError, RecursionError):
            return self._no_mock(f"its response has status {status} and no reason", status)
        return RemoteError(_line(detail) or f"the mock refused with {status}", status)

    def _send(
        self, method: str, path: str, payload: bytes | None, headers: Mapping[str, str]
    ) -> tuple[HTTPConnection, HTTPResponse]:
        parts = urlsplit(self._url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.netloc, timeout=_TIMEOUT_SECONDS)
        token = {"X-Control-Token": self._token} if self._token else {}
        try:
            connection.request(method, self._prefix + path, payload, {**headers, **token})
            return connection, connection.getresponse()
        except (OSError, HTTPException, ValueError) as error:
            connection.close()
            raise self._no_mock(_reason(error)) from None

    def _no_mock(self, reason: str, status: int | None = None) -> RemoteError:
        shown = f"{self._url} does not respond as the mock does: {_line(reason)}"
        return RemoteError(shown, status)

    def _with_key(self, path: str, key: str) -> tuple[str, dict[str, str]]:
        """Return a path and headers that name an account, as the served API takes its key."""
        if self._scheme is None:
            document = self.call("GET", "/openapi.json", kind=_Document)
            self._scheme = document.components.schemes.key
        scheme = self._scheme
        if scheme.type == "apiKey" and scheme.place == "header":
            return path, {scheme.name: key}
        if scheme.type == "apiKey" and scheme.place == "cookie":
            return path, {"Cookie": f"{scheme.name}={quote(key)}"}
        if scheme.type == "apiKey":
            mark = "&" if "?" in path else "?"
            return f"{path}{mark}{quote(scheme.name)}={quote(key)}", {}
        if scheme.scheme.lower() == "basic":
            encoded = b64encode(key.encode()).decode() if ":" in key else key
            return path, {"Authorization": f"Basic {encoded}"}
        return path, {"Authorization": f"Bearer {key}"}


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _line(value: Any) -> str:
    """Return a reason in one line without control characters."""
    if isinstance(value, list):
        value = "; ".join(_problem(problem) for problem in value)
    text = value if isinstance(value, str) else json.dumps(value)
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown[:_MAX_CHARACTERS].rstrip(". ")


def _problem(problem: Any) -> str:
    """Return one violation of a request, with its place."""
    if not isinstance(problem, dict):
        return str(problem)
    place = ".".join(str(part) for part in problem.get("loc", ())[1:])
    return f"{place}: {problem.get('msg', '')}" if place else str(problem.get("msg", ""))
