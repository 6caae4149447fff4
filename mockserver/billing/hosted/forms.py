"""Forms of the pages, and the check that they come from the same origin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from mockserver.billing.hosted.site import Site
from mockserver.engine.address import Address
from mockserver.engine.asgi import headers_of

Endpoint = Callable[[Request], Awaitable[Response]]

_MAX_FORM_BYTES = 10_000
_URLENCODED = "application/x-www-form-urlencoded"
_OURS = ("same-origin", "none")
_READS = ("GET", "HEAD")


class BadForm(Exception):
    """A form that cannot be read."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def guarded(endpoint: Endpoint, site: Site) -> Endpoint:
    """Return an endpoint that refuses requests of other origins, except links to it."""

    async def checked(request: Request) -> Response:
        if is_foreign(request, site.address):
            return site.message(403, "This was sent from another site.")
        try:
            return await endpoint(request)
        except BadForm as bad:
            return site.message(bad.status, str(bad))

    return checked


def is_foreign(request: Request, address: Address) -> bool:
    """Return whether a page of another origin sent a request.

    A link from a shop to its checkout is allowed. Fetching or framing the page and sending it a
    form are not. A program that is not a browser sends none of the headers and is allowed.

    ``Sec-Fetch-Site: same-origin`` counts more than ``Origin``, since a proxy may have rewritten
    ``Host``. Only browsers set it, pages cannot. It compares the origins that the browser sees, so
    a page of another origin never has it. The id in a page's URL protects it from DNS rebinding:
    such a page has an origin like any other, but knows no id.
    """
    headers = headers_of(request.scope)
    if b"sec-fetch-site" not in headers and b"origin" not in headers:
        return False
    sites = request.headers.getlist("sec-fetch-site")
    if sites == ["same-origin"]:
        return False
    from_elsewhere = any(site not in _OURS for site in sites)
    if request.method in _READS and sites:
        navigates = request.headers.get("sec-fetch-mode") == "navigate"
        return from_elsewhere and not (
            navigates and request.headers.get("sec-fetch-dest") == "document"
        )
    client = request.scope.get("client")
    return from_elsewhere or not all(
        address.is_own(origin, headers, client) for origin in request.headers.getlist("origin")
    )


async def fields(request: Request) -> dict[str, str]:
    """Return the fields of a form, with the last value of each. Raise BadForm on a bad body."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise BadForm(413, "This form is too large.")
    kind = request.headers.get("content-type", _URLENCODED).partition(";")[0].strip().lower()
    if body and kind != _URLENCODED:
        raise BadForm(415, f"This form is not {_URLENCODED}.")
    return {name: values[-1].strip() for name, values in parse_qs(body.decode("latin-1")).items()}
