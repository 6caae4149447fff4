"""A receiver of webhooks that responds to every call with 204, and counts them."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import cast

import uvloop

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection with any number of calls."""

    calls = 0
    """The number of calls on all connections."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Respond to each call whose body is complete."""
        assert self._transport is not None
        self._received += data
        while (end := self._received.find(_HEAD_END)) >= 0:
            length = _LENGTH.search(self._received, 0, end + 2)
            whole = end + len(_HEAD_END) + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            del self._received[:whole]
            Receiver.calls += 1
            self._transport.write(_ANSWER)


async def listen(port: int = 0) -> tuple[asyncio.Server, str]:
    """Start the server, and return it with its URL."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", port)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events"


async def _serve(port: int) -> None:
    server, _ = await listen(port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
