"""Messages that a billing system would send: e-mails, text messages, webhook calls (assumed)."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

Channel = Literal["email", "sms", "webhook"]


class Message(Struct, frozen=True):
    """One message. ``code`` is a verification code; ``payload`` is the body of a webhook call."""

    id: str
    channel: Channel
    recipient: str
    subject: str
    text: str
    created_at: datetime
    code: str | None = None
    payload: dict[str, Any] | None = None
