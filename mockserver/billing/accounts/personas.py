"""Personas: accounts with a past, described in ``fixtures/personas/*.yaml`` and lived through the real rules.

A persona says what happened in words (deposits, cards, so much usage); its history is made by the same domain functions
that serve requests, each at its own moment, so that its books add up by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Literal

import msgspec
from faker import Faker
from msgspec import Meta

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
from mockserver.billing.account import (
    DEFAULT_AMOUNT_CENTS,
    DEFAULT_THRESHOLD_MICROCENTS,
    Account,
    Consent,
    Profile,
    UsageType,
)
from mockserver.billing.catalogue import Catalogue, PlanSlug
from mockserver.billing.context import Context
from mockserver.billing.errors import InsufficientBalance, PromoCodeRefused
from mockserver.billing.ids import IdSource, uuid_of

SIGNUP_BONUS_CENTS = 100
"""Source: the vendor's price page (observed)."""

_PROVIDERS = [f"faker.providers.{name}" for name in ("person", "company", "internet", "lorem")]
"""All of them would cost 25 ms of every start."""
_WEEKDAY_WEIGHTS = (10, 11, 11, 10, 9, 4, 3)
_HOSTS_PER_ACCOUNT = 6
_REMEMBERED_ACCOUNTS = 16
"""The largest persona takes 4 MB, the others 50 KB."""


_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_MAX_DAYS = 10_000

Natural = Annotated[int, Meta(ge=0)]
Days = Annotated[int, Meta(ge=0, le=_MAX_DAYS)]
Positive = Annotated[int, Meta(ge=1)]


@dataclass(frozen=True, slots=True)
class CardOnFile:
    """A card of the persona. ``expires_in_days`` gives it the month that lies so far ahead (behind, if negative)."""

    id: Annotated[str, Meta(pattern="^pm_[A-Za-z0-9_]+$")]
    expires_in_days: Annotated[int, Meta(ge=-_MAX_DAYS, le=_MAX_DAYS)] | None = None


@dataclass(frozen=True, slots=True)
class Deposit:
    days_ago: Days
    amount_cents: Annotated[int, Meta(ge=1000, le=200_000)]
    promo_code: str | None = None
    every_days: Positive | None = None
    """Repeat it that often until today."""


@dataclass(frozen=True, slots=True)
class Recharge:
    enabled: bool
    threshold_microcents: Natural = DEFAULT_THRESHOLD_MICROCENTS
    amount_cents: Annotated[int, Meta(ge=2500, le=200_000)] = DEFAULT_AMOUNT_CENTS


@dataclass(frozen=True, slots=True)
class UsageHistory:
    """So many ledger entries over so many days: fewer at weekends, growing by a percentage from first to last day."""

    days: Annotated[int, Meta(ge=1, le=_MAX_DAYS)]
    entries: Annotated[int, Meta(ge=0, le=100_000)]
    requests_per_entry: Positive
    growth_percent: Natural = 0
    mix: Annotated[dict[UsageType, Positive], Meta(min_length=1)] = field(
        default_factory=lambda: {"light": 1}
    )
    """How often each type occurs, in any unit."""


@dataclass(frozen=True, slots=True)
class Alerts:
    all_thresholds: bool = False
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    slug: Literal["starter", "growth", "scale"]
    days_ago: Days


@dataclass(frozen=True, slots=True)
class Persona:
    """One file of ``fixtures/personas/``."""

    title: str
    about: str
    key: str | None = None
    """The API key that it answers to; an organization has none."""
    organization_id: Annotated[str, Meta(pattern=_UUID)] | None = None
    """Of an organization: the id that ``X-Organization-Id`` names."""
    member_of: str | None = None
    age_days: Days = 0
    signup_bonus: bool = True
    cards: list[CardOnFile] = field(default_factory=list)
    deposits: list[Deposit] = field(default_factory=list)
    auto_recharge: Recharge | None = None
    alerts: Alerts | None = None
    plan: Plan | None = None
    renewals_fail: bool = False
    """From the last renewal on, the card is declined."""
    usage: UsageHistory | None = None
    refund_cents: Natural = 0
    leave_balance_microcents: Natural | None = None
    """Spend what is above this amount just before now."""
    requests_per_minute: Positive | None = None
    """An enforced rate limit; without it the tier's limit is only told."""


Step = tuple[datetime, int, Callable[[Context], None]]


