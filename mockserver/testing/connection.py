"""The control API as a test speaks it: one kept-alive connection, and errors that are a sentence."""

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
"""More than any call may take that waits for something."""


class Connection:
    """Calls the control API of one server. Threads may share it: they take turns."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._url = url
        self._http = HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_SECONDS)
        self._turn = Lock()

    def call(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
    ) -> bytes:
        """The answer to one request. Raises BillingMockError with the server's sentence if it is refused."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["X-API-Key"] = key
        target = f"/_mock{path}" + (f"?{urlencode(query)}" if query else "")
        payload = msgspec.json.encode(body) if body is not None else b""
        with self._turn:
            status, answer = self._exchange(method, target, payload, headers)
        if status >= 400:
            raise BillingMockError(_sentence(status, answer))
        return answer

    def close(self) -> None:
        self._http.close()

    def _exchange(
        self, method: str, target: str, payload: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        was_open = self._http.sock is not None
        try:
            return self._try(method, target, payload, headers)
        except ConnectionError:
            # The server closes a connection that rested for some seconds; what is sent into it then is not read.
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
                f"The billing mock did not answer {method} {target} within {_TIMEOUT_SECONDS} seconds."
            ) from None
        except BaseException as error:
            # Also after Ctrl-C: a connection with half an answer in it is of no use.
            self._http.close()
            if isinstance(error, HTTPException) and not isinstance(error, ConnectionError):
                raise BillingMockError(
                    f"The billing mock's answer to {method} {target} is no HTTP: {error!r}."
                ) from None
            raise

    def _unreachable(self) -> BillingMockError:
        return BillingMockError(
            f"The billing mock on {self._url} is gone: nobody answers there any more."
        )


def _sentence(status: int, answer: bytes) -> str:
    """What the server says is wrong, in one line."""
    try:
        detail = msgspec.json.decode(answer)["detail"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"The billing mock answered {status}: {answer[:200].decode(errors='replace')}"
    if isinstance(detail, str):
        return detail
    return "; ".join(f"{_place(problem['loc'])}: {problem['msg']}" for problem in detail)


def _place(loc: list[str | int]) -> str:
    """Where a problem is: ``type`` for ``[body, type]``."""
    return ".".join(map(str, loc[1:] or loc))
