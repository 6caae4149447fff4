"""The composition root: the one module that knows every layer."""

from asyncio import CancelledError
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver import fixtures, resources
from mockserver.api.compiled import CompiledMiddleware, Rules
from mockserver.api.fallback import Fallback
from mockserver.api.operations import HANDLERS
from mockserver.clock import Clock
from mockserver.contract import Contract
from mockserver.control.guard import ControlGuard
from mockserver.control.operations import handlers as control_handlers
from mockserver.framework import (
    ConnexionMiddleware,
    ExceptionMiddleware,
    ProblemException,
    Resolver,
    RoutingMiddleware,
    ServerErrorMiddleware,
)
from mockserver.hosted.pages import Pages
from mockserver.settings import Settings
from mockserver.stripe.door import StandIn
from mockserver.stripe.door import serves as serves_stripe
from mockserver.world import World
from mockserver.yaml_file import error_at

CONTROL_PREFIX = "/_mock"
_API_PREFIX = "/api/"
_ORIGIN = b"origin"
_PREFLIGHT_SECONDS = 86_400
_EXPOSED_HEADERS = (
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "X-AlterLab-Balance",
    "X-AlterLab-Balance-Warning",
)


class _Routing(RoutingMiddleware):
    """Connexion's routing, that answers a path with a slash too many by 404 and not by a redirect."""

    def add_api(self, *args: Any, **kwargs: Any) -> None:
        super().add_api(*args, **kwargs)
        self.router.redirect_slashes = False
        for route in self.router.routes:
            if isinstance(route, Mount) and isinstance(route.app, Router):
                route.app.redirect_slashes = False


_MIDDLEWARES: list[Any] = [ServerErrorMiddleware, ExceptionMiddleware, _Routing, CompiledMiddleware]
"""All of Connexion's that a request passes; the compiled operation does the work of the others."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready to be run: the ASGI app, and what it is made of."""

    app: ASGIApp
    world: World
    contract: Contract


def build(settings: Settings, *, clock: Clock | None = None, public_url: str | None = None) -> Server:
    """Put a server together. Raises FileError when contract or fixtures cannot be used."""
    contract = Contract.load(settings.spec)
    _check_handlers(contract)
    world = World(fixtures.load(settings.fixtures), clock or Clock(settings.now), settings.seed)
    url = public_url or f"http://{settings.host}:{settings.port}"
    controls = Contract.load(resources.control_spec())
    fallback = Fallback(world.clock, {CONTROL_PREFIX: controls, "": contract})
    connexion = ConnexionMiddleware(
        Pages(world, contract, otherwise=fallback),
        middlewares=_MIDDLEWARES,
    )
    rules = Rules(world, contract, HANDLERS, settings.enforce_rate_limits, url)
    _serve(connexion, rules)
    _serve(connexion, Rules(world, controls, control_handlers(controls), False, url, counted=False), CONTROL_PREFIX)
    connexion.add_error_handler(HTTPException, fallback.on_http_exception)
    connexion.add_error_handler(ProblemException, fallback.on_problem)
    connexion.add_error_handler(Exception, fallback.on_exception)
    guard = ControlGuard(
        connexion,
        host=settings.host,
        token=settings.control_token,
        refuse=lambda send, detail: fallback.refuse(send, 403, detail),
    )
    api = _Shortcut(connexion, rules.ready)
    front = _Front(api, cors=_with_cors(api), control=guard, pages=connexion, stripe=StandIn(world, url))
    return Server(front, world, contract)


class _Front:
    """Sends a request to what its path belongs to."""

    def __init__(self, api: ASGIApp, *, cors: ASGIApp, control: ASGIApp, pages: ASGIApp, stripe: ASGIApp) -> None:
        self._api, self._cors, self._control, self._pages, self._stripe = api, cors, control, pages, stripe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:  # noqa: SIM105 (suppress() costs every request half a microsecond)
            await self._choose(scope)(scope, receive, send)
        except CancelledError:
            # A request that is under way when the server ends is cut off; that is no fault to report.
            pass

    def _choose(self, scope: Scope) -> ASGIApp:
        path = scope.get("path", "")
        if path.startswith(_API_PREFIX):
            return self._cors if _ORIGIN in dict(scope["headers"]) else self._api
        if serves_stripe(path):
            return self._stripe  # public, as Stripe's own is: before the guard
        is_control = path == CONTROL_PREFIX or path.startswith(f"{CONTROL_PREFIX}/")
        return self._control if is_control else self._pages


class _Shortcut:
    """Goes straight to the operations whose paths have no parameters, as Connexion registered them.

    Their method and path are all that its router would look at, for 30 us on its way through five layers; an operation
    answers its own errors, so nothing of those layers is missed. Everything else takes the long way.
    """

    def __init__(self, connexion: ASGIApp, operations: Mapping[tuple[str, str], ASGIApp]) -> None:
        self._connexion = connexion
        self._operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operations.get((scope["method"], scope["path"]))
        await (operation or self._connexion)(scope, receive, send)


def _serve(connexion: ConnexionMiddleware, rules: Rules, base_path: str | None = None) -> None:
    resolver = Resolver(function_resolver=rules.handlers.__getitem__)
    connexion.add_api(rules.contract.for_routing(), base_path=base_path, resolver=resolver, rules=rules)


def _check_handlers(contract: Contract) -> None:
    """Every operation of the contract must be served. Raises FileError."""
    for operation in contract.operations.values():
        if operation.operation_id not in HANDLERS:
            problem = f"operation '{operation.operation_id}' has no handler in mockserver/api/operations"
            raise error_at(contract.path, ["paths", operation.path, operation.method, "operationId"], problem)


def _with_cors(app: ASGIApp) -> ASGIApp:
    """Any web page may call the API, as it may in development; none may send cookies along."""
    return CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"],
        allow_headers=["X-API-Key", "X-Organization-Id", "Content-Type", "Prefer"],
        expose_headers=_EXPOSED_HEADERS,
        max_age=_PREFLIGHT_SECONDS,
    )
