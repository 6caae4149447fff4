"""What webhooks need to know of an event, and the conventions by which an API delivers it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct


class Event(Protocol):
    """Something that happened to an account."""

    @property
    def id(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def created_at(self) -> datetime: ...

    @property
    def data(self) -> Mapping[str, Any]:
        """JSON values and datetimes."""

    @property
    def url(self) -> str | None:
        """The only recipient of a direct delivery; None for the endpoints that want the type."""

    @property
    def is_whole(self) -> bool:
        """Whether the data is the whole body of a direct delivery."""


class Conventions(Struct, frozen=True):
    """How an API delivers its webhooks."""

    signature_header: str = "X-Webhook-Signature"
    """Header of the HMAC-SHA256 of the body, written as ``sha256=`` and 64 hexadecimal digits."""
    user_agent: str = "mockserver"
    direct_key_name: str = "callbacks of {account_id}"
    """Name from which the secret of an account's direct deliveries is derived."""
