"""Swagger UI at ``/docs``, and the contract as the mock serves it."""

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from mockserver.openapi.contract import Contract

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title (mock)</title>
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
_SCRIPT = """\
const ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  persistAuthorization: true, tryItOutEnabled: true, docExpansion: "list",
  displayRequestDuration: true,
  onComplete: () => $credentials.forEach(([name, key]) => ui.preauthorizeApiKey(name, key))
});
"""


def docs_routes(contract: Contract, credentials: Mapping[str, str]) -> list[Route]:
    """Return the routes of the interactive docs.

    ``credentials``, by name of their security scheme, are filled in there.
    """
    script_text = Template(_SCRIPT).substitute(credentials=json.dumps([*credentials.items()]))

    async def document(_: Request) -> Response:
        return Response(_for_this_server(contract), media_type="application/json")

    async def source(_: Request) -> Response:
        return Response(contract.path.read_bytes(), media_type="application/yaml")

    async def page(_: Request) -> Response:
        return HTMLResponse(
            Template(_PAGE).substitute(title=escape(str(contract.document["info"]["title"])))
        )

    async def script(_: Request) -> Response:
        return Response(script_text, media_type="text/javascript")

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
    """The files of Swagger UI, from the package ``swagger-ui-bundle``."""

    def __init__(self) -> None:
        self._files: StaticFiles | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._files is None:
            from swagger_ui_bundle import swagger_ui_path

            self._files = StaticFiles(directory=Path(swagger_ui_path))
        path = scope["path_params"]["path"]
        await self._files({**scope, "path": f"/{path}", "root_path": ""}, receive, send)


def _for_this_server(contract: Contract) -> bytes:
    """Return the contract with this mock as its only server, so that requests stay local."""
    servers = [{"url": contract.base_path or "/", "description": "This mock"}]
    return json.dumps({**contract.document, "servers": servers}, ensure_ascii=False).encode()
