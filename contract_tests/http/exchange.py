"""Requests and responses as plain data. Listeners get them with secrets replaced."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contract_tests.http.origin import Origin, origin_of

Headers = tuple[tuple[str, str], ...]
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods of requests that change nothing, and may be repeated."""
MAX_VALUE_BYTES = 65_536
"""Larger bodies are read again whenever their values are needed: parsed, they fill memory."""
MAX_NESTING = 100
"""Levels of a JSON body. What is nested more deeply is not read: recursion has an end."""
ANYBODY = "anybody"
"""The account of a request that names no key."""
HOOK = "HOOK"
"""The method of a step that a hook of the user took, outside of the API."""


class NotJson(ValueError):
    """A body that is not strictly JSON: what is wrong with it."""


class TooDeep(NotJson):
    """A body that is nested too deeply."""


@dataclass(frozen=True)
class Exchange:
    """A request and its response."""

    number: int
    """Counts from 1 in the order in which the responses came."""
    method: str
    url: str
    """Absolute, as it was sent."""
    path: str
    """Below the base URL, without the query; as it was sent, percent-encoded."""
    request_headers: Headers
    request_body: bytes
    status: int
    """0 when no response came. Without an error, it is open whether the deployment is to blame."""
    response_headers: Headers
    response_body: bytes
    started: datetime
    seconds: float
    account: str
    """Who asks: a name that stands for the key, never the key."""
    error: str = ""
    """Why there is no whole response."""
    source: str = ""
    """What sent it: a driver of the kit, a HAR file, the proxy."""
    request_body_known: bool = True
    response_body_known: bool = True
    """False for a body that was sent but that nobody kept: it is not judged."""
    noise: str = ""
    """Why the response is not judged: a status, ``closed`` or ``timeout``; see ``http.noise``."""

    @property
    def ended(self) -> datetime:
        return self.started + timedelta(seconds=self.seconds)

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    def request_header(self, name: str) -> str | None:
        return self._sent_headers.get(name.lower())

    def response_header(self, name: str) -> str | None:
        return self._received_headers.get(name.lower())

    @cached_property
    def _sent_headers(self) -> dict[str, str]:
        return by_name(self.request_headers)

    @cached_property
    def _received_headers(self) -> dict[str, str]:
        return by_name(self.response_headers)

    @property
    def media_type(self) -> str:
        """Media type of the response, without parameters, in lower case."""
        return (self.response_header("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def origin(self) -> Origin:
        """What sent the response: the API, or something in front of it."""
        return origin_of(self.url, self.status, self._received_headers, self.response_body)

    @cached_property
    def sent(self) -> Any:
        """The request body as a value. Raises NotJson."""
        return parse(self.request_body)

    @cached_property
    def parsed_body(self) -> Any:
        """The response body as a value. Raises NotJson."""
        return parse(self.response_body)

    @property
    def is_too_deep(self) -> bool:
        """Whether the response body is nested too deeply to be read."""
        try:
            _ = self.parsed_body
        except NotJson as error:
            return isinstance(error, TooDeep)
        return False

    @property
    def json(self) -> Any:
        """The response body as a value; None if it is no JSON."""
        try:
            return self.parsed_body
        except NotJson:
            return None

    @cached_property
    def object(self) -> dict[str, Any]:
        """The response body, if it is a JSON object; else an empty one."""
        try:
            return self.parsed_body if isinstance(self.parsed_body, dict) else {}
        except NotJson:
            return {}

    def release(self) -> None:
        """Let go of the values of large bodies. They are parsed again when they are needed."""
        if len(self.response_body) > MAX_VALUE_BYTES:
            self.__dict__.pop("parsed_body", None)
            self.__dict__.pop("object", None)
        if len(self.request_body) > MAX_VALUE_BYTES:
            self.__dict__.pop("sent", None)


@dataclass(slots=True)
class Request:
    """A request that a driver wants to send."""

    method: str
    path: str
    """Below the base URL, percent-encoded; with parameters already in it."""
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


def header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the first value of a header; None if it is missing."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def by_name(headers: Headers) -> dict[str, str]:
    """Return the first value of each header, by its name in small letters."""
    return {name.lower(): value for name, value in reversed(headers)}


def parse(body: bytes) -> Any:
    """Strict JSON: UTF-8 without a mark, no NaN, no key twice, not too deep. Raises NotJson."""
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise NotJson(f"is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"is not JSON ({error.msg} at character {error.pos})") from None
    except RecursionError:
        raise _too_deep() from None
    except NotJson:
        raise
    except ValueError as error:
        raise NotJson(f"is not JSON ({error})") from None
    if body.count(b"{") + body.count(b"[") > MAX_NESTING and _is_too_deep(value):
        raise _too_deep()
    return value


def _too_deep() -> TooDeep:
    return TooDeep(f"is nested too deeply (more than {MAX_NESTING} levels)")


def _is_too_deep(value: Any) -> bool:
    """Return whether a value has too many levels, without recursion."""
    level = [value]
    for _ in range(MAX_NESTING):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("has a key twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise NotJson(f"holds {name}, which is not JSON")
