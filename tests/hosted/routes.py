"""The routes of the pages: new ones are tested at once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.responses import PlainTextResponse

from mockserver import fixtures, resources
from mockserver.clock import Clock
from mockserver.contract import Contract
from mockserver.hosted import checkout, portal
from mockserver.hosted.pages import Pages
from mockserver.world import World
from tests.conftest import NOON


def pages(before_redirect: Callable[[str], Awaitable[None]] | None = None) -> tuple[World, Pages]:
    """Return a new world and its pages."""
    world = World(fixtures.load(resources.fixtures()), Clock(NOON), 1)
    nothing = PlainTextResponse("nothing", 404)
    contract = Contract.load(resources.spec())
    return world, Pages(
        world, contract, otherwise=nothing, before_redirect=before_redirect or world.before_redirect
    )


STEPS = {
    "/checkout/{session_id}/{step}": tuple(checkout.STEPS),
    "/portal/{session_id}/{step}": tuple(portal.STEPS),
}
"""The steps of a route."""

ROUTES = [
    (method, route.path)
    for route in pages()[1].billing_routes
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
    session = checkout if path.startswith("/checkout/") else portal
    return re.sub(
        r"\{(\w+)\}", lambda name: {"session_id": session, "invoice_id": invoice}[name[1]], path
    )
