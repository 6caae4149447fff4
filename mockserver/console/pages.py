"""Pages for people: those of the served API, and the interactive reference."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.clock import Clock
from mockserver.console.documents import document_routes
from mockserver.console.guides import guide_routes
from mockserver.console.reference import reference_routes
from mockserver.engine.asgi import request_of, send_reply
from mockserver.engine.fallback import Fallback
from mockserver.openapi.contract import Contract

logger = logging.getLogger(__name__)


def pages(
    contract: Contract,
    others: Sequence[Route],
    credentials: Mapping[str, str],
    fallback: Fallback,
    clock: Clock,
    *,
    base_url: Callable[[Scope], str],
    guides: Path | None,
    prefix: str,
    workbench: str,
) -> ASGIApp:
    """Return an app that serves all pages. ``fallback`` responds to other paths and to errors.

    ``credentials``, by name of their security scheme, are filled into the forms of the reference.
    ``base_url`` is the address of this mock for a caller, ``guides`` the folder of the guides.
    The paths of the contract's own pages begin with ``prefix``. Without one, ``/`` leads to
    ``workbench``.
    """
    routes = [
        *others,
        *document_routes(contract, prefix, workbench, has_guides=guides is not None),
        *guide_routes(contract, guides, base_url, prefix),
        *reference_routes(contract, next(iter(credentials.values()), ""), base_url, prefix, guides),
    ]
    router = Router(routes, default=fallback, redirect_slashes=False)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        # With an app in its scope, the router raises errors instead of responding in plain text.
        scope["app"] = router
        try:
            await router(scope, receive, send)
        except HTTPException as error:
            allow = (error.headers or {}).get("Allow", "")
            request = request_of(scope, clock)
            reply = fallback.http_error(request, error.status_code, str(error.detail), allow)
            await send_reply(send, reply)
        except Exception:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            await send_reply(send, fallback.failure())

    return serve
