"""The composition root: the one module that knows every layer."""

from __future__ import annotations

import asyncio
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockserver import fixtures, resources
from mockserver.api.compiled import CompiledMiddleware, Rules
from mockserver.api.fallback import Fallback
from mockserver.api.operations import HANDLERS
from mockserver.clock import Clock
from mockserver.contract import Contract, Operation
from mockserver.control.guard import ControlGuard
from mockserver.control.operations import handlers as control_handlers
from mockserver.faults.registry import UnknownFaultSet
from mockserver.framework import (
    ConnexionMiddleware,
    ExceptionMiddleware,
    ProblemException,
    Resolver,
    RoutingMiddleware,
    ServerErrorMiddleware,
)
from mockserver.generator import Generator
from mockserver.hosted.pages import Pages
from mockserver.settings import Settings, SettingsError
from mockserver.stripe.door import StandIn
from mockserver.stripe.door import serves as serves_stripe
from mockserver.webhooks.dispatcher import Webhooks
from mockserver.webhooks.event import Conventions
from mockserver.webhooks.payload import checker
from mockserver.world import Fixtures, World

CONTROL_PREFIX = "/_mock"
_API_PREFIX = "/api/"
_ORIGIN = b"origin"
_PREFLIGHT_SECONDS = 86_400
_WEBHOOK_CONVENTIONS = Conventions(
    "X-Alterlab-Signature", "alterlab-billing-mock", "usage alerts of {account_id}"
)
_EXPOSED_HEADERS = (
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "X-AlterLab-Balance",
    "X-AlterLab-Balance-Warning",
    "X-Mock-Source",
    "Preference-Applied",
    "X-Mock-Fault",
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


class Server:
    """A server that is ready to be run: the ASGI app, and what it is made of."""

    def __init__(
        self, settings: Settings, world: World, contract: Contract, public_url: str
    ) -> None:
        self.settings = settings
        self.world = world
        self.contract = contract
        self._public_url = public_url
        self._front = _Front(_doors(settings, world, contract, public_url))

    @property
    def app(self) -> ASGIApp:
        """The ASGI app; it stays the same when the contract is another one."""
        return self._front

    def prepare(self, contract: Contract) -> Doors:
        """Make ready to serve another contract; to be called in a thread of its own, as it takes a third of a second.

        Raises whatever Connexion has against the contract.
        """
        doors = _doors(self.settings, self.world, contract, self._public_url)
        asyncio.run(_opened(doors.routed))
        return doors

    def renew(self, contract: Contract, doors: Doors, fixtures: Fixtures) -> None:
        """Serve another contract and other fixtures from the next request on; accounts stay as they are.

        Raises UnusableState when an account needs what the fixtures no longer have; then everything stays as it was.
        """
        self.world.renew(fixtures)
        self.world.faults.operations = contract.operations
        self.world.webhooks.check = _alert_check(contract)
        self._front.doors, self.contract = doors, contract


def build(
    settings: Settings, *, clock: Clock | None = None, public_url: str | None = None
) -> Server:
    """Put a server together. Raises FileError when contract or fixtures cannot be used, and SettingsError."""
    contract = Contract.load(settings.spec)
    found = fixtures.load(settings.fixtures)
    fixtures.check_against(contract, found, settings.fixtures)
    url = public_url or f"http://{settings.host}:{settings.port}"
    clock = clock or Clock(settings.now)
    webhooks = Webhooks(
        clock,
        settings.seed,
        allowed_hosts=settings.allow_webhook_host,
        own_port=urlsplit(url).port,
        check=_alert_check(contract),
        conventions=_WEBHOOK_CONVENTIONS,
    )
    world = World(found, clock, settings.seed, webhooks, keep_requests=settings.keep_requests)
    _switch_on_faults(world, contract, settings)
    return Server(settings, world, contract, url)


def not_yet_stateful(contract: Contract) -> list[Operation]:
    """The operations that no function serves, and that are answered from their examples and schemas."""
    return [
        operation
        for operation in contract.operations.values()
        if operation.operation_id not in HANDLERS
    ]


class Doors(NamedTuple):
    """Where a request can go in."""

    api: ASGIApp
    cors: ASGIApp
    """The API, for web pages of any origin."""
    control: ASGIApp
    pages: ASGIApp
    stripe: ASGIApp
    """The stand-in for Stripe.js, and what it calls."""
    routed: ASGIApp
    """Connexion as it is, with nothing around it that knows of accounts."""


def _doors(settings: Settings, world: World, contract: Contract, url: str) -> Doors:
    controls = Contract.load(resources.control_spec())
    fallback = Fallback(world, {CONTROL_PREFIX: controls, "": contract})
    connexion = ConnexionMiddleware(
        Pages(world, contract, otherwise=fallback, before_redirect=world.before_redirect),
        middlewares=_MIDDLEWARES,
    )
    rules = Rules(
        world, contract, HANDLERS, settings.enforce_rate_limits, url, _generator(contract, world)
    )
    control_rules = Rules(
        world,
        controls,
        control_handlers(controls),
        False,
        url,
        _generator(controls, world),
        counted=False,
    )
    _serve(connexion, rules)
    _serve(connexion, control_rules, CONTROL_PREFIX)
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
    pages = _Published(connexion, world)
    stripe = _Published(StandIn(world, url), world)
    return Doors(api, _with_cors(api, contract), _Published(guard, world), pages, stripe, connexion)


def _generator(contract: Contract, world: World) -> Generator:
    return Generator(contract.schemas, world.seed)


async def _opened(connexion: ASGIApp) -> None:
    """Let Connexion build its routes now: it does so when it is first asked for anything."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        pass

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/favicon.ico",
        "raw_path": b"/favicon.ico",
        "headers": [],
    }
    await connexion(
        {**scope, "query_string": b"", "scheme": "http", "root_path": ""}, receive, send
    )


class _Front:
    """Sends a request to what its path belongs to."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:  # noqa: SIM105 (suppress() costs every request half a microsecond)
            await self._choose(scope)(scope, receive, send)
        except CancelledError:
            # A request that is under way when the server ends is cut off; that is no fault to report.
            pass

    def _choose(self, scope: Scope) -> ASGIApp:
        path = scope.get("path", "")
        if path.startswith(_API_PREFIX):
            return self.doors.cors if _ORIGIN in dict(scope["headers"]) else self.doors.api
        if serves_stripe(path):
            return self.doors.stripe  # public, as Stripe's own is: before the guard
        is_control = path == CONTROL_PREFIX or path.startswith(f"{CONTROL_PREFIX}/")
        return self.doors.control if is_control else self.doors.pages


class _Published:
    """Publishes what an app that is no operation of the contract has changed."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app, self._world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        self._world.publish_all()


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
    resolver = Resolver(function_resolver=lambda name: rules.handlers.get(name, not_yet_stateful))
    connexion.add_api(
        rules.contract.for_routing(), base_path=base_path, resolver=resolver, rules=rules
    )


def _alert_check(contract: Contract) -> Callable[[Any], str | None]:
    """What the contract has against the payload of a usage alert."""
    return checker(lambda: contract.validator_of_callback("update_usage_alerts", "usageAlert"))


def _switch_on_faults(world: World, contract: Contract, settings: Settings) -> None:
    """Those that the settings name. Raises SettingsError."""
    world.faults.operations = contract.operations
    try:
        world.faults.start_with(settings.faults)
    except UnknownFaultSet as error:
        raise SettingsError(f"--faults: {error}") from None


def _with_cors(app: ASGIApp, contract: Contract) -> ASGIApp:
    """Any web page may call the API, as it may in development; none may send cookies along."""
    headers = {
        each["name"]
        for op in contract.operations.values()
        for each in op.parameters
        if each["in"] == "header"
    }
    return CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["X-API-Key", "Content-Type", "Prefer", *sorted(headers)],
        expose_headers=_EXPOSED_HEADERS,
        max_age=_PREFLIGHT_SECONDS,
    )
