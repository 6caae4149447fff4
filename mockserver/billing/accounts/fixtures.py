"""The files of ``fixtures/`` about billing: a catalogue and personas, checked on load."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mockserver.billing.accounts import personas
from mockserver.billing.accounts.personas import Persona
from mockserver.billing.catalogue import Catalogue, TestCard, passes_luhn
from mockserver.openapi.yaml_file import FileError, error_at, load_as

DEFAULT_KEY = "sk_test_default"
"""Its persona is played by every key that has none of its own."""


@dataclass(frozen=True, slots=True)
class Fixtures:
    """The accounts, prices, cards and promo codes that a server starts with."""

    catalogue: Catalogue
    personas: Mapping[str, Persona]
    """By slug: the name of the file."""


def load(folder: Path) -> Fixtures:
    """Load catalogue and personas. Raises FileError, with file and line."""
    catalogue = _catalogue(folder / "catalogue.yaml")
    return Fixtures(catalogue, _personas(folder / "personas", catalogue))


def _catalogue(path: Path) -> Catalogue:
    catalogue = load_as(path, Catalogue)
    by_price = sorted(catalogue.plans, key=lambda plan: plan.price_cents)
    if not catalogue.plans or catalogue.plans[0].slug != "free" or catalogue.plans != by_price:
        raise error_at(path, ["plans"], "must begin with 'free' and be sorted by price_cents")
    for index, plan in enumerate(catalogue.plans[1:], start=1):
        if plan.price_id is None:
            raise error_at(path, ["plans", index], "has no price_id")
        if plan.monthly_credits < 0:
            raise error_at(path, ["plans", index, "monthly_credits"], "must not be negative")
    for index, card in enumerate(catalogue.test_cards):
        _check_card(path, index, card)
    for index, pack in enumerate(catalogue.credit_packs):
        if pack.amount_cents < 1:
            raise error_at(
                path, ["credit_packs", index, "amount_cents"], "must be more than nothing"
            )
    for index, promo in enumerate(catalogue.promo_codes):
        if promo.value < 1 or promo.min_deposit_cents < 0:
            raise error_at(path, ["promo_codes", index, "value"], "must be more than nothing")
        if promo.code != promo.code.strip().upper():
            raise error_at(path, ["promo_codes", index, "code"], "must be in upper case")
        if promo.expires_at is not None and promo.expires_at.tzinfo is None:
            raise error_at(
                path,
                ["promo_codes", index, "expires_at"],
                "needs a time zone, such as Z at its end",
            )
    _no_two_alike(path, "promo_codes", [promo.code for promo in catalogue.promo_codes])
    _no_two_alike(path, "test_cards", [card.id for card in catalogue.test_cards])
    _no_two_alike(
        path,
        "test_cards",
        [card.number for card in catalogue.test_cards if card.number is not None],
    )
    _no_two_alike(path, "plans", [plan.slug for plan in catalogue.plans])
    prices = [plan.price_id for plan in catalogue.plans[1:]]
    _no_two_alike(
        path, "credit_packs", [*prices, *(pack.price_id for pack in catalogue.credit_packs)]
    )
    return catalogue


def _check_card(path: Path, index: int, card: TestCard) -> None:
    if not re.fullmatch(r"pm_\w+", card.id):
        raise error_at(path, ["test_cards", index, "id"], "must begin with pm_, as Stripe's do")
    if not re.fullmatch(r"[0-9]{4}", card.last4):
        raise error_at(path, ["test_cards", index, "last4"], "must be four digits, in quotes")
    if card.number is not None:
        if not re.fullmatch(r"[0-9]{12,19}", card.number) or not card.number.endswith(card.last4):
            raise error_at(
                path,
                ["test_cards", index, "number"],
                "must be 12 to 19 digits that end in last4, in quotes",
            )
        if not passes_luhn(card.number):
            raise error_at(
                path,
                ["test_cards", index, "number"],
                "is no card number: its last digit does not fit",
            )
    if card.exp_month is not None and card.exp_month not in range(1, 13):
        raise error_at(path, ["test_cards", index, "exp_month"], "must be a month from 1 to 12")
    if card.exp_year is not None and card.exp_year not in range(1970, 2211):
        raise error_at(path, ["test_cards", index, "exp_year"], "must be a year from 1970 to 2210")
    if card.declines_attach is not None and card.declines_charge is None:
        raise error_at(
            path, ["test_cards", index], "has declines_attach and so needs declines_charge"
        )


def _no_two_alike(path: Path, field: str, names: Sequence[str | None]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise error_at(path, [field], f"'{name}' is there {count} times")


def _personas(folder: Path, catalogue: Catalogue) -> dict[str, Persona]:
    found: dict[str, Persona] = {}
    names: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        found[path.stem] = persona = load_as(path, Persona)
        for field, problem in personas.check(persona, catalogue):
            raise error_at(path, [field], problem)
        name = persona.key or persona.organization_id or ""
        if name in names:
            raise error_at(path, ["key"], f"'{name}' is taken by {names[name].name}")
        names[name] = path
    for slug, persona in found.items():
        if persona.member_of is not None and persona.member_of not in names:
            raise error_at(
                folder / f"{slug}.yaml",
                ["member_of"],
                f"there is no organization '{persona.member_of}'",
            )
    if DEFAULT_KEY not in names:
        raise FileError(folder, f"has no persona with the key '{DEFAULT_KEY}'")
    return found
