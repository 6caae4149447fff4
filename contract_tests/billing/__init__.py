"""What the kit knows of the Billing API.

This module imports nothing, so that the runner can recognise a contract without loading the rules.
"""

OPERATIONS = frozenset(
    {
        "add_payment_method",
        "change_plan",
        "check_auto_recharge",
        "confirm_verification",
        "create_checkout_session",
        "create_deposit",
        "create_portal_session",
        "create_setup_intent",
        "disable_auto_recharge",
        "get_auto_recharge",
        "get_balance",
        "get_cost_projection",
        "get_subscription",
        "get_usage_alerts",
        "get_usage_breakdown",
        "get_usage_chart",
        "get_usage_realtime",
        "initiate_verification",
        "list_audit_log",
        "list_auto_recharge_history",
        "list_credit_transactions",
        "list_invoices",
        "list_payment_methods",
        "list_recent_activity",
        "remove_payment_method",
        "set_default_payment_method",
        "update_auto_recharge",
        "update_usage_alerts",
        "validate_promo_code",
    }
)
"""The operationIds by which a contract is recognised as the Billing API's."""
