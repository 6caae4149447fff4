"""Guides, and all pages as Markdown, below ``/docs``. ``/llms.txt`` leads to their index."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from mockserver.console.reference import HEADERS, options_of
from mockserver.openapi.contract import Contract
from mockserver.openapi.yaml_file import FileError

FOLDER = "/docs"
INDEX = f"{FOLDER}/guides/"
_PRINTED = "http://127.0.0.1:8080"
"""The address of the mock in the pages. It is replaced by the one that the reader uses."""
_TYPES = {".md": "text/markdown", ".txt": "text/plain"}
_HTML = "text/html"
_PATTERNS = (
    "llms.txt",
    "llms-full.txt",
    "reference.md",
    "reference/{name}.md",
    "guides/{path:path}",
)

Pages = Callable[[str], str | None]
"""Returns the text of a page by its path below ``/docs``; None if there is none."""


def guide_routes(
    contract: Contract, folder: Path | None, base_url: Callable[[Scope], str], prefix: str
) -> list[Route]:
    """Return the routes of the pages. ``folder`` has the guides, if any.

    They come before the route of the reference, which takes all names below its own.
    """
    pages: Pages | None = None
    lock = asyncio.Lock()

    async def page(request: Request) -> Response:
        nonlocal pages
        path = request.scope["path"].removeprefix(f"{prefix}{FOLDER}/")
        async with lock:
            try:
                if pages is None:
                    pages = await asyncio.to_thread(_pages, contract, folder)
            except FileError as error:
                return PlainTextResponse(f"The page cannot be rendered: {error}", 500)
            text = await asyncio.to_thread(pages, path)
        if text is None:
            raise HTTPException(404)
        return _response(path, text, base_url(request.scope))

    async def moved(request: Request) -> Response:
        return RedirectResponse(f"{FOLDER}{request.scope['path']}")

    root = [] if prefix else [Route(f"/{name}", moved) for name in ("llms.txt", "llms-full.txt")]
    return [*root, *(Route(f"{prefix}{FOLDER}/{pattern}", page) for pattern in _PATTERNS)]


def _pages(contract: Contract, folder: Path | None) -> Pages:
    from mockserver.docs.document import Document
    from mockserver.docs.reader import read
    from mockserver.docs.site import Site

    document = Document.read(contract)
    own = replace(document, root=_at_this_mock(document.root, _PRINTED + contract.base_path))
    return Site(read(own), options_of(folder, "", "")).text


def _at_this_mock(root: dict[str, Any], url: str) -> dict[str, Any]:
    """Return a document with the mock as its only server, in its texts, too.

    Programs read Markdown, and must not send to production what is meant for a mock.
    """
    text = orjson.dumps(root).decode()
    for server in root.get("servers", ()):
        if str(server.get("url")).startswith("http"):
            text = text.replace(server["url"], url)
    found: dict[str, Any] = orjson.loads(text)
    return {**found, "servers": [{"url": url, "description": "This mock"}]}


def _response(path: str, text: str, base: str) -> Response:
    media_type = _TYPES.get(Path(path).suffix, _HTML)
    shown = str(escape(base)) if media_type == _HTML else base
    return Response(text.replace(_PRINTED, shown), headers=HEADERS, media_type=media_type)
