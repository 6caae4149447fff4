"""The catalogue and the personas of ``fixtures/``, checked when they are loaded."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from mockserver.billing.accounts import personas
from mockserver.billing.accounts.personas import Persona
from mockserver.billing.catalogue import Catalogue, Plan, PromoCode, TestCard, passes_luhn
from mockserver.candidates import candidates
from mockserver.openapi.yaml_file import FileError, error_at, load_as

DEFAULT_KEY = "sk_test_default"
"""The key whose persona is the start of every account that has none of its own."""

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MAX_NAME = 200
_MAX_CENTS = 99_999_999
"""The largest amount of Stripe in US dollars."""
_MAX_CREDITS = 1_000_000_000
_MAX_TRIAL_DAYS = 730

Problem = tuple[Sequence[str | int], str]
"""The path of a value within a file, and what is wrong with it."""


class Fixtures(Struct, frozen=True):
    """The accounts, prices, cards and promo codes that a server starts with."""

    catalogue: Catalogue
    personas: Mapping[str, Persona]
    """By slug: the name of the file."""
    locale: str | None = None
    """The locale of Faker that invented names come from; None is the mock's own list."""


def load(folder: Path, locale: str | None = None) -> Fixtures:
    """Load catalogue and personas. Raise FileError, with file and line, if they are unusable.

    ``locale`` is the locale of invented names.
    """
    catalogue = load_catalogue(folder)
    return Fixtures(catalogue, _personas(folder / "personas", catalogue), locale)


def load_catalogue(folder: Path) -> Catalogue:
    """Load the catalogue alone. Raise FileError, with file and line, if it is unusable."""
    path = folder / "catalogue.yaml"
    catalogue = load_as(path, Catalogue)
    for pointer, problem in _problems_of(catalogue):
        raise error_at(path, pointer, problem)
    return catalogue


def _problems_of(catalogue: Catalogue) -> Iterator[Problem]:
    yield from _problems_of_plans(catalogue)
    for index, card in enumerate(catalogue.test_cards):
        for names, problem in _problems_of_card(card):
            yield ["test_cards", index, *names], problem
    for index, pack in enumerate(catalogue.credit_packs):
        if pack.amount_cents < 1:
            yield ["credit_packs", index, "amount_cents"], "must be at least 1"
    for index, promo in enumerate(catalogue.promo_codes):
        for names, problem in _problems_of_promo_code(promo):
            yield ["promo_codes", index, *names], problem
    cards, plans = catalogue.test_cards, catalogue.plans
    prices = [plan.price_id for plan in plans[1:]]
    prices += [pack.price_id for pack in catalogue.credit_packs]
    yield from _duplicates("promo_codes", [promo.code for promo in catalogue.promo_codes])
    yield from _duplicates("test_cards", [card.id for card in cards])
    yield from _duplicates("test_cards", [card.number for card in cards if card.number is not None])
    yield from _duplicates("plans", [plan.slug for plan in plans])
    yield from _duplicates("credit_packs", prices)


def _problems_of_plans(catalogue: Catalogue) -> Iterator[Problem]:
    plans = catalogue.plans
    by_price = sorted(plans, key=lambda plan: plan.price_cents)
    if not plans or plans[0].slug != "free" or plans != by_price:
        yield ["plans"], "must begin with 'free' and be sorted by price_cents"
    for index, plan in enumerate(plans[1:], start=1):
        if plan.price_id is None:
            yield ["plans", index], "has no price_id"
        for names, problem in _problems_of_plan(plan):
            yield ["plans", index, *names], problem
    for field, problem in _problems_of_free_plan(plans[0]) if plans else ():
        yield ["plans", 0, field], problem


def _problems_of_free_plan(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.price_id is not None or plan.price_cents != 0:
        yield "price_cents", "the free plan has no price_id and the price 0"
    if plan.interval != "month" or plan.trial_days:
        yield "slug", "the free plan has neither an interval nor a trial"


def _problems_of_plan(plan: Plan) -> Iterator[Problem]:
    if not _SLUG.fullmatch(plan.slug):
        yield ["slug"], "must be 1 to 64 letters, digits, _ and -, beginning with a letter or digit"
    if not plan.name.strip() or len(plan.name) > _MAX_NAME:
        yield ["name"], f"must have 1 to {_MAX_NAME} letters"
    if plan.price_id is not None and not 1 <= len(plan.price_id) <= 255:
        yield ["price_id"], "must have 1 to 255 letters"
    if not 0 <= plan.price_cents <= _MAX_CENTS:
        yield ["price_cents"], f"must be from 0 to {_MAX_CENTS:,}"
    if not 0 <= plan.monthly_credits <= _MAX_CREDITS:
        yield ["monthly_credits"], f"must be from 0 to {_MAX_CREDITS:,}"
    if not 0 <= plan.trial_days <= _MAX_TRIAL_DAYS:
        yield ["trial_days"], f"must be from 0 to {_MAX_TRIAL_DAYS}, as with Stripe"


def _problems_of_card(card: TestCard) -> Iterator[Problem]:
    if not re.fullmatch(r"pm_\w+", card.id):
        yield ["id"], "must begin with pm_, as Stripe's ids do"
    if not re.fullmatch(r"[0-9]{4}", card.last4):
        yield ["last4"], "must be four digits, in quotes"
    if card.number is not None:
        if not re.fullmatch(r"[0-9]{12,19}", card.number) or not card.number.endswith(card.last4):
            yield ["number"], "must be 12 to 19 digits that end in last4, in quotes"
        elif not passes_luhn(card.number):
            yield ["number"], "is not a card number: the last digit is not the check digit"
    if card.exp_month is not None and card.exp_month not in range(1, 13):
        yield ["exp_month"], "must be a month from 1 to 12"
    if card.exp_year is not None and card.exp_year not in range(1970, 2211):
        yield ["exp_year"], "must be a year from 1970 to 2210"
    if card.declines_attach is not None and card.declines_charge is None:
        yield [], "has declines_attach and therefore needs declines_charge"


def _problems_of_promo_code(promo: PromoCode) -> Iterator[Problem]:
    if promo.value < 1:
        yield ["value"], "must be at least 1"
    if promo.min_deposit_cents < 0:
        yield ["min_deposit_cents"], "must not be negative"
    if promo.code != promo.code.strip().upper():
        yield ["code"], "must be in upper case"
    if promo.expires_at is not None and promo.expires_at.tzinfo is None:
        yield ["expires_at"], "needs a time zone, such as Z at its end"


def _duplicates(field: str, names: Sequence[str | None]) -> Iterator[Problem]:
    for name, count in Counter(names).items():
        if count > 1:
            yield [field], f"'{name}' occurs {count} times"


def _personas(folder: Path, catalogue: Catalogue) -> dict[str, Persona]:
    found: dict[str, Persona] = {}
    paths: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        found[path.stem] = persona = load_as(path, Persona)
        for field, problem in personas.check(persona, catalogue):
            raise error_at(path, field.split("."), problem)
        name = persona.key or persona.organization_id or ""
        if name in paths:
            raise error_at(path, ["key"], f"'{name}' is already used in {paths[name].name}")
        paths[name] = path
    for slug, persona in found.items():
        if persona.member_of is not None and persona.member_of not in paths:
            known = [name for name in paths if not name.startswith("sk_")]
            listed = candidates(persona.member_of, known)
            problem = f"there is no organization '{persona.member_of}'{listed}"
            raise error_at(folder / f"{slug}.yaml", ["member_of"], problem)
    if DEFAULT_KEY not in paths:
        raise FileError(folder, f"has no persona with the key '{DEFAULT_KEY}'")
    return found
