"""Which requests may leave. Without permission: reads of declared paths, and nothing else."""

from __future__ import annotations

from typing import NoReturn

from contract_tests.http.channel import Outgoing, Withheld
from contract_tests.http.exchange import NotJson, parse
from contract_tests.openapi.contract import Operation
from contract_tests.settings import Settings

READS = ("GET", "HEAD")
REVERSIBLE = frozenset(
    {
        "update_auto_recharge",
        "disable_auto_recharge",
        "check_auto_recharge",
        "add_payment_method",
        "remove_payment_method",
        "set_default_payment_method",
        "create_setup_intent",
        "create_portal_session",
        "validate_promo_code",
        "update_usage_alerts",
    }
)
"""Writes that are put back, or leave nothing behind that costs or is sent to anybody. All others are irreversible: an
operation that is new to the kit is too, until somebody has thought about it."""

CONTROL = "/_mock/"


class Guard:
    """The gate that keeps requests back which the user has not allowed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.withheld: dict[str, int] = {}
        """How often each reason kept a request back."""

    def before(self, outgoing: Outgoing) -> None:
        """Raises Withheld."""
        reason = self.reason(outgoing)
        if reason is not None:
            self.withhold(reason)

    def withhold(self, reason: str) -> NoReturn:
        """Keep a request back, and count it. Raises Withheld."""
        self.withheld[reason] = self.withheld.get(reason, 0) + 1
        raise Withheld(reason)

    def after(self, outgoing: Outgoing, exchange: object) -> None:
        """Nothing to learn from an answer."""

    def reason(self, outgoing: Outgoing) -> str | None:
        """Why a request may not leave; None if it may."""
        if not outgoing.is_below:
            return "it is for another host than the one that was named"
        if outgoing.path.startswith(CONTROL):
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
        if operation.id not in REVERSIBLE:
            return "what it does cannot be undone (--allow-irreversible)"
        if operation.id == "update_auto_recharge" and _enables(outgoing.body):
            return "an enabled auto-recharge may charge a card before it is put back (--allow-irreversible)"
        return None


def _enables(body: bytes) -> bool:
    """Whether a body may be taken to switch auto-recharge on, by whoever reads it in whatever way."""
    try:
        sent = parse(body) if body.strip() else {}
    except NotJson:
        # Some read what is not strictly JSON, and names may be written in other ways (escapes, UTF-16).
        return any(sign in body.lower().replace(b"\0", b"") for sign in (b"enabled", b"\\u", b"%"))
    if not isinstance(sent, dict):
        return b"enabled" in body.lower()
    return any(
        name.strip().lower() == "enabled" and value not in (False, None)
        for name, value in sent.items()
    )
