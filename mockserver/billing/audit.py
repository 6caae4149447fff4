"""The audit log: one entry per change, without card numbers, codes or keys (assumed).

Metered usage is not audited. The ledger has an entry for each usage charge.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

Actor = Literal["api_key", "payer", "system", "mock"]
"""The author of a change: an API request, the payer on a page, the clock, or the control API."""

Detail = str | int | bool | None


class AuditEntry(Struct, frozen=True):
    """One change: the action, its author, its time and the facts of the change."""

    id: str
    action: str
    actor: Actor
    created_at: datetime
    details: dict[str, Detail]
