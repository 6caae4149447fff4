"""Responses on their way out: one place turns them into bytes and headers."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal

import msgspec
import orjson
from msgspec import Struct

from mockserver.engine.errors import Headers
from mockserver.openapi.contract import is_json

JSON = b"application/json"
NO_STORE = (b"cache-control", b"no-store")
JSON_HEADERS: Headers = [(b"content-type", JSON), NO_STORE]
WITHOUT_LENGTH = frozenset({204, 304})
"""Statuses whose responses never have a body, and carry no ``Content-Length``."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_VALUES = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OWN_HEADERS = frozenset(
    {
        *("content-type", "content-length", "content-encoding", "transfer-encoding", "connection"),
        *("keep-alive", "upgrade", "trailer", "te", "proxy-connection"),
    }
)
"""Headers that follow from the body and the connection."""


def is_valid_header(name: str) -> bool:
    """Return whether a name may be that of a header."""
    return _HEADER_NAME.fullmatch(name) is not None


def is_generated(name: str) -> bool:
    """Return whether a documented header is generated: it is valid, and not the server's own."""
    return is_valid_header(name) and name.lower() not in _OWN_HEADERS


def header_value(text: str) -> bytes:
    """Return the value of a header in ASCII, without line breaks and other control characters."""
    return _NOT_IN_VALUES.sub(" ", text).encode("ascii", "replace")


class Reply(Struct):
    """A response as it is sent. ``headers`` are added to those that describe the body."""

    status: int
    payload: bytes
    headers: Headers
    media_type: bytes | None = JSON
    """None for a response without a body."""
    delivery: Literal["whole", "reset", "half"] = "whole"
    """How much is sent: all, nothing but a reset connection, or half of the body."""

    @property
    def all_headers(self) -> Headers:
        """All headers: those that describe the body come first."""
        if self.media_type is JSON:
            length = (b"content-length", b"%d" % len(self.payload))
            return [*JSON_HEADERS, length, *self.headers]
        headers = [NO_STORE, *self.headers]
        if self.media_type is not None:
            headers.append((b"content-type", self.media_type))
        if self.status not in WITHOUT_LENGTH:
            headers.append((b"content-length", b"%d" % len(self.payload)))
        return headers


class Listing(Struct, frozen=True):
    """A page of items that never change: ledger entries, audit entries, activities.

    Each item is rendered, validated and encoded once. A page of 100 then costs 30 us instead of
    600, and 20 us while the same page is read again.
    """

    name: str
    items: Sequence[object]
    render: Callable[[Any], dict[str, Any]]
    rest: dict[str, int]
    """The properties beside the list: counts, and whether there is more."""


class Derived(Struct, frozen=True):
    """A body that depends on some facts only, such as the balance.

    It is rendered, validated and encoded once for equal facts.
    """

    facts: Hashable
    render: Callable[[Any], Any]
    source: Any
    """The argument of ``render``, from which the facts were read."""


def encode(body: Any) -> bytes:
    """Return a value as a JSON document."""
    try:
        return orjson.dumps(body)
    except TypeError:  # an integer beyond 64 bits, such as a form or a path may have
        return msgspec.json.encode(body)


def encode_as(media_type: str, body: Any) -> bytes:
    """Return a value as a body of a media type: text and bytes as they are, else as JSON."""
    if isinstance(body, bytes):
        return body
    is_text = isinstance(body, str) and not is_json(media_type)
    return body.encode() if is_text else encode(body)
