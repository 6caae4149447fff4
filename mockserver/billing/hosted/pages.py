"""The routes of all pages that people look at. Unknown paths go on to the next app."""

from __future__ import annotations

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.billing.hosted.checkout import BeforeRedirect, CheckoutPages
from mockserver.billing.hosted.invoice import InvoicePages
from mockserver.billing.hosted.portal import PortalPages
from mockserver.billing.hosted.site import Site
from mockserver.console.reference import reference_route
from mockserver.console.swagger_ui import docs_routes
from mockserver.engine.world import World
from mockserver.openapi.contract import Contract


class Pages:
    """Checkout, portal and invoices, the reference and the interactive docs."""

    def __init__(
        self,
        world: World,
        contract: Contract,
        *,
        otherwise: ASGIApp,
        before_redirect: BeforeRedirect,
    ) -> None:
        site = Site(world)
        self.billing_routes: list[Route] = [
            *CheckoutPages(site, before_redirect).routes(),
            *PortalPages(site).routes(),
            *InvoicePages(site).routes(),
        ]
        """The pages that show or change an account."""
        self.public_routes: list[Route] = [*docs_routes(contract), reference_route(contract)]
        routes = [*self.billing_routes, *self.public_routes]
        self._router = Router(routes, default=otherwise, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router(scope, receive, send)
