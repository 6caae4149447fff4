"""Ten calls with the package that openapi-python-client made."""

import json
import sys
from typing import TypeVar

from typed_client import AuthenticatedClient
from typed_client.api.billing import (
    create_deposit,
    get_balance,
    get_subscription,
    get_usage_chart,
    list_credit_transactions,
    list_payment_methods,
    list_recent_activity,
    update_auto_recharge,
    validate_promo_code,
)
from typed_client.models import (
    AutoRecharge,
    AutoRechargeUpdate,
    AutoRechargeUpdateConsentSource,
    Balance,
    CreditTransactions,
    DepositCreate,
    DepositSession,
    PaymentMethods,
    PromoCode,
    PromoValidation,
    RecentActivities,
    Subscription,
    UsageChart,
)

T = TypeVar("T")


def checked(value: object, kind: type[T]) -> T:
    """Return a parsed body of the expected type."""
    assert isinstance(value, kind), value
    return value


base, key, unknown = sys.argv[1:]


def client_of(url: str) -> AuthenticatedClient:
    return AuthenticatedClient(url, token=key, prefix="", auth_header_name="X-API-Key")


client = client_of(base)
balance = checked(get_balance.sync(client=client), Balance)
ledger = checked(list_credit_transactions.sync(client=client, limit=5), CreditTransactions)
activity = checked(list_recent_activity.sync(client=client), RecentActivities)
deposit = checked(
    create_deposit.sync(client=client, body=DepositCreate(amount_cents=5000)), DepositSession
)
cards = checked(list_payment_methods.sync(client=client), PaymentMethods)
settings = AutoRechargeUpdate(
    enabled=True,
    recharge_amount_cents=10_000,
    consent_source=AutoRechargeUpdateConsentSource.SETTINGS,
)
recharge = checked(update_auto_recharge.sync(client=client, body=settings), AutoRecharge)
plan = checked(get_subscription.sync(client=client), Subscription)
chart = checked(get_usage_chart.sync(client=client, days=7), UsageChart)
promo = checked(
    validate_promo_code.sync(client=client, body=PromoCode(code="BONUS5")), PromoValidation
)
refused = create_deposit.sync_detailed(client=client, body=DepositCreate(amount_cents=1))
later = checked(get_balance.sync(client=client_of(unknown)), Balance)

print(
    json.dumps(
        {
            "balance": balance.balance_display,
            "ledger": len(ledger.transactions),
            "activity": activity.activities[0].type_,
            "deposit": deposit.amount_display,
            "card": cards.payment_methods[0].card_last4,
            "recharge": recharge.recharge_amount_display,
            "plan": plan.plan,
            "chart": len(chart.data),
            "promo": promo.bonus_type,
            "refused": int(refused.status_code),
            "later": later.tier,
        }
    )
)
