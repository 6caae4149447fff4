"""Decides which requests may be sent. Without permission: reads of declared paths only."""

from __future__ import annotations

from typing import NoReturn

from contract_tests.http.channel import Outgoing, Withheld
from contract_tests.knowledge import Safety
from contract_tests.openapi.contract import Contract, Operation
from contract_tests.settings import Settings

READS = ("GET", "HEAD")


class Guard:
    """The gate that keeps requests back which the user has not allowed."""

    def __init__(self, settings: Settings, safety: Safety, contract: Contract) -> None:
        self._settings = settings
        self._safety = safety
        self._contract = contract
        self.withheld: dict[str, int] = {}
        """How often each reason kept a request back."""

    def before(self, outgoing: Outgoing) -> None:
        """Raise Withheld for what may not be sent."""
        reason = self.reason(outgoing)
        if reason is not None:
            self.withhold(reason)

    def withhold(self, reason: str) -> NoReturn:
        """Count a request that is withheld. Raise Withheld."""
        self.withheld[reason] = self.withheld.get(reason, 0) + 1
        raise Withheld(reason)

    def after(self, outgoing: Outgoing, exchange: object) -> None:
        """Do nothing: responses decide nothing."""

    def reason(self, outgoing: Outgoing) -> str | None:
        """Return why a request may not be sent; None if it may."""
        if not outgoing.is_below:
            return "it is for another host than the one that was named"
        if self._contract.is_control(outgoing.path):
            return None if self._settings.mock else "the control API is for the mock alone (--mock)"
        if self._settings.may_do_anything:
            return None
        if outgoing.operation is None:
            return "it is for no declared operation, and could do anything (--allow-irreversible)"
        return (
            None
            if outgoing.method in READS
            else self._reason_against_write(outgoing, outgoing.operation)
        )

    def _reason_against_write(self, outgoing: Outgoing, operation: Operation) -> str | None:
        if not self._settings.may_write:
            return "it is a write (--allow-writes)"
        if operation.id not in self._safety.reversible:
            return "what it does cannot be undone (--allow-irreversible)"
        return self._safety.reason_against(operation, outgoing.body)
