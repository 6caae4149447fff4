"""What must be true of an account at every moment. A list of what is not: empty when its books are in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from mockserver.billing import money
from mockserver.billing.catalogue import Catalogue
from mockserver.billing.context import Account
from mockserver.billing.subscription import RETRY_AFTER
from mockserver.billing.usage import CREDITS_PER_REQUEST


class _Dated(Protocol):
    @property
    def created_at(self) -> datetime: ...


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def violations(account: Account, catalogue: Catalogue) -> list[str]:
    """Every broken invariant, as a sentence each."""
    found = [problem for rule in _RULES for problem in rule(account)]
    return found + list(_sessions_are_credited_once(account, catalogue))


def _ledger_adds_up(account: Account) -> Iterator[str]:
    balance = 0
    for entry in account.ledger.entries:
        balance += entry.amount_microcents
        if entry.balance_after_microcents != balance:
            yield f"Ledger entry {entry.id}: balance_after is {entry.balance_after_microcents}, the sum is {balance}."
            balance = entry.balance_after_microcents
        if balance < 0:
            yield f"Ledger entry {entry.id}: the balance is below zero."


def _times_are_in_order(account: Account) -> Iterator[str]:
    histories: dict[str, Sequence[_Dated]] = {
        "ledger": account.ledger.entries,
        "usage": account.usage.events,
        "audit log": account.audit_log,
        "activity": account.activities,
        "invoices": account.invoices,
    }
    for name, items in histories.items():
        if any(after.created_at < before.created_at for before, after in pairwise(items)):
            yield f"The {name} is not in order of time."


def _ids_are_unique(account: Account) -> Iterator[str]:
    lists: dict[str, Sequence[_Named]] = {
        "ledger": account.ledger.entries,
        "usage": account.usage.events,
        "cards": account.wallet.cards,
        "invoices": account.invoices,
    }
    for name, items in lists.items():
        if len({item.id for item in items}) != len(items):
            yield f"Two {name} entries have the same id."


def _usage_is_in_the_ledger(account: Account) -> Iterator[str]:
    debits = {entry.reference_id: entry for entry in account.ledger.entries if entry.type == "usage"}
    if len(debits) != len(account.usage.events):
        yield f"There are {len(account.usage.events)} usage events and {len(debits)} usage debits."
    for event in account.usage.events:
        debit = debits.get(event.id)
        if event.credits != event.requests * CREDITS_PER_REQUEST[event.type]:
            yield f"Usage event {event.id}: {event.requests} {event.type} requests are not {event.credits} credits."
        if debit is None or -debit.amount_microcents != event.credits * money.MICROCENTS_PER_CREDIT:
            yield f"Usage event {event.id} and its ledger entry disagree."


def _one_default_card(account: Account) -> Iterator[str]:
    wallet = account.wallet
    if bool(wallet.cards) != (wallet.default is not None) or (wallet.default is None) != (wallet.default_id is None):
        yield "There must be a default card exactly when there are cards."
    if len({card.stripe_id for card in wallet.cards}) != len(wallet.cards):
        yield "The same card is there twice."


def _sessions_are_credited_once(account: Account, catalogue: Catalogue) -> Iterator[str]:
    credited = Counter(e.reference_id for e in account.ledger.entries if e.reference_type == "deposit")
    plans = {plan.price_id for plan in catalogue.plans if plan.price_id is not None}
    for session in account.checkout_sessions.values():
        expected = 1 if session.closed == "complete" and session.price_id not in plans else 0
        if credited[session.id] != expected:
            yield f"Checkout session {session.id} is credited {credited[session.id]} times, not {expected}."


def _subscription_can_go_on(account: Account) -> Iterator[str]:
    subscription = account.subscription
    if subscription is None:
        return
    if subscription.status == "past_due":
        unpaid = [each for each in account.invoices if each.id == subscription.unpaid_invoice_id]
        if not unpaid or unpaid[0].status != "open":
            yield "The subscription is past due, and there is no open invoice for it."
        if subscription.retries not in range(len(RETRY_AFTER)):
            yield "The subscription is past due, and has no try left."
    if subscription.plan == "free" or subscription.period < 1:
        yield "The subscription has no plan or no period."


def _recharge_card_exists(account: Account) -> Iterator[str]:
    settings = account.auto_recharge
    name = settings.stripe_payment_method_id
    if settings.enabled and name is not None and account.wallet.find(name) is None:
        yield f"Auto-recharge names card '{name}', which is not on the account."


def _recharges_are_credited_once(account: Account) -> Iterator[str]:
    credited = {entry.reference_id for entry in account.ledger.entries if entry.type == "auto_recharge"}
    succeeded = {each.id for each in account.auto_recharge.attempts if each.status == "succeeded"}
    if credited != succeeded:
        yield "Auto-recharge history and ledger disagree."


_RULES: tuple[Callable[[Account], Iterator[str]], ...] = (
    _ledger_adds_up,
    _times_are_in_order,
    _ids_are_unique,
    _usage_is_in_the_ledger,
    _one_default_card,
    _subscription_can_go_on,
    _recharge_card_exists,
    _recharges_are_credited_once,
)
