"""The rules of all operations."""

from __future__ import annotations

from contract_tests.billing.rules import balance, cards, echoes, ledger, plans, usage
from contract_tests.judge.general import EVERYWHERE
from contract_tests.judge.violation import Rule

COMMON_RULES: tuple[Rule, ...] = (
    *EVERYWHERE,
    balance.displays_match_their_amounts,
    balance.warning_follows_the_balance,
)
"""What every response must satisfy."""

RULES: dict[str, tuple[Rule, ...]] = {
    "get_balance": (balance.balance_is_consistent,),
    "list_credit_transactions": (ledger.ledger_chains,),
    "list_payment_methods": (cards.cards_have_one_default,),
    "list_invoices": (ledger.invoices_are_numbered,),
    "list_auto_recharge_history": (ledger.recharges_are_booked,),
    "check_auto_recharge": (cards.recharge_check_is_consistent,),
    "get_usage_breakdown": (usage.breakdown_adds_up,),
    "get_usage_chart": (usage.chart_has_every_day,),
    "get_usage_realtime": (usage.spans_are_nested,),
    "get_subscription": (plans.subscription_is_consistent, plans.pending_plan_differs),
    "change_plan": (plans.subscription_is_consistent, plans.pending_plan_differs),
    "validate_promo_code": (plans.promo_is_all_or_nothing,),
    "create_deposit": (echoes.deposit_echoes_the_amount, echoes.url_contains_the_session),
    "create_checkout_session": (echoes.url_contains_the_session,),
    "initiate_verification": (echoes.challenge_echoes_the_request,),
    "update_auto_recharge": (echoes.settings_echo_the_request,),
    "update_usage_alerts": (echoes.settings_echo_the_request,),
    "add_payment_method": (echoes.card_echoes_the_request,),
}
"""What a successful response must satisfy, by operationId."""
