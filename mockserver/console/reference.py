"""The reference page at ``/docs/reference``. Its forms send requests to this mock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from mockserver.docs import guides
from mockserver.docs.options import Options
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


_ORIGIN = "http://this-mock.invalid"
"""The address in the rendered page, which is replaced by that of each request."""
BaseUrl = Callable[[Scope], str]


def reference_routes(
    contract: Contract, api_key: str, base_url: BaseUrl, prefix: str, guides: Path | None
) -> list[Route]:
    """Return the routes of the page, which is rendered at the first request.

    ``api_key`` is the key that its forms start with. The samples have the address that
    ``base_url`` finds for a request. A path with the operationId is the page with the title of
    that operation, which it opens at. ``guides`` is the folder of guides that it leads to.
    """
    page = _Page(contract, api_key, base_url, guides)
    return [
        Route(prefix + PATH, page.whole),
        Route(f"{prefix}{PATH}/{{operation_id}}", page.of_operation),
    ]


class LivePage(Protocol):
    """A rendered page. The renderer is imported with the first request."""

    def text(self, operation_id: str | None) -> str | None:
        """Return the page, opened at an operation if one is named; None if it is unknown."""


class _Page:
    def __init__(
        self, contract: Contract, api_key: str, base_url: BaseUrl, guides: Path | None
    ) -> None:
        self._contract = contract
        self._guides = guides
        self._api_key = api_key
        self._base_url = base_url
        self._rendered: LivePage | None = None
        self._lock = asyncio.Lock()

    async def whole(self, request: Request) -> Response:
        return await self._respond(request, None)

    async def of_operation(self, request: Request) -> Response:
        return await self._respond(request, request.path_params["operation_id"])

    async def _respond(self, request: Request, operation_id: str | None) -> Response:
        async with self._lock:
            if self._rendered is None:
                try:
                    self._rendered = await asyncio.to_thread(
                        _render, self._contract, self._api_key, self._guides
                    )
                except FileError as error:
                    return PlainTextResponse(f"The page cannot be rendered: {error}", 500)
        text = self._rendered.text(operation_id)
        if text is None:
            raise HTTPException(404)
        own = str(escape(self._base_url(request.scope)))
        return HTMLResponse(text.replace(_ORIGIN, own), headers=HEADERS)


def options_of(folder: Path | None, api_key: str, origin: str) -> Options:
    """Return the options of all pages. Raise FileError if the guides cannot be read."""
    return Options(
        api_key=api_key,
        origin=origin,
        command="",
        guides=guides.load(folder) if folder is not None else (),
    )


def _render(contract: Contract, api_key: str, folder: Path | None) -> LivePage:
    from mockserver.docs import html
    from mockserver.docs.document import Document
    from mockserver.docs.reader import read

    options = options_of(folder, api_key, _ORIGIN)
    return html.LivePage(read(Document.read(contract)), options)
