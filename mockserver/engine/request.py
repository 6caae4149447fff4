"""A request while it is served."""

from datetime import datetime

from starlette.types import Scope

from mockserver.engine.caller import Caller
from mockserver.engine.errors import Headers

_HEADERS = "mockserver.headers"


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers of a request, which are converted once and kept in its scope.

    The first of repeated headers is used, as in FastAPI.
    """
    headers: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if headers is None:
        headers = scope[_HEADERS] = dict(scope["headers"][::-1])
    return headers


class Request:
    """A request, with what has been learned of it so far."""

    __slots__ = ("caller", "fault", "headers", "marks", "now", "payload", "scope", "warnings")

    def __init__(self, scope: Scope, now: datetime) -> None:
        self.scope = scope
        self.now = now
        self.headers = headers_of(scope)
        self.caller: Caller | None = None
        self.payload = b""
        self.marks: Headers = []
        """Response headers that tell where the response comes from."""
        self.warnings: list[str] = []
        """Sentences on what the client probably did not mean. The response is what it would be."""
        self.fault: str | None = None
        """The names of the injected faults."""
