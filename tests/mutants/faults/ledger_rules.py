"""Money that is credited, charged or counted by a wrong rule."""

from __future__ import annotations

from typing import Any

from mockserver.billing import auto_recharge, checkout, ledger, money, promo, tiers, usage
from mockserver.billing.account import Account
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.catalogue import Plan, PromoCode
from mockserver.billing.context import Context
from mockserver.billing.errors import InsufficientBalance, PromoCodeRefused
from mockserver.billing.usage_log import CREDITS_PER_REQUEST, UsageEvent
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, sets, together, wraps

Json = Any

_NEW = "sk_test_new"
_LEDGER, _BALANCE, _DEPOSIT = "list_credit_transactions", "get_balance", "create_deposit"
_NEW_BALANCE = 5_000
"""The credits of ``sk_test_new``."""
_WAYS = {"success_url": "https://shop.example/done", "cancel_url": "https://shop.example/back"}


def _credit_dollars(
    original: Original, self: Context, type: str, amount: int, *args: Any, **kwargs: Any
) -> Any:
    is_paid_now = type == "deposit" and self.actor == "mock"
    return original(self, type, amount // 100 if is_paid_now else amount, *args, **kwargs)


def _charge_whole_cents(
    original: Original, self: Context, type: str, amount: int, *args: Any, **kwargs: Any
) -> Any:
    if type == "usage" and self.actor == "mock":
        amount = amount // money.MICROCENTS_PER_CENT * money.MICROCENTS_PER_CENT
    return original(self, type, amount, *args, **kwargs)


def _book_crawls_as_scrapes(original: Original, self: Context, *args: Any, **kwargs: Any) -> Any:
    if kwargs["reference_type"] == "crawl":
        kwargs["reference_type"] = "scrape"
    return original(self, *args, **kwargs)


def _refer_to_nothing(
    original: Original, self: Context, type: str, *args: Any, **kwargs: Any
) -> Any:
    if type == "deposit":
        kwargs["reference_id"] = None
    return original(self, type, *args, **kwargs)


def _round_the_bonus_up(original: Original, code: PromoCode, amount_cents: int) -> int:
    if code.type != "percentage":
        bonus: int = original(code, amount_cents)
        return bonus
    bonus = -(-amount_cents * code.value // 100)
    return bonus if code.max_bonus_cents is None else min(bonus, code.max_bonus_cents)


def _fixed_as_percent(original: Original, code: PromoCode, amount_cents: int) -> int:
    if code.type == "fixed":
        return amount_cents * (code.value // 100) // 100
    bonus: int = original(code, amount_cents)
    return bonus


def _more_than_the_minimum(
    original: Original, context: Context, code: str, amount_cents: int | None = None
) -> PromoCode:
    found: PromoCode = original(
        context, code, amount_cents - 1 if amount_cents is not None else None
    )
    return found


def _use_up_by_opening(original: Original, call: Call) -> Json:
    code = call.body["promo_code"]
    opened = original.memory.setdefault(call.context.account.id, set())
    if code is not None and code.strip().upper() in opened:
        raise PromoCodeRefused("This promo code has already been used on this account.")
    body = original(call)
    if code is not None:
        opened.add(code.strip().upper())
    return body


def _redeem_without_looking(original: Original, context: Context, *args: Any, **kwargs: Any) -> int:
    account = context.account
    before, account.redeemed_promo_codes = account.redeemed_promo_codes, []
    bonus: int = original(context, *args, **kwargs)
    account.redeemed_promo_codes = [*before, *account.redeemed_promo_codes]
    return bonus


def _tier_of_deposits(original: Original, account: Account) -> Json:
    deposited = money.in_microcents(account.ledger.deposited_cents)
    return {**original(account), "tier": tiers.tier_of(deposited).name}


def _default_summary(original: Original, account: Account) -> Json:
    body = original(account)
    summary = {**body["auto_recharge"], "enabled": False}
    return {**body, "auto_recharge": summary}


def _keep_the_last_cent(
    original: Original, context: Context, type: Any, requests: int, *args: Any
) -> UsageEvent:
    cost = requests * CREDITS_PER_REQUEST[type] * money.MICROCENTS_PER_CREDIT
    if cost == context.account.ledger.balance and context.actor == "mock":
        raise InsufficientBalance(context.account.ledger.balance, cost)
    event: UsageEvent = original(context, type, requests, *args)
    return event


def _overdraw(
    original: Original, context: Context, type: Any, requests: int, *args: Any
) -> UsageEvent:
    try:
        event: UsageEvent = original(context, type, requests, *args)
    except InsufficientBalance:
        account = context.account
        credits = requests * CREDITS_PER_REQUEST[type]
        event = UsageEvent(account.ids.uuid(), type, requests, credits, context.now)
        account.usage.append(event)
        context.credit(
            "usage",
            -credits * money.MICROCENTS_PER_CREDIT,
            f"{requests:,} {type} requests",
            reference_type="crawl" if type == "crawl" else "scrape",
            reference_id=event.id,
        )
        auto_recharge.run_if_due(context)
    return event


def _one_page_of_a_crawl(
    original: Original, context: Context, type: Any, requests: int, *args: Any
) -> UsageEvent:
    event: UsageEvent = original(context, type, 1 if type == "crawl" else requests, *args)
    return event


def _any_mode(original: Original, context: Context, price_id: str, _: str, *args: Any) -> Any:
    item = context.catalogue.price(price_id)
    mode = "subscription" if isinstance(item, Plan) else "payment"
    return original(context, price_id, mode, *args)


def _credited(me: Caller, cents: int, **more: str) -> object:
    """Return by how much a paid deposit raises the balance of a new account."""
    new = me.named(_NEW)
    new.pay(new.deposit(cents, **more))
    return new.get("balance")["balance_microcents"]


def _opened_twice(me: Caller) -> object:
    new = me.named(_NEW)
    body = {"amount_cents": 2_500, "promo_code": "BONUS5"}
    return [new.status("POST", "deposit", body) for _ in range(2)]


def _two_bonuses(me: Caller) -> object:
    new = me.named(_NEW)
    for session in [new.deposit(2_500, promo_code="BONUS5") for _ in range(2)]:
        new.pay(session)
    return new.get("credit-transactions", reference_type="promo")["total"]


def _tier_after_spending(me: Caller) -> object:
    me.use("light", 250_000)
    return me.get("balance")["tier"]


def _spent(me: Caller, type: str, requests: int) -> object:
    new = me.named(_NEW)
    new.use(type, requests)
    return new.get("balance")["balance_microcents"]


def _references(me: Caller, **query: str) -> object:
    new = me.named(_NEW)
    new.use("crawl", 5)
    new.pay(new.deposit(2_000))
    entries = new.get("credit-transactions", **query)["transactions"]
    return [(entry["reference_type"], entry["reference_id"]) for entry in entries]


def _deposited_after_a_recharge(me: Caller) -> object:
    low = me.named("sk_test_low_balance")
    low.use("light", 501)
    return low.get("balance")["total_deposited_cents"]


def _summary_when_enabled(me: Caller) -> object:
    me.put("auto-recharge", {"enabled": True})
    return me.get("balance")["auto_recharge"]["enabled"]


def _plan_as_a_payment(me: Caller) -> object:
    body = {"price_id": "price_starter_monthly", "mode": "payment", **_WAYS}
    return me.status("POST", "checkout", body)


FAULTS = (
    Fault(
        "deposit-credited-in-the-wrong-unit",
        "state",
        "A paid deposit is credited with a hundredth of its amount.",
        wraps(Context, "credit", _credit_dollars, on=(_DEPOSIT, _BALANCE)),
        lambda me: _credited(me, 2_500),
    ),
    Fault(
        "charges-rounded-to-whole-cents",
        "state",
        "Each charge for usage is rounded up to a whole cent.",
        wraps(Context, "credit", _charge_whole_cents, on=(_BALANCE,)),
        lambda me: _spent(me, "light", 1),
    ),
    Fault(
        "crawl-booked-as-scrape",
        "state",
        "The ledger shows crawls as scrapes.",
        wraps(Context, "credit", _book_crawls_as_scrapes, on=(_LEDGER,)),
        lambda me: _references(me, reference_type="crawl"),
    ),
    Fault(
        "deposit-entry-refers-to-nothing",
        "state",
        "The ledger entry of a deposit does not say which session paid it.",
        wraps(Context, "credit", _refer_to_nothing, on=(_LEDGER,)),
        lambda me: _references(me, reference_type="deposit"),
    ),
    Fault(
        "bonus-rounded-up",
        "state",
        "The bonus of a percentage code is rounded up to the next cent.",
        wraps(promo, "bonus_cents", _round_the_bonus_up, on=(_DEPOSIT, _BALANCE)),
        lambda me: _credited(me, 2_005, promo_code="WELCOME10"),
    ),
    Fault(
        "fixed-bonus-taken-for-a-percentage",
        "state",
        "A code that brings $5 brings 5 percent.",
        wraps(promo, "bonus_cents", _fixed_as_percent, on=(_DEPOSIT, _BALANCE)),
        lambda me: _credited(me, 2_500, promo_code="BONUS5"),
    ),
    Fault(
        "promo-minimum-must-be-exceeded",
        "state",
        "A promo code is refused for a deposit of exactly its minimum.",
        wraps(promo, "check", _more_than_the_minimum, on=(_DEPOSIT,)),
        lambda me: me.named(_NEW).status(
            "POST", "deposit", {"amount_cents": 2_500, "promo_code": "BONUS5"}
        ),
    ),
    Fault(
        "promo-code-used-up-by-an-unpaid-deposit",
        "state",
        "Opening a deposit uses its promo code up, even if it is never paid.",
        handles(_DEPOSIT, _use_up_by_opening),
        _opened_twice,
    ),
    Fault(
        "two-open-deposits-two-bonuses",
        "state",
        "Two deposits that were opened with the same promo code both bring its bonus.",
        wraps(promo, "redeem", _redeem_without_looking, on=(_DEPOSIT, _LEDGER)),
        _two_bonuses,
    ),
    Fault(
        "refunds-counted-as-deposits",
        "state",
        "total_deposited_cents counts refunds too.",
        sets(
            ledger,
            "_DEPOSITED",
            frozenset({"deposit", "auto_recharge", "refund"}),
            on=(_BALANCE,),
        ),
        lambda me: me.get("balance")["total_deposited_cents"],
    ),
    Fault(
        "recharges-not-counted-as-deposits",
        "state",
        "total_deposited_cents leaves recharges out.",
        sets(ledger, "_DEPOSITED", frozenset({"deposit"}), on=(_BALANCE,)),
        _deposited_after_a_recharge,
    ),
    Fault(
        "tier-by-what-was-deposited",
        "state",
        "The tier follows all that was deposited instead of the balance.",
        wraps(render, "balance", _tier_of_deposits, on=(_BALANCE,)),
        _tier_after_spending,
    ),
    Fault(
        "balance-shows-recharge-as-disabled",
        "state",
        "The balance shows auto-recharge as disabled, whatever its settings say.",
        wraps(render, "balance", _default_summary, on=(_BALANCE,)),
        _summary_when_enabled,
    ),
    Fault(
        "last-cent-cannot-be-spent",
        "state",
        "Usage that costs exactly the balance is refused with 402.",
        wraps(usage, "record", _keep_the_last_cent, on=(_BALANCE,)),
        lambda me: _spent(me, "light", _NEW_BALANCE),
    ),
    Fault(
        "balance-may-be-overdrawn",
        "state",
        "Usage that the balance does not cover is charged, so that the balance becomes negative.",
        wraps(usage, "record", _overdraw, on=(_BALANCE,)),
        lambda me: _spent(me, "light", _NEW_BALANCE + 1),
    ),
    Fault(
        "crawl-charged-as-one-page",
        "state",
        "A crawl is charged as one page, however many it has.",
        wraps(usage, "record", _one_page_of_a_crawl, on=(_BALANCE,)),
        lambda me: _spent(me, "crawl", 10),
    ),
    Fault(
        "plan-sold-as-a-payment",
        "state",
        "A checkout for a plan is accepted with mode 'payment' instead of refused.",
        together(
            wraps(checkout, "open_price", _any_mode, on=("create_checkout_session",)),
        ),
        _plan_as_a_payment,
    ),
)
