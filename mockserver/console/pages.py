"""Pages for people: those of the served API, the interactive docs and the reference."""

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
    """Return an app that serves all pages and passes other paths on to ``otherwise``.

    ``credentials``, by name of their security scheme, are filled into the forms of the docs.
    """
    api_key = next(iter(credentials.values()), "")
    routes = [*others, *docs_routes(contract, credentials), reference_route(contract, api_key)]
    return Router(routes, default=otherwise, redirect_slashes=False)
