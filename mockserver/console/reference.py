"""The reference page at ``/docs/reference``. Its forms send requests to this mock."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from mockserver import packaged
from mockserver.docs import guides
from mockserver.docs.options import PACKAGED, Options, command_of
from mockserver.openapi.contract import Contract
from mockserver.openapi.yaml_file import FileError

PATH = "/docs/reference"
HEADERS = {
    # The page itself has a further policy in a meta element.
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def reference_route(contract: Contract, api_key: str, prefix: str, guides: Path | None) -> Route:
    """Return the route of the page, which is rendered at the first request.

    ``api_key`` is the key that its forms start with, ``guides`` the folder of guides that it leads
    to.
    """
    rendered: Response | None = None
    lock = asyncio.Lock()

    async def page(_: Request) -> Response:
        nonlocal rendered
        async with lock:
            if rendered is not None:
                return rendered
            response = await asyncio.to_thread(_render, contract, api_key, guides)
            if response.status_code == 200:
                rendered = response
            return response

    return Route(prefix + PATH, page)


def options_of(contract: Contract, api_key: str, folder: Path | None) -> Options:
    """Return the options of all pages. Raise FileError if the guides cannot be read."""
    is_packaged = contract.path == packaged.spec()
    return Options(
        api_key=api_key,
        command=PACKAGED if is_packaged else command_of(contract.path),
        guides=guides.load(folder) if folder is not None else (),
    )


def _render(contract: Contract, api_key: str, folder: Path | None) -> Response:
    from mockserver.docs import html
    from mockserver.docs.document import Document
    from mockserver.docs.reader import read

    try:
        options = options_of(contract, api_key, folder)
        text = html.live_page(read(Document.read(contract)), options)
    except FileError as error:
        return PlainTextResponse(f"The page cannot be rendered: {error}", 500)
    return HTMLResponse(text, headers=HEADERS)
