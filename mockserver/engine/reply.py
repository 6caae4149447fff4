"""Answers on their way out: one place makes bytes and headers of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from starlette.types import Send

from mockserver.engine.errors import Headers

JSON = b"application/json"
_NO_STORE = (b"cache-control", b"no-store")
JSON_HEADERS: Headers = [(b"content-type", JSON), _NO_STORE]


class Reply(NamedTuple):
    """An answer as it is sent. ``headers`` come beside those that say what the body is."""

    status: int
    payload: bytes
    headers: Headers
    media_type: bytes | None = JSON
    """None for an answer without a body."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of things that never change once written: ledger entries, audit entries, activities.

    Each is rendered and checked against the contract once, and kept as bytes: a page of 100 costs 30 us instead of 600.
    """

    name: str
    items: Sequence[object]
    render: Callable[[Any], dict[str, Any]]
    rest: dict[str, Any]
    """What stands beside the list."""


def encode(body: Any) -> bytes:
    """A JSON document."""
    return orjson.dumps(body)


def kept(payload: bytes, size: int | None = None) -> bytes:
    """The first bytes of a payload, to be kept: orjson's own bytes hold 4 kB, however few they are."""
    return bytes(memoryview(payload)[:size])


async def send_json(send: Send, status: int, payload: bytes, headers: Headers) -> None:
    """Send a JSON document that is already bytes."""
    length = (b"content-length", b"%d" % len(payload))
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*JSON_HEADERS, length, *headers],
        }
    )
    await send({"type": "http.response.body", "body": payload})


async def send_other(send: Send, reply: Reply, headers: Headers) -> None:
    """Send an answer that is no JSON document, or has no body at all."""
    facts = [_NO_STORE, *headers]
    if reply.media_type is not None:
        facts += [
            (b"content-type", reply.media_type),
            (b"content-length", b"%d" % len(reply.payload)),
        ]
    await send({"type": "http.response.start", "status": reply.status, "headers": facts})
    await send({"type": "http.response.body", "body": reply.payload})
