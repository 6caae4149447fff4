"""The views that each operation may change.

Every other view must stay the same, and a refused request must change none. The table follows the
contract's descriptions. An operation that is missing here may change every view.
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
"""The views that a successful change may alter, by operationId. A read alters none."""

_READ_ONLY_POSTS = frozenset({CHECK, PROMO})
"""POST operations without side effects. Their responses are views, as those of a GET are."""

_CONTROL: dict[str, frozenset[str]] = {
    "/_mock/usage": MONEY | USAGE | {RECHARGE, HISTORY, CHECK},
    "/_mock/checkout-sessions/*/complete": MONEY | {CARDS, RECHARGE, CHECK, SUBSCRIPTION},
    "/_mock/checkout-sessions/*/decline": frozenset({AUDIT}),
    "/_mock/checkout-sessions/*/expire": frozenset({AUDIT}),
}
"""The views that a request to the mock's control API may alter, by path."""

EFFECTS = Effects(
    are_known=True,
    changes=_CHANGES,
    read_only_posts=_READ_ONLY_POSTS,
    control=_CONTROL,
    usage=_CONTROL["/_mock/usage"],
    daily=USAGE | MONEY | {SUBSCRIPTION, CHECK, PROMO},
    pages=frozenset(
        {
            "create_deposit",
            "create_checkout_session",
            "create_setup_intent",
            "create_portal_session",
        }
    ),
    changed_by_pages=_CONTROL["/_mock/checkout-sessions/*/complete"],
    page_hosts=("stripe.com",),
)
"""The effects of operations, of the control API and of hosted pages."""

AUDITED: dict[str, str] = {
    "create_deposit": "deposit.",
    "create_checkout_session": "checkout.",
    "update_auto_recharge": "auto_recharge.",
    "add_payment_method": "payment_method.",
    "remove_payment_method": "payment_method.",
    "update_usage_alerts": "usage_alerts.",
    "initiate_verification": "verification.",
    "confirm_verification": "verification.",
}
"""Changes that add an audit entry whenever they succeed, with the prefix of the action's name.

Setup intents and portal sessions change nothing, so they may or may not be logged."""
