"""The catalogue and the personas of ``fixtures/``, checked when they are loaded."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from mockserver.billing.accounts import personas
from mockserver.billing.accounts.personas import Persona
from mockserver.billing.catalogue import Catalogue, PromoCode, TestCard, passes_luhn
from mockserver.openapi.yaml_file import FileError, error_at, load_as

DEFAULT_KEY = "sk_test_default"
"""The key whose persona is the start of every account that has none of its own."""

Problem = tuple[Sequence[str | int], str]
"""The path of a value within a file, and what is wrong with it."""


class Fixtures(Struct, frozen=True):
    """The accounts, prices, cards and promo codes that a server starts with."""

    catalogue: Catalogue
    personas: Mapping[str, Persona]
    """By slug: the name of the file."""


def load(folder: Path) -> Fixtures:
    """Load catalogue and personas. Raise FileError, with file and line, if they are unusable."""
    path = folder / "catalogue.yaml"
    catalogue = load_as(path, Catalogue)
    for pointer, problem in _problems_of(catalogue):
        raise error_at(path, pointer, problem)
    return Fixtures(catalogue, _personas(folder / "personas", catalogue))


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
        if plan.monthly_credits < 0:
            yield ["plans", index, "monthly_credits"], "must not be negative"


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
            raise error_at(path, [field], problem)
        name = persona.key or persona.organization_id or ""
        if name in paths:
            raise error_at(path, ["key"], f"'{name}' is already used in {paths[name].name}")
        paths[name] = path
    for slug, persona in found.items():
        if persona.member_of is not None and persona.member_of not in paths:
            problem = f"there is no organization '{persona.member_of}'"
            raise error_at(folder / f"{slug}.yaml", ["member_of"], problem)
    if DEFAULT_KEY not in paths:
        raise FileError(folder, f"has no persona with the key '{DEFAULT_KEY}'")
    return found
