"""Invariants: what must be true of every account at every moment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from msgspec import Struct

from mockserver.billing import money
from mockserver.billing.account import MAX_ATTEMPTS, RETRY_AFTER, Account, Subscription
from mockserver.billing.auto_recharge import MAX_FAILURES
from mockserver.billing.catalogue import Catalogue
from mockserver.billing.history import History
from mockserver.billing.usage_log import CREDITS_PER_REQUEST

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UUID_FIELDS = frozenset(
    {"id", "user_id", "auto_recharge_id", "default_id", "payment_method_id", "invoice_id"}
)
_PAYMENT_METHOD = re.compile(r"pm_[A-Za-z0-9_]{1,252}")
_URL = re.compile(r"https?://.{0,2040}", re.DOTALL)
_FORMS = {
    "stripe_id": (_PAYMENT_METHOD, "an id of a payment method, such as pm_card_visa"),
    "stripe_payment_method_id": (_PAYMENT_METHOD, "an id of a payment method, or null"),
    "payment_method": (_PAYMENT_METHOD, "an id of a payment method, or null"),
    "webhook_url": (_URL, "an http or https URL of at most 2,048 characters, or null"),
    "success_url": (_URL, "an http or https URL of at most 2,048 characters, or null"),
    "cancel_url": (_URL, "an http or https URL of at most 2,048 characters, or null"),
}
"""The required form of texts by the name of their field: the contract would not allow another."""
_FREE = ("account.audit_log", "account.outbox")
"""Parts with fields of any form."""
_OF_THE_PAST = frozenset(
    {"created_at", "updated_at", "completed_at", "paid_at", "started_at", "fired_at"}
)
_PLAIN = frozenset({str, int, bool, datetime, type(None)})
_TOO_LARGE = 2**63
_TOO_DEEP = object()
_MAX_DEPTH = 40
_MAX_MONTHS = 12 * 200


class _Dated(Protocol):
    @property
    def created_at(self) -> datetime: ...


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def violations(account: Account, catalogue: Catalogue, now: datetime) -> list[str]:
    """Return one sentence for each broken invariant; none if the account is consistent."""
    return [
        violation for check in checks(account, catalogue, now) for violation in check.violations
    ]


class Check(Struct, frozen=True):
    """One invariant and what violates it."""

    title: str
    """What must be true."""
    violations: list[str]
    """One sentence each."""


def checks(account: Account, catalogue: Catalogue, now: datetime) -> list[Check]:
    """Return every invariant with its violations.

    If a value is impossible, only that is checked: the others could not be.
    """
    malformed = Check("Every value is possible", list(_values_are_possible(account, now)))
    if malformed.violations:
        return [malformed]
    return [
        malformed,
        *(Check(title, list(rule(account))) for title, rule in _RULES.items()),
        Check("Prices and plans are for sale", list(_prices_are_for_sale(account, catalogue))),
        Check(
            "Paid checkout sessions are credited once",
            list(_sessions_are_credited_once(account, catalogue)),
        ),
    ]


def _values_are_possible(account: Account, now: datetime) -> Iterator[str]:
    """Check that times are in UTC and not in the future, numbers fit 64 bits, ids are UUIDs."""
    for path, value in _values(account, "account", 0):
        if isinstance(value, datetime) and (value.tzinfo is None or value.utcoffset()):
            yield f"{path}: {value.isoformat()} is not in UTC."
        elif isinstance(value, datetime) and value > now and path.rsplit(".", 1)[1] in _OF_THE_PAST:
            yield f"{path}: {value.isoformat()} is in the future. Set the clock first."
        elif isinstance(value, int) and abs(value) >= _TOO_LARGE:
            yield f"{path}: {value} does not fit 64 bits."
        elif isinstance(value, str) and _is_id(path) and not _UUID.fullmatch(value):
            yield f"{path}: '{value[:40]}' is not a UUID."
        elif isinstance(value, str) and (form := _form_of(path)) and not form[0].fullmatch(value):
            yield f"{path}: '{value[:40]}' is not {form[1]}."
        elif value is _TOO_DEEP:
            yield f"{path} is nested too deeply."
    yield from _ranges(account)


def _ranges(account: Account) -> Iterator[str]:
    for card in account.wallet.cards:
        if not (1 <= card.exp_month <= 12 and 1970 <= card.exp_year <= 2210):
            yield f"Card {card.id}: needs exp_month from 1 to 12 and exp_year from 1970 to 2210."
    for event in account.usage.events:
        if event.requests < 1:
            yield f"Usage event {event.id}: {event.requests} requests."
    for challenge in account.challenges.values():
        if challenge.remaining_attempts not in range(MAX_ATTEMPTS + 1):
            yield f"Challenge {challenge.id}: {challenge.remaining_attempts} attempts are left."
    if account.auto_recharge.consecutive_failures not in range(MAX_FAILURES + 1):
        yield f"Auto-recharge: {account.auto_recharge.consecutive_failures} consecutive failures."
    subscription = account.subscription
    if subscription is not None:
        yield from _periods(subscription)


def _periods(subscription: Subscription) -> Iterator[str]:
    """Check that the periods can be computed: those of an impossible one would never end."""
    if subscription.months not in (1, 12):
        yield f"The subscription has periods of {subscription.months} months, not of 1 or 12."
    elif not 0 <= subscription.period * subscription.months <= _MAX_MONTHS:
        yield f"The subscription is in period {subscription.period}."
    moved = subscription.moved_anchor
    if subscription.is_trial and moved is None:
        yield "The subscription is in period 0, which is a trial, and moved_anchor is null."
    elif moved is not None and not _can_be_anchor(subscription.started_at, moved):
        yield f"The subscription's moved_anchor is {moved.isoformat()}, too far from its start."


def _can_be_anchor(started_at: datetime, anchor: datetime) -> bool:
    """Return whether a trial, or a change within two centuries, can have moved the anchor."""
    return 0 <= (anchor - started_at).days <= _MAX_MONTHS * 31


def _values(node: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    """Walk a tree of structs, lists and dicts. Yield every plain value with its path."""
    if depth > _MAX_DEPTH:
        yield path, _TOO_DEEP
    elif isinstance(node, Struct):
        for name in node.__struct_fields__:
            value = getattr(node, name)
            if type(value) in _PLAIN:  # most are: a generator for each would take twice as long
                yield f"{path}.{name}", value
            else:
                yield from _values(value, f"{path}.{name}", depth + 1)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _values(value, f"{path}.{key}", depth + 1)
    elif isinstance(node, list | History):
        for index, value in enumerate(node):
            yield from _values(value, f"{path}[{index}]", depth + 1)
    else:
        yield path, node


def _is_id(path: str) -> bool:
    """Return whether the path is a UUID; ids of sessions and setup intents have Stripe's form."""
    name = path.rsplit(".", 1)[1]
    if "_sessions." in path or "setup_intents." in path:
        return False
    return path != "account.id" and name in _UUID_FIELDS


