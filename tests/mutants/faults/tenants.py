"""Accounts that are not isolated from each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from mockserver.billing import promo
from mockserver.billing.account import Account
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.accounts.store import Tenant
from mockserver.billing.api import rate_limits, render
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.billing.errors import CardAlreadyAdded, NotAMember, PromoCodeRefused
from mockserver.engine import pagination
from mockserver.engine.reply import Listing
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, together, wraps
from tests.mutants.wire import Inside, Request, Response, Wire, changes_request

Json = Any

_ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
_UNKNOWN = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4e"
_MEMBER = "sk_test_org_member"
_OF_ORGANIZATIONS = {
    "get_cost_projection": "cost-projection",
    "list_credit_transactions": "credit-transactions",
    "list_invoices": "invoices",
    "get_usage_breakdown": "usage-breakdown",
    "get_usage_chart": "usage-chart",
    "get_usage_realtime": "usage-realtime",
}
_UUID = re.compile(rb"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CACHE_LIFETIME = timedelta(seconds=10)


class _NamedOrganization(NotAMember):
    def __str__(self) -> str:
        return "This organization exists, but you are not one of its members."


def _as_the_owner(call: Call, owns: Callable[[Account], bool]) -> Call:
    """Return the call in the name of the owner of its object, if there is another owner."""
    others = (tenant for _, tenant in call.world.state.tenants() if owns(tenant.account))
    owner = None if owns(call.context.account) else next(others, None)
    return call if owner is None else replace(call, context=call.world.state.context(owner))


def _act_on_anybodys_card(original: Original, call: Call) -> Json:
    name = call.params["payment_method_id"]
    return original(
        _as_the_owner(call, lambda account: any(card.id == name for card in account.wallet.cards))
    )


def _confirm_anybodys_challenge(original: Original, call: Call) -> Json:
    return original(
        _as_the_owner(call, lambda account: call.body["challenge_id"] in account.challenges)
    )


def _note_added_card(original: Original, call: Call) -> Json:
    added = original(call)
    wallet = call.context.account.wallet
    original.memory.setdefault("added", []).append((wallet, wallet.get(added["id"])))
    return added


def _list_all_added_cards(original: Original, call: Call) -> Json:
    body, own = original(call), call.context.account.wallet
    for wallet, card in original.memory.get("added", []):
        if wallet is not own and card in wallet.cards:
            body["payment_methods"].insert(0, render.payment_method(card, own))
    return body


def _refuse_cards_of_others(original: Original, call: Call) -> Json:
    stripe_id, account_id = call.body["payment_method_id"], call.context.account.id
    if original.memory.setdefault(stripe_id, account_id) != account_id:
        raise CardAlreadyAdded(stripe_id)
    return original(call)


def _answer_for_any_organization(request: Request) -> None:
    if b"x-organization-id" in request.headers and (request.key or "").startswith("sk_test_"):
        request.key = _MEMBER


def _ignore_organization(request: Request) -> None:
    if _UUID.fullmatch(request.headers.get(b"x-organization-id", b"")):
        del request.headers[b"x-organization-id"]


def _tell_that_it_exists(
    original: Original, self: Accounts, key: str, organization_id: str
) -> Tenant:
    try:
        tenant: Tenant = original(self, key, organization_id)
    except NotAMember:
        raise (
            _NamedOrganization if organization_id.lower() == _ORGANIZATION else NotAMember
        )() from None
    return tenant


def _show_what_no_key_did(_: Original, call: Call) -> Listing:
    """Return the caller's log with the keyless actions of all accounts, in order of time."""
    own = call.context.account
    others = [
        tenant.account for _, tenant in call.world.state.tenants() if tenant.account is not own
    ]
    keyless = [
        entry for account in others for entry in account.audit_log if entry.actor != "api_key"
    ]
    entries = sorted([*own.audit_log, *keyless], key=lambda entry: entry.created_at)
    return render.listing("entries", render.audit_entry, pagination.by_offset(call, entries))


def _set_alerts_of_all(original: Original, call: Call) -> Json:
    body, settings = original(call), call.context.account.usage_alerts
    for _, tenant in call.world.state.tenants():
        tenant.account.usage_alerts = replace(settings, fired=tenant.account.usage_alerts.fired)
    return body