class Biographer:
    """Writes the past of new accounts. Chance comes from one Faker, seeded anew for each account."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue = catalogue
        self._seed = seed
        self._faker = Faker("en_US", use_weighting=False, providers=_PROVIDERS)
        self._remembered: dict[tuple[str, datetime], bytes] = {}

    def recall(self, persona: Persona, name: str, now: datetime) -> Account:
        """The same as ``create``, for accounts that are made again at the same moment: it takes a fifth of the time.

        Tests ask for the same persona after each reset. The last few are remembered.
        """
        known = self._remembered.pop((name, now), None)
        account = (
            self.create(persona, name, now)
            if known is None
            else msgspec.json.decode(known, type=Account)
        )
        self._remembered[name, now] = (
            msgspec.json.encode(account, enc_hook=list) if known is None else known
        )
        if len(self._remembered) > _REMEMBERED_ACCOUNTS:
            del self._remembered[next(iter(self._remembered))]
        return account

    def create(self, persona: Persona, name: str, now: datetime) -> Account:
        """The account of a name (a key, or an organization's id) as the persona describes it, as of now."""
        digest = blake2b(f"{self._seed}:{name}".encode(), digest_size=32).digest()
        self._faker.seed_instance(int.from_bytes(digest[16:24], "big"))
        account = Account(
            id=f"acct_{digest[:8].hex()}",
            profile=self._profile(digest),
            created_at=now - timedelta(days=persona.age_days),
            ids=IdSource(digest.hex()),
        )
        for moment, _, step in sorted(
            self._steps(persona, account, now), key=lambda each: each[:2]
        ):
            subscription.catch_up(account, self._catalogue, moment)
            step(Context(account, self._catalogue, moment, "api_key"))
        subscription.catch_up(account, self._catalogue, now)
        account.outbox.clear()
        account.events.clear()
        return account

    def _profile(self, digest: bytes) -> Profile:
        fake = self._faker
        name = f"{fake.first_name()} {fake.last_name()}"
        email = f"{name.replace(' ', '.').lower()}@example.com"
        return Profile(
            uuid_of(digest[16:]),
            uuid_of(digest[::-1]),
            name,
            email,
            f"+1 202 555 01{fake.numerify('##')}",
        )

    def _steps(self, persona: Persona, account: Account, now: datetime) -> Iterator[Step]:
        """What happened, unsorted: the moment, a rank among things of one moment, and the thing."""
        born = account.created_at
        if persona.signup_bonus:
            yield born, 0, _sign_up
        for card in persona.cards:
            yield born, 1, _adder(card, now)
        for deposit in persona.deposits:
            yield from _deposits(deposit, now)
        if persona.auto_recharge is not None:
            yield born, 3, _recharger(persona.auto_recharge)
        if persona.alerts is not None:
            yield born, 3, _alerter(persona.alerts)
        if persona.plan is not None:
            yield now - timedelta(days=persona.plan.days_ago), 4, _subscriber(persona.plan.slug)
        if persona.renewals_fail and persona.plan is not None:
            yield now - timedelta(days=persona.plan.days_ago - 1), 4, _break_card
        if persona.usage is not None:
            yield from self._usage(persona.usage, now)
        if persona.refund_cents:
            yield now - timedelta(days=1), 6, _refunder(persona.refund_cents)
        if persona.leave_balance_microcents is not None:
            yield now, 7, _spender(persona.leave_balance_microcents)

    def _usage(self, history: UsageHistory, now: datetime) -> Iterator[Step]:
        fake, chance = self._faker, self._faker.random
        hosts = [fake.domain_name() for _ in range(_HOSTS_PER_ACCOUNT)]
        types, weights = list(history.mix), list(history.mix.values())
        for day, count in _spread(history, now):
            growth = 100 + history.growth_percent * (history.days - day) // history.days
            for _ in range(count):
                moment = now - timedelta(days=day, seconds=chance.randrange(1, 86_400))
                type = chance.choices(types, weights)[0]
                mean = max(1, history.requests_per_entry * growth // 100)
                requests = chance.randint((mean + 1) // 2, mean + mean // 2)
                yield moment, 5, _user(type, requests, chance.choice(hosts))


def check(persona: Persona, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """What cannot be lived: the field, and what is wrong with it."""
    if (persona.key is None) == (persona.organization_id is None):
        yield "key", "a persona has either a 'key' or an 'organization_id'"
    if persona.key is not None and not persona.key.startswith("sk_test_"):
        yield "key", "must begin with sk_test_"
    for deposit in persona.deposits:
        if deposit.promo_code is not None and catalogue.promo_code(deposit.promo_code) is None:
            yield "deposits", f"promo code '{deposit.promo_code}' is not in the catalogue"
    if persona.plan is not None and persona.plan.slug not in {
        plan.slug for plan in catalogue.plans
    }:
        yield "plan", f"'{persona.plan.slug}' is not in the catalogue"
    if persona.plan is not None and (
        not persona.cards or catalogue.card(persona.cards[0].id).declines_charge
    ):
        yield "plan", "needs a first card that pays for it"
    for card in persona.cards:
        if catalogue.card(card.id).declines_attach:
            yield "cards", f"'{card.id}' is declined when it is added"
    if len({card.id for card in persona.cards}) != len(persona.cards):
        yield "cards", "the same card is there twice"
    if any(deposit.days_ago > persona.age_days for deposit in persona.deposits):
        yield "deposits", "are older than the account"
    if persona.auto_recharge is not None and persona.auto_recharge.enabled and not persona.cards:
        yield "auto_recharge", "needs a card"


def _spread(history: UsageHistory, now: datetime) -> Iterator[tuple[int, int]]:
    """Days ago and the number of entries of that day; the numbers add up to ``entries``."""
    days = range(history.days - 1, -1, -1)
    weights = [
        _WEEKDAY_WEIGHTS[(now - timedelta(days=day)).weekday()]
        * (100 * history.days + history.growth_percent * (history.days - day))
        for day in days
    ]
    total, so_far, given = sum(weights), 0, 0
    for day, weight in zip(days, weights, strict=True):
        so_far += weight
        until_now = history.entries * so_far // total
        yield day, until_now - given
        given = until_now


def _sign_up(context: Context) -> None:
    amount = money.in_microcents(SIGNUP_BONUS_CENTS)
    context.credit("bonus", amount, "Sign-up bonus", reference_type="signup")
    context.audit("account.created")
    context.record_activity("bonus", "Sign-up bonus", amount)


def _adder(card: CardOnFile, now: datetime) -> Callable[[Context], None]:
    def add(context: Context) -> None:
        added = payment_methods.add(context, card.id)
        if card.expires_in_days is not None:
            expiry = now + timedelta(days=card.expires_in_days)
            wallet = context.account.wallet
            wallet.cards[wallet.cards.index(added)] = payment_methods.expiring(added, expiry)

    return add


def _deposits(deposit: Deposit, now: datetime) -> Iterator[Step]:
    def pay(context: Context) -> None:
        try:
            session = checkout.open_deposit(
                context, deposit.amount_cents, promo_code=deposit.promo_code
            )
        except PromoCodeRefused:  # used up by an earlier deposit, or expired by now
            session = checkout.open_deposit(context, deposit.amount_cents)
        checkout.complete(context.at(context.now, "payer"), session.id, checkout.ANY_WORKING_CARD)

    step = deposit.every_days or deposit.days_ago + 1
    for days_ago in range(deposit.days_ago, -1, -step):
        yield now - timedelta(days=days_ago), 2, pay


def _recharger(recharge: Recharge) -> Callable[[Context], None]:
    def configure(context: Context) -> None:
        auto_recharge.configure(
            context,
            enabled=recharge.enabled,
            threshold_microcents=recharge.threshold_microcents,
            amount_cents=recharge.amount_cents,
            consent=Consent("I agree to be charged automatically.", "settings", "2026-01"),
        )

    return configure


def _alerter(alerts: Alerts) -> Callable[[Context], None]:
    def configure(context: Context) -> None:
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

    return configure


def _subscriber(slug: PlanSlug) -> Callable[[Context], None]:
    def subscribe(context: Context) -> None:
        payment_methods.charge(context.account.wallet.default, context.now)
        subscription.start(context, context.catalogue.plan(slug))

    return subscribe


def _break_card(context: Context) -> None:
    wallet = context.account.wallet
    wallet.cards = [payment_methods.declining(card, "generic_decline") for card in wallet.cards]


def _refunder(cents: int) -> Callable[[Context], None]:
    def refund(context: Context) -> None:
        refunds.grant(context, cents)

    return refund


def _user(type: UsageType, requests: int, host: str) -> Callable[[Context], None]:
    def use(context: Context) -> None:
        try:
            usage.record(context, type, requests, f"{requests:,} {type} requests to {host}")
        except InsufficientBalance:
            return

    return use


def _spender(leave_microcents: int) -> Callable[[Context], None]:
    def spend(context: Context) -> None:
        credits = (context.account.ledger.balance - leave_microcents) // money.MICROCENTS_PER_CREDIT
        if credits > 0:
            usage.record(context, "light", credits)

    return spend