def _form_of(path: str) -> tuple[re.Pattern[str], str] | None:
    """Return the required form of a text, and its description; None if any text is possible."""
    form = _FORMS.get(path.rsplit(".", 1)[1])
    return None if form is None or path.startswith(_FREE) else form


def _ledger_adds_up(account: Account) -> Iterator[str]:
    balance = 0
    for entry in account.ledger.entries:
        balance += entry.amount_microcents
        if entry.balance_after_microcents != balance:
            yield (
                f"Ledger entry {entry.id}: balance_after is {entry.balance_after_microcents}, "
                f"the sum is {balance}."
            )
            balance = entry.balance_after_microcents
        if balance < 0:
            yield f"Ledger entry {entry.id}: the balance is below zero."


def _times_are_in_order(account: Account) -> Iterator[str]:
    histories: dict[str, Sequence[_Dated]] = {
        "ledger": account.ledger.entries,
        "usage log": account.usage.events,
        "audit log": account.audit_log,
        "recent activity": account.activities,
        "list of invoices": account.invoices,
    }
    for name, items in histories.items():
        if any(after.created_at < before.created_at for before, after in pairwise(items)):
            yield f"The {name} is not in chronological order."


def _ids_are_unique(account: Account) -> Iterator[str]:
    lists: dict[str, Sequence[_Named]] = {
        "ledger entries": account.ledger.entries,
        "usage events": account.usage.events,
        "cards": account.wallet.cards,
        "invoices": account.invoices,
    }
    for name, items in lists.items():
        if len({item.id for item in items}) != len(items):
            yield f"Two {name} have the same id."


def _usage_is_in_the_ledger(account: Account) -> Iterator[str]:
    debits = [entry for entry in account.ledger.entries if entry.type == "usage"]
    if len(debits) != len(account.usage.events):
        yield f"There are {len(account.usage.events)} usage events and {len(debits)} usage debits."
    amounts = {entry.reference_id: -entry.amount_microcents for entry in debits}
    for event in account.usage.events:
        if event.credits != event.requests * CREDITS_PER_REQUEST[event.type]:
            yield (
                f"Usage event {event.id}: {event.requests} {event.type} requests "
                f"are not {event.credits} credits."
            )
        if amounts.get(event.id) != event.credits * money.MICROCENTS_PER_CREDIT:
            yield f"Usage event {event.id} and its ledger entry disagree."


