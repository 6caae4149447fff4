"""Which paths belong to the stand-in; what serves them is loaded when it is first asked for, since few servers are."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.world import World

SCRIPT = "/_mock/stripe.js"
CALLS = "/_mock/stripe/"


def serves(path: str) -> bool:
    """Whether a path belongs to the stand-in."""
    return path == SCRIPT or path.startswith(CALLS)


class StandIn:
    """The ASGI app. ``public_url`` is where the mock is, for callers that do not say how they reached it."""

    def __init__(self, world: World, public_url: str) -> None:
        self._world = world
        self._public_url = public_url
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            from mockserver.billing.stripe.routes import routes

            self._app = routes(self._world, self._public_url)
        await self._app(scope, receive, send)
