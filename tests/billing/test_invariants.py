"""Every invariant is broken on purpose and reported."""

from collections.abc import Callable
from datetime import timedelta, timezone

import pytest
from msgspec.structs import replace

from mockserver.billing import (
    auto_recharge,
    checkout,
    payment_methods,
    setup_intents,
    subscription,
    usage,
    verification,
)
from mockserver.billing.account import Account, SetupIntent
from mockserver.billing.context import Context
from mockserver.billing.ledger import Entry, Ledger
from mockserver.billing.money import in_microcents
from mockserver.billing.usage_log import UsageEvent, UsageLog

from .conftest import NOON, WORKING, deposit, fresh, later, problems

ANOTHER = "00000000-0000-4000-8000-000000000000"
LATER = NOON + timedelta(days=9)


def lived() -> Context:
    """Return an account with cards, a paid and an open deposit, a plan, usage and a recharge."""
    context = fresh()
    payment_methods.add(context, WORKING)
    payment_methods.add(context, "pm_card_amex")
    deposit(context, 2_000)
    subscription.change(context, "price_starter_monthly")
    auto_recharge.configure(
        context,
        enabled=True,
        threshold_microcents=in_microcents(10_000),
        amount_cents=5_000,
        stripe_payment_method_id="pm_card_amex",
    )
    context = later(context, hours=1)
    usage.record(context, "light", 100)
    context = later(context, seconds=10)
    usage.record(context, "js", 10)
    verification.initiate(context, "change_plan", "email")
    checkout.open_portal(context)
    setup_intents.confirm(context, setup_intents.create(context), WORKING)
    return later(context, days=10)


def an_intent(account: Account) -> SetupIntent:
    return next(iter(account.setup_intents.values()))


def of_type(account: Account, type: str) -> int:
    """Return the position of the first ledger entry of a type."""
    return next(index for index, entry in enumerate(account.ledger.entries) if entry.type == type)


def change_entry(account: Account, index: int, **changes: object) -> None:
    entries = account.ledger.entries
    entries[index] = replace(entries[index], **changes)


def rebalanced(entries: list[Entry]) -> Ledger:
    """Return a ledger of these entries with matching balances."""
    balance, written = 0, []
    for entry in entries:
        balance += entry.amount_microcents
        written.append(replace(entry, balance_after_microcents=balance))
    return Ledger(written)


def wrong_sum(account: Account) -> None:
    change_entry(account, -1, balance_after_microcents=account.ledger.balance + 1)


def below_zero(account: Account) -> None:
    first = replace(account.ledger.entries[0], amount_microcents=-1)
    account.ledger = rebalanced([first, *account.ledger.entries[1:]])


def lost_entry(account: Account) -> None:
    del account.ledger.entries[0]


def times_go_back(account: Account) -> None:
    change_entry(account, 0, created_at=LATER)


def audit_goes_back(account: Account) -> None:
    account.audit_log.reverse()


def activity_goes_back(account: Account) -> None:
    account.activities[0] = replace(account.activities[0], created_at=LATER)


def invoices_go_back(account: Account) -> None:
    account.invoices[0] = replace(account.invoices[0], created_at=LATER)


def same_entry_id(account: Account) -> None:
    change_entry(account, 1, id=account.ledger.entries[0].id)


def same_invoice_id(account: Account) -> None:
    account.invoices[1] = replace(account.invoices[1], id=account.invoices[0].id)


def same_card_id(account: Account) -> None:
    cards = account.wallet.cards
    cards[1] = replace(cards[1], id=cards[0].id)


def event_without_debit(account: Account) -> None:
    event = account.usage.events[-1]
    account.usage = UsageLog([*account.usage.events, replace(event, id=ANOTHER)])


def debit_without_event(account: Account) -> None:
    account.usage = UsageLog(account.usage.events[:-1])


def wrong_credits(account: Account) -> None:
    first, *others = account.usage.events
    account.usage = UsageLog([replace(first, credits=first.credits + 1), *others])


def wrong_debit(account: Account) -> None:
    first, *others = account.usage.events
    account.usage = UsageLog([UsageEvent(first.id, first.type, 7, 7, first.created_at), *others])


