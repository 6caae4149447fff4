"""What a browser sends to a page: forms, and where they come from."""

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
    """A form that is not read: the status, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def guarded(endpoint: Endpoint, refuse: Refuse) -> Endpoint:
    """An endpoint that no page of another origin can use, but for a link that leads to it."""

    async def checked(request: Request) -> Response:
        if is_foreign(request):
            return refuse(403, "This was sent from another site.")
        try:
            return await endpoint(request)
        except BadForm as bad:
            return refuse(bad.status, str(bad))

    return checked


def is_foreign(request: Request) -> bool:
    """Whether a page of another origin is behind a request. A program that is no browser says nothing, and passes.

    To follow a link from a shop to its checkout is no misdeed; to fetch or frame the page, or to send it a form, is.
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
    """The fields of a form, each once. Raises BadForm."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise BadForm(413, "This form is too large.")
    kind = request.headers.get("content-type", _URLENCODED).partition(";")[0].strip().lower()
    if body and kind != _URLENCODED:
        raise BadForm(415, f"This form is not {_URLENCODED}.")
    return {name: values[-1].strip() for name, values in parse_qs(body.decode("latin-1")).items()}
