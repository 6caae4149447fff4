"""A client of the control API of a running mock, for commands."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlsplit

from mockserver.settings import DEFAULT_CONTROL_PREFIX, ENVIRONMENT_PREFIX

_TIMEOUT_SECONDS = 60
_MAX_CHARACTERS = 500
_RETRY_SECONDS = 1.0


class RemoteError(Exception):
    """A request without a successful response. The message is one line."""


class Remote:
    """A running mock."""

    def __init__(self, url: str, prefix: str, token: str) -> None:
        self._url, self._prefix, self._token = url, prefix, token
        self._scheme: dict[str, Any] | None = None

    @classmethod
    def of(cls, url: str, environment: Mapping[str, str]) -> Remote:
        """Return the mock at a URL, with token and prefix from the environment."""
        prefix = environment.get(f"{ENVIRONMENT_PREFIX}CONTROL_PREFIX") or DEFAULT_CONTROL_PREFIX
        return cls(url, prefix, environment.get(f"{ENVIRONMENT_PREFIX}CONTROL_TOKEN", ""))

    @property
    def page(self) -> str:
        """The address of the workbench."""
        return f"{self._url}{self._prefix}/"

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Return the JSON of a response. Raise RemoteError."""
        headers: dict[str, str] = {}
        if key is not None:
            path, headers = self._with_key(path, key)
        if body is not None:
            headers["Content-Type"] = "application/json"
        payload = None if body is None else json.dumps(body).encode()
        connection, response = self._send(method, path, payload, headers)
        try:
            content = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise self._no_mock(error) from None
        finally:
            connection.close()
        if response.status >= 400:
            detail = content.get("detail", "") if isinstance(content, dict) else ""
            raise RemoteError(_line(detail) or f"the mock refused with {response.status}")
        return content

    def follow(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the requests of the stream, without end. Raise RemoteError if it is refused.

        A stream that breaks is resumed, as soon as the mock responds.
        """
        last = ""
        is_first = True
        while True:
            try:
                for id, requests in self._events(path, last):
                    last, is_first = id, False
                    yield from requests
            except RemoteError:
                if is_first:
                    raise
            except (OSError, HTTPException):
                pass
            is_first = False
            time.sleep(_RETRY_SECONDS)

    def _events(self, path: str, last: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Yield the events of one connection: id and requests."""
        headers = {"Last-Event-ID": last} if last else {}
        connection, response = self._send("GET", path, None, headers)
        try:
            if response.status >= 400:
                detail = json.loads(response.read()).get("detail", "")
                raise RemoteError(_line(detail))
            fields: dict[str, str] = {}
            for raw in response:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                    continue
                if fields.get("event") == "requests":
                    yield fields["id"], json.loads(fields["data"])
                fields = {}
        finally:
            connection.close()

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
            raise self._no_mock(error) from None

    def _no_mock(self, error: Exception) -> RemoteError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return RemoteError(f"{self._url} does not respond as the mock does: {_line(reason)}")

    def _with_key(self, path: str, key: str) -> tuple[str, dict[str, str]]:
        """Return a path and headers that name an account, as the served API takes its key."""
        if self._scheme is None:
            document = self.call("GET", "/openapi.json")
            self._scheme = document["components"]["securitySchemes"]["ApiKey"]
        scheme = self._scheme
        if scheme["type"] == "apiKey" and scheme["in"] == "header":
            return path, {scheme["name"]: key}
        if scheme["type"] == "apiKey" and scheme["in"] == "cookie":
            return path, {"Cookie": f"{scheme['name']}={quote(key)}"}
        if scheme["type"] == "apiKey":
            mark = "&" if "?" in path else "?"
            return f"{path}{mark}{quote(scheme['name'])}={quote(key)}", {}
        if scheme.get("scheme", "").lower() == "basic":
            encoded = b64encode(key.encode()).decode() if ":" in key else key
            return path, {"Authorization": f"Basic {encoded}"}
        return path, {"Authorization": f"Bearer {key}"}


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
