"""Heads of responses as bytes."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus

from mockserver.engine.errors import Headers
from mockserver.engine.reply import JSON, JSON_HEADERS, Reply

CLOSE = (b"connection", b"close")
KEEP_ALIVE = (b"connection", b"keep-alive")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def head_of(reply: Reply, more: Headers) -> bytes:
    """Return the head of a response, with further headers at its end."""
    if reply.media_type is not JSON:
        return head(reply.status, [*reply.all_headers, *more])
    headers = [*reply.headers, *more] if more else reply.headers
    return b"%b%d\r\n%b" % (_json_start(reply.status), len(reply.payload), _lines(headers))


def head(status: int, headers: Headers) -> bytes:
    """Return the head of any response."""
    return _status_line(status) + _lines(headers)


def _lines(headers: Headers) -> bytes:
    """Return the lines of headers, and the empty line after them."""
    return b"\r\n".join([*map(b": ".join, headers), b"", b""])


@lru_cache(maxsize=64)
def _json_start(status: int) -> bytes:
    """Return the beginning of the head of a JSON response, up to the size of its body."""
    return head(status, JSON_HEADERS)[:-2] + b"content-length: "


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()
