"""A request while it is served, whichever way it came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from time import perf_counter
from typing import Any

from msgspec import Struct, field

from mockserver.engine.caller import Caller
from mockserver.engine.errors import Headers, Problem, Refusal
from mockserver.engine.reply import Reply

NO_PARAMS: Mapping[str, str] = {}
_MAX_REFUSED, _MAX_REFUSED_BYTES, _MAX_VIOLATIONS = 4, 256, 8


class KnownHead(Struct):
    """What an operation keeps of a head that arrives again and again, byte by byte the same."""

    params: dict[str, Any] | None = None
    """The parameters, if they are valid and caused no warning."""
    refused: dict[bytes, list[Problem]] = {}
    """The violations of requests without warnings, by their bodies."""
    reply: Reply | None = None
    """The response, if it depends on the head only."""

    def refuse(self, payload: bytes, found: list[Problem]) -> None:
        """Keep the violations of a body, unless it is large or they are many."""
        is_small = len(payload) <= _MAX_REFUSED_BYTES and len(found) <= _MAX_VIOLATIONS
        if is_small and len(self.refused) < _MAX_REFUSED:
            self.refused[payload] = found


class Request(Struct, eq=False):
    """A request whose body has arrived, with what has been learned of it so far."""

    method: str
    path: str
    """Decoded, without the query."""
    query: bytes
    header_list: Headers
    """Headers in the order of sending, with lower-case names."""
    headers: Mapping[bytes, bytes]
    """The same by name. The first of repeated headers is used, as in FastAPI."""
    now: datetime
    path_params: Mapping[str, str] = NO_PARAMS
    scheme: str = "http"
    can_break: bool = False
    """Whether the server can break the connection, as some faults want."""
    began: float = field(default_factory=perf_counter)
    """When it arrived, for the time that the response took."""
    client: tuple[str, int] | None = None
    """The address of the peer."""
    payload: bytes = b""
    refused: Refusal | None = None
    """Why the body was not accepted: a 413 or 415."""
    caller: Caller | None = None
    marks: Headers = []
    """Response headers that tell where the response comes from."""
    warnings: list[str] = []
    """Sentences on what the client probably did not mean. The response is what it would be."""
    fault: str | None = None
    """The names of the injected faults."""
    known: KnownHead | None = None
    """None for a head that was not seen before, and wherever heads are not compared."""


def by_name(headers: Headers) -> dict[bytes, bytes]:
    """Return headers by name. The first of repeated headers is used, as in FastAPI."""
    return dict(headers[::-1])
