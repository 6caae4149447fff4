"""The audit log: one entry for every change, never a whole card number, code or key (assumed).

Metered usage is no change of this kind: it is in the ledger, entry by entry.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Actor = Literal["api_key", "payer", "system", "mock"]
"""Who did it: a request with a key, somebody on a checkout page, the clock, or the control API."""

Detail = str | int | bool | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    id: str
    action: str
    actor: Actor
    created_at: datetime
    details: dict[str, Detail]
