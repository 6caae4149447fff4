"""A server that sends a constant response, to measure the limit of the load generator."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

_BODY = b'{"balance":"' + b"0" * 275 + b'"}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_BODY)
    + _BODY
)


class _Answerer(asyncio.Protocol):
    """Answers whatever arrives: the generator sends one request at a time, in one piece."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  (asyncio names it)
        self._transport.write(_ANSWER)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Answerer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