def charged_twice(account: Account) -> None:
    entries = account.ledger.entries
    again = replace(entries[of_type(account, "usage")], id=ANOTHER)
    account.ledger = rebalanced([*entries, replace(again, created_at=entries[-1].created_at)])


def a_secret_of_another_intent(account: Account) -> None:
    an_intent(account).client_secret = "seti_1_secret_2"


def set_up_without_a_card(account: Account) -> None:
    an_intent(account).payment_method = None


def set_up_with_no_card(account: Account) -> None:
    an_intent(account).payment_method = "visa"


def no_default(account: Account) -> None:
    account.wallet.default_id = None


def foreign_default(account: Account) -> None:
    account.wallet.default_id = ANOTHER


def default_without_cards(account: Account) -> None:
    account.wallet.cards.clear()


def same_card_twice(account: Account) -> None:
    account.wallet.cards.append(replace(account.wallet.cards[0], id=ANOTHER))


def paid_and_not_credited(account: Account) -> None:
    change_entry(account, of_type(account, "deposit"), reference_id=None)


def credited_and_not_paid(account: Account) -> None:
    next(iter(account.checkout_sessions.values())).closed = None


def past_due_without_invoice(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.status = "past_due"


def past_due_with_a_paid_invoice(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.status, account.subscription.unpaid_invoice_id = (
        "past_due",
        account.invoices[0].id,
    )


def no_try_left(account: Account) -> None:
    past_due_with_a_paid_invoice(account)
    account.invoices[0] = replace(account.invoices[0], status="open")
    assert account.subscription is not None
    account.subscription.retries = 3


def no_plan(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.plan = "free"


def no_period(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.period = 0


def half_a_year(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.months = 6


def two_thousand_years(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.period, account.subscription.months = 2_000, 12


def an_anchor_before_the_start(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.moved_anchor = account.subscription.started_at - timedelta(days=1)


def a_trial_without_end(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.period = 0
    account.subscription.moved_anchor = account.subscription.started_at.replace(year=9_999)


def a_price_that_is_not_for_sale(account: Account) -> None:
    next(iter(account.checkout_sessions.values())).price_id = "price_nope"


def a_plan_that_is_not_for_sale(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.plan = "gold"


def a_pending_plan_that_is_not_for_sale(account: Account) -> None:
    assert account.subscription is not None
    account.subscription.pending_plan = "gold"


def filed_under_another_id(account: Account) -> None:
    account.challenges[ANOTHER] = account.challenges.popitem()[1]


def a_time_without_a_zone(account: Account) -> None:
    account.created_at = account.created_at.replace(tzinfo=None)


def a_time_in_another_zone(account: Account) -> None:
    account.created_at = account.created_at.astimezone(timezone(timedelta(hours=2)))


def a_time_to_come(account: Account) -> None:
    account.audit_log[-1] = replace(account.audit_log[-1], created_at=NOON + timedelta(days=11))


def a_number_beyond_64_bits(account: Account) -> None:
    account.auto_recharge.threshold_microcents = 2**63


def an_id_that_is_none(account: Account) -> None:
    account.activities[0] = replace(account.activities[0], id="one")


def a_month_that_is_none(account: Account) -> None:
    account.wallet.cards[0] = replace(account.wallet.cards[0], exp_month=13)


def usage_of_nothing(account: Account) -> None:
    account.usage.events[0] = replace(account.usage.events[0], requests=0)


def too_many_attempts(account: Account) -> None:
    next(iter(account.challenges.values())).remaining_attempts = 6


def too_many_failures(account: Account) -> None:
    account.auto_recharge.consecutive_failures = 4


def recharge_card_is_gone(account: Account) -> None:
    account.wallet.cards.pop()


def recharge_without_credit(account: Account) -> None:
    account.auto_recharge.attempts.append(replace(account.auto_recharge.attempts[0], id=ANOTHER))


def credit_without_recharge(account: Account) -> None:
    account.auto_recharge.attempts.clear()


def recharge_credited_twice(account: Account) -> None:
    entries = account.ledger.entries
    again = replace(entries[of_type(account, "auto_recharge")], id=ANOTHER)
    account.ledger = rebalanced([*entries, replace(again, created_at=entries[-1].created_at)])


BREAKAGES: list[tuple[Callable[[Account], None], str]] = [
    (wrong_sum, "balance_after is"),
    (below_zero, "below zero"),
    (lost_entry, "balance_after is"),
    (times_go_back, "The ledger is not in chronological order"),
    (audit_goes_back, "The audit log is not in chronological order"),
    (activity_goes_back, "The recent activity is not in chronological order"),
    (invoices_go_back, "The list of invoices is not in chronological order"),
    (same_entry_id, "Two ledger entries have the same id"),
    (same_invoice_id, "Two invoices have the same id"),
    (same_card_id, "Two cards have the same id"),
    (event_without_debit, "3 usage events and 2 usage debits"),
    (debit_without_event, "1 usage events and 2 usage debits"),
    (wrong_credits, "are not 101 credits"),
    (wrong_debit, "and its ledger entry disagree"),
    (charged_twice, "2 usage events and 3 usage debits"),
    (no_default, "default card"),
    (foreign_default, "default card"),
    (default_without_cards, "default card"),
    (same_card_twice, "same card is on the account twice"),
    (paid_and_not_credited, "is credited 0 times, not 1"),
    (credited_and_not_paid, "is credited 1 times, not 0"),
    (past_due_without_invoice, "no open invoice"),
    (past_due_with_a_paid_invoice, "no open invoice"),
    (no_try_left, "has no retry left"),
    (no_plan, "free plan"),
    (no_period, "in period 0"),
    (half_a_year, "periods of 6 months"),
    (two_thousand_years, "in period 2000"),
    (an_anchor_before_the_start, "too far from its start"),
    (a_trial_without_end, "too far from its start"),
    (a_price_that_is_not_for_sale, "there is no price 'price_nope'"),
    (a_plan_that_is_not_for_sale, "plan 'gold' is not in the catalogue"),
    (a_pending_plan_that_is_not_for_sale, "plan 'gold' is not in the catalogue"),
    (filed_under_another_id, f"The key '{ANOTHER}' holds the record"),
    (a_time_without_a_zone, "is not in UTC"),
    (a_time_in_another_zone, "is not in UTC"),
    (a_time_to_come, "is in the future"),
    (a_number_beyond_64_bits, "does not fit 64 bits"),
    (an_id_that_is_none, "'one' is not a UUID"),
    (a_month_that_is_none, "month from 1 to 12"),
    (usage_of_nothing, "0 requests"),
    (too_many_attempts, "6 attempts are left"),
    (too_many_failures, "4 consecutive failures"),
    (recharge_card_is_gone, "names card 'pm_card_amex'"),
    (recharge_without_credit, "history and the ledger disagree"),
    (credit_without_recharge, "history and the ledger disagree"),
    (a_secret_of_another_intent, "must begin with its id"),
    (set_up_without_a_card, "has the status succeeded and no payment method"),
    (set_up_with_no_card, "is not an id of a payment method"),
    (recharge_credited_twice, "history and the ledger disagree"),
]


def test_the_rules_break_no_invariant() -> None:
    """The rules of the domain break no invariant."""
    assert problems(lived()) == []


def test_a_fresh_account_breaks_no_invariant(context: Context) -> None:
    """A fresh account breaks no invariant."""
    assert problems(context) == []


@pytest.mark.parametrize(
    ("broken", "sentence"), BREAKAGES, ids=[broken.__name__ for broken, _ in BREAKAGES]
)
def test_a_broken_invariant_is_reported(broken: Callable[[Account], None], sentence: str) -> None:
    """Every broken invariant is reported in a sentence."""
    context = lived()
    broken(context.account)
    found = problems(context)
    assert any(sentence in problem for problem in found), found
    assert all(problem.endswith(".") for problem in found)


def test_all_broken_invariants_are_reported() -> None:
    """All broken invariants are reported, not only the first."""
    context = lived()
    no_default(context.account)
    no_plan(context.account)
    wrong_sum(context.account)
    assert len(problems(context)) == 3
