"""Stories on a deployment whose prices and promo codes are its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_tests.billing.catalogue import EXAMPLES, Catalogue
from mockserver import packaged
from tests.contract_kit import faulty
from tests.contract_kit.billing.playing import EXAMPLE, played_by_hooks, skipped

OWN = {
    "price_starter_monthly": "price_own_small",
    "price_growth_monthly": "price_own_middle",
    "price_scale_monthly": "price_own_large",
    "price_credits_25": "price_own_pack",
    "WELCOME10": "HELLO",
    "BONUS5": "GIFT",
    "SPRING2025": "GONE",
}
OTHER_TERMS = {
    "price_cents: 2900": "price_cents: 1900",
    "monthly_credits: 150000": "monthly_credits: 80000",
    "value: 10\n": "value: 7\n",
    "min_deposit_cents: 2500": "min_deposit_cents: 6000",
    "amount_cents: 2500": "amount_cents: 1200",
}
ONLY = (
    "create_deposit",
    "create_checkout_session",
    "validate_promo_code",
    "change_plan",
    "get_subscription",
    "get_balance",
    "list_invoices",
    "get_cost_projection",
)
FIRST_DEPOSIT = "story: from_sign_up_to_the_first_deposit"
PLAN_AT_CHECKOUT = "story: a_plan_is_bought_at_checkout"


def _renamed(text: str) -> str:
    for name, own in (OWN | OTHER_TERMS).items():
        text = text.replace(name, own)
    return text


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    fixtures = tmp_path_factory.mktemp("own") / "fixtures"
    shutil.copytree(packaged.fixtures(), fixtures)
    for path in fixtures.rglob("*.yaml"):
        path.write_text(_renamed(path.read_text(encoding="utf-8")), encoding="utf-8")
    with faulty.mock(fixtures=fixtures) as mock:
        yield mock.url


def hooks(folder: Path, old: str, new: str) -> Path:
    """Write the hooks for the mock with one change."""
    path, source = folder / "hooks.py", EXAMPLE.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")
    return path


def test_stories_use_the_catalogue_of_the_deployment(url: str, tmp_path: Path) -> None:
    """With the hook ``catalogue`` they run, and take the terms that the deployment shows."""
    file = hooks(tmp_path, "", "")
    file.write_text(_renamed(file.read_text(encoding="utf-8")), encoding="utf-8")
    run = played_by_hooks(url, tmp_path, "stories", "races", hooks=file, only=ONLY)
    assert [(found.key, found.expected, found.got) for found in run.verdicts] == []
    ran = {FIRST_DEPOSIT, PLAN_AT_CHECKOUT, "story: a_credit_pack_is_bought", "race: promo_codes"}
    assert ran.isdisjoint(skipped(run))


def test_examples_of_the_contract_promise_nothing(url: str, tmp_path: Path) -> None:
    """Where they are unknown, stories are skipped and name the hook."""
    file = hooks(tmp_path, "def catalogue(", "def _catalogue(")
    run = played_by_hooks(url, tmp_path, "stories", "races", hooks=file, only=ONLY)
    assert [(found.key, found.expected, found.got) for found in run.verdicts] == []
    reasons = skipped(run)
    wanted = "it needs another promo code than 'WELCOME10' (hook `catalogue`)"
    assert reasons[FIRST_DEPOSIT] == wanted
    wanted = "it needs another name than 'price_growth_monthly' (hook `catalogue`)"
    assert reasons[PLAN_AT_CHECKOUT] == wanted


def test_a_catalogue_with_unknown_roles_is_refused(url: str, tmp_path: Path) -> None:
    """The message lists the roles."""
    file = hooks(tmp_path, '"starter":', '"basic":')
    only = ("create_checkout_session", "get_balance")
    run = played_by_hooks(url, tmp_path, "stories", hooks=file, only=only)
    roles = ", ".join(EXAMPLES)
    complaint = f"hooks.py: catalogue: must return an object with names for {roles}"
    assert run.broken == [complaint]


def test_a_name_has_the_role_of_an_example() -> None:
    """An example's name is replaced by the deployment's; another name is kept."""
    own = Catalogue({"starter": "price_own"})
    assert [own.like(name) for name in (EXAMPLES["starter"], "BONUS5", "NONE")] == [
        "price_own",
        "BONUS5",
        "NONE",
    ]
