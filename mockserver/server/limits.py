"""The limits of a connection, in one table. Each is a setting."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True):
    """What a client may send, and how long it may take. Sizes in bytes, times in seconds."""

    head_bytes: int = 65_536
    """The size of a request's head. Larger ones are refused with a 431."""
    headers: int = 200
    """The number of headers in a request. More are refused with a 431."""
    target_bytes: int = 16_384
    """The size of path and query. Larger ones are refused with a 414."""
    body_bytes: int = 32_000_000
    """The size of a body that is read where no operation has a limit of its own (413)."""
    discarded_bytes: int = 64_000_000
    """How much is dropped of what a refused client still sends, so that it reads the response."""
    head_seconds: float = 30
    """The time between the first byte of a head and its last (408)."""
    body_seconds: float = 30
    """The time between two parts of a body (408)."""
    keep_alive_seconds: float = 75
    """The time between two requests. Longer than clients keep connections (60 s or less)."""
    write_seconds: float = 60
    """How long a client may read nothing of a response before the connection is closed."""
    connections: int = 10_000
    """The number of open connections. Further ones are closed at once."""
    shutdown_seconds: float = 2
    """How long requests may go on when the server stops."""


WRITE_BUFFER_BYTES = 65_536
"""How much of the responses waits for a slow reader before no further request is read.

By default, uvloop buffers 64 bytes and writes more at once: a system call for each part of a
response, a third of a request's time.
"""
SLICE_BYTES = 16_384
"""How much is parsed at once, so that few pipelined requests wait while a response is written."""
