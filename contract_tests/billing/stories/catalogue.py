"""All stories in the order of execution, with the permissions and operations they need."""

from __future__ import annotations

from contract_tests.billing.stories import (
    callers,
    cards,
    deposits,
    plans,
    recharges,
    usage,
    verification,
)
from contract_tests.knowledge import IRREVERSIBLE, MOCK, WRITE, Story

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

STORIES: tuple[Story, ...] = (
    Story(cards.a_card_is_added_and_removed, WRITE, _CARDS),
    Story(cards.the_same_card_twice_is_refused, WRITE, _CARDS),
    Story(cards.the_oldest_card_replaces_a_removed_default, WRITE, _CARDS),
    Story(cards.a_card_has_two_ids, WRITE, _CARDS),
    Story(cards.a_declined_card_is_not_added, WRITE, _CARDS),
    Story(cards.unknown_cards_are_not_found, WRITE, _CARDS),
    Story(cards.one_card_from_many_requests, WRITE, _CARDS),
    Story(
        cards.setup_and_portal_leave_the_account_alone,
        WRITE,
        ("create_setup_intent", "create_portal_session"),
    ),
    Story(cards.a_card_used_by_auto_recharge_is_kept, IRREVERSIBLE, (*_CARDS, *_RECHARGE)),
    Story(cards.the_first_card_becomes_the_default, MOCK, (*_CARDS, *_RECHARGE, "change_plan")),
    Story(recharges.settings_are_replaced_as_a_whole, WRITE, _RECHARGE),
    Story(recharges.the_check_charges_nothing, WRITE, ("check_auto_recharge",)),
    Story(recharges.settings_can_be_enabled, IRREVERSIBLE, _RECHARGE),
    Story(recharges.a_recharge_runs_below_the_threshold, MOCK, _RECHARGE),
    Story(recharges.a_recharge_pauses_for_a_minute, MOCK, _RECHARGE),
    Story(recharges.three_failures_disable_auto_recharge, MOCK, _RECHARGE),
    Story(recharges.the_named_card_pays, MOCK, (*_RECHARGE, *_CARDS)),
    Story(recharges.disabled_recharges_do_not_run, MOCK, _RECHARGE),
    Story(recharges.many_recharges_are_paged, MOCK, (*_RECHARGE, "list_invoices")),
    Story(recharges.an_expired_card_is_reported, MOCK, (*_RECHARGE, "check_auto_recharge")),
    Story(usage.alert_settings_are_replaced_as_a_whole, WRITE, _ALERTS),
    Story(deposits.promo_codes_are_checked, IRREVERSIBLE, (*_DEPOSIT, "validate_promo_code")),
    Story(
        deposits.unpaid_sessions_change_nothing,
        IRREVERSIBLE,
        (*_DEPOSIT, "create_checkout_session"),
    ),
    Story(deposits.from_sign_up_to_the_first_deposit, MOCK, (*_DEPOSIT, "validate_promo_code")),
    Story(deposits.a_deposit_is_credited_once, MOCK, _DEPOSIT),
    Story(deposits.a_declined_payment_changes_nothing, MOCK, (*_DEPOSIT, "validate_promo_code")),
    Story(deposits.an_expired_session_is_not_paid, MOCK, _DEPOSIT),
    Story(deposits.bonuses_are_bounded, MOCK, _DEPOSIT),
    Story(deposits.a_deposit_may_enable_auto_recharge, MOCK, (*_DEPOSIT, "get_auto_recharge")),
    Story(deposits.a_credit_pack_is_bought, MOCK, ("create_checkout_session", "get_balance")),
    Story(deposits.tiers_follow_the_balance, MOCK, _DEPOSIT),
    Story(
        usage.every_view_counts_the_same,
        MOCK,
        ("get_usage_breakdown", "get_usage_realtime", "get_cost_projection"),
    ),
    Story(usage.a_charge_beyond_the_balance_is_refused, MOCK, ("get_balance",)),
    Story(usage.low_balances_have_warnings, MOCK, ("get_balance", "list_credit_transactions")),
    Story(usage.days_weeks_and_months_are_utc, MOCK, ("get_usage_realtime", "get_usage_chart")),
    Story(usage.alerts_fire_once, MOCK, (*_ALERTS, "get_cost_projection")),
    Story(usage.alerts_follow_the_settings, MOCK, (*_ALERTS, "get_cost_projection")),
    Story(usage.the_trend_follows_daily_usage, MOCK, ("get_cost_projection", "get_usage_chart")),
    Story(usage.a_long_history_is_paged, MOCK, ("list_credit_transactions", "get_usage_chart")),
    Story(plans.a_request_without_a_body_changes_nothing, IRREVERSIBLE, _PLAN),
    Story(plans.a_plan_is_started, MOCK, (*_PLAN, "list_invoices")),
    Story(plans.an_upgrade_is_prorated, MOCK, (*_PLAN, "list_invoices")),
    Story(plans.a_downgrade_waits_for_the_end, MOCK, (*_PLAN, "list_invoices")),
    Story(plans.a_plan_renews_itself, MOCK, (*_PLAN, "list_invoices")),
    Story(plans.a_plan_keeps_its_billing_day, MOCK, _PLAN),
    Story(plans.an_unpaid_renewal_is_retried, MOCK, (*_PLAN, *_CARDS)),
    Story(plans.an_unpaid_plan_ends, MOCK, (*_PLAN, "list_invoices")),
    Story(plans.a_declined_charge_starts_nothing, MOCK, _PLAN),
    Story(plans.a_declined_upgrade_changes_nothing, MOCK, (*_PLAN, *_CARDS)),
    Story(plans.a_plan_is_bought_at_checkout, MOCK, (*_PLAN, "create_checkout_session")),
    Story(verification.wrong_codes_lock_a_challenge, IRREVERSIBLE, _VERIFY),
    Story(verification.methods_are_email_and_sms, IRREVERSIBLE, _VERIFY),
    Story(verification.the_right_code_is_good_once, MOCK, _VERIFY),
    Story(verification.challenges_expire, MOCK, _VERIFY),
    Story(
        callers.members_share_an_organization, MOCK, ("list_credit_transactions", "list_invoices")
    ),
    Story(callers.the_header_is_for_six_operations, MOCK, ("get_balance",)),
    Story(callers.times_follow_the_clock, MOCK, ("add_payment_method", "create_deposit")),
    Story(callers.the_allowance_is_counted, MOCK, ("get_balance", "check_auto_recharge")),
    Story(callers.every_response_counts_down, MOCK, ("get_balance",)),
    Story(callers.every_operation_has_a_limit, MOCK, ("get_balance",)),
)
