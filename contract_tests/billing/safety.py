"""Which writes to the Billing API are reversible, and how accounts are restored."""

from __future__ import annotations

from dataclasses import dataclass

from contract_tests.billing import effects
from contract_tests.http.exchange import NotJson, parse
from contract_tests.knowledge import CollectionPart, Safety, SettingsPart
from contract_tests.openapi.contract import Operation

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
"""Writes that the kit undoes, or that cost nothing and notify nobody.

All others are irreversible. So is an operation that the kit does not know yet.
"""

CARDS = CollectionPart(
    read=effects.CARDS,
    add="add_payment_method",
    remove="remove_payment_method",
    set_default="set_default_payment_method",
    field="payment_methods",
    default_field="default_method_id",
    outer_name="stripe_payment_method_id",
    parameter="payment_method_id",
    noun="card",
)


@dataclass(frozen=True)
class BillingSafety(Safety):
    """Treats a request that enables auto-recharge as irreversible."""

    def reason_against(self, operation: Operation, body: bytes) -> str | None:
        if operation.id == "update_auto_recharge" and _enables(body):
            return (
                "an enabled auto-recharge may charge a card before it is put back "
                "(--allow-irreversible)"
            )
        return None


SAFETY = BillingSafety(
    reversible=REVERSIBLE,
    settings=(
        SettingsPart(effects.RECHARGE, "update_auto_recharge", "auto-recharge"),
        SettingsPart(effects.ALERTS, "update_usage_alerts", "usage alerts"),
    ),
    collection=CARDS,
    owner=(effects.RECHARGE, "user_id"),
)


def _enables(body: bytes) -> bool:
    """Return whether any server, however lenient its parser, may read ``enabled`` from a body."""
    try:
        sent = parse(body) if body.strip() else {}
    except NotJson:
        # A lenient parser may accept invalid JSON, with names in escapes or UTF-16.
        text = body.lower().replace(b"\0", b"")
        return any(sign in text for sign in (b"enabled", b"\\u", b"%"))
    if not isinstance(sent, dict):
        return b"enabled" in body.lower()
    return any(
        name.strip().lower() == "enabled" and value not in (False, None)
        for name, value in sent.items()
    )
