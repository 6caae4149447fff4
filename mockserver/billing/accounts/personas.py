"""Personas: accounts with a past, as the files of ``fixtures/personas/`` describe them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta, Struct, field

from mockserver import locales
from mockserver.billing.account import DEFAULT_AMOUNT_CENTS, DEFAULT_THRESHOLD_MICROCENTS
from mockserver.billing.catalogue import Catalogue, PlanSlug
from mockserver.billing.usage_log import UsageType
from mockserver.candidates import candidates, shown

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_MAX_DAYS = 10_000
_MAX_CENTS = 99_999_999
"""The largest amount of Stripe in US dollars."""
_MAX_MICROCENTS = _MAX_CENTS * 1_000_000

Cents = Annotated[int, Meta(ge=0, le=_MAX_CENTS)]
Microcents = Annotated[int, Meta(ge=0, le=_MAX_MICROCENTS)]
Percent = Annotated[int, Meta(ge=0, le=1_000_000)]
Days = Annotated[int, Meta(ge=0, le=_MAX_DAYS)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Text = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*\S$",
        description="must be one line that does not end with a space",
    ),
]
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$",
        description="must be an address such as name@example.com",
    ),
]
Key = Annotated[
    str,
    Meta(
        max_length=200,
        pattern="^sk_test_[!-~]+$",
        description="must begin with sk_test_ and have printable ASCII letters only",
    ),
]
OrganizationId = Annotated[
    str,
    Meta(
        pattern=_UUID,
        description="must be a UUID in lower case, such as 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
    ),
]
CardId = Annotated[
    str,
    Meta(
        max_length=200,
        pattern="^pm_[A-Za-z0-9_]+$",
        description="must begin with pm_ and have letters, digits and _ only",
    ),
]
Problem = tuple[Sequence[str | int], str]
"""The path of a value within a file, and what is wrong with it."""


class CardOnFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A card of the persona."""

    id: CardId
    expires_in_days: Annotated[int, Meta(ge=-_MAX_DAYS, le=_MAX_DAYS)] | None = None
    """The card expires in the month of that day, which is in the past if the number is negative."""


class Deposit(Struct, frozen=True, forbid_unknown_fields=True):
    """A paid deposit, or a series of them."""

    days_ago: Days
    amount_cents: Annotated[int, Meta(ge=1000, le=200_000)]
    promo_code: str | None = None
    every_days: Annotated[int, Meta(ge=1, le=_MAX_DAYS)] | None = None
    """The interval at which the deposit is repeated until today."""


class Recharge(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of auto-recharge."""

    enabled: bool
    threshold_microcents: Microcents = DEFAULT_THRESHOLD_MICROCENTS
    amount_cents: Annotated[int, Meta(ge=2500, le=200_000)] = DEFAULT_AMOUNT_CENTS


class UsageHistory(Struct, frozen=True, forbid_unknown_fields=True):
    """Past usage, as ledger entries that are spread over days. Weekends have fewer."""

    days: Annotated[int, Meta(ge=1, le=_MAX_DAYS)]
    entries: Annotated[int, Meta(ge=0, le=100_000)]
    requests_per_entry: Count
    growth_percent: Percent = 0
    """The growth from the first day to the last."""
    mix: Annotated[dict[UsageType, Count], Meta(min_length=1)] = field(
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

    title: Text
    about: str
    key: Key | None = None
    """The API key of the account; None for an organization."""
    organization_id: OrganizationId | None = None
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
    refund_cents: Cents = 0
    leave_balance_microcents: Microcents | None = None
    """The balance to leave: everything above it is spent at the end."""
    requests_per_minute: Count | None = None
    """A rate limit that is enforced; None for the tier's limit, which is enforced on request."""


def check(persona: Persona, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what makes a persona impossible."""
    yield from _check_names(persona)
    yield from _check_deposits(persona, catalogue)
    yield from _check_cards(persona, catalogue)
    if persona.usage is not None and persona.usage.days > persona.age_days:
        yield ["usage", "days"], _too_old(persona, persona.usage.days)
    if persona.plan is not None:
        yield from _check_plan(persona, persona.plan, catalogue)


def _check_names(persona: Persona) -> Iterator[Problem]:
    if (persona.key is None) == (persona.organization_id is None):
        pointer = ["key"] if persona.key is not None else []
        yield pointer, "a persona has either a 'key' or an 'organization_id'"
    if persona.locale is not None and locales.locale_of(persona.locale) is None:
        near = locales.nearest_to(persona.locale)
        yield ["locale"], f"{shown(persona.locale)} is not a locale of Faker{near}"


def _check_deposits(persona: Persona, catalogue: Catalogue) -> Iterator[Problem]:
    for index, deposit in enumerate(persona.deposits):
        if deposit.days_ago > persona.age_days:
            yield ["deposits", index, "days_ago"], _too_old(persona, deposit.days_ago)
        code = deposit.promo_code
        if code is not None and catalogue.promo_code(code) is None:
            known = candidates(code, [promo.code for promo in catalogue.promo_codes])
            problem = f"promo code {shown(code)} is not in the catalogue{known}"
            yield ["deposits", index, "promo_code"], problem


def _check_cards(persona: Persona, catalogue: Catalogue) -> Iterator[Problem]:
    known: set[str] = set()
    for index, card in enumerate(persona.cards):
        if catalogue.card(card.id).declines_attach:
            yield ["cards", index, "id"], f"{shown(card.id)} is declined when it is added"
        if card.id in known:
            yield ["cards", index, "id"], f"{shown(card.id)} is already a card of the persona"
        known.add(card.id)
    if persona.auto_recharge is not None and persona.auto_recharge.enabled and not persona.cards:
        yield ["auto_recharge"], "needs a card: the persona has no 'cards'"


def _check_plan(persona: Persona, plan: Plan, catalogue: Catalogue) -> Iterator[Problem]:
    if missing_plan(persona, catalogue) is not None:
        known = candidates(plan.slug, [known.slug for known in catalogue.plans if known.price_id])
        yield ["plan", "slug"], f"{shown(plan.slug)} is not in the catalogue{known}"
    elif catalogue.plan(plan.slug).price_id is None:
        yield ["plan", "slug"], "is free: a persona without a plan has it"
    if plan.days_ago > persona.age_days:
        yield ["plan", "days_ago"], _too_old(persona, plan.days_ago)
    if not persona.cards:
        yield ["plan"], "needs a card: the persona has no 'cards'"
    elif catalogue.card(persona.cards[0].id).declines_charge:
        yield (
            ["cards", 0, "id"],
            "is declined when it is charged: a plan is paid with the first card",
        )


def missing_plan(persona: Persona, catalogue: Catalogue) -> str | None:
    """Return the slug of the persona's plan if the catalogue does not have it."""
    slug = persona.plan.slug if persona.plan is not None else None
    return None if slug is None or any(plan.slug == slug for plan in catalogue.plans) else slug


def _too_old(persona: Persona, days_ago: int) -> str:
    age = f"{persona.age_days:,} days ago (age_days)"
    return f"{days_ago:,} days ago is before the account was opened, {age}"
