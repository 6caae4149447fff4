"""The application: the API, the internal endpoints, and the handlers of errors."""

from __future__ import annotations

import threading
from pathlib import Path

from fastapi import Depends, FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp

from tests.staging import api_account, api_money, internal, seed, shapes
from tests.staging.caller import authenticate
from tests.staging.database import Replica
from tests.staging.deviations import Deviations
from tests.staging.edge import Edge
from tests.staging.errors import Refusal
from tests.staging.site import Site

_PREFIX = "/api/v1/billing"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def create(database: Path, deviations: Deviations, base_url: str) -> tuple[ASGIApp, Site]:
    """Return the application of a new deployment, and the deployment."""
    site = Site(database, deviations, base_url)
    seed.fill(site)
    app = FastAPI(
        title="Billing (staging)",
        redirect_slashes=site.on("slash_redirects"),
        openapi_url=None,
    )
    app.state.site = site
    for router in (api_money.router, api_account.router):
        app.include_router(router, prefix=_PREFIX, dependencies=[Depends(authenticate)])
    app.include_router(internal.router)
    app.include_router(internal.pages)

    @app.exception_handler(Refusal)
    async def refuse(_request: Request, refusal: Refusal) -> Response:
        return shapes.error(site, refusal)

    @app.exception_handler(HTTPException)
    async def unrouted(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers = _allow(app, site, request, headers)
        return shapes.error(site, Refusal(error.status_code, str(error.detail), headers=headers))

    _start_noise(site)
    return Edge(app, site), site


def _allow(app: FastAPI, site: Site, request: Request, headers: dict[str, str]) -> dict[str, str]:
    if site.on("no_allow"):
        return {}
    if site.on("partial_allow"):
        return headers
    allowed = [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in app.routes
        )
    ]
    if "GET" in allowed and not site.on("head_405"):
        allowed.append("HEAD")
    return {"Allow": ", ".join(allowed)}


def _start_noise(site: Site) -> None:
    amounts = site.deviations.amounts
    if site.on("lag"):
        site.replica = Replica(site.database, amounts["lag"])
    if site.on("live_account"):
        stopped = threading.Event()

        def use() -> None:
            while not stopped.wait(amounts["live_account"]):
                seed.keep_in_use(site)

        threading.Thread(target=use, daemon=True).start()
