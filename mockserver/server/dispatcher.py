"""The first app of every request. It selects the app that serves the path."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Mapping, Sequence
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.behaviour import PublicApp
from mockserver.engine.request import headers_of
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
    """Apps under the control API's prefix that its guard does not protect."""
    api_prefixes: tuple[str, ...]
    control_prefix: str


class Dispatcher:
    """Sends each request to the app of its path. ``apps`` may be replaced between two requests."""

    def __init__(self, apps: Apps) -> None:
        self.apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        try:  # noqa: SIM105 (suppress() costs every request half a microsecond)
            await self._choose(scope)(scope, receive, send)
        except CancelledError:
            # The server stops during the request. That is not an error to report.
            pass

    def _choose(self, scope: Scope) -> ASGIApp:
        apps, path = self.apps, scope.get("path", "")
        # The control API comes first: a contract may have the path "/", which all paths begin with.
        if path.startswith(apps.control_prefix):
            return self._control(path)
        if path.startswith(apps.api_prefixes):
            return apps.cors if _ORIGIN in headers_of(scope) else apps.api
        return apps.pages

    def _control(self, path: str) -> ASGIApp:
        for public in self.apps.public:
            if public.serves(path):
                return public.app
        return self.apps.control


class FastPath:
    """Calls operations whose paths have no parameters directly.

    Connexion's router takes 30 us and five layers to find them. Operations write their own errors,
    so those layers are not needed. Other requests go through Connexion.
    """

    def __init__(self, otherwise: ASGIApp, operations: Mapping[tuple[str, str], ASGIApp]) -> None:
        self._otherwise = otherwise
        self._operations = operations

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request. A coroutine function would cost another 0.5 us."""
        operation = self._operations.get((scope["method"], scope["path"]))
        return (operation or self._otherwise)(scope, receive, send)


class PublishEvents:
    """Publishes the events of changes that were not made by an operation of the contract."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, then publish."""
        await self._app(scope, receive, send)
        self._state.publish()
