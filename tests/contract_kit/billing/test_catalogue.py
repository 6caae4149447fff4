"""What stories buy: that of a file, of the mock, or of the packaged contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract_tests.billing.catalogue import PACKAGED, Plan, Plans, read_catalogue
from contract_tests.drivers.stories import Unsuitable
from contract_tests.errors import UsageError
from mockserver import packaged
from tests.conftest import NOON, RunningServer, running_server
from tests.contract_kit.program import kit
from tests.guides.test_fixtures_guide import changed

MONTHLY = Plan("monthly", 1_000, 10, "price_monthly")
DEARER = Plan("dearer", 2_000, 20, "price_dearer")
TRIAL = Plan("trial", 3_000, 30, "price_trial", trial_days=14)
YEARLY = Plan("yearly", 9_000, 10, "price_yearly", interval="year")


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A mock with the fixtures of the guide: one monthly plan, a trial and a year."""
    folder = changed(tmp_path_factory.mktemp("own") / "my-fixtures")
    with running_server(fixtures=folder, now=NOON) as running:
        yield running


def test_the_packaged_catalogue_is_that_of_the_fixtures() -> None:
    """The kit knows what the packaged fixtures sell."""
    assert read_catalogue(packaged.fixtures() / "catalogue.yaml") == PACKAGED


def test_stories_start_with_a_monthly_plan_that_is_charged() -> None:
    """A plan of a year is not used, and a trial is no first plan."""
    plans = Plans([TRIAL, YEARLY, DEARER, MONTHLY])
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
def test_a_story_without_a_suitable_plan_is_skipped(plans: list[Plan], what: str) -> None:
    """The reason names the flag."""
    with pytest.raises(Unsuitable, match=r"it needs a .*plan.* \(--catalogue\)"):
        getattr(Plans(plans), what)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "must be an object with 'plans'"),
        ("plans: 3", "Expected `array`, got `int` - at `$.plans`"),
        ("plans: [free]", "Expected `object`, got `str` - at `$.plans[0]`"),
        ("plans: [{price_id: p}]", "Object missing required field `slug` - at `$.plans[0]`"),
        (
            "plans: [{price_id: p, slug: s, price_cents: $3, monthly_credits: 1}]",
            "Expected `int`, got `str` - at `$.plans[0].price_cents`",
        ),
        ("credit_packs: []", "Object missing required field `plans`"),
    ],
)
def test_a_file_that_is_no_catalogue_is_a_mistake_of_the_user(
    tmp_path: Path, text: str, problem: str
) -> None:
    """The kit does not start: the error names the file and the field."""
    path = tmp_path / "plans.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"plans\.yaml") as caught:
        read_catalogue(path)
    assert problem in str(caught.value)
    outcome = kit("run", "http://127.0.0.1:9", "--mock", "--catalogue", path)
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


def test_a_story_without_its_promo_code_is_skipped(tmp_path: Path) -> None:
    """Codes with other terms are not used, and the first pack of the catalogue is bought."""
    folder = changed(tmp_path / "my-fixtures")
    path = folder / "catalogue.yaml"
    text = path.read_text(encoding="utf-8").replace("BONUS5", "MINE").replace("credits_25", "mine")
    path.write_text(text, encoding="utf-8")
    with running_server(fixtures=folder, now=NOON) as server, server.client(None) as client:
        document = tmp_path / "openapi.json"
        document.write_bytes(client.get("/openapi.json").content)
        only = "create_deposit,create_checkout_session,validate_promo_code,get_balance"
        outcome = kit(
            *("run", server.url, "--mock", "--spec", document, "--phases", "stories,races"),
            *("--only", only),
        )
    assert outcome.code == 0, outcome.out
    assert "promo codes with the terms of WELCOME10 and BONUS5 (--catalogue)" in outcome.out
    assert "a_credit_pack_is_bought" not in outcome.out


def test_a_catalogue_is_for_the_billing_api() -> None:
    """Another document has no stories that buy anything, so the flag is a mistake."""
    notes = Path(__file__).parents[2] / "data" / "notes.yaml"
    outcome = kit("run", "http://127.0.0.1:9", "--spec", notes, "--catalogue", notes)
    assert outcome.code == 2
    assert "--catalogue is for the stories of the Billing API" in outcome.err
