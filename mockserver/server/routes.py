"""Which part of the server responds to a request: an operation, an error, or the ASGI app."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from mockserver.engine.asgi import Servable, has_encoded_slash
from mockserver.engine.body import BodyReader
from mockserver.engine.errors import Headers
from mockserver.engine.fallback import Fallback
from mockserver.engine.operations import Operations
from mockserver.engine.reply import Reply
from mockserver.engine.request import NO_PARAMS, Request
from mockserver.openapi.contract import Contract
from mockserver.server import cors
from mockserver.server.router import Router

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEPT, _KEPT_BYTES = 2_048, 512
"""How many targets are kept resolved, and how long they may be."""


class BadTarget(Exception):
    """A request target that is no path: why."""


Respond = Callable[[Request], Reply | Awaitable[Reply]]


class Route(NamedTuple):
    """A resolved target."""

    path: str
    query: bytes
    respond: Respond | None
    """Returns the response; None where the ASGI app responds."""
    respond_to_page: Respond | None = None
    """The same for a request of a web page, with the headers of CORS."""
    body: BodyReader | None = None
    params: Mapping[str, str] = NO_PARAMS


class Routes:
    """The operations of the served API, resolved without ASGI."""

    def __init__(
        self, contract: Contract, operations: Operations, fallback: Fallback, elsewhere: str
    ) -> None:
        """Take the operations of a contract.

        Paths that begin with ``elsewhere`` are the mock's own, but for those of the contract that
        begin so literally.
        """
        self._operations = operations
        self._fallback = fallback
        self._prefixes = contract.prefixes
        self._elsewhere = elsewhere
        self._router = Router(_routes_of(contract))
        hidden = [route for route in _routes_of(contract) if route[1].startswith(elsewhere)]
        self._elsewhere_router = Router(hidden)
        self._exposed = cors.exposed_headers(contract)
        self.heads: dict[bytes, Any] = {}
        """What the protocol keeps as long as these routes are served."""
        self._kept: dict[tuple[str, bytes], Route] = {}

    def resolve(self, method: str, target: bytes) -> Route:
        """Return what responds to a method and a target. Raise BadTarget."""
        key = (method, target)
        route = self._kept.get(key)
        if route is None:
            route = self._resolve(method, *parse(target))
            if len(target) <= _KEPT_BYTES:
                if len(self._kept) >= _KEPT:
                    self._kept.clear()
                self._kept[key] = route
        return route

    def _resolve(self, method: str, path: str, query: bytes) -> Route:
        is_raw = has_encoded_slash(path)
        page = Route(unquote(path) if is_raw else path, query, None)
        if not path.startswith(self._prefixes):
            return page
        is_elsewhere = path.startswith(self._elsewhere)
        router = self._elsewhere_router if is_elsewhere else self._router
        targets, values = router.match(path)
        if not targets:
            # A contract with the path "/" has pages beside it.
            if is_elsewhere or "/" in self._prefixes:
                return page
            return self._route(path, query, self._fallback.not_found)
        operation_id = targets.get(method)
        if operation_id is None and method == "HEAD":
            operation_id = targets.get("GET")
        if operation_id is None:
            allowed = ", ".join([*targets, "HEAD"] if "GET" in targets else targets)
            return self._route(path, query, partial(self._fallback.not_allowed, allowed=allowed))
        operation: Servable = self._operations.get(operation_id)
        names = self._operations.shared.contract.operations[operation_id].path_names
        params = dict(zip(names, map(unquote, values) if is_raw else values, strict=True))
        return self._route(path, query, operation.respond, operation.body, params)

    def _route(
        self,
        path: str,
        query: bytes,
        respond: Respond,
        body: BodyReader | None = None,
        params: Mapping[str, str] = NO_PARAMS,
    ) -> Route:
        return Route(path, query, respond, partial(self._respond_to_page, respond), body, params)

    def _respond_to_page(self, respond: Respond, request: Request) -> Reply | Awaitable[Reply]:
        """Return the response to a web page of any origin, or to its preflight."""
        headers, known = request.headers, request.known
        if known is not None and known.reply is not None:
            return known.reply
        if cors.is_preflight(request.method, headers):
            status, allowed = cors.preflight(headers)
            if status != 200:
                return self._fallback.bad_preflight(request)
            allowing = Reply(status, b"", allowed, None)
            if known is not None:
                known.reply = allowing
            return allowing
        reply = respond(request)
        more = cors.response_headers(headers[cors.ORIGIN], self._exposed)
        return _with(reply, more) if isinstance(reply, Reply) else _with_later(reply, more)


def _with(reply: Reply, more: Headers) -> Reply:
    reply.headers.extend(more)
    return reply


async def _with_later(reply: Awaitable[Reply], more: Headers) -> Reply:
    return _with(await reply, more)


def _routes_of(contract: Contract) -> Iterable[tuple[str, str, str]]:
    for operation in contract.operations.values():
        for base in contract.base_paths(operation):
            yield operation.method, base + operation.path, operation.operation_id


def parse(target: bytes) -> tuple[str, bytes]:
    """Return the path and the query of a request target. Raise BadTarget.

    The path is decoded, unless it has an encoded slash: that one separates no segments, so the
    values of its parameters are decoded when they are known.
    """
    text = target.decode("latin-1")
    if not text.isascii() or _BAD_PERCENT.search(text):
        raise BadTarget("The request target holds characters that must be percent-encoded.")
    if not text.startswith("/"):
        text = _absolute(text)
    path, _, query = text.partition("#")[0].partition("?")
    is_decoded = "%" not in path or has_encoded_slash(path)
    return (path if is_decoded else unquote(path)), query.encode()


def _absolute(text: str) -> str:
    """Return path and query of a target in absolute form, as proxies send it."""
    if text == "*":
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadTarget("The request target must be a path.")
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
