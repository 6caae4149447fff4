"""A client of the control API: one kept-alive connection, and errors of one line."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from mockserver.testing.errors import BillingMockError

__tracebackhide__ = True

_TIMEOUT_SECONDS = 90
"""Longer than the longest wait that a call may ask for."""


class Connection:
    """A connection to the control API of one server. It may be shared by threads."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._url = url
        self._http = HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_SECONDS)
        self._lock = Lock()

    def call(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
    ) -> bytes:
        """Send a request and return the body of the response.

        Raises BillingMockError with the server's message for a status of 400 and above, and if the
        server cannot be reached or does not respond within 90 seconds.
        """
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["X-API-Key"] = key
        target = f"/_mock{path}" + (f"?{urlencode(query)}" if query else "")
        payload = msgspec.json.encode(body) if body is not None else b""
        with self._lock:
            status, response = self._exchange(method, target, payload, headers)
        if status >= 400:
            raise BillingMockError(_message(status, response))
        return response

    def close(self) -> None:
        """Close the connection; a later call opens it again."""
        self._http.close()

    def _exchange(
        self, method: str, target: str, payload: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        was_open = self._http.sock is not None
        try:
            return self._try(method, target, payload, headers)
        except ConnectionError:
            # The server closes idle connections after some seconds and does not read what is sent
            # on them: the request can be repeated on a new one.
            if not was_open:
                raise self._unreachable() from None
        try:
            return self._try(method, target, payload, headers)
        except ConnectionError:
            raise self._unreachable() from None

    def _try(
        self, method: str, target: str, payload: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        try:
            self._http.request(method, target, payload, headers)
            response = self._http.getresponse()
            return response.status, response.read()
        except TimeoutError:
            self._http.close()
            raise BillingMockError(
                f"The billing mock did not respond to {method} {target} "
                f"within {_TIMEOUT_SECONDS} seconds."
            ) from None
        except BaseException as error:
            # Also after Ctrl-C: the rest of this response would be read as the next one.
            self._http.close()
            if isinstance(error, HTTPException) and not isinstance(error, ConnectionError):
                raise BillingMockError(
                    f"The billing mock's response to {method} {target} is not HTTP: {error!r}."
                ) from None
            raise

    def _unreachable(self) -> BillingMockError:
        return BillingMockError(
            f"The billing mock at {self._url} is gone: the connection was refused or broken."
        )


def _message(status: int, body: bytes) -> str:
    """Return the server's error message in one line."""
    try:
        detail = msgspec.json.decode(body)["detail"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"The billing mock responded with {status}: {body[:200].decode(errors='replace')}"
    if isinstance(detail, str):
        return detail
    return "; ".join(f"{_place(problem['loc'])}: {problem['msg']}" for problem in detail)


def _place(loc: list[str | int]) -> str:
    """Return the path of an invalid field: ``type`` for ``["body", "type"]``."""
    return ".".join(map(str, loc[1:] or loc))
