"""Accounts in memory. Another store offers the same few verbs."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from mockserver.billing.context import Account


@dataclass(slots=True)
class Tenant:
    """An account with what the server knows about it: who it plays, and its rate-limit window."""

    account: Account
    persona: str
    requests_per_minute: int | None = None
    window: int = 0
    """The minute (of the clock) that is being counted."""
    spent: int = 0
    """Rate-limit tokens spent in that minute."""


class MemoryStore:
    """Tenants by name: an API key, or an organization's id."""

    def __init__(self) -> None:
        self._tenants: dict[str, Tenant] = {}

    def get(self, name: str) -> Tenant | None:
        return self._tenants.get(name)

    def put(self, name: str, tenant: Tenant) -> None:
        self._tenants[name] = tenant

    def remove(self, name: str) -> None:
        self._tenants.pop(name, None)

    def clear(self) -> None:
        self._tenants.clear()

    def items(self) -> Iterator[tuple[str, Tenant]]:
        return iter(self._tenants.items())

    def dump(self) -> bytes:
        """Everything, as it is now; what comes later does not change it."""
        return msgspec.json.encode(self._tenants)

    def load(self, dump: bytes) -> None:
        """Everything, as it was dumped."""
        self._tenants = msgspec.json.decode(dump, type=dict[str, Tenant])
