"""Answers on their way out: one place makes bytes and headers of them."""

from typing import Any

import orjson
from starlette.types import Send

from mockserver.api.rate_limits import Headers

JSON_HEADERS: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


def encode(body: Any) -> bytes:
    """A JSON document."""
    return orjson.dumps(body)


async def send_json(send: Send, status: int, payload: bytes, headers: Headers) -> None:
    """Send a JSON document that is already bytes."""
    length = (b"content-length", b"%d" % len(payload))
    await send({"type": "http.response.start", "status": status, "headers": [*JSON_HEADERS, length, *headers]})
    await send({"type": "http.response.body", "body": payload})
