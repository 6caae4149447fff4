"""Swagger UI at ``/docs`` and the contract itself, as the mock serves it."""

import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from mockserver.openapi.contract import Contract

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>AlterLab Billing API (mock)</title>
<link rel="icon" href="/docs/static/favicon-32x32.png">
<link rel="stylesheet" href="/docs/static/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/static/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_SCRIPT = """const ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  persistAuthorization: true, tryItOutEnabled: true, docExpansion: "list", displayRequestDuration: true,
  onComplete: () => ui.preauthorizeApiKey("ApiKey", "sk_test_default")
});
"""


def docs_routes(contract: Contract) -> list[Route]:
    """The routes of the interactive docs. What they send is made when it is first asked for."""

    async def document(_: Request) -> Response:
        return Response(_for_this_server(contract), media_type="application/json")

    async def source(_: Request) -> Response:
        return Response(contract.path.read_bytes(), media_type="application/yaml")

    async def page(_: Request) -> Response:
        return HTMLResponse(_PAGE)

    async def script(_: Request) -> Response:
        return Response(_SCRIPT, media_type="text/javascript")

    async def home(_: Request) -> Response:
        return RedirectResponse("/docs")

    return [
        Route("/", home),
        Route("/openapi.json", document),
        Route("/openapi.yaml", source),
        Route("/docs", page),
        Route("/docs/start.js", script),
        Route("/docs/static/{path:path}", _Static()),
    ]


class _Static:
    """The files of Swagger UI, from the package that brings them."""

    def __init__(self) -> None:
        self._files: StaticFiles | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._files is None:
            from swagger_ui_bundle import swagger_ui_path

            self._files = StaticFiles(directory=Path(swagger_ui_path))
        path = scope["path_params"]["path"]
        await self._files({**scope, "path": f"/{path}", "root_path": ""}, receive, send)


def _for_this_server(contract: Contract) -> bytes:
    """The contract with this mock as its only server, so that no try-out leaves the machine."""
    servers = [{"url": "/", "description": "This mock"}]
    return json.dumps({**contract.document, "servers": servers}, ensure_ascii=False).encode()
