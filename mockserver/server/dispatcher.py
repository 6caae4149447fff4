"""The ASGI app of a server. It selects the app that serves the path."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Sequence
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.asgi import has_encoded_slash
from mockserver.engine.behaviour import PublicApp
from mockserver.engine.state import State

_ORIGIN = b"origin"


class Apps(NamedTuple):
    """The apps of one document."""

    api: ASGIApp
    cors: ASGIApp
    """The same, for web pages of any origin."""
    control: ASGIApp
    pages: ASGIApp
    public: Sequence[PublicApp]
    """Apps under ``/_mock`` that the guard of the control API does not protect."""
    api_prefixes: tuple[str, ...]
    control_prefix: str


class Dispatcher:
    """Sends each request to the app of its path. The apps may change between two requests."""

    def __init__(self, apps: Callable[[], Apps]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        try:  # noqa: SIM105 (suppress() costs every request half a microsecond)
            await self._choose(scope)(scope, receive, send)
        except CancelledError:
            # The server stops during the request. That is not an error to report.
            pass

    def _choose(self, scope: Scope) -> ASGIApp:
        apps, path = self._apps(), scope.get("path", "")
        # The control API comes first: a contract may have the path "/", which all paths begin with.
        for public in apps.public:
            if public.serves(path):
                return public.app
        if path.startswith(apps.control_prefix):
            return apps.control
        if path.startswith(apps.api_prefixes):
            if has_encoded_slash(raw_path := scope.get("raw_path", b"").decode("latin-1")):
                scope["path"] = raw_path
            has_origin = any(name == _ORIGIN for name, _ in scope["headers"])
            return apps.cors if has_origin else apps.api
        return apps.pages


class PublishEvents:
    """Publishes the events of changes that were not made by an operation of the contract."""

    def __init__(
        self, app: ASGIApp, state: State, announce: Callable[[str], None] | None = None
    ) -> None:
        """Take a function that is called after requests that may have changed something."""
        self._app, self._state, self._announce = app, state, announce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, then publish."""
        await self._app(scope, receive, send)
        self._state.publish()
        if self._announce is not None and scope.get("method") not in ("GET", "HEAD"):
            self._announce("page")
