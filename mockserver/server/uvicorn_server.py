"""uvicorn, but for what this server does in its own way."""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT = "mockserver.transport"
"""The name of the connection in the state of each of its requests."""
_BUFFER_BYTES = 65_536


class AnnouncedServer(uvicorn.Server):
    """Says that it is ready when it is, and forgets no signal that comes before or after uvicorn looks for them."""

    def __init__(
        self,
        config: uvicorn.Config,
        announcement: str,
        beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._announcement = announcement
        self._beside = beside
        """What goes on beside the requests until the server ends."""
        self._task: asyncio.Task[None] | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if not self.should_exit:
            print(self._announcement, flush=True)
            if self._beside is not None:
                self._task = asyncio.create_task(self._beside())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._task is not None:
            self._task.cancel()
        await super().shutdown(sockets=sockets)

    def _end(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 (the shape of a signal handler)
        self.should_exit = True


class BufferedProtocol(HttpToolsProtocol):
    """Gathers what is written within one turn of the loop, and hands the connection to those who must break it.

    uvloop writes at once what exceeds the buffer limit, which is 64 bytes unless it is set: head and body of each
    answer would be a system call each, and a system call is a third of a request's time.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_BUFFER_BYTES)
        self.app_state = {**self.app_state, TRANSPORT: transport}
