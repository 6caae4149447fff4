"""The audit log has an entry for every change and contains no secret."""

import json
import re

import msgspec
import pytest

from mockserver.billing import (
    auto_recharge,
    checkout,
    payment_methods,
    promo,
    refunds,
    setup_intents,
    subscription,
    usage,
    usage_alerts,
    verification,
)
from mockserver.billing.account import AutoRechargeRequest
from mockserver.billing.audit import Actor
from mockserver.billing.context import Context

from .conftest import (
    DECLINED_LATER,
    NOON,
    WORKING,
    Change,
    actions,
    deposit,
    fresh,
    later,
    state,
    watch,
)


def prepared(actor: Actor = "api_key") -> Context:
    """Return an account with a card and a balance of $100."""
    context = fresh(actor=actor)
    payment_methods.add(context, WORKING)
    deposit(context, 10_000)
    return context


def recharge(context: Context) -> None:
    auto_recharge.configure(context, enabled=True, threshold_microcents=10**11, amount_cents=5_000)


def use_with_recharge(context: Context) -> None:
    recharge(context)
    usage.record(context, "light", 1)


def use_with_failing_recharge(context: Context) -> None:
    payment_methods.add(context, DECLINED_LATER)
    payment_methods.set_default(context, DECLINED_LATER)
    recharge(context)
    for minutes in (0, 2, 4):
        usage.record(later(context, minutes=minutes), "light", 1)


def use_with_alert(context: Context) -> None:
    watch(
        context, threshold_75_enabled=False, threshold_90_enabled=False, threshold_100_enabled=False
    )
    usage.record(context, "light", 300_000)


def use_with_refund(context: Context) -> None:
    usage.record(context, "light", 50)
    refunds.refund(context, 1)


def open_pack(context: Context) -> str:
    return checkout.open_price(context, "price_credits_25", "payment", None, None).id


def buy_plan(context: Context) -> None:
    session = checkout.open_price(context, "price_growth_monthly", "subscription", None, None)
    checkout.complete(context, session.id, "pm_card_amex")


def confirm(context: Context, right: bool) -> None:
    challenge = verification.initiate(context, "remove_card", "sms")
    verification.confirm(context, challenge.id, challenge.code if right else "nope")


def upgrade(context: Context) -> None:
    subscription.change(context, "price_starter_monthly")
    subscription.change(context, "price_growth_monthly")


def downgrade(context: Context) -> None:
    subscription.change(context, "price_growth_monthly")
    subscription.change(context, "price_starter_monthly")


def renew(context: Context) -> None:
    subscription.change(context, "price_starter_monthly")
    later(context, days=31)


def fall_behind(context: Context) -> None:
    subscription.change(context, "price_starter_monthly")
    payment_methods.remove(context, WORKING)
    later(context, days=40)


def cancel(context: Context) -> None:
    started = subscription.change(context, "price_starter_monthly")
    assert started is not None
    subscription.schedule(context, started, "free")
    later(context, days=31)


def make_another_card_the_default(context: Context) -> None:
    payment_methods.set_default(context, payment_methods.add(context, "pm_card_amex").id)


