"""CORS: web pages of any origin may use the served API.

A preflight allows the method and the headers that the browser asks for, so that pages with other
libraries (tracing, idempotency) work unchanged. Credentials are allowed too: the API reads no
cookie, so a page gains nothing by them. ``preflight`` and ``response_headers`` need no ASGI.
"""

import re
from collections.abc import Iterator, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockserver.engine.asgi import headers_of
from mockserver.engine.errors import Headers
from mockserver.engine.reply import NO_STORE
from mockserver.openapi.contract import Contract

ORIGIN = b"origin"
_METHOD = b"access-control-request-method"
_HEADERS = b"access-control-request-headers"
_PRIVATE_NETWORK = b"access-control-request-private-network"
_PREFLIGHT_SECONDS = b"86400"
_OWN_HEADERS = ("X-Mock-Source", "Preference-Applied", "X-Mock-Fault", "X-Mock-Warning")
"""Response headers of the mock itself."""

_IS_ORIGIN = re.compile(rb"[!-~]{1,1024}").fullmatch
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_IS_METHOD = re.compile(_TOKEN + rb"{1,64}").fullmatch
_IS_LIST_OF_NAMES = re.compile(rb"(?:" + _TOKEN + rb"|[ \t,]){0,8192}").fullmatch


def exposed_headers(contract: Contract) -> bytes:
    """Return the names of all response headers that pages may read, for ``response_headers``.

    They are listed by name, because ``*`` is no wildcard in responses that allow credentials.
    """
    names = dict.fromkeys([*_documented_headers(contract), *_OWN_HEADERS])
    return ", ".join(names).encode()


def is_preflight(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a request is a preflight of a browser."""
    return method == "OPTIONS" and ORIGIN in headers and _METHOD in headers


def preflight(headers: Mapping[bytes, bytes]) -> tuple[int, Headers]:
    """Return the status and the headers of the response to a preflight. It has no body.

    The status is 200, or 400 if a value is too long or has characters that no name may have.
    Nothing is allowed then, and the request should be recorded.
    """
    origin, method, names = headers[ORIGIN], headers[_METHOD], headers.get(_HEADERS, b"")
    if not (_IS_ORIGIN(origin) and _IS_METHOD(method) and _IS_LIST_OF_NAMES(names)):
        return 400, []
    allowed = [
        *_allow(origin),
        (b"access-control-allow-methods", method),
        (b"access-control-max-age", _PREFLIGHT_SECONDS),
    ]
    if names:
        allowed.append((b"access-control-allow-headers", names))
    if headers.get(_PRIVATE_NETWORK) == b"true":
        allowed.append((b"access-control-allow-private-network", b"true"))
    return 200, allowed


def response_headers(origin: bytes, exposed: bytes = b"") -> Headers:
    """Return the headers that let a page of an origin read a response.

    ``exposed`` lists the response headers that it may read.
    """
    if not _IS_ORIGIN(origin):
        return []
    headers = _allow(origin)
    if exposed:
        headers.append((b"access-control-expose-headers", exposed))
    return headers


def with_cors(app: ASGIApp, exposed: bytes, refuse: ASGIApp) -> ASGIApp:
    """Return an app that responds to preflights and lets pages read its responses.

    ``refuse`` serves the preflights that are refused.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        if ORIGIN not in headers:
            await app(scope, receive, send)
        elif not is_preflight(scope["method"], headers):
            await app(scope, receive, _adding(send, response_headers(headers[ORIGIN], exposed)))
        else:
            status, allowed = preflight(headers)
            if status != 200:
                await refuse(scope, receive, send)
                return
            allowed = [NO_STORE, *allowed, (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": status, "headers": allowed})
            await send({"type": "http.response.body", "body": b""})

    return serve


def _allow(origin: bytes) -> Headers:
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


def _adding(send: Send, more: Headers) -> Send:
    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *more]
        await send(message)

    return send_more


def _documented_headers(contract: Contract) -> Iterator[str]:
    for operation in contract.operations.values():
        for response in operation.node["responses"].values():
            yield from contract.follow(response).get("headers", {})
