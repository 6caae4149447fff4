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
    """Announces when it is ready, and honours signals that arrive before or after uvicorn's own
    handling of them.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        announcement: str,
        beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._announcement = announcement
        self._beside = beside
        """A task that runs beside the requests until the server stops."""
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


class BufferedProtocol(UvicornProtocol):
    """Buffers what is written in one turn of the event loop, and hands the connection to faults.

    uvloop writes at once what exceeds the buffer limit, which is 64 bytes by default: head and body
    of each response would be a system call each, a third of a request's time.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_BUFFER_BYTES)
        self.put_into_state(TRANSPORT, transport)