CHANGES: dict[str, tuple[Change, list[str]]] = {
    "add a card": (
        lambda context: payment_methods.add(context, "pm_card_amex"),
        ["payment_method.added"],
    ),
    "remove a card": (
        lambda context: payment_methods.remove(context, WORKING),
        ["payment_method.removed"],
    ),
    "set the default": (
        make_another_card_the_default,
        ["payment_method.added", "payment_method.default_set"],
    ),
    "set the default that is one already": (
        lambda context: payment_methods.set_default(context, WORKING),
        [],
    ),
    "configure auto-recharge": (recharge, ["auto_recharge.updated"]),
    "disable auto-recharge": (auto_recharge.disable, ["auto_recharge.disabled"]),
    "recharge": (use_with_recharge, ["auto_recharge.updated", "auto_recharge.succeeded"]),
    "fail to recharge": (
        use_with_failing_recharge,
        [
            "payment_method.added",
            "payment_method.default_set",
            "auto_recharge.updated",
            *["auto_recharge.failed"] * 3,
            "auto_recharge.disabled",
        ],
    ),
    "refund usage": (use_with_refund, ["refund.granted"]),
    "configure alerts": (watch, ["usage_alerts.updated"]),
    "fire an alert": (use_with_alert, ["usage_alerts.updated", "usage_alert.fired"]),
    "open a deposit": (lambda context: checkout.open_deposit(context, 1_000), ["deposit.created"]),
    "pay a deposit": (
        lambda context: deposit(context, 1_000),
        ["deposit.created", "deposit.completed"],
    ),
    "pay with a promo code": (
        lambda context: deposit(context, 5_000, promo_code="WELCOME10"),
        ["deposit.created", "deposit.completed", "promo_code.redeemed"],
    ),
    "redeem a promo code": (
        lambda context: promo.redeem(context, "BONUS5", 5_000, reference_id="x"),
        ["promo_code.redeemed"],
    ),
    "pay with auto-recharge": (
        lambda context: deposit(
            context, auto_recharge=AutoRechargeRequest(0, 5_000), card="pm_card_amex"
        ),
        ["deposit.created", "deposit.completed", "payment_method.added", "auto_recharge.updated"],
    ),
    "open a checkout": (open_pack, ["checkout.created"]),
    "pay for a pack": (
        lambda context: checkout.complete(context, open_pack(context)),
        ["checkout.created", "deposit.completed"],
    ),
    "pay for a plan": (
        buy_plan,
        [
            "checkout.created",
            "checkout.completed",
            "payment_method.added",
            "payment_method.default_set",
            "subscription.started",
        ],
    ),
    "decline a checkout": (
        lambda context: checkout.decline(context, open_pack(context), "card_declined"),
        ["checkout.created", "checkout.declined"],
    ),
    "expire a checkout": (
        lambda context: checkout.expire(context, open_pack(context)),
        ["checkout.created", "checkout.expired"],
    ),
    "open the portal": (checkout.open_portal, ["portal.opened"]),
    "create a setup intent": (setup_intents.create, ["setup_intent.created"]),
    "start a plan": (
        lambda context: subscription.change(context, "price_scale_monthly"),
        ["subscription.started"],
    ),
    "upgrade": (upgrade, ["subscription.started", "subscription.upgraded"]),
    "downgrade": (downgrade, ["subscription.started", "subscription.scheduled"]),
    "renew": (renew, ["subscription.started", "subscription.renewed"]),
    "fall behind": (
        fall_behind,
        [
            "subscription.started",
            "payment_method.removed",
            "subscription.past_due",
            *["subscription.retry_failed"] * 3,
            "subscription.ended",
        ],
    ),
    "cancel": (cancel, ["subscription.started", "subscription.scheduled", "subscription.ended"]),
    "initiate a verification": (
        lambda context: verification.initiate(context, "remove_card", "sms"),
        ["verification.initiated"],
    ),
    "know the code": (
        lambda context: confirm(context, True),
        ["verification.initiated", "verification.confirmed"],
    ),
    "not know the code": (
        lambda context: confirm(context, False),
        ["verification.initiated", "verification.failed"],
    ),
}


@pytest.mark.parametrize(("change", "written"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_in_the_audit_log(change: Change, written: list[str]) -> None:
    """Every change appends its actions in order, and nothing else."""
    context = prepared()
    before = len(actions(context))
    change(context)
    assert actions(context)[before:] == written


@pytest.mark.parametrize("actor", ["api_key", "payer", "mock"])
def test_an_entry_says_who_and_when(actor: Actor) -> None:
    """An entry has an id, an action, an actor, a time and details."""
    context = prepared(actor)
    payment_methods.add(context, "pm_card_amex")
    entry = context.account.audit_log[-1]
    assert (entry.action, entry.actor, entry.created_at) == ("payment_method.added", actor, NOON)
    assert entry.details == {
        "payment_method_id": context.account.wallet.cards[-1].id,
        "brand": "amex",
        "last4": "8431",
    }
    ids = [entry.id for entry in context.account.audit_log]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "read",
    [
        auto_recharge.check,
        lambda context: promo.check(context, "WELCOME10"),
        usage.project,
        usage.month_to_date,
        usage.week_to_date,
        lambda context: usage.chart(context, 30),
        lambda context: checkout.get(context, next(iter(context.account.checkout_sessions))),
        lambda context: context.account.ledger.page(limit=10, offset=0),
        lambda context: usage_alerts.fire_crossed(context, 0, 0, 0),
    ],
)
def test_reading_changes_nothing(read: Change) -> None:
    """Reads change neither the audit log nor anything else."""
    context = prepared()
    before = state(context)
    read(context)
    assert state(context) == before


def test_no_secret_is_in_the_log() -> None:
    """The log never contains a whole card number, a code or a key."""
    context = prepared()
    for change, _ in CHANGES.values():
        change(other := prepared())
        context.account.audit_log += other.account.audit_log
        context.account.challenges |= other.account.challenges
        context.account.setup_intents |= other.account.setup_intents
    secrets = {challenge.code for challenge in context.account.challenges.values()}
    secrets |= {intent.client_secret for intent in context.account.setup_intents.values()}
    assert len(secrets) > 1
    details = [entry.details for entry in context.account.audit_log]
    assert not [entry for entry in details if secrets & {str(value) for value in entry.values()}]
    text = json.dumps(msgspec.to_builtins(details))
    assert not re.search(r"\d{13,19}", text)
    assert not re.search(r"sk_|_secret_|@", text)
