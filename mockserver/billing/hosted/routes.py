"""The routes of checkout, portal and invoices."""

from collections.abc import Awaitable, Callable

from starlette.routing import Route

from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.hosted.checkout import CheckoutPages
from mockserver.billing.hosted.invoice import InvoicePages
from mockserver.billing.hosted.portal import PortalPages
from mockserver.billing.hosted.site import Site
from mockserver.engine.world import World


def billing_routes(
    world: World[Accounts], before_redirect: Callable[[str], Awaitable[None]] | None = None
) -> list[Route]:
    """Return the routes of all pages that show or change an account.

    ``before_redirect`` is awaited with the account's id between a payment and the redirect to the
    shop; by default, webhooks that must come first are delivered.
    """
    site = Site(world)
    return [
        *CheckoutPages(site, before_redirect or world.before_redirect).routes(),
        *PortalPages(site).routes(),
        *InvoicePages(site).routes(),
    ]
