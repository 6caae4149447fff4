"""The page at ``/_mock/`` and its files. They contain nothing of any account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from markupsafe import escape
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS = Path(__file__).parent / "assets"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class WorkbenchPages:
    """An ASGI app in front of the control API. It serves the page to everybody.

    What the page shows comes from the control API, which has a guard.
    """

    def __init__(
        self, app: ASGIApp, prefix: str, facts: Mapping[str, Any], panels: Sequence[Path] = ()
    ) -> None:
        """Take what the page needs to know of the served API, and files with further panels."""
        self._app, self._prefix, self._facts, self._panels = app, prefix, facts, panels

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        is_read = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        response = self._response(scope["path"]) if is_read else None
        await (response or self._app)(scope, receive, send)

    def _response(self, path: str) -> Response | None:
        if path == self._prefix:
            return RedirectResponse(f"{self._prefix}/")
        if path == f"{self._prefix}/":
            return Response(self._page, media_type="text/html", headers=_HEADERS)
        folder, _, name = path.rpartition("/")
        if folder != f"{self._prefix}/workbench" or name not in self._files:
            return None
        file = self._files[name]
        return Response(file.read_bytes(), media_type=_TYPES[file.suffix], headers=_HEADERS)

    @cached_property
    def _files(self) -> dict[str, Path]:
        """The files beside the page by name."""
        return {
            file.name: file for file in (*ASSETS.iterdir(), *self._panels) if file.suffix in _TYPES
        }

    @cached_property
    def _page(self) -> str:
        facts = {
            **self._facts,
            "prefix": self._prefix,
            "panels": [file.name for file in self._panels],
        }
        page = (ASSETS / "workbench.html").read_text(encoding="utf-8")
        page = page.replace("{{ title }}", str(escape(self._facts["title"])))
        return page.replace("{{ facts }}", str(escape(orjson.dumps(facts).decode())))
