"""Keys that are compared wrongly or shown, and data that reaches other accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mockserver.billing.account import Account
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.errors import CardInUse, CardNotFound
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles
from tests.mutants.wire import Request, Wire, changes_request

Json = Any

_ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
_SOMEBODY, _MEMBER = "sk_test_default", "sk_test_org_member"
_CACHE_LIFETIME = timedelta(seconds=10)


def _in_lower_case(request: Request) -> None:
    if request.key is not None:
        request.key = request.key.lower()


def _admit_without_key(request: Request) -> None:
    if request.key is None:
        request.key = _SOMEBODY


def _others(call: Call) -> list[Account]:
    own = call.context.account
    return [
        tenant.account for _, tenant in call.world.state.tenants() if tenant.account.id != own.id
    ]


def _pay_with_anybodys_card(original: Original, call: Call) -> Json:
    wanted = call.body["stripe_payment_method_id"]
    if (
        wanted is None
        or call.context.account.wallet.find(wanted)
        or not any(account.wallet.find(wanted) for account in _others(call))
    ):
        return original(call)
    call.body["stripe_payment_method_id"] = None
    original(call)
    call.context.account.auto_recharge.stripe_payment_method_id = wanted
    return render.auto_recharge(call.context.account)


def _remove_everywhere(original: Original, call: Call) -> Json:
    card = call.context.account.wallet.get(call.params["payment_method_id"])
    body = original(call)
    assert card is not None  # a card that is not there is a 404
    for account in _others(call):
        wallet = account.wallet
        wallet.cards = [other for other in wallet.cards if other.stripe_id != card.stripe_id]
        if wallet.default is None:
            wallet.default_id = wallet.cards[0].id if wallet.cards else None
    return body


def _tell_that_another_has_it(original: Original, call: Call) -> Json:
    name = call.params["payment_method_id"]
    try:
        return original(call)
    except CardNotFound:
        if any(account.wallet.find(name) for account in _others(call)):
            raise CardInUse(name) from None
        raise


def _share_the_intent(original: Original, call: Call) -> Json:
    account_id = call.context.account.id
    maker, body = original.memory.get("last", (account_id, None))
    if maker == account_id:
        original.memory["last"] = (account_id, body := original(call))
    return body


def _cache_by_days(original: Original, call: Call) -> Json:
    now, days = call.context.now, call.params["days"]
    kept = original.memory.get(days)
    if kept is None or now - kept[0] >= _CACHE_LIFETIME:
        kept = original.memory[days] = (now, original(call))
    return kept[1]


def _obey_the_organization(original: Original, call: Call) -> Json:
    organization = call.request.headers.get(b"x-organization-id", b"").decode("latin-1")
    if organization != _ORGANIZATION:
        return original(call)
    return render.balance(call.world.state.organization(call.key, organization).account)


def _two(me: Caller) -> tuple[Caller, Caller]:
    return me.named("sk_test_anna"), me.named("sk_test_bert")


def _paying_with_anothers_card(me: Caller) -> object:
    anna, bert = _two(me)
    anna.post("payment-methods", {"payment_method_id": "pm_card_amex"})
    return bert.status("PUT", "auto-recharge", {"stripe_payment_method_id": "pm_card_amex"})


def _cards_after_another_removed_one(me: Caller) -> object:
    anna, bert = _two(me)
    bert.get("payment-methods")
    anna.delete("payment-methods/pm_card_visa")
    return len(bert.get("payment-methods")["payment_methods"])


def _removing_anothers_card(me: Caller) -> object:
    anna, bert = _two(me)
    card = anna.post("payment-methods", {"payment_method_id": "pm_card_amex"})["id"]
    return bert.status("DELETE", f"payment-methods/{card}")


def _intents_of_two(me: Caller) -> object:
    anna, bert = _two(me)
    return anna.post("setup-intent")["id"] == bert.post("setup-intent")["id"]


def _chart_after_another_looked(me: Caller) -> object:
    me.named("sk_test_power_user").get("usage-chart", days=3)
    return me.named("sk_test_new").get("usage-chart", days=3)["data"]


FAULTS = (
    Fault(
        "keys-compared-without-case",
        "auth",
        "A key works in any mixture of upper and lower case.",
        Wire(
            ("get_balance",),
            changes_request("get_balance", by=_in_lower_case).alter,
            everywhere=True,
        ),
        lambda me: me.named("SK_TEST_DEFAULT").status("GET", "balance"),
    ),
    Fault(
        "subscription-needs-no-key",
        "auth",
        "The subscription of the default account is shown without a key.",
        changes_request("get_subscription", by=_admit_without_key),
        lambda me: me.named(None).status("GET", "subscription"),
    ),
    Fault(
        "anybodys-card-can-pay-recharges",
        "tenants",
        "Auto-recharge accepts a card of another account.",
        handles("update_auto_recharge", _pay_with_anybodys_card),
        _paying_with_anothers_card,
    ),
    Fault(
        "card-removed-from-all-accounts",
        "tenants",
        "Removing a card removes it from every account that has it.",
        handles(
            "remove_payment_method",
            _remove_everywhere,
            on=("remove_payment_method", "list_payment_methods"),
        ),
        _cards_after_another_removed_one,
    ),
    Fault(
        "anothers-card-answers-409",
        "tenants",
        "Removing a card of another account gets 409 instead of 404, which shows that it exists.",
        handles("remove_payment_method", _tell_that_another_has_it),
        _removing_anothers_card,
    ),
    Fault(
        "setup-intent-of-another-account",
        "tenants",
        "An account gets the setup intent that another account has just created.",
        handles("create_setup_intent", _share_the_intent),
        _intents_of_two,
    ),
    Fault(
        "chart-cached-by-its-days",
        "tenants",
        "A usage chart is kept for ten seconds for all accounts that ask for as many days.",
        handles("get_usage_chart", _cache_by_days),
        _chart_after_another_looked,
    ),
    Fault(
        "balance-obeys-the-organization",
        "tenants",
        "The balance is the organization's if X-Organization-Id is sent, which it should ignore.",
        handles("get_balance", _obey_the_organization),
        lambda me: (
            me.named(_MEMBER)
            .ask("GET", "balance", headers={"X-Organization-Id": _ORGANIZATION})
            .json()
        ),
    ),
)
