"""Access to the control API: programs on this machine, callers with the token, and own web pages.

Every web page that a developer opens can send requests to a mock on the same machine. With DNS
rebinding, a page can even share its origin. So the headers that browsers set are checked:
``Origin``, ``Sec-Fetch-Site`` and ``Host``.

``Sec-Fetch-Site: same-origin`` counts more than ``Origin``, since a proxy may have rewritten
``Host``. That is safe: only the browser sets it, for a page whose origin it sees as the target's.
With DNS rebinding it is ``same-origin``, too, but then ``Host`` is a foreign name, which is refused
without a token. Headers of proxies are never a reason to let a request in here. They only close:
``X-Forwarded-For``, ``X-Forwarded-Host`` and ``Forwarded`` must name this machine, because a proxy
that rewrites ``Host`` would otherwise open the control API to its callers, and to pages with a
rebound name.

``GET /_mock/health`` is open to health checks: by every host name and without a token. It changes
nothing and reveals no account.
"""

from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.address import (
    FORWARDED_FOR,
    FORWARDED_HOST,
    Address,
    are_loopback,
    forwarded,
    without_port,
)
from mockserver.loopback import is_loopback
from mockserver.settings import DEFAULT_CONTROL_PREFIX

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

_FORWARDED = (
    "The control API is closed to requests that a proxy forwards from other machines or names. "
    "Call it on this machine, or start the server with --control-token, and send that token in "
    "X-Control-Token."
)


class ControlGuard:
    """An ASGI middleware that refuses requests to the control API.

    ``host`` is the address that the server listens on. All paths of the control API begin with
    ``prefix``. ``token`` is the required value of
    ``X-Control-Token``; None for servers without a token. ``refuse`` sends a 403 with a reason.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        token: str | None,
        refuse: Callable[[Send, str], Awaitable[None]],
        address: Address | None = None,
        prefix: str = DEFAULT_CONTROL_PREFIX,
    ) -> None:
        self._app = app
        self._is_local = is_loopback(host)
        self._prefix, self._health = prefix, f"{prefix}/health"
        self._token = token.encode() if token else None
        self._refuse = refuse
        self._address = address or Address("")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or refuse it."""
        is_guarded = scope["type"] == "http" and is_control(scope["path"], self._prefix)
        reason = self._reason(scope) if is_guarded else None
        if reason is None:
            await self._app(scope, receive, send)
        else:
            await self._refuse(send, reason)

    def _reason(self, scope: Scope) -> str | None:
        """Return why a request is refused; None if it is not."""
        values: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            # Repeated headers are joined, so that they match no host, origin or token.
            values[name] = values[name] + b"," + value if name in values else value
        problem = None if scope["path"] == self._health else self._caller_problem(values)
        if problem is not None:
            return problem
        site = values.get(b"sec-fetch-site", b"none")
        if site == b"same-origin":
            return None
        origin = values.get(b"origin", b"").decode("latin-1")
        if site != b"none" or (
            b"origin" in values and not self._address.is_own(origin, values, scope.get("client"))
        ):
            return _OTHER_ORIGIN
        return None

    def _caller_problem(self, headers: Mapping[bytes, bytes]) -> str | None:
        """Return why a program may not call, whatever page may have sent its request."""
        if self._token is not None:
            sent = headers.get(b"x-control-token", b"")
            return None if compare_digest(sent, self._token) else _UNKNOWN_CALLER
        if not self._is_local:
            return _IS_CLOSED
        if not is_loopback(without_port(headers.get(b"host", b"").decode("latin-1"))):
            return _OTHER_NAME
        return None if self._is_of_this_machine(headers) else _FORWARDED

    def _is_of_this_machine(self, headers: Mapping[bytes, bytes]) -> bool:
        """Return whether the headers of proxies name this machine, or the public URL's host."""
        callers = [headers.get(FORWARDED_FOR, b"localhost"), *forwarded(headers, b"for")]
        hosts = [headers.get(FORWARDED_HOST, b"localhost"), *forwarded(headers, b"host")]
        public = self._address.public_host.lower()
        return all(are_loopback(caller.decode("latin-1")) for caller in callers) and all(
            are_loopback(host) or host.lower() == public
            for host in (name.decode("latin-1") for name in hosts)
        )


def is_control(path: str, prefix: str) -> bool:
    """Return whether a path belongs to the control API."""
    return path == prefix or path.startswith(f"{prefix}/")
