"""A request while it is served, whichever way it came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from time import perf_counter

from mockserver.engine.caller import Caller
from mockserver.engine.errors import Headers, Refusal

NO_PARAMS: Mapping[str, str] = {}


class Request:
    """A request whose body has arrived, with what has been learned of it so far."""

    __slots__ = (
        "began",
        "caller",
        "can_break",
        "client",
        "fault",
        "header_list",
        "headers",
        "marks",
        "method",
        "now",
        "path",
        "path_params",
        "payload",
        "query",
        "refused",
        "scheme",
        "warnings",
    )

    def __init__(
        self,
        method: str,
        path: str,
        query: bytes,
        header_list: Headers,
        now: datetime,
        *,
        path_params: Mapping[str, str] = NO_PARAMS,
        headers: Mapping[bytes, bytes] | None = None,
        scheme: str = "http",
        can_break: bool = False,
    ) -> None:
        self.method = method
        self.path = path
        """Decoded, without the query."""
        self.query = query
        self.header_list = header_list
        """Headers in the order of sending, with lower-case names."""
        self.headers = dict(header_list[::-1]) if headers is None else headers
        """The same by name. The first of repeated headers is used, as in FastAPI."""
        self.path_params = path_params
        self.scheme = scheme
        self.now = now
        self.can_break = can_break
        """Whether the server can break the connection, as some faults want."""
        self.began = perf_counter()
        """When it arrived, for the time that the response took."""
        self.client: tuple[str, int] | None = None
        """The address of the peer."""
        self.payload = b""
        self.refused: Refusal | None = None
        """Why the body was not accepted: a 413 or 415."""
        self.caller: Caller | None = None
        self.marks: Headers = []
        """Response headers that tell where the response comes from."""
        self.warnings: list[str] = []
        """Sentences on what the client probably did not mean. The response is what it would be."""
        self.fault: str | None = None
        """The names of the injected faults."""
