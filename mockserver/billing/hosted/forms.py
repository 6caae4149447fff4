"""Forms of the pages, and the check that they come from the same origin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]
Refuse = Callable[[int, str], Response]

_MAX_FORM_BYTES = 10_000
_URLENCODED = "application/x-www-form-urlencoded"
_OURS = ("same-origin", "none")
_READS = ("GET", "HEAD")


class BadForm(Exception):
    """A form that cannot be read."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def guarded(endpoint: Endpoint, refuse: Refuse) -> Endpoint:
    """Return an endpoint that refuses requests of other origins, except links to it."""

    async def checked(request: Request) -> Response:
        if is_foreign(request):
            return refuse(403, "This was sent from another site.")
        try:
            return await endpoint(request)
        except BadForm as bad:
            return refuse(bad.status, str(bad))

    return checked


def is_foreign(request: Request) -> bool:
    """Return whether a page of another origin sent a request.

    A link from a shop to its checkout is allowed. Fetching or framing the page and sending it a
    form are not. A program that is not a browser sends none of the headers and is allowed.
    """
    sites = request.headers.getlist("sec-fetch-site")
    from_elsewhere = any(site not in _OURS for site in sites)
    if request.method in _READS and sites:
        navigates = request.headers.get("sec-fetch-mode") == "navigate"
        return from_elsewhere and not (
            navigates and request.headers.get("sec-fetch-dest") == "document"
        )
    host = request.headers.get("host", "").lower()
    return from_elsewhere or any(
        origin.lower().partition("://")[2] != host for origin in request.headers.getlist("origin")
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
