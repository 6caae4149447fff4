"""The routes of the pages: new ones are tested at once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.api.behaviour import world_of
from mockserver.billing.hosted import checkout, portal
from mockserver.billing.hosted.routes import billing_routes
from mockserver.clock import Clock
from mockserver.engine.world import World
from tests.conftest import NOON


def pages(
    before_redirect: Callable[[str], Awaitable[None]] | None = None,
) -> tuple[World[Accounts], Router]:
    """Return a new world and its pages."""
    world = world_of(fixtures.load(packaged.fixtures()), Clock(NOON), 1)
    nothing = PlainTextResponse("nothing", 404)
    return world, Router(billing_routes(world, before_redirect), default=nothing)


STEPS = {
    "/checkout/{session_id}/{step}": tuple(checkout.STEPS),
    "/c/pay/{session_id}/{step}": tuple(checkout.STEPS),
    "/portal/{session_id}/{step}": tuple(portal.STEPS),
}
"""The steps of a route."""

ROUTES = [
    (method, route.path)
    for route in pages()[1].routes
    if isinstance(route, Route)
    for method in sorted(route.methods or ())
]
TARGETS = [
    (method, path.replace("{step}", step))
    for method, path in ROUTES
    for step in STEPS.get(path, ("",))
]
"""Method and path of every page and step, with placeholders for ids."""


def filled(path: str, *, checkout: str, portal: str, invoice: str) -> str:
    """Return the path with ids that exist."""
    session = checkout if path.startswith(("/checkout/", "/c/pay/")) else portal
    return re.sub(
        r"\{(\w+)\}", lambda name: {"session_id": session, "invoice_id": invoice}[name[1]], path
    )
