"""All stories in the order of execution, with the permissions, hooks and operations they need."""

from __future__ import annotations

from contract_tests.billing.adapters import (
    ADVANCE,
    DECLINE,
    FORGET,
    FRESH,
    MESSAGES,
    PAY,
    READ_CODE,
    USE,
)
from contract_tests.billing.stories import (
    callers,
    cards,
    deposits,
    plans,
    recharges,
    usage,
    verification,
    webhooks,
)
from contract_tests.knowledge import IRREVERSIBLE, LISTEN, MOCK, WRITE, Story

_CARDS = (
    "add_payment_method",
    "remove_payment_method",
    "set_default_payment_method",
    "list_payment_methods",
)
_RECHARGE = ("update_auto_recharge", "get_auto_recharge", "disable_auto_recharge")
_DEPOSIT = ("create_deposit", "get_balance")
_PLAN = ("change_plan", "get_subscription")
_VERIFY = ("initiate_verification", "confirm_verification")
_ALERTS = ("update_usage_alerts", "get_usage_alerts")


_WRITES = frozenset({WRITE})


def _all(*hooks: str) -> frozenset[str]:
    """Return the needs of a story that cannot be undone, and of the hooks that it uses."""
    return frozenset({IRREVERSIBLE, *hooks})


STORIES: tuple[Story, ...] = (
    Story(cards.a_card_is_added_and_removed, _WRITES, _CARDS),
    Story(cards.the_same_card_twice_is_refused, _WRITES, _CARDS),
    Story(cards.the_oldest_card_replaces_a_removed_default, _WRITES, _CARDS),
    Story(cards.a_card_has_two_ids, _WRITES, _CARDS),
    Story(cards.a_declined_card_is_not_added, _WRITES, _CARDS),
    Story(cards.unknown_cards_are_not_found, _WRITES, _CARDS),
    Story(cards.one_card_from_many_requests, _WRITES, _CARDS),
    Story(
        cards.setup_and_portal_leave_the_account_alone,
        _WRITES,
        ("create_setup_intent", "create_portal_session", "list_audit_log"),
    ),
    Story(cards.a_card_used_by_auto_recharge_is_kept, _all(), (*_CARDS, *_RECHARGE)),
    Story(
        cards.the_first_card_becomes_the_default, _all(FRESH), (*_CARDS, *_RECHARGE, "change_plan")
    ),
    Story(recharges.settings_are_replaced_as_a_whole, _WRITES, _RECHARGE),
    Story(recharges.the_check_charges_nothing, _WRITES, ("check_auto_recharge",)),
    Story(recharges.settings_can_be_enabled, _all(), _RECHARGE),
    Story(recharges.a_recharge_runs_below_the_threshold, _all(USE), _RECHARGE),
    Story(recharges.a_recharge_pauses_for_a_minute, _all(USE, ADVANCE), _RECHARGE),
    Story(recharges.three_failures_disable_auto_recharge, _all(FRESH, USE, ADVANCE), _RECHARGE),
    Story(recharges.the_named_card_pays, _all(USE, ADVANCE), (*_RECHARGE, *_CARDS)),
    Story(recharges.disabled_recharges_do_not_run, _all(USE), _RECHARGE),
    Story(recharges.many_recharges_are_paged, _all(USE, ADVANCE), (*_RECHARGE, "list_invoices")),
    Story(
        recharges.an_expired_card_is_reported,
        _all(FRESH, USE, ADVANCE),
        (*_RECHARGE, "check_auto_recharge"),
    ),
    Story(usage.alert_settings_are_replaced_as_a_whole, _WRITES, _ALERTS),
    Story(deposits.promo_codes_are_checked, _all(), (*_DEPOSIT, "validate_promo_code")),
    Story(
        deposits.unpaid_sessions_change_nothing,
        _all(),
        (*_DEPOSIT, "create_checkout_session"),
    ),
    Story(
        deposits.from_sign_up_to_the_first_deposit,
        _all(FRESH, PAY),
        (*_DEPOSIT, "validate_promo_code"),
    ),
    Story(deposits.a_deposit_is_credited_once, _all(PAY), _DEPOSIT),
    Story(
        deposits.a_declined_payment_changes_nothing,
        _all(PAY, DECLINE),
        (*_DEPOSIT, "validate_promo_code"),
    ),
    Story(deposits.an_expired_session_is_not_paid, _all(PAY, ADVANCE), _DEPOSIT),
    Story(deposits.bonuses_are_bounded, _all(FRESH, PAY), _DEPOSIT),
    Story(deposits.a_deposit_may_enable_auto_recharge, _all(PAY), (*_DEPOSIT, "get_auto_recharge")),
    Story(deposits.a_credit_pack_is_bought, _all(PAY), ("create_checkout_session", "get_balance")),
    Story(deposits.tiers_follow_the_balance, _all(FRESH, PAY, USE), _DEPOSIT),
    Story(
        usage.every_view_counts_the_same,
        _all(USE),
        ("get_usage_breakdown", "get_usage_realtime", "get_cost_projection"),
    ),
    Story(usage.a_charge_beyond_the_balance_is_refused, _all(USE), ("get_balance",)),
    Story(usage.low_balances_have_warnings, _all(USE), ("get_balance", "list_credit_transactions")),
    Story(
        usage.days_weeks_and_months_are_utc,
        _all(USE, ADVANCE),
        ("get_usage_realtime", "get_usage_chart"),
    ),
    Story(
        usage.alerts_fire_once,
        _all(USE, ADVANCE, MESSAGES, FORGET),
        (*_ALERTS, "get_cost_projection"),
    ),
    Story(
        usage.alerts_follow_the_settings,
        _all(USE, ADVANCE, MESSAGES, FORGET),
        (*_ALERTS, "get_cost_projection"),
    ),
    Story(
        usage.alerts_come_again_each_month,
        _all(USE, ADVANCE, MESSAGES, FORGET),
        (*_ALERTS, "get_cost_projection"),
    ),
    Story(
        usage.the_trend_follows_daily_usage,
        _all(USE, ADVANCE),
        ("get_cost_projection", "get_usage_chart"),
    ),
    Story(
        usage.a_long_history_is_paged, _all(FRESH), ("list_credit_transactions", "get_usage_chart")
    ),
    Story(plans.a_request_without_a_body_changes_nothing, _all(), _PLAN),
    Story(plans.a_plan_is_started, _all(FORGET), (*_PLAN, "list_invoices")),
    Story(plans.an_upgrade_is_prorated, _all(FORGET, ADVANCE), (*_PLAN, "list_invoices")),
    Story(plans.a_downgrade_waits_for_the_end, _all(FORGET, ADVANCE), (*_PLAN, "list_invoices")),
    Story(plans.a_plan_renews_itself, _all(FORGET, ADVANCE), (*_PLAN, "list_invoices")),
    Story(plans.a_plan_keeps_its_billing_day, _all(FORGET, ADVANCE), _PLAN),
    Story(plans.an_unpaid_renewal_is_retried, _all(FORGET, ADVANCE), (*_PLAN, *_CARDS)),
    Story(plans.an_unpaid_plan_ends, _all(MOCK), (*_PLAN, "list_invoices")),
    Story(plans.a_declined_charge_starts_nothing, _all(FRESH), (*_PLAN, *_CARDS)),
    Story(plans.a_declined_upgrade_changes_nothing, _all(FORGET), (*_PLAN, *_CARDS)),
    Story(
        plans.a_plan_is_bought_at_checkout, _all(FORGET, PAY), (*_PLAN, "create_checkout_session")
    ),
    Story(verification.wrong_codes_lock_a_challenge, _all(), _VERIFY),
    Story(verification.methods_are_email_and_sms, _all(), _VERIFY),
    Story(verification.the_right_code_is_good_once, _all(READ_CODE), _VERIFY),
    Story(verification.challenges_expire, _all(READ_CODE, ADVANCE), _VERIFY),
    Story(
        callers.members_share_an_organization,
        _all(FRESH),
        ("list_credit_transactions", "list_invoices"),
    ),
    Story(callers.the_header_is_for_six_operations, _all(FRESH), ("get_balance",)),
    Story(
        callers.times_follow_the_clock,
        _all(PAY, USE, ADVANCE),
        ("add_payment_method", "create_deposit"),
    ),
    Story(
        callers.the_allowance_is_counted,
        _all(FRESH, ADVANCE),
        ("get_balance", "check_auto_recharge"),
    ),
    Story(callers.every_response_counts_down, _all(FRESH, ADVANCE), ("get_balance",)),
    Story(callers.every_operation_has_a_limit, _all(FRESH), ("get_balance",)),
    Story(deposits.a_promo_code_is_good_once, _all(PAY), (*_DEPOSIT, "validate_promo_code")),
    Story(webhooks.alerts_are_delivered, _all(USE, LISTEN), (*_ALERTS, "get_cost_projection")),
    Story(webhooks.events_are_delivered, _all(MOCK, LISTEN), _DEPOSIT),
)
