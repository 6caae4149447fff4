"""Stories on a deployment whose prices and promo codes are its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contract_tests.billing.catalogue import EXAMPLES, Catalogue, Terms, of_mock
from mockserver import packaged
from tests.conftest import NOON, RunningServer, running_server
from tests.contract_kit import faulty
from tests.contract_kit.billing.playing import EXAMPLE, played_by_hooks, skipped
from tests.contract_kit.program import kit
from tests.guides.test_fixtures_guide import changed

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


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A mock with the fixtures of the guide: one monthly plan, a trial and a year."""
    folder = changed(tmp_path_factory.mktemp("guide") / "my-fixtures")
    with running_server(fixtures=folder, now=NOON) as running:
        yield running


def plan(slug: str, cents: int, interval: str = "month", trial_days: int = 0) -> dict[str, Any]:
    shown = {"slug": slug, "price_cents": cents, "monthly_credits": 1, "price_id": f"price_{slug}"}
    return {**shown, "interval": interval, "trial_days": trial_days}


def code(name: str, type: str, **more: Any) -> dict[str, Any]:
    shown = {"code": name, "type": type, "value": 5, "min_deposit_cents": 7}
    return {**shown, "max_bonus_cents": None, "expires_at": None, **more}


def hooks(folder: Path, old: str, new: str) -> Path:
    """Write the hooks for the mock with one change."""
    path, source = folder / "hooks.py", EXAMPLE.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_mock_reports_its_catalogue(own_server: RunningServer, tmp_path: Path) -> None:
    """The kit asks the mock for its plans, and skips with a reason what it cannot buy."""
    with own_server.client(None) as client:
        document = tmp_path / "openapi.json"
        document.write_bytes(client.get("/openapi.json").content)
    outcome = kit(
        *("run", own_server.url, "--mock", "--spec", document, "--phases", "stories,reads")
    )
    assert outcome.code == 0, outcome.out
    assert "it needs a name for 'growth' (the mock's catalogue has none)" in outcome.out
    assert "an_unpaid_plan_ends: the mock has no persona for the situation" in outcome.out
    assert "a_plan_is_started" not in outcome.out


def test_stories_use_plans_without_a_trial() -> None:
    """Nor do they use plans that are paid by the year, the free plan, or a middle plan twice."""
    plain = [plan("large", 900), plan("small", 100), plan("middle", 500), plan("free", 0)]
    special = [plan("year", 50, interval="year"), plan("trial", 60, trial_days=14)]
    content = {"plans": [*plain, *special], "credit_packs": [], "promo_codes": []}
    assert of_mock(content).names == {
        "starter": "price_small",
        "growth": "price_middle",
        "scale": "price_large",
    }
    assert of_mock({**content, "plans": [*special, plain[1]]}).names == {"starter": "price_small"}


def test_terms_are_those_of_the_mock() -> None:
    """A code that ends has the role of the expired one, from its end on."""
    ends = "2026-05-01T00:00:00Z"
    codes = [code("OLD", "fixed", expires_at=ends), code("A", "percentage", max_bonus_cents=9)]
    found = of_mock({"plans": [], "credit_packs": [], "promo_codes": codes})
    assert found.names == {"expired": "OLD", "percentage": "A"}
    assert found.terms == {"expired": Terms(5, 7, 5), "percentage": Terms(5, 7, 9)}
    assert found.expired_since == datetime(2026, 5, 1, tzinfo=UTC)


def test_a_name_has_the_role_of_an_example() -> None:
    """An example's name is replaced by the deployment's; another name is kept."""
    own = Catalogue({"starter": "price_own"})
    assert [own.like(name) for name in (EXAMPLES["starter"], "BONUS5", "NONE")] == [
        "price_own",
        "BONUS5",
        "NONE",
    ]
