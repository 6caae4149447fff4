"""The application of Connexion, which resolves operations and routes requests to them."""

from __future__ import annotations

import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockserver.clock import Clock
from mockserver.compat import (
    AbstractOperation,
    ConnexionMiddleware,
    ConnexionRequest,
    ConnexionResponse,
    ExceptionMiddleware,
    ProblemException,
    Resolver,
    RoutedAPI,
    RoutedMiddleware,
    RoutingMiddleware,
    ServerErrorMiddleware,
)
from mockserver.engine.asgi import request_of
from mockserver.engine.fallback import Fallback
from mockserver.engine.operations import Operations
from mockserver.engine.reply import Reply

logger = logging.getLogger(__name__)


class CompiledAPI(RoutedAPI[ASGIApp]):
    """All operations of one document, compiled."""

    def __init__(self, *args: Any, compiled: Operations, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._compiled = compiled
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ASGIApp:
        """Return the ASGI app of one operation, which is compiled with its first request."""
        name: str = operation.operation_id

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await self._compiled.app(name)(scope, receive, send)

        return serve


class CompiledMiddleware(RoutedMiddleware[CompiledAPI]):
    """Calls the operation that Connexion has routed to."""

    api_cls = CompiledAPI


class _Routing(RoutingMiddleware):
    """Connexion's routing. A trailing slash is an unknown path and not a redirect."""

    def add_api(self, *args: Any, **kwargs: Any) -> None:
        super().add_api(*args, **kwargs)
        self.router.redirect_slashes = False
        for route in self.router.routes:
            if isinstance(route, Mount) and isinstance(route.app, Router):
                route.app.redirect_slashes = False


_MIDDLEWARES: list[Any] = [ServerErrorMiddleware, ExceptionMiddleware, _Routing, CompiledMiddleware]
"""Compiled operations replace all others of Connexion's."""


def connexion_app(pages: ASGIApp, fallback: Fallback, clock: Clock) -> ConnexionMiddleware:
    """Return Connexion's application without operations; other paths go to ``pages``.

    ``fallback`` responds to errors.
    """
    app = ConnexionMiddleware(pages, middlewares=_MIDDLEWARES)
    handlers = _ErrorHandlers(fallback, clock)
    app.add_error_handler(HTTPException, handlers.on_http_exception)
    app.add_error_handler(ProblemException, handlers.on_problem)
    app.add_error_handler(Exception, handlers.on_exception)
    return app


class _ErrorHandlers:
    """Respond to the errors of Connexion's application."""

    def __init__(self, fallback: Fallback, clock: Clock) -> None:
        self._fallback = fallback
        self._clock = clock

    async def on_http_exception(
        self, request: ConnexionRequest, error: Exception
    ) -> ConnexionResponse:
        """Return the response to Starlette's errors: a 405 names all methods of the path."""
        if not isinstance(error, HTTPException):
            raise error
        allow = (error.headers or {}).get("Allow", "")
        return self._response(request, error.status_code, str(error.detail), allow)

    async def on_problem(self, request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        """Return the response to Connexion's errors."""
        if not isinstance(error, ProblemException):
            raise error
        return self._response(request, error.status, str(error.detail))

    async def on_exception(self, request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        """Log any other error and return a 500."""
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return _as_connexion(self._fallback.failure())

    def _response(
        self, request: ConnexionRequest, status: int, detail: str, allow: str = ""
    ) -> ConnexionResponse:
        served = request_of(request.scope, self._clock)
        return _as_connexion(self._fallback.http_error(served, status, detail, allow))


def _as_connexion(reply: Reply) -> ConnexionResponse:
    names = {name.decode(): value.decode() for name, value in reply.all_headers}
    return ConnexionResponse(status_code=reply.status, body=reply.payload, headers=names)


def add_operations(
    app: ConnexionMiddleware, compiled: Operations, base_path: str | None = None
) -> None:
    """Add all operations of a document. Connexion raises its own errors on a document."""
    handlers = compiled.shared.service.handlers
    resolver = Resolver(function_resolver=lambda name: handlers.get(name, _no_handler))
    for document in compiled.shared.contract.for_routing():
        app.add_api(document, base_path=base_path, resolver=resolver, compiled=compiled)


def _no_handler() -> None:
    """Replace a missing handler. Connexion requires a function for each operation."""


async def open_app(app: ASGIApp, control_prefix: str) -> None:
    """Make Connexion build its routes now and not at the first request."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        pass

    path = f"{control_prefix}/none"  # requests for the control API are not recorded
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    more = {"headers": [], "query_string": b"", "scheme": "http", "root_path": ""}
    await app({**scope, **more}, receive, send)
