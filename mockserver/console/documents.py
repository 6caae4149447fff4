"""The contract as the mock serves it, and the redirects to the reference page."""

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mockserver.console.guides import INDEX
from mockserver.console.reference import PATH
from mockserver.openapi.contract import Contract


def document_routes(
    contract: Contract, prefix: str, workbench: str, *, has_guides: bool
) -> list[Route]:
    """Return the routes of the contract, as JSON and as its file, and of the redirects.

    ``workbench`` is the path of the page that ``/`` leads to, unless there is a ``prefix``.
    ``/docs`` leads to the guides, or else to the reference.
    """

    async def document(_: Request) -> Response:
        return Response(_for_this_server(contract), media_type="application/json")

    async def source(_: Request) -> Response:
        return Response(contract.path.read_bytes(), media_type="application/yaml")

    async def home(_: Request) -> Response:
        return RedirectResponse(workbench)

    async def docs(_: Request) -> Response:
        return RedirectResponse(prefix + (INDEX if has_guides else PATH))

    return [
        *([] if prefix else [Route("/", home)]),
        Route(f"{prefix}/openapi.json", document),
        Route(f"{prefix}/openapi.yaml", source),
        Route(f"{prefix}/docs", docs),
        Route(f"{prefix}/docs/", docs),
    ]


def _for_this_server(contract: Contract) -> bytes:
    """Return the contract with this mock as its only server, so that requests stay local."""
    servers = [{"url": contract.base_path or "/", "description": "This mock"}]
    return json.dumps({**contract.published, "servers": servers}, ensure_ascii=False).encode()
