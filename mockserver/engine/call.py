"""The argument of handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from msgspec import Struct

from mockserver.engine.reply import Derived, Listing
from mockserver.engine.request import Request
from mockserver.engine.state import State
from mockserver.engine.world import World

Json = Any
C = TypeVar("C")
S = TypeVar("S", bound=State)


class Call(Struct, Generic[C, S]):
    """A valid request, with parsed values and defaults."""

    world: World[S]
    request: Request
    context: C
    """The state that the caller may read and change, as the behaviour provides it."""
    params: Mapping[str, Any]
    body: Json

    @property
    def key(self) -> str:
        """The caller's key; empty if unauthenticated."""
        return self.request.caller.key if self.request.caller is not None else ""

    @property
    def account_id(self) -> str | None:
        """The id of the caller's account; None if unauthenticated."""
        return self.request.caller.account_id if self.request.caller is not None else None

    @property
    def base_url(self) -> str:
        """The address by which the caller reached this server, for URLs in responses."""
        request = self.request
        return self.world.address.base_url(request.headers, request.scheme, request.client)


Handler = Callable[[Call[Any, Any]], Json | Listing | Derived | Awaitable[Json]]
"""A function that serves one operation. State may change while coroutines wait."""
