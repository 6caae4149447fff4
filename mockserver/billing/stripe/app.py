"""The ASGI app of the stand-in for Stripe.js. Its routes are loaded on first use."""

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.billing.accounts.accounts import Accounts
from mockserver.engine.world import World


class StripeApp:
    """Serves the script and the calls that it makes."""

    def __init__(self, world: World[Accounts]) -> None:
        self._world = world
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if self._app is None:
            from mockserver.billing.stripe.routes import routes

            self._app = routes(self._world)
        await self._app(scope, receive, send)