def _cache_for_everybody(original: Original, call: Call) -> Json:
    now, kept = call.context.now, original.memory.get("kept")
    if kept is None or now - kept[0] >= _CACHE_LIFETIME:
        kept = original.memory["kept"] = (now, original(call))
    return kept[1]


def _note_redeemed_code(
    original: Original, context: Context, code: str, *args: Any, **kwargs: Any
) -> int:
    bonus: int = original(context, code, *args, **kwargs)
    if bonus and context.actor == "mock":  # the past of an account has other actors
        original.memory[code] = context.account.id
    return bonus


def _refuse_code_used_by_anybody(original: Original, call: Call) -> Json:
    code = (call.body["promo_code"] or "").strip().upper()
    if code in original.memory:
        raise PromoCodeRefused("This promo code has been used already.")
    return original(call)


def _count_all_callers_together(
    original: Original, tenant: Tenant, now: datetime, *, write: bool
) -> tuple[bool, rate_limits.Allowance]:
    tenant.window, tenant.spent = original.memory.get("counted", (0, 0))
    enough, allowance = original(tenant, now, write=write)
    original.memory["counted"] = (tenant.window, tenant.spent)
    return enough, allowance


async def _send_the_previous_balance(inside: Inside, request: Request) -> Response:
    response = await inside.ask(request)
    balance = response.headers.get(b"x-alterlab-balance")
    if balance is not None:
        response.headers[b"x-alterlab-balance"] = inside.memory.get("last", balance)
        inside.memory["last"] = balance
    return response


def _two(me: Caller) -> tuple[Caller, Caller]:
    return me.named("sk_test_anna"), me.named("sk_test_bert")


def _card_of(somebody: Caller) -> str:
    card: str = somebody.post("payment-methods", {"payment_method_id": "pm_card_amex"})["id"]
    return card


def _removing_anothers_card(me: Caller) -> object:
    anna, bert = _two(me)
    return bert.status("DELETE", f"payment-methods/{_card_of(anna)}")


def _preferring_anothers_card(me: Caller) -> object:
    anna, bert = _two(me)
    return bert.status("POST", f"payment-methods/{_card_of(anna)}/default")


def _cards_after_another_added_one(me: Caller) -> object:
    anna, bert = _two(me)
    _card_of(anna)
    return len(bert.get("payment-methods")["payment_methods"])


def _adding_the_card_of_another(me: Caller) -> object:
    anna, bert = _two(me)
    _card_of(anna)
    return bert.status("POST", "payment-methods", {"payment_method_id": "pm_card_amex"})


def _confirming_anothers_challenge(me: Caller) -> object:
    anna, bert = _two(me)
    challenge = anna.post("verify/initiate", {"action": "change_email"})["challenge_id"]
    return bert.status(
        "POST", "verify/confirm", {"challenge_id": challenge, "code": anna.outbox()[0]["code"]}
    )


def _in_organization(me: Caller, path: str, organization: str = _ORGANIZATION) -> Any:
    return me.ask("GET", path, headers={"X-Organization-Id": organization})


def _refusals_of_two_organizations(me: Caller) -> object:
    return [
        _in_organization(me, path).json() == _in_organization(me, path, _UNKNOWN).json()
        for path in _OF_ORGANIZATIONS.values()
    ]


def _log_after_another_paid(me: Caller) -> object:
    anna, bert = _two(me)
    before = bert.get("audit-log")["total"]
    anna.pay(anna.deposit(2_000))
    return bert.get("audit-log")["total"] - before


def _alerts_after_another_set_them(me: Caller) -> object:
    anna, bert = _two(me)
    bert.get("usage-alerts")
    anna.put("usage-alerts", {"enabled": False})
    return bert.get("usage-alerts")["enabled"]


def _plan_after_another_looked(me: Caller) -> object:
    me.named("sk_test_subscriber").get("subscription")
    return me.get("subscription")["plan"]


def _code_after_another_used_it(me: Caller) -> object:
    anna, bert = _two(me)
    anna.pay(anna.deposit(2_500, promo_code="BONUS5"))
    return bert.status("POST", "deposit", {"amount_cents": 2_500, "promo_code": "BONUS5"})


