"""The limits of the server's connections, in one table. Each is a setting."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True):
    """What a client may send, and how long it may take. Sizes in bytes, times in seconds."""

    max_connections: int = 10_000
    """The number of open connections. Further ones are closed at once."""
    max_target_bytes: int = 16_384
    """The size of path and query (414)."""
    max_headers: int = 200
    """The number of headers of a request (431)."""
    max_head_bytes: int = 65_536
    """The size of a request without its body (431)."""
    max_body_bytes: int = 32_000_000
    """The size of a body where the operation has no limit of its own (413)."""
    max_dropped_bytes: int = 64_000_000
    """How much is dropped of what a refused client still sends, so that it reads the response."""
    head_timeout: float = 30
    """The time between the first byte of a head and its last (408)."""
    body_timeout: float = 30
    """The time between two parts of a body (408)."""
    keep_alive_timeout: float = 75
    """The time between two requests. Clients close idle connections earlier, after 60 s or less."""
    write_timeout: float = 60
    """The time for which a client may read nothing of its responses."""
    shutdown_timeout: float = 2
    """The time for which requests may go on when the server stops."""


WRITE_BUFFER_BYTES = 65_536
"""How much of the responses waits for a slow reader before no further request is read.

By default, uvloop buffers 64 bytes and writes more at once: a system call for each part of a
response, a third of a request's time.
"""
SLICE_BYTES = 16_384
"""How much is parsed at once, so that few pipelined requests wait while a response is written."""
