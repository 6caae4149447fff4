"""The catalogue and the personas of ``fixtures/``, checked when they are loaded."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver import packaged
from mockserver.billing.accounts import personas
from mockserver.billing.accounts.personas import Persona, Problem
from mockserver.billing.catalogue import (
    Catalogue,
    CreditPack,
    Plan,
    PromoCode,
    TestCard,
    passes_luhn,
)
from mockserver.candidates import candidates, shown
from mockserver.openapi.yaml_file import FileError, error_at, load_as

DEFAULT_KEY = "sk_test_default"
"""The key whose persona is the start of every account that has none of its own."""

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MAX_NAME = 200
_MAX_PRICE_ID = 255
_MAX_CENTS = 99_999_999
"""The largest amount of Stripe in US dollars."""
_MAX_CREDITS = 1_000_000_000
_MAX_TRIAL_DAYS = 730


class Fixtures(Struct, frozen=True):
    """The accounts, prices, cards and promo codes that a server starts with."""

    catalogue: Catalogue
    personas: Mapping[str, Persona]
    """By slug: the name of the file."""
    left_out: Mapping[str, str]
    """By key: the missing plans of the packaged personas that the catalogue cannot serve."""
    locale: str | None = None
    """The locale of Faker that invented names come from; None is the mock's own list."""


def load(folder: Path, locale: str | None = None) -> Fixtures:
    """Load catalogue and personas. Raise FileError, with file and line, if they are unusable.

    ``locale`` is the locale of invented names.
    """
    catalogue = load_catalogue(folder)
    found, left_out = load_personas(folder / "personas", catalogue)
    return Fixtures(catalogue, found, left_out, locale)


def load_catalogue(folder: Path) -> Catalogue:
    """Load the catalogue alone. Raise FileError, with file and line, if it is unusable."""
    path = folder / "catalogue.yaml"
    catalogue = load_as(path, Catalogue)
    for pointer, problem in _problems_of(catalogue):
        raise error_at(path, pointer, problem)
    return catalogue


def _problems_of(catalogue: Catalogue) -> Iterator[Problem]:
    yield from _problems_of_plans(catalogue.plans)
    for index, card in enumerate(catalogue.test_cards):
        for names, problem in _problems_of_card(card):
            yield ["test_cards", index, *names], problem
    for index, pack in enumerate(catalogue.credit_packs):
        for names, problem in _problems_of_credit_pack(pack):
            yield ["credit_packs", index, *names], problem
    for index, promo in enumerate(catalogue.promo_codes):
        for names, problem in _problems_of_promo_code(promo):
            yield ["promo_codes", index, *names], problem
    yield from _repeated("promo_codes", "code", catalogue.promo_codes)
    yield from _repeated("test_cards", "id", catalogue.test_cards)
    yield from _repeated("test_cards", "number", catalogue.test_cards)
    yield from _repeated("plans", "slug", catalogue.plans)
    yield from _repeated("plans", "price_id", catalogue.plans)
    yield from _repeated("credit_packs", "price_id", catalogue.credit_packs)
    plans = {plan.price_id: index for index, plan in enumerate(catalogue.plans)}
    for index, pack in enumerate(catalogue.credit_packs):
        if pack.price_id in plans:
            problem = f"'{pack.price_id}' is already used by plans.{plans[pack.price_id]}"
            yield ["credit_packs", index, "price_id"], problem


def _problems_of_plans(plans: Sequence[Plan]) -> Iterator[Problem]:
    if not plans:
        yield ["plans"], "must not be empty: the first plan is 'free'"
        return
    if plans[0].slug != "free":
        yield ["plans", 0, "slug"], f"must be 'free', the first plan, not {shown(plans[0].slug)}"
    for field, problem in _problems_of_free_plan(plans[0]):
        yield ["plans", 0, field], problem
    for index, plan in enumerate(plans[1:], start=1):
        if plan.price_id is None:
            yield ["plans", index], "has no price_id"
        for names, problem in _problems_of_plan(plan):
            yield ["plans", index, *names], problem
    unsorted = _first_unsorted([plan.price_cents for plan in plans])
    if unsorted is not None:
        price = f"{plans[unsorted].price_cents:,}"
        problem = f"{price} is out of order: plans are sorted by price_cents, lowest first"
        yield ["plans", unsorted, "price_cents"], problem


def _first_unsorted(prices: Sequence[int]) -> int | None:
    """Return the place of the first price without which the others are sorted, if there is one."""
    for index, (before, price) in enumerate(pairwise(prices), start=1):
        if price < before:
            others = [*prices[: index - 1], *prices[index:]]
            is_before = index > 1 and others == sorted(others)
            without = [*prices[:index], *prices[index + 1 :]]
            return index - 1 if is_before and without != sorted(without) else index
    return None


