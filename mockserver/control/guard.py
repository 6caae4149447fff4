"""Access to the control API: programs on this machine, callers with the token, and own web pages.

Every web page that a developer opens can send requests to a mock on the same machine. With DNS
rebinding, a page can even share its origin. So the headers that browsers set are checked:
``Origin``, ``Sec-Fetch-Site`` and ``Host``.

``GET /_mock/health`` is open to health checks: by every host name and without a token. It changes
nothing and reveals no account.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from hmac import compare_digest

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.loopback import is_loopback

PREFIX = "/_mock"
"""The beginning of all paths of the control API."""
HEALTH = f"{PREFIX}/health"

_AUTHORITY = re.compile(r"\[(?P<ipv6>[^\]]*)\](?::[0-9]*)?|(?P<name>[^:\[\]]*)(?::[0-9]*)?")

_IS_CLOSED = (
    "The control API is closed, because this server listens on an address other than loopback. "
    "Start it with --control-token, and send that token in X-Control-Token."
)
_UNKNOWN_CALLER = "The control API of this server requires its token in the header X-Control-Token."
_OTHER_ORIGIN = (
    "The control API is closed to web pages of other origins. Call it from a test, a terminal, or "
    "a page of this server."
)
_OTHER_NAME = (
    "The control API can only be reached by loopback names. Use 127.0.0.1 or localhost, or start "
    "the server with --control-token, and send that token in X-Control-Token."
)


class ControlGuard:
    """An ASGI middleware that refuses requests to the control API.

    ``host`` is the address that the server listens on. ``token`` is the required value of
    ``X-Control-Token``; None for servers without a token. ``refuse`` sends a 403 with a reason.
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
        """Serve a request or refuse it."""
        is_guarded = scope["type"] == "http" and is_control(scope["path"])
        reason = self._reason(scope["path"], scope["headers"]) if is_guarded else None
        if reason is None:
            await self._app(scope, receive, send)
        else:
            await self._refuse(send, reason)

    def _reason(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Return why a request is refused; None if it is not."""
        values: dict[bytes, bytes] = {}
        for name, value in headers:
            # Repeated headers are joined, so that they match no host, origin or token.
            values[name] = values[name] + b"," + value if name in values else value
        host = values.get(b"host", b"").decode("latin-1")
        problem = None if path == HEALTH else self._caller_problem(host, values)
        if problem is not None:
            return problem
        if values.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
            return _OTHER_ORIGIN
        if b"origin" in values and not _is_same(values[b"origin"].decode("latin-1"), host):
            return _OTHER_ORIGIN
        return None

    def _caller_problem(self, host: str, headers: Mapping[bytes, bytes]) -> str | None:
        """Return why a program may not call, whatever page may have sent its request."""
        if self._token is not None:
            sent = headers.get(b"x-control-token", b"")
            return None if compare_digest(sent, self._token) else _UNKNOWN_CALLER
        if not self._is_local:
            return _IS_CLOSED
        return None if is_loopback(_without_port(host)) else _OTHER_NAME


def is_control(path: str) -> bool:
    """Return whether a path belongs to the control API."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def _without_port(host: str) -> str:
    match = _AUTHORITY.fullmatch(host)
    return (match["ipv6"] or match["name"] or "") if match else ""


def _is_same(origin: str, host: str) -> bool:
    """Return whether an origin has the requested host.

    Schemes are not compared, because a proxy may have terminated TLS.
    """
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and bool(host) and authority.lower() == host.lower()
