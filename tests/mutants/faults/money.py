"""The ledger, its sums, and displayed amounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from mockserver.billing import ledger, money, tiers, usage
from mockserver.billing.account import Account
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.billing.errors import InsufficientBalance
from mockserver.billing.ledger import Entry, Ledger
from mockserver.billing.usage_log import CREDITS_PER_REQUEST, UsageEvent
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, sets, wraps
from tests.mutants.wire import Inside, Request, Response, Wire

Json = Any

_NEW = "sk_test_new"
_CACHE_LIFETIME = timedelta(seconds=10)
_TIERS_OFF_BY_ONE = tuple(
    replace(tier, from_microcents=tier.from_microcents + 1) for tier in tiers.TIERS
)


def _before_the_bonus(original: Original, entry: Entry) -> Json:
    if entry.reference_type == "promo":
        entry = replace(
            entry, balance_after_microcents=entry.balance_after_microcents - entry.amount_microcents
        )
    return original(entry)


def _without_bonuses(original: Original, account: Account) -> Json:
    body = original(account)
    bonuses = sum(
        entry.amount_microcents
        for entry in account.ledger.entries
        if entry.reference_type == "promo"
    )
    body["balance_microcents"] -= bonuses
    body["balance_display"] = money.display(body["balance_microcents"])
    return body


def _round_to_zero(original: Original, microcents: int) -> str:
    shown: str = original(microcents) if microcents >= 0 else "-" + original(-microcents)
    return shown


def _round_to_nearest(original: Original, microcents: int) -> str:
    if microcents < money.MICROCENTS_PER_CENT:
        return str(original(microcents))
    return str(original(microcents + money.MICROCENTS_PER_CENT // 2))


def _hide_small_change(original: Original, microcents: int) -> str:
    return str(original(0 if abs(microcents) < money.MICROCENTS_PER_CENT else microcents))


def _lose_the_sign(original: Original, entry: Entry) -> Json:
    body = original(entry)
    return {**body, "amount_display": body["amount_display"].removeprefix("-")}


def _spent_rounded_up(self: Ledger) -> int:
    return -(self._spent // money.MICROCENTS_PER_CENT)


def _take_what_is_there(
    original: Original, context: Context, type: Any, *args: Any, **kwargs: Any
) -> UsageEvent:
    """Refuse a charge that the balance does not cover, but charge the whole balance."""
    try:
        event: UsageEvent = original(context, type, *args, **kwargs)
    except InsufficientBalance as refused:
        price = CREDITS_PER_REQUEST[type] * money.MICROCENTS_PER_CREDIT
        if affordable := refused.balance_microcents // price:
            original(context, type, affordable)
        raise
    return event


def _answer_from_a_cache(original: Original, call: Call) -> Json:
    now, account_id = call.context.now, call.context.account.id
    kept = original.memory.get(account_id)
    if kept is None or now - kept[0] >= _CACHE_LIFETIME:
        kept = original.memory[account_id] = (now, original(call))
    return kept[1]


async def _send_a_stale_balance(inside: Inside, request: Request) -> Response:
    response = await inside.ask(request)
    balance = response.headers.get(b"x-alterlab-balance")
    if balance is not None:
        response.headers[b"x-alterlab-balance"] = inside.memory.get(request.key, balance)
        inside.memory[request.key] = balance
    return response


def _pay_with_bonus(me: Caller) -> Caller:
    new = me.named(_NEW)
    new.pay(new.deposit(5_000, promo_code="WELCOME10"))
    return new


def _newest_entry(me: Caller) -> Any:
    return me.get("credit-transactions", limit=1)["transactions"][0]


def _newest_charge(me: Caller, requests: int) -> object:
    me.use("light", requests)
    return _newest_entry(me)["amount_display"]


def _shown_balance(me: Caller) -> object:
    new = me.named(_NEW)
    new.use("light", 20)
    return new.get("balance")["balance_display"]


def _tier_at_fifty_dollars(me: Caller) -> object:
    new = me.named(_NEW)
    new.pay(new.deposit(4_900))
    return new.get("balance")["tier"]


def _spent_after_one_request(me: Caller) -> object:
    new = me.named(_NEW)
    new.use("light", 1)
    return new.get("balance")["total_spent_cents"]


def _balance_after_a_refusal(me: Caller) -> object:
    me.use("js", 10_000_000)
    return me.get("balance")["balance_microcents"]


def _balance_twice(me: Caller) -> object:
    before = me.get("balance")["balance_microcents"]
    me.use("light", 100)
    return before - me.get("balance")["balance_microcents"]


def _balance_header_after_usage(me: Caller) -> object:
    me.get("balance")
    me.use("light", 5_000)
    response = me.ask("GET", "balance")
    return response.headers["x-alterlab-balance"] == response.json()["balance_display"]


FAULTS = (
    Fault(
        "bonus-counted-as-deposit",
        "state",
        "total_deposited_cents counts bonuses too.",
        sets(
            ledger,
            "_DEPOSITED",
            frozenset({"deposit", "auto_recharge", "bonus"}),
            on=("get_balance",),
        ),
        lambda me: me.get("balance")["total_deposited_cents"],
    ),
    Fault(
        "refunds-not-taken-off",
        "state",
        "total_spent_cents does not take refunds off.",
        sets(ledger, "_SPENT", frozenset({"usage"}), on=("get_balance",)),
        lambda me: me.get("balance")["total_spent_cents"],
    ),
    Fault(
        "spent-cents-rounded-up",
        "state",
        "total_spent_cents is rounded up instead of down.",
        sets(Ledger, "spent_cents", property(_spent_rounded_up), on=("get_balance",)),
        _spent_after_one_request,
    ),
    Fault(
        "balance-after-bonus-is-the-one-before",
        "state",
        "The ledger entry of a promo bonus shows the balance before it.",
        wraps(render, "credit_transaction", _before_the_bonus, on=("list_credit_transactions",)),
        lambda me: _newest_entry(_pay_with_bonus(me))["balance_after_microcents"],
    ),
    Fault(
        "balance-without-bonuses",
        "state",
        "The balance leaves out what promo codes brought; the ledger has it.",
        wraps(render, "balance", _without_bonuses, on=("get_balance",)),
        lambda me: _pay_with_bonus(me).get("balance")["balance_microcents"],
    ),
    Fault(
        "charges-shown-rounded-to-zero",
        "state",
        "Negative amounts are displayed rounded toward zero: a charge of 5.4 cents as -$0.05.",
        wraps(money, "display", _round_to_zero, on=("list_credit_transactions",)),
        lambda me: _newest_charge(me, 270),
    ),
    Fault(
        "balance-shown-rounded-to-nearest",
        "state",
        "Displays are rounded to the nearest cent, so that a customer may be shown more than "
        "there is.",
        wraps(money, "display", _round_to_nearest, on=("get_balance",)),
        _shown_balance,
    ),
    Fault(
        "amounts-below-a-cent-shown-as-nothing",
        "state",
        "Amounts below a cent are displayed as $0.00 instead of with four decimals.",
        wraps(money, "display", _hide_small_change, on=("list_credit_transactions",)),
        lambda me: _newest_charge(me, 1),
    ),
    Fault(
        "charges-shown-without-minus",
        "state",
        "amount_display of a charge in the ledger has no minus.",
        wraps(render, "credit_transaction", _lose_the_sign, on=("list_credit_transactions",)),
        lambda me: _newest_charge(me, 100),
    ),
    Fault(
        "tier-begins-a-microcent-late",
        "state",
        "A balance of exactly $5, $50, $200 or $500 is in the tier below.",
        sets(tiers, "TIERS", _TIERS_OFF_BY_ONE, on=("get_balance",)),
        _tier_at_fifty_dollars,
    ),
    Fault(
        "refused-charge-empties-the-balance",
        "state",
        "Usage that the balance does not cover is refused, but takes what is there.",
        wraps(usage, "record", _take_what_is_there, on=("get_balance",)),
        _balance_after_a_refusal,
    ),
    Fault(
        "balance-from-a-cache",
        "state",
        "The balance is up to ten seconds old.",
        handles("get_balance", _answer_from_a_cache),
        _balance_twice,
    ),
    Fault(
        "balance-header-one-request-late",
        "state",
        "X-AlterLab-Balance shows the balance as it was at the caller's request before.",
        Wire(("get_balance",), _send_a_stale_balance, everywhere=True),
        _balance_header_after_usage,
    ),
)
