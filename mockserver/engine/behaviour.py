"""The seam between the mock engine and the API that it serves.

A document describes requests and responses. A ``Behaviour`` adds what it does not describe: who
calls, what an operation does, how errors are written. ``mockserver.billing`` implements it by hand
for one API. ``mockserver.resources`` implements it for any other document.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from msgspec import Struct, field
from starlette.types import ASGIApp

from mockserver.engine.call import Call, Handler
from mockserver.engine.caller import Caller
from mockserver.engine.errors import Headers
from mockserver.engine.reply import JSON as JSON_BYTES
from mockserver.engine.reply import Reply, encode_as
from mockserver.engine.request import Request
from mockserver.engine.state import State
from mockserver.openapi.contract import JSON, Operation
from mockserver.openapi.security import Security

if TYPE_CHECKING:
    # Importing it takes 12 ms, and no page may ever be asked for.
    from starlette.routing import Route


class ErrorResponse(Struct):
    """An error as one API writes it."""

    status: int
    body: Any
    headers: Headers
    media_type: str | None = JSON
    """None for a response without a body."""
    is_final: bool = False
    """Whether it is sent as it is. Other bodies are validated against the contract."""
    facts: Hashable | None = None
    """All that the body depends on besides the status, if bodies of equal facts may be kept."""
    unsaid: str = ""
    """The reason, where the documented body has no place for it. It is sent as a warning."""

    @property
    def reply(self) -> Reply:
        """The response, encoded but not validated."""
        if self.media_type is None:
            return Reply(self.status, b"", self.headers, None)
        payload = encode_as(self.media_type, self.body)
        media_type = JSON_BYTES if self.media_type == JSON else self.media_type.encode("latin-1")
        return Reply(self.status, payload, self.headers, media_type)


class Service(Protocol):
    """The part of a behaviour that operations need."""

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Functions by operationId. Other operations are served from examples and schemas."""

    @property
    def negotiates(self) -> bool:
        """Whether ``Accept`` selects the media type of a response, and OPTIONS is served."""

    def identify(self, request: Request, security: Security) -> Caller:
        """Return the caller. Raises Refusal when ``security`` is not satisfied."""

    def headers(self, caller: Caller | None, now: datetime) -> Headers:
        """Return the headers that every response carries, errors included."""

    def made_up(
        self, call: Call[Any, Any], operation: Operation, parse: Callable[[bytes], Any]
    ) -> Any:
        """Return the result of a handler for invented state, as ``Prefer: dynamic`` wants it.

        None has the response generated from the schema. ``call`` has no context, and its body is
        None if the request has no valid one. ``parse`` reads another body; None if it is invalid.
        """

    def error(self, error: Exception, operation: Operation | None) -> ErrorResponse | None:
        """Return the response to an error that was raised on purpose; None for any other error.

        ``operation`` is None for paths and methods that the document does not have.
        """


class ControlPart(Struct, frozen=True):
    """The operations that a behaviour adds to the control API."""

    overlay: Path | None = None
    """An OpenAPI document that is merged into the general one."""
    handlers: Mapping[str, Handler] = field(default_factory=dict)


class PublicApp(NamedTuple):
    """An app under ``/_mock`` that web pages of any origin may use."""

    serves: Callable[[str], bool]
    """Returns whether a path belongs to the app."""
    app: ASGIApp


class Beside(Struct, frozen=True):
    """Pages and apps that are served beside the contract."""

    pages: Sequence[Route] = ()
    public: Sequence[PublicApp] = ()
    panels: Sequence[Path] = ()
    """JavaScript modules with further panels of the workbench."""


class About(Struct, frozen=True):
    """The text of the banner, and credentials for the reference page."""

    title: str
    callers: Sequence[str] = ()
    """Lines that list credentials to try."""
    try_out: str = ""
    """The arguments of a curl command, with ``{url}`` for the address of the server."""
    credentials: Mapping[str, str] = field(default_factory=dict)
    """Credentials by name of their security scheme, for the reference page."""
    notices: Sequence[str] = ()
    """What the user's fixtures changed, one sentence each."""


class Behaviour(Service, Protocol):
    """The implementation of one API."""

    @property
    def state(self) -> State:
        """The state that is kept between requests."""

    @property
    def control(self) -> ControlPart:
        """Its part of the control API."""

    @property
    def beside(self) -> Beside:
        """Its pages and public apps."""

    @property
    def about(self) -> About:
        """The text of the banner, and credentials for the docs."""
