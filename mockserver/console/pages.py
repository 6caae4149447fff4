"""Pages for people: those of the served API, and the interactive reference."""

from collections.abc import Mapping, Sequence

from starlette.routing import Route, Router
from starlette.types import ASGIApp

from mockserver.console.documents import document_routes
from mockserver.console.reference import reference_route
from mockserver.openapi.contract import Contract


def pages(
    contract: Contract,
    others: Sequence[Route],
    credentials: Mapping[str, str],
    otherwise: ASGIApp,
) -> ASGIApp:
    """Return an app that serves all pages and passes other paths on to ``otherwise``.

    ``credentials``, by name of their security scheme, are filled into the forms of the reference.
    """
    api_key = next(iter(credentials.values()), "")
    routes = [*others, *document_routes(contract), reference_route(contract, api_key)]
    return Router(routes, default=otherwise, redirect_slashes=False)