def _balance_header_after_another(me: Caller) -> object:
    me.named("sk_test_exhausted").get("balance")
    return me.ask("GET", "balance").headers["x-alterlab-balance"]


def _allowance_after_another(me: Caller) -> object:
    anna, bert = _two(me)
    anna.get("balance")
    return bert.ask("GET", "balance").headers["x-ratelimit-remaining"]


FAULTS = (
    Fault(
        "anybodys-card-can-be-removed",
        "tenants",
        "A card can be removed with the key of another account.",
        handles("remove_payment_method", _act_on_anybodys_card),
        _removing_anothers_card,
    ),
    Fault(
        "anybodys-card-can-be-preferred",
        "tenants",
        "The default card of an account can be set with the key of another.",
        handles("set_default_payment_method", _act_on_anybodys_card),
        _preferring_anothers_card,
    ),
    Fault(
        "cards-of-all-accounts-listed",
        "tenants",
        "A card that one account adds is listed for every account.",
        together(
            handles("add_payment_method", _note_added_card),
            handles("list_payment_methods", _list_all_added_cards),
        ),
        _cards_after_another_added_one,
    ),
    Fault(
        "card-belongs-to-one-account-only",
        "tenants",
        "A card that another account has added is refused with 409.",
        handles("add_payment_method", _refuse_cards_of_others),
        _adding_the_card_of_another,
    ),
    Fault(
        "anybodys-challenge-can-be-confirmed",
        "tenants",
        "A verification challenge can be confirmed with the key of another account.",
        handles(
            "confirm_verification",
            _confirm_anybodys_challenge,
            on=("initiate_verification", "confirm_verification"),
        ),
        _confirming_anothers_challenge,
    ),
    Fault(
        "invoices-of-any-organization",
        "tenants",
        "Invoices of an organization are shown to callers who do not belong to it.",
        changes_request("list_invoices", by=_answer_for_any_organization),
        lambda me: _in_organization(me, "invoices").status_code,
    ),
    Fault(
        "organization-ignored-by-realtime",
        "tenants",
        "Real-time usage shows the caller's account, whatever organization was requested.",
        changes_request("get_usage_realtime", by=_ignore_organization),
        lambda me: _in_organization(me.named(_MEMBER), "usage-realtime").json()["requests_month"],
    ),
    Fault(
        "refusal-tells-that-an-organization-exists",
        "tenants",
        "The 403 for an organization has other words if it exists.",
        wraps(Accounts, "organization", _tell_that_it_exists, on=tuple(_OF_ORGANIZATIONS)),
        _refusals_of_two_organizations,
    ),
    Fault(
        "audit-entries-without-a-key-are-everybodys",
        "tenants",
        "What payers and the system did on any account stands in every account's audit log.",
        handles("list_audit_log", _show_what_no_key_did),
        _log_after_another_paid,
    ),
    Fault(
        "alert-settings-are-everybodys",
        "tenants",
        "Saving usage alerts changes them for all accounts.",
        handles(
            "update_usage_alerts",
            _set_alerts_of_all,
            on=("get_usage_alerts", "update_usage_alerts"),
        ),
        _alerts_after_another_set_them,
    ),
    Fault(
        "subscription-cached-for-everybody",
        "tenants",
        "For ten seconds after one account looked at its subscription, all accounts see that one.",
        handles("get_subscription", _cache_for_everybody),
        _plan_after_another_looked,
    ),
    Fault(
        "promo-code-works-for-one-account",
        "tenants",
        "Once one account has used a promo code, no other can.",
        together(
            wraps(promo, "redeem", _note_redeemed_code, on=()),
            handles("create_deposit", _refuse_code_used_by_anybody),
        ),
        _code_after_another_used_it,
    ),
    Fault(
        "balance-header-of-the-previous-caller",
        "tenants",
        "X-AlterLab-Balance shows the balance of the previous caller.",
        Wire(("get_balance",), _send_the_previous_balance, everywhere=True),
        _balance_header_after_another,
    ),
    Fault(
        "allowance-shared-by-all-callers",
        "tenants",
        "Requests of all accounts are counted against one rate limit.",
        wraps(rate_limits, "spend", _count_all_callers_together, on=("get_balance",)),
        _allowance_after_another,
    ),
)
