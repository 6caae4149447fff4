"""Who may control this server: programs on this machine, or whoever has the token. Of web pages, only its own.

A mock on a developer's machine is within reach of every web page that the developer opens; with DNS rebinding a page
can even look as if it came from here. So the browser's own words count: ``Origin``, ``Sec-Fetch-Site``, ``Host``.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from hmac import compare_digest

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.loopback import is_loopback

PREFIX = "/_mock"

_AUTHORITY = re.compile(r"\[(?P<ipv6>[^\]]*)\](?::[0-9]*)?|(?P<name>[^:\[\]]*)(?::[0-9]*)?")

_IS_CLOSED = (
    "The control API is closed, since this server listens to more than this machine. Start it with --control-token, "
    "and send that token in X-Control-Token."
)
_UNKNOWN_CALLER = (
    "The control API of this server wants its token: send it in the header X-Control-Token."
)
_NO_OTHER_ORIGINS = (
    "The control API is closed to web pages of other origins. Call it from a test or a terminal, or from a page of "
    "this server."
)
_NO_OTHER_NAMES = (
    "The control API answers under loopback names only. Ask for 127.0.0.1 or localhost, or start the server with "
    "--control-token, and send that token in X-Control-Token."
)


class ControlGuard:
    """An ASGI middleware that refuses requests under ``/_mock``; ``refuse`` answers 403 with the reason.

    ``host`` is the address that the server listens on; ``token`` what ``X-Control-Token`` must carry, if anything.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        token: str | None,
        refuse: Callable[[Send, str], Awaitable[None]],
    ) -> None:
        self._app = app
        self._is_local = is_loopback(host)
        self._token = token.encode() if token else None
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reason = (
            self._reason(scope["headers"])
            if scope["type"] == "http" and _is_control(scope["path"])
            else None
        )
        if reason is None:
            await self._app(scope, receive, send)
        else:
            await self._refuse(send, reason)

    def _reason(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Why a request is refused; None if it is not."""
        given: dict[bytes, bytes] = {}
        for name, value in headers:
            # A header that is sent twice names no host, no origin and no token: together the values fit nothing.
            given[name] = given[name] + b"," + value if name in given else value
        host = given.get(b"host", b"").decode("latin-1")
        if self._token is None and not self._is_local:
            return _IS_CLOSED
        if self._token is not None and not compare_digest(
            given.get(b"x-control-token", b""), self._token
        ):
            return _UNKNOWN_CALLER
        if self._token is None and not is_loopback(_name_of(host)):
            return _NO_OTHER_NAMES
        if given.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
            return _NO_OTHER_ORIGINS
        if b"origin" in given and not _is_same(given[b"origin"].decode("latin-1"), host):
            return _NO_OTHER_ORIGINS
        return None


def _is_control(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def _name_of(host: str) -> str:
    """The host without its port."""
    found = _AUTHORITY.fullmatch(host)
    return (found["ipv6"] or found["name"] or "") if found else ""


def _is_same(origin: str, host: str) -> bool:
    """Whether an origin is the host that was asked. Its scheme is left out: a proxy may have taken the TLS off."""
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and bool(host) and authority.lower() == host.lower()
