"""The plans that stories buy: those of a file, of the mock, or of the packaged contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_tests.billing.sold_plans import PACKAGED, SoldPlan, SoldPlans, read_plans
from contract_tests.drivers.stories import Unsuitable
from contract_tests.errors import UsageError
from mockserver import packaged
from mockserver.billing.accounts import fixtures
from tests.conftest import NOON, RunningServer, running_server
from tests.contract_kit.program import kit
from tests.guides.test_fixtures_guide import changed

MONTHLY = SoldPlan("monthly", "price_monthly", 1_000, 10)
DEARER = SoldPlan("dearer", "price_dearer", 2_000, 20)
TRIAL = SoldPlan("trial", "price_trial", 3_000, 30, trial_days=14)
YEARLY = SoldPlan("yearly", "price_yearly", 9_000, 10, interval="year")


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A mock with the fixtures of the guide: one monthly plan, a trial and a year."""
    folder = changed(tmp_path_factory.mktemp("own") / "my-fixtures")
    with running_server(fixtures=folder, now=NOON) as running:
        yield running


def test_the_packaged_plans_are_those_of_the_catalogue() -> None:
    """The kit knows the plans of the packaged fixtures."""
    catalogue = fixtures.load_catalogue(packaged.fixtures())
    assert read_plans(packaged.fixtures() / "catalogue.yaml") == PACKAGED
    assert [plan.price_id for plan in PACKAGED] == [
        plan.price_id for plan in catalogue.plans if plan.price_id
    ]


def test_stories_start_with_a_monthly_plan_that_is_charged() -> None:
    """A plan of a year is not used, and a trial is no first plan."""
    plans = SoldPlans([TRIAL, YEARLY, DEARER, MONTHLY])
    assert plans.first == MONTHLY
    assert plans.upgrade == (MONTHLY, TRIAL)
    assert plans.downgrade == (DEARER, MONTHLY)


@pytest.mark.parametrize(
    ("plans", "what"),
    [
        ([], "first"),
        ([TRIAL, YEARLY], "first"),
        ([TRIAL], "upgrade"),
        ([MONTHLY, YEARLY], "upgrade"),
        ([MONTHLY, TRIAL], "downgrade"),
    ],
)
def test_a_story_without_a_suitable_plan_is_skipped(plans: list[SoldPlan], what: str) -> None:
    """The reason names the flag."""
    with pytest.raises(Unsuitable, match=r"it needs a .*plan.* \(--plans\)"):
        getattr(SoldPlans(plans), what)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "has no list 'plans'"),
        ("plans: 3", "has no list 'plans'"),
        ("plans: [free]", "plans.0: must be an object"),
        ("plans: [{price_id: p}]", "plans.0.slug: must be text"),
        (
            "plans: [{price_id: p, slug: s, price_cents: $3, monthly_credits: 1}]",
            "plans.0.price_cents: must be a whole number",
        ),
        (
            "plans: [{price_id: p, slug: s, price_cents: 3, monthly_credits: true}]",
            "plans.0.monthly_credits: must be a whole number",
        ),
    ],
)
def test_a_file_without_plans_is_a_mistake_of_the_user(
    tmp_path: Path, text: str, problem: str
) -> None:
    """The kit does not start: the error names the file and the field."""
    path = tmp_path / "plans.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"plans\.yaml") as caught:
        read_plans(path)
    assert problem in str(caught.value)
    outcome = kit("run", "http://127.0.0.1:9", "--mock", "--plans", path)
    assert (outcome.code, problem in outcome.err) == (2, True)


def test_the_stories_pass_on_a_mock_with_other_plans(
    own_server: RunningServer, tmp_path: Path
) -> None:
    """The kit asks the mock for its plans, and skips with a reason what it cannot buy."""
    with own_server.client(None) as client:
        document = tmp_path / "openapi.json"
        document.write_bytes(client.get("/openapi.json").content)
    outcome = kit(
        *("run", own_server.url, "--mock", "--spec", document, "--phases", "stories,reads")
    )
    assert outcome.code == 0, outcome.out
    assert (
        "story: a_downgrade_waits_for_the_end: it needs a dearer monthly plan without a trial"
        in outcome.out
    )
    assert "an_unpaid_plan_ends: the mock has no persona for the situation" in outcome.out
    assert "a_plan_is_started" not in outcome.out
    assert "an_upgrade_is_prorated" not in outcome.out