def _one_default_card(account: Account) -> Iterator[str]:
    wallet = account.wallet
    if bool(wallet.cards) != (wallet.default is not None) or (wallet.default is None) != (
        wallet.default_id is None
    ):
        yield "There must be a default card if and only if there are cards."
    if len({card.stripe_id for card in wallet.cards}) != len(wallet.cards):
        yield "The same card is on the account twice."


def _sessions_are_credited_once(account: Account, catalogue: Catalogue) -> Iterator[str]:
    credited = Counter(
        entry.reference_id for entry in account.ledger.entries if entry.reference_type == "deposit"
    )
    plans = {plan.price_id for plan in catalogue.plans if plan.price_id is not None}
    for session in account.checkout_sessions.values():
        expected = 1 if session.closed == "complete" and session.price_id not in plans else 0
        if credited[session.id] != expected:
            yield (
                f"Checkout session {session.id} is credited {credited[session.id]} times, "
                f"not {expected}."
            )


def _prices_are_for_sale(account: Account, catalogue: Catalogue) -> Iterator[str]:
    prices = {plan.price_id for plan in catalogue.plans} | {
        pack.price_id for pack in catalogue.credit_packs
    }
    for session in account.checkout_sessions.values():
        if session.price_id is not None and session.price_id not in prices:
            yield f"Checkout session {session.id}: there is no price '{session.price_id}'."
    known = {plan.slug for plan in catalogue.plans}
    subscription = account.subscription
    if subscription is not None:
        for slug in dict.fromkeys((subscription.plan, subscription.pending_plan)):
            if slug is not None and slug not in known:
                yield f"The subscription's plan '{slug}' is not in the catalogue."


def _keys_are_ids(account: Account) -> Iterator[str]:
    for things in (
        account.checkout_sessions,
        account.portal_sessions,
        account.setup_intents,
        account.challenges,
    ):
        for key, thing in things.items():
            if key != thing.id:
                yield f"The key '{key}' holds the record '{thing.id}'."


def _setup_intents_are_whole(account: Account) -> Iterator[str]:
    for intent in account.setup_intents.values():
        if not intent.client_secret.startswith(f"{intent.id}_secret_"):
            yield (
                f"Setup intent {intent.id}: "
                "its client secret must begin with its id, followed by _secret_."
            )
        if (intent.payment_method is None) != (intent.status == "requires_payment_method"):
            has = intent.payment_method or "no payment method"
            yield f"Setup intent {intent.id} has the status {intent.status} and {has}."


def _subscription_can_go_on(account: Account) -> Iterator[str]:
    subscription = account.subscription
    if subscription is None:
        return
    if subscription.status == "past_due":
        unpaid = [old for old in account.invoices if old.id == subscription.unpaid_invoice_id]
        if not unpaid or unpaid[0].status != "open":
            yield "The subscription is past due and has no open invoice."
        if subscription.retries not in range(len(RETRY_AFTER)):
            yield "The subscription is past due and has no retry left."
    if subscription.plan == "free":
        yield "The free plan is not a subscription."


def _recharge_card_exists(account: Account) -> Iterator[str]:
    settings = account.auto_recharge
    name = settings.stripe_payment_method_id
    if settings.enabled and name is not None and account.wallet.find(name) is None:
        yield f"Auto-recharge names card '{name}', which is not on the account."


def _recharges_are_credited_once(account: Account) -> Iterator[str]:
    credited = Counter(
        entry.reference_id for entry in account.ledger.entries if entry.type == "auto_recharge"
    )
    succeeded = Counter(
        attempt.id for attempt in account.auto_recharge.attempts if attempt.status == "succeeded"
    )
    if credited != succeeded:
        yield "The auto-recharge history and the ledger disagree."


_RULES: dict[str, Callable[[Account], Iterator[str]]] = {
    "The ledger adds up": _ledger_adds_up,
    "Times are in order": _times_are_in_order,
    "Ids are unique": _ids_are_unique,
    "Usage is in the ledger": _usage_is_in_the_ledger,
    "There is one default card": _one_default_card,
    "The subscription can go on": _subscription_can_go_on,
    "The card of auto-recharge exists": _recharge_card_exists,
    "Records are kept by their ids": _keys_are_ids,
    "Setup intents are whole": _setup_intents_are_whole,
    "Auto-recharges are credited once": _recharges_are_credited_once,
}
