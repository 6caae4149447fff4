"""Ten calls with the package that openapi-generator made."""

import json
import sys

from plain_client import ApiClient, BillingApi, Configuration
from plain_client.exceptions import ApiException
from plain_client.models import AutoRechargeUpdate, DepositCreate, PromoCode

base, key, unknown = sys.argv[1:]


def api_of(url: str) -> BillingApi:
    return BillingApi(ApiClient(Configuration(host=url, api_key={"ApiKey": key})))


api = api_of(base)
balance = api.get_balance()
ledger = api.list_credit_transactions(limit=5)
activity = api.list_recent_activity()
deposit = api.create_deposit(DepositCreate(amount_cents=5000))
cards = api.list_payment_methods()
recharge = api.update_auto_recharge(
    AutoRechargeUpdate(enabled=True, recharge_amount_cents=10_000, consent_source="settings")
)
plan = api.get_subscription()
chart = api.get_usage_chart(days=7)
promo = api.validate_promo_code(PromoCode(code="BONUS5"))
try:
    # The model refuses the amount, so the request is built without it.
    api.create_deposit(DepositCreate.model_construct(amount_cents=1))
    refused = 200
except ApiException as error:
    refused = error.status
later = api_of(unknown).get_balance()

print(
    json.dumps(
        {
            "balance": balance.balance_display,
            "ledger": len(ledger.transactions),
            "activity": activity.activities[0].type,
            "deposit": deposit.amount_display,
            "card": cards.payment_methods[0].card_last4,
            "recharge": recharge.recharge_amount_display,
            "plan": plan.plan,
            "chart": len(chart.data),
            "promo": promo.bonus_type,
            "refused": refused,
            "later": later.tier,
        }
    )
)
