"""The server: it listens, checks its connections every second, and stops in order."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mockserver.engine.request_log import Observer
from mockserver.limits import Limits
from mockserver.server.protocol import HttpProtocol, Site

_CHECK_SECONDS = 1.0
_STOP_PAUSE = 0.02


class HttpServer:
    """Serves a site on a socket until it is stopped or a signal arrives."""

    def __init__(
        self,
        site: Site,
        limits: Limits | None = None,
        *,
        on_ready: Callable[[], None] = lambda: None,
        background: Callable[[], Coroutine[Any, Any, None]] | None = None,
        observe: Observer | None = None,
    ) -> None:
        """Take what is called when the server is ready, and what runs until it stops.

        ``observe`` is called after each response.
        """
        self._observe = observe
        self._site = site
        self._limits = limits or Limits()
        self._on_ready = on_ready
        self._background = background
        self._connections: set[HttpProtocol] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._is_stopped = False

    def run(self, listener: socket.socket) -> None:
        """Serve until the end."""
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self._serve(listener))

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM stop the server within the block. Only for the main thread."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, lambda *_: self.stop()) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def stop(self) -> None:
        """Stop, from any thread. Requests that are under way have a moment to end."""
        self._is_stopped = True
        if self._loop is not None and self._stopped is not None:
            with suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._stopped.set)

    async def _serve(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        if self._is_stopped:
            return
        server = await self._loop.create_server(self._protocol, sock=listener)
        tasks = [asyncio.create_task(self._check())]
        if self._background is not None:
            tasks.append(asyncio.create_task(self._background()))
        self._on_ready()
        try:
            await self._stopped.wait()
        finally:
            for task in tasks:
                task.cancel()
            server.close()
            await self._close_connections()

    def _protocol(self) -> HttpProtocol:
        return HttpProtocol(self._site, self._limits, self._connections, self._observe)

    async def _check(self) -> None:
        """Close the connections of clients that take too long."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            now = loop.time()
            for connection in [*self._connections]:
                connection.check(now)

    async def _close_connections(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limits.shutdown_timeout
        while self._connections and loop.time() < deadline:
            for connection in [*self._connections]:
                connection.stop()
            await asyncio.sleep(_STOP_PAUSE)
        for connection in [*self._connections]:
            connection.abort()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return uvloop's factory, or asyncio's on Windows, for which there is no uvloop."""
    try:
        from uvloop import new_event_loop
    except ModuleNotFoundError:
        return asyncio.new_event_loop
    return new_event_loop
