"""Which writes to the Billing API can be taken back, and how accounts are put back."""

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
"""Writes that are put back, or leave nothing behind that costs or is sent to anybody. All others are irreversible: an
operation that is new to the kit is too, until somebody has thought about it."""


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
    """The safety of the Billing API."""

    def reason_against(self, operation: Operation, body: bytes) -> str | None:
        if operation.id == "update_auto_recharge" and _enables(body):
            return "an enabled auto-recharge may charge a card before it is put back (--allow-irreversible)"
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
