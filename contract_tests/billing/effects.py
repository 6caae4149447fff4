"""What a change may change. All else that an account shows must stay as it was, and after a refusal all of it.

Written down from the contract's descriptions; an operation that is not here may change everything.
"""

from __future__ import annotations

from contract_tests.knowledge import Effects

CARDS = "list_payment_methods"
RECHARGE = "get_auto_recharge"
ALERTS = "get_usage_alerts"
AUDIT = "list_audit_log"
ACTIVITY = "list_recent_activity"
BALANCE = "get_balance"
LEDGER = "list_credit_transactions"
INVOICES = "list_invoices"
HISTORY = "list_auto_recharge_history"
SUBSCRIPTION = "get_subscription"
PROJECTION = "get_cost_projection"
CHECK = "check_auto_recharge"
PROMO = "validate_promo_code"
USAGE = frozenset({"get_usage_breakdown", "get_usage_chart", "get_usage_realtime"})

MONEY = frozenset({BALANCE, LEDGER, INVOICES, AUDIT, ACTIVITY, PROJECTION, PROMO})

_CHANGES: dict[str, frozenset[str]] = {
    "create_deposit": frozenset({AUDIT}),
    "create_checkout_session": frozenset({AUDIT}),
    "update_auto_recharge": frozenset({RECHARGE, BALANCE, CHECK, AUDIT}),
    "disable_auto_recharge": frozenset({RECHARGE, BALANCE, AUDIT}),
    "check_auto_recharge": frozenset(),
    "add_payment_method": frozenset({CARDS, CHECK, AUDIT, ACTIVITY}),
    "remove_payment_method": frozenset({CARDS, RECHARGE, CHECK, AUDIT, ACTIVITY}),
    "set_default_payment_method": frozenset({CARDS, CHECK, AUDIT}),
    "create_setup_intent": frozenset({AUDIT}),
    "create_portal_session": frozenset({AUDIT}),
    "validate_promo_code": frozenset(),
    "change_plan": MONEY | {SUBSCRIPTION},
    "update_usage_alerts": frozenset({ALERTS, AUDIT}),
    "initiate_verification": frozenset({AUDIT}),
    "confirm_verification": frozenset({AUDIT}),
}
"""What a change that succeeds may change, by operationId. A read changes nothing."""

_ASKS = frozenset({CHECK, PROMO})
"""Operations that are a POST and change nothing: their answers are views like those of a GET."""

_CONTROL: dict[str, frozenset[str]] = {
    "/_mock/usage": MONEY | USAGE | {RECHARGE, HISTORY, CHECK},
    "/_mock/checkout-sessions/*/complete": MONEY | {CARDS, RECHARGE, CHECK, SUBSCRIPTION},
    "/_mock/checkout-sessions/*/decline": frozenset({AUDIT}),
    "/_mock/checkout-sessions/*/expire": frozenset({AUDIT}),
}
"""The same for the mock's control API."""

EFFECTS = Effects(
    are_known=True,
    changes=_CHANGES,
    asks=_ASKS,
    control=_CONTROL,
    daily=USAGE | MONEY | {SUBSCRIPTION, CHECK, PROMO},
    pages=frozenset(
        {
            "create_deposit",
            "create_checkout_session",
            "create_setup_intent",
            "create_portal_session",
        }
    ),
    by_pages=_CONTROL["/_mock/checkout-sessions/*/complete"],
    page_hosts=("stripe.com",),
)
"""What a change may change, and where accounts are changed beside the API."""

AUDITED: dict[str, str] = {
    "create_deposit": "deposit.",
    "create_checkout_session": "checkout.",
    "update_auto_recharge": "auto_recharge.",
    "disable_auto_recharge": "auto_recharge.",
    "add_payment_method": "payment_method.",
    "remove_payment_method": "payment_method.",
    "create_setup_intent": "setup_intent.",
    "create_portal_session": "portal.",
    "update_usage_alerts": "usage_alerts.",
    "initiate_verification": "verification.",
    "confirm_verification": "verification.",
}
"""The changes that stand in the audit log each time they succeed, and how the action's name begins."""
