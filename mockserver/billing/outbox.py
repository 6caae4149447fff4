"""Messages that a billing system would send: e-mails, text messages, webhook calls (assumed)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Channel = Literal["email", "sms", "webhook"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``code`` is a verification code; ``payload`` is the body of a webhook call."""

    id: str
    channel: Channel
    recipient: str
    subject: str
    text: str
    created_at: datetime
    code: str | None = None
    payload: dict[str, Any] | None = None
