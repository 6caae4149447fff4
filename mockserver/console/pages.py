"""Pages for people: those of the API that is served, the reference, the interactive docs."""

from collections.abc import Mapping, Sequence

from starlette.routing import Route, Router
from starlette.types import ASGIApp

from mockserver.console.reference import reference_route
from mockserver.console.swagger_ui import docs_routes
from mockserver.openapi.contract import Contract


def pages(
    contract: Contract,
    others: Sequence[Route],
    credentials: Mapping[str, str],
    otherwise: ASGIApp,
) -> ASGIApp:
    """Return an app that serves all pages and hands other paths on.

    ``credentials`` are those of the interactive docs, by security scheme.
    """
    routes = [
        *others,
        *docs_routes(contract, credentials),
        reference_route(contract, next(iter(credentials.values()), "")),
    ]
    return Router(routes, default=otherwise, redirect_slashes=False)
