"""The application of Connexion, which resolves operations and routes requests to them."""

from __future__ import annotations

from typing import Any

from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Message

from mockserver.compat import (
    AbstractOperation,
    ConnexionMiddleware,
    ExceptionMiddleware,
    Resolver,
    RoutedAPI,
    RoutedMiddleware,
    RoutingMiddleware,
    ServerErrorMiddleware,
)
from mockserver.engine.operations import Operations


class CompiledAPI(RoutedAPI[ASGIApp]):
    """All operations of one document, compiled."""

    def __init__(self, *args: Any, compiled: Operations, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._compiled = compiled
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ASGIApp:
        """Return the ASGI app of one operation."""
        return self._compiled.app(operation.operation_id)


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


def connexion_app(otherwise: ASGIApp) -> ConnexionMiddleware:
    """Return Connexion's application without operations; other paths go to ``otherwise``."""
    return ConnexionMiddleware(otherwise, middlewares=_MIDDLEWARES)


def add_operations(
    app: ConnexionMiddleware, compiled: Operations, base_path: str | None = None
) -> None:
    """Add all operations of a document. Connexion raises its own errors on a document."""
    handlers = compiled.shared.service.handlers
    resolver = Resolver(function_resolver=lambda name: handlers.get(name, _no_handler))
    document = compiled.shared.contract.for_routing()
    app.add_api(document, base_path=base_path, resolver=resolver, compiled=compiled)


def _no_handler() -> None:
    """Replace a missing handler. Connexion requires a function for each operation."""


async def open_app(app: ASGIApp) -> None:
    """Make Connexion build its routes now and not at the first request."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        pass

    path = "/favicon.ico"
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    more = {"headers": [], "query_string": b"", "scheme": "http", "root_path": ""}
    await app({**scope, **more}, receive, send)
