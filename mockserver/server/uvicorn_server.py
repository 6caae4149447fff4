"""uvicorn's server and protocol, adapted."""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

import uvicorn

from mockserver.compat import UvicornProtocol
from mockserver.engine.connection import TRANSPORT

_BUFFER_BYTES = 65_536


class AnnouncedServer(uvicorn.Server):
    """A server that announces itself when it is ready.

    It also handles signals that arrive before and after uvicorn handles them.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        announcement: str,
        background: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._announcement = announcement
        self._background = background
        """Runs as a task until the server stops."""
        self._task: asyncio.Task[None] | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, announce it, and start the background task."""
        await super().startup(sockets=sockets)
        if not self.should_exit:
            print(self._announcement, flush=True)
            if self._background is not None:
                self._task = asyncio.create_task(self._background())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cancel the background task and stop."""
        if self._task is not None:
            self._task.cancel()
        await super().shutdown(sockets=sockets)

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (signal handler)
        self.should_exit = True


class BufferedProtocol(UvicornProtocol):
    """Buffers writes of one turn of the event loop, and gives faults access to the connection.

    By default, uvloop buffers 64 bytes and writes more at once. Head and body of a response would
    then take a system call each, a third of a request's time.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Set up the connection."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_BUFFER_BYTES)
        self.put_into_state(TRANSPORT, transport)
