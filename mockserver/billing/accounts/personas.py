"""Personas: accounts with a past, as the files of ``fixtures/personas/`` describe them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, field

from mockserver import locales
from mockserver.billing.account import DEFAULT_AMOUNT_CENTS, DEFAULT_THRESHOLD_MICROCENTS
from mockserver.billing.catalogue import Catalogue, PlanSlug
from mockserver.billing.usage_log import UsageType
from mockserver.candidates import candidates

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_MAX_DAYS = 10_000

Natural = Annotated[int, Meta(ge=0)]
Days = Annotated[int, Meta(ge=0, le=_MAX_DAYS)]
Positive = Annotated[int, Meta(ge=1)]
Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S$")]
"""One line of text that does not end with a space."""
Email = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$")]


class CardOnFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A card of the persona."""

    id: Annotated[str, Meta(pattern="^pm_[A-Za-z0-9_]+$")]
    expires_in_days: Annotated[int, Meta(ge=-_MAX_DAYS, le=_MAX_DAYS)] | None = None
    """The card expires in the month of that day, which is in the past if the number is negative."""


class Deposit(Struct, frozen=True, forbid_unknown_fields=True):
    """A paid deposit, or a series of them."""

    days_ago: Days
    amount_cents: Annotated[int, Meta(ge=1000, le=200_000)]
    promo_code: str | None = None
    every_days: Positive | None = None
    """The interval at which the deposit is repeated until today."""


class Recharge(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of auto-recharge."""

    enabled: bool
    threshold_microcents: Natural = DEFAULT_THRESHOLD_MICROCENTS
    amount_cents: Annotated[int, Meta(ge=2500, le=200_000)] = DEFAULT_AMOUNT_CENTS


class UsageHistory(Struct, frozen=True, forbid_unknown_fields=True):
    """Past usage, as ledger entries that are spread over days. Weekends have fewer."""

    days: Annotated[int, Meta(ge=1, le=_MAX_DAYS)]
    entries: Annotated[int, Meta(ge=0, le=100_000)]
    requests_per_entry: Positive
    growth_percent: Natural = 0
    """The growth from the first day to the last."""
    mix: Annotated[dict[UsageType, Positive], Meta(min_length=1)] = field(
        default_factory=lambda: {"light": 1}
    )
    """The relative frequency of each type."""


class Alerts(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of usage alerts."""

    all_thresholds: bool = False
    webhook_url: str | None = None


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """A paid plan and its start."""

    slug: PlanSlug
    days_ago: Days


class Persona(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of ``fixtures/personas/``."""

    title: str
    about: str
    key: str | None = None
    """The API key of the account; None for an organization."""
    organization_id: Annotated[str, Meta(pattern=_UUID)] | None = None
    """The id that ``X-Organization-Id`` names; None for an account with a key."""
    member_of: str | None = None
    """The id of the organization that the account belongs to."""
    name: Text | None = None
    """The name of the account's holder; None invents one."""
    email: Email | None = None
    """The holder's address; None makes one of the name."""
    company: Text | None = None
    """The company that invoices and the portal show."""
    locale: str | None = None
    """The locale of Faker that an invented name comes from; None for that of the server."""
    age_days: Days = 0
    signup_bonus: bool = True
    cards: list[CardOnFile] = field(default_factory=list)
    deposits: list[Deposit] = field(default_factory=list)
    auto_recharge: Recharge | None = None
    alerts: Alerts | None = None
    plan: Plan | None = None
    renewals_fail: bool = False
    """Whether all cards are declined after the payment for the plan."""
    usage: UsageHistory | None = None
    refund_cents: Natural = 0
    leave_balance_microcents: Natural | None = None
    """The balance to leave: everything above it is spent at the end."""
    requests_per_minute: Positive | None = None
    """A rate limit that is enforced; None for the tier's limit, which is enforced on request."""


def check(persona: Persona, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield what makes a persona impossible: the dotted path of the field and the problem."""
    if (persona.key is None) == (persona.organization_id is None):
        yield "key", "a persona has either a 'key' or an 'organization_id'"
    if persona.key is not None and not persona.key.startswith("sk_test_"):
        yield "key", "must begin with sk_test_"
    for deposit in persona.deposits:
        if deposit.promo_code is not None and catalogue.promo_code(deposit.promo_code) is None:
            known = candidates(deposit.promo_code, [promo.code for promo in catalogue.promo_codes])
            yield "deposits", f"promo code '{deposit.promo_code}' is not in the catalogue{known}"
    yield from _check_past(persona)
    for card in persona.cards:
        if catalogue.card(card.id).declines_attach:
            yield "cards", f"'{card.id}' is declined when it is added"
    if len({card.id for card in persona.cards}) != len(persona.cards):
        yield "cards", "contain the same card twice"
    if persona.locale is not None and locales.locale_of(persona.locale) is None:
        near = locales.nearest_to(persona.locale)
        yield "locale", f"'{persona.locale}' is not a locale of Faker{near}"
    if persona.plan is not None:
        yield from _check_plan(persona, persona.plan, catalogue)
    if persona.auto_recharge is not None and persona.auto_recharge.enabled and not persona.cards:
        yield "auto_recharge", "needs a card"


def _check_past(persona: Persona) -> Iterator[tuple[str, str]]:
    if any(deposit.days_ago > persona.age_days for deposit in persona.deposits):
        yield "deposits", "are older than the account"
    if persona.plan is not None and persona.plan.days_ago > persona.age_days:
        yield "plan.days_ago", f"is older than the account: at most {persona.age_days}"
    if persona.usage is not None and persona.usage.days > persona.age_days:
        yield "usage.days", f"is older than the account: at most {persona.age_days}"


def _check_plan(persona: Persona, plan: Plan, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    if plan.slug not in {known.slug for known in catalogue.plans}:
        known = candidates(plan.slug, [known.slug for known in catalogue.plans if known.price_id])
        yield "plan", f"'{plan.slug}' is not in the catalogue{known}"
    elif catalogue.plan(plan.slug).price_id is None:
        yield "plan", "is free: a persona without a plan has it"
    if not persona.cards or catalogue.card(persona.cards[0].id).declines_charge:
        yield "plan", "needs a first card that can be charged"