def _problems_of_free_plan(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.price_id is not None:
        yield "price_id", "the free plan has no price_id"
    if plan.price_cents != 0:
        yield "price_cents", f"the price of the free plan is 0, not {plan.price_cents:,}"
    if plan.monthly_credits < 0:
        yield "monthly_credits", "must not be negative"
    if plan.interval != "month":
        yield "interval", "the free plan has no interval"
    if plan.trial_days:
        yield "trial_days", "the free plan has no trial"


def _problems_of_plan(plan: Plan) -> Iterator[Problem]:
    if not _SLUG.fullmatch(plan.slug):
        yield ["slug"], "must be 1 to 64 letters, digits, _ and -, beginning with a letter or digit"
    if not plan.name.strip() or len(plan.name) > _MAX_NAME:
        yield ["name"], f"must have 1 to {_MAX_NAME} letters"
    if plan.price_id is not None and not 1 <= len(plan.price_id) <= _MAX_PRICE_ID:
        yield ["price_id"], f"must have 1 to {_MAX_PRICE_ID} letters"
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
    for field, text in _texts_of_card(card):
        if not 1 <= len(text) <= _MAX_NAME:
            yield [field], f"must have 1 to {_MAX_NAME} letters"
    if card.exp_month is not None and card.exp_month not in range(1, 13):
        yield ["exp_month"], "must be a month from 1 to 12"
    if card.exp_year is not None and card.exp_year not in range(1970, 2211):
        yield ["exp_year"], "must be a year from 1970 to 2210"
    if card.declines_attach is not None and card.declines_charge is None:
        yield [], "has declines_attach and therefore needs declines_charge"


def _texts_of_card(card: TestCard) -> Iterator[tuple[str, str]]:
    for field in ("brand", "declines_attach", "declines_charge"):
        text = getattr(card, field)
        if text is not None:
            yield field, text


def _problems_of_credit_pack(pack: CreditPack) -> Iterator[Problem]:
    if not 1 <= pack.amount_cents <= _MAX_CENTS:
        yield ["amount_cents"], f"must be from 1 to {_MAX_CENTS:,}"
    if not pack.name.strip() or len(pack.name) > _MAX_NAME:
        yield ["name"], f"must have 1 to {_MAX_NAME} letters"
    if not 1 <= len(pack.price_id) <= _MAX_PRICE_ID:
        yield ["price_id"], f"must have 1 to {_MAX_PRICE_ID} letters"


def _problems_of_promo_code(promo: PromoCode) -> Iterator[Problem]:
    if not 1 <= promo.value <= _MAX_CENTS:
        yield ["value"], f"must be from 1 to {_MAX_CENTS:,}"
    for field in ("min_deposit_cents", "max_bonus_cents"):
        if not 0 <= (getattr(promo, field) or 0) <= _MAX_CENTS:
            yield [field], f"must be from 0 to {_MAX_CENTS:,}"
    if not 1 <= len(promo.code) <= _MAX_NAME:
        yield ["code"], f"must have 1 to {_MAX_NAME} letters"
    if promo.code != promo.code.strip().upper():
        yield ["code"], "must be in upper case, without spaces around it"
    if promo.expires_at is not None and promo.expires_at.tzinfo is None:
        yield ["expires_at"], "needs a time zone, such as Z at its end"


def _repeated(field: str, name: str, entries: Sequence[Struct]) -> Iterator[Problem]:
    """Yield the entries whose value of a field is that of an earlier one."""
    first: dict[Any, int] = {}
    for index, entry in enumerate(entries):
        value = getattr(entry, name)
        if value is not None and first.setdefault(value, index) != index:
            problem = f"{shown(value)} is already used by {field}.{first[value]}"
            yield [field, index, name], problem


def load_personas(folder: Path, catalogue: Catalogue) -> tuple[dict[str, Persona], dict[str, str]]:
    """Load the personas by slug. Return the missing plans of those left out, too, by key.

    A packaged persona whose plan is not in the catalogue is left out, because its file is not the
    user's mistake. Any other persona that is unusable raises FileError, with file and line.
    """
    found: dict[str, Persona] = {}
    left_out: dict[str, str] = {}
    paths: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        persona = load_as(path, Persona)
        missing = personas.missing_plan(persona, catalogue)
        name = persona.key or persona.organization_id or ""
        if missing is not None and _is_packaged(path, persona):
            left_out[name] = missing
            continue
        found[path.stem] = persona = _without_unknown_codes(path, persona, catalogue)
        for pointer, problem in personas.check(persona, catalogue):
            raise error_at(path, pointer, problem)
        if name in paths:
            field = "key" if persona.key else "organization_id"
            raise error_at(path, [field], f"{shown(name)} is already used in {paths[name].name}")
        paths[name] = path
    for slug, persona in found.items():
        if persona.member_of is not None and persona.member_of not in paths:
            known = [name for name in paths if not name.startswith("sk_")]
            listed = candidates(persona.member_of, known)
            problem = f"there is no organization {shown(persona.member_of)}{listed}"
            raise error_at(folder / f"{slug}.yaml", ["member_of"], problem)
    if DEFAULT_KEY not in paths:
        raise _no_default(folder, paths)
    return found, left_out


def _no_default(folder: Path, paths: Mapping[str, Path]) -> FileError:
    """Return the error of personas without the default one, at the file that should be it."""
    path = folder / "default.yaml"
    if path in paths.values():
        return error_at(path, ["key"], f"must be '{DEFAULT_KEY}': new accounts are copies of it")
    return FileError(folder, f"has no persona with the key '{DEFAULT_KEY}'")


def _is_packaged(path: Path, persona: Persona) -> bool:
    """Return whether the persona of a file is a copy of the packaged one of the same name."""
    original = packaged.fixtures() / "personas" / path.name
    if not original.is_file() or original.samefile(path):
        return False
    return load_as(original, Persona) == persona


def _without_unknown_codes(path: Path, persona: Persona, catalogue: Catalogue) -> Persona:
    """Return a packaged persona without the promo codes that the catalogue does not have."""
    codes = [deposit.promo_code for deposit in persona.deposits if deposit.promo_code]
    if all(map(catalogue.promo_code, codes)) or not _is_packaged(path, persona):
        return persona
    deposits = [
        deposit
        if deposit.promo_code and catalogue.promo_code(deposit.promo_code)
        else replace(deposit, promo_code=None)
        for deposit in persona.deposits
    ]
    return replace(persona, deposits=deposits)
