"""Accounts from personas. Their past is made by the rules that serve requests.

Each event of a persona's past happens at its own time, so the books of a new account add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from random import Random

import msgspec

from mockserver import locales
from mockserver.billing import (
    auto_recharge,
    checkout,
    money,
    payment_methods,
    refunds,
    subscription,
    usage,
    usage_alerts,
)
from mockserver.billing.account import Account, Consent, Profile
from mockserver.billing.accounts import people
from mockserver.billing.accounts.personas import (
    Alerts,
    CardOnFile,
    Deposit,
    Persona,
    Recharge,
    UsageHistory,
)
from mockserver.billing.catalogue import Catalogue, PlanSlug
from mockserver.billing.context import Context
from mockserver.billing.errors import InsufficientBalance, PromoCodeRefused
from mockserver.billing.ids import IdSource, uuid_of
from mockserver.billing.usage_log import UsageType

SIGNUP_BONUS_CENTS = 100
"""The bonus of a new account (observed on the vendor's price page)."""

_WEEKDAY_WEIGHTS = (10, 11, 11, 10, 9, 4, 3)
_HOSTS_PER_ACCOUNT = 6
_MAX_CACHED = 16
"""Accounts in the cache. The largest persona takes 4 MB, each of the others 50 KB."""

Step = tuple[datetime, int, Callable[[Context], None]]
"""One event of the past: its time, its rank among events of the same time, and its effect."""


class PersonaBuilder:
    """Builds accounts. Random choices come from one source, which is seeded for each account."""

    def __init__(self, catalogue: Catalogue, seed: int, locale: str | None = None) -> None:
        """Take the locale of invented names; None is the mock's own list of names."""
        self._catalogue = catalogue
        self._seed = seed
        self._locale = locale
        self._random = Random()  # noqa: S311 (invented data, no secrets)
        self._cache: dict[tuple[str, datetime], bytes] = {}

    def cached(self, persona: Persona, name: str, now: datetime) -> Account:
        """Return the same account as ``build``, from a cache if possible.

        For tests, which open the same persona at the same time after each reset. A cached account
        takes a fifth of the time.
        """
        known = self._cache.pop((name, now), None)
        if known is None:
            account = self.build(persona, name, now)
            known = msgspec.json.encode(account, enc_hook=list)
        else:
            account = msgspec.json.decode(known, type=Account)
        self._cache[name, now] = known
        if len(self._cache) > _MAX_CACHED:
            del self._cache[next(iter(self._cache))]
        return account

    def build(self, persona: Persona, name: str, now: datetime) -> Account:
        """Return a new account with the past of a persona.

        ``name`` is an API key, or the id of an organization. It determines all ids.
        """
        digest = blake2b(f"{self._seed}:{name}".encode(), digest_size=32).digest()
        self._random.seed(int.from_bytes(digest[16:24], "big"))
        account = Account(
            id=f"acct_{digest[:8].hex()}",
            profile=self._profile(persona, digest),
            created_at=now - timedelta(days=persona.age_days),
            ids=IdSource(digest.hex()),
        )
        steps = sorted(self._steps(persona, account, now), key=lambda step: step[:2])
        for moment, _, happen in steps:
            subscription.catch_up(account, self._catalogue, moment)
            happen(Context(account, self._catalogue, moment, "api_key"))
        subscription.catch_up(account, self._catalogue, now)
        account.outbox.clear()
        account.events.clear()
        return account

    def _profile(self, persona: Persona, digest: bytes) -> Profile:
        locale = locales.locale_of(persona.locale) if persona.locale else self._locale
        invented = people.name(self._random, locale)
        name = persona.name or invented
        return Profile(
            uuid_of(digest[16:]),
            uuid_of(digest[::-1]),
            name,
            persona.email or people.email(name),
            people.phone(self._random),
            persona.company,
        )

    def _steps(self, persona: Persona, account: Account, now: datetime) -> Iterator[Step]:
        """Yield the events of a persona's past, unsorted."""
        born = account.created_at
        if persona.signup_bonus:
            yield born, 0, _sign_up
        for card in persona.cards:
            yield born, 1, partial(_add_card, card=card, now=now)
        for deposit in persona.deposits:
            yield from _deposits(deposit, now)
        if persona.auto_recharge is not None:
            yield born, 3, partial(_configure_recharge, recharge=persona.auto_recharge)
        if persona.alerts is not None:
            yield born, 3, partial(_configure_alerts, alerts=persona.alerts)
        if persona.plan is not None:
            started_at = now - timedelta(days=persona.plan.days_ago)
            yield started_at, 4, partial(_subscribe, slug=persona.plan.slug)
            if persona.renewals_fail:
                yield started_at + timedelta(days=1), 4, _break_cards
        if persona.usage is not None:
            yield from self._usage(persona.usage, now)
        if persona.refund_cents:
            yield now - timedelta(days=1), 6, partial(_refund, cents=persona.refund_cents)
        if persona.leave_balance_microcents is not None:
            yield now, 7, partial(_spend, leave_microcents=persona.leave_balance_microcents)

    def _usage(self, history: UsageHistory, now: datetime) -> Iterator[Step]:
        random = self._random
        hosts = [people.host(random) for _ in range(_HOSTS_PER_ACCOUNT)]
        types, weights = list(history.mix), list(history.mix.values())
        for day, count in _spread(history, now):
            growth = 100 + history.growth_percent * (history.days - day) // history.days
            for _ in range(count):
                moment = now - timedelta(days=day, seconds=random.randrange(1, 86_400))
                type = random.choices(types, weights)[0]
                mean = max(1, history.requests_per_entry * growth // 100)
                requests = random.randint((mean + 1) // 2, mean + mean // 2)
                host = random.choice(hosts)
                yield moment, 5, partial(_use, type=type, requests=requests, host=host)


def _spread(history: UsageHistory, now: datetime) -> Iterator[tuple[int, int]]:
    """Yield days ago and the number of entries of that day; the numbers add up to ``entries``."""
    days = range(history.days - 1, -1, -1)
    weights = [
        _WEEKDAY_WEIGHTS[(now - timedelta(days=day)).weekday()]
        * (100 * history.days + history.growth_percent * (history.days - day))
        for day in days
    ]
    total, weight_so_far, count_so_far = sum(weights), 0, 0
    for day, weight in zip(days, weights, strict=True):
        weight_so_far += weight
        until_day = history.entries * weight_so_far // total
        yield day, until_day - count_so_far
        count_so_far = until_day


def _sign_up(context: Context) -> None:
    amount = money.in_microcents(SIGNUP_BONUS_CENTS)
    context.credit("bonus", amount, "Sign-up bonus", reference_type="signup")
    context.audit("account.created")
    context.record_activity("bonus", "Sign-up bonus", amount)


def _add_card(context: Context, card: CardOnFile, now: datetime) -> None:
    added = payment_methods.add(context, card.id)
    if card.expires_in_days is not None:
        expiry = now + timedelta(days=card.expires_in_days)
        wallet = context.account.wallet
        wallet.cards[wallet.cards.index(added)] = payment_methods.expiring(added, expiry)


def _deposits(deposit: Deposit, now: datetime) -> Iterator[Step]:
    interval = deposit.every_days or deposit.days_ago + 1
    for days_ago in range(deposit.days_ago, -1, -interval):
        yield now - timedelta(days=days_ago), 2, partial(_pay_deposit, deposit=deposit)


def _pay_deposit(context: Context, deposit: Deposit) -> None:
    try:
        session = checkout.open_deposit(
            context, deposit.amount_cents, promo_code=deposit.promo_code
        )
    except PromoCodeRefused:  # redeemed by an earlier deposit, or expired
        session = checkout.open_deposit(context, deposit.amount_cents)
    checkout.complete(context.at(context.now, "payer"), session.id, checkout.ANY_WORKING_CARD)


def _configure_recharge(context: Context, recharge: Recharge) -> None:
    auto_recharge.configure(
        context,
        enabled=recharge.enabled,
        threshold_microcents=recharge.threshold_microcents,
        amount_cents=recharge.amount_cents,
        consent=Consent("I agree to be charged automatically.", "settings", "2026-01"),
    )


def _configure_alerts(context: Context, alerts: Alerts) -> None:
    usage_alerts.configure(
        context,
        enabled=True,
        threshold_50_enabled=alerts.all_thresholds,
        threshold_75_enabled=True,
        threshold_90_enabled=True,
        threshold_100_enabled=True,
        email_enabled=True,
        webhook_url=alerts.webhook_url,
    )


def _subscribe(context: Context, slug: PlanSlug) -> None:
    payment_methods.charge(context.account.wallet.default, context.now)
    subscription.start(context, context.catalogue.plan(slug))


def _break_cards(context: Context) -> None:
    wallet = context.account.wallet
    wallet.cards = [payment_methods.declining(card, "generic_decline") for card in wallet.cards]


def _refund(context: Context, cents: int) -> None:
    refunds.grant(context, cents)


def _use(context: Context, type: UsageType, requests: int, host: str) -> None:
    try:
        usage.record(context, type, requests, f"{requests:,} {type} requests to {host}")
    except InsufficientBalance:
        return


def _spend(context: Context, leave_microcents: int) -> None:
    credits = (context.account.ledger.balance - leave_microcents) // money.MICROCENTS_PER_CREDIT
    if credits > 0:
        usage.record(context, "light", credits)
