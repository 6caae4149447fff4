"""uvicorn's HTTP protocol, whose answers leave in one piece."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_BUFFER_BYTES = 65_536


class BufferedProtocol(HttpToolsProtocol):
    """Gathers what is written within one turn of the loop.

    uvloop writes at once what exceeds the buffer limit, which is 64 bytes unless it is set: head and body of each
    answer would be a system call each, and a system call is a third of a request's time.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_BUFFER_BYTES)
