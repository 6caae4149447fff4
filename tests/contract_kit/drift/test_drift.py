"""``contract-tests drift``: ten differences between a mock and itself, each at its place, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract_tests.drift.comparison import FIX_THE_MOCK
from tests.contract_kit.drifting import (
    EXPECTED,
    SPEC,
    TEN,
    Json,
    Seeded,
    all_ten,
    compare,
    mock,
    spots,
)
from tests.contract_kit.faulty import API, Upstream
from tests.contract_kit.program import Said


@pytest.fixture(scope="module")
def plain() -> Iterator[Upstream]:
    """The mock as it is."""
    with mock() as running:
        yield running


# ----------------------------------------------------------------------------------------------- the ten, and only they


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory, plain: Upstream) -> tuple[Said, Json]:
    """What is said of the ten."""
    with mock(all_ten) as staging:
        return compare(tmp_path_factory.mktemp("ten"), plain.url, staging.url)


def test_ten_differences_are_found_and_nothing_else(ten: tuple[Said, Json]) -> None:
    """Each once, at its pointer, with the line of the contract that would have to change."""
    said, document = ten
    assert said.code == 1
    assert sorted(spots(document)) == EXPECTED
    found = {difference["operation"]: difference for difference in document["differences"]}
    for seeded in TEN:
        spec = found[seeded.operation]["spec"]
        assert spec["pointer"] == seeded.spec
        assert seeded.line in SPEC[spec["line"] - 1]
        assert found[seeded.operation]["departs"] == "staging"
        assert f"{spec['file']}:{spec['line']}" in said.out
    assert said.verdict.startswith("DIFFERENT: 10 differences in 10 places of the contract; ")


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["2", "77"])
def test_the_ten_do_not_depend_on_the_seed(tmp_path: Path, plain: Upstream, seed: str) -> None:
    """Other requests, the same differences."""
    with mock(all_ten) as staging:
        _, document = compare(tmp_path, plain.url, staging.url, "--seed", seed)
    assert sorted(spots(document)) == EXPECTED


@pytest.mark.slow
@pytest.mark.parametrize("seeded", TEN, ids=lambda step: step.fault.__name__)
def test_each_of_the_ten_alone(tmp_path: Path, plain: Upstream, seeded: Seeded) -> None:
    """No difference hides another, and none makes a second one."""
    with mock(seeded.fault) as staging:
        _, document = compare(tmp_path, plain.url, staging.url, "--only", seeded.operation)
    assert spots(document) == [(seeded.operation, seeded.pointer, seeded.keyword)]


def test_the_mock_may_be_the_one_that_departs(tmp_path: Path, plain: Upstream) -> None:
    """The same ten, and it is the mock that is to be put right."""
    with mock(all_ten) as wrong:
        _, document = compare(tmp_path, wrong.url, plain.url)
    assert sorted(spots(document)) == EXPECTED
    assert {difference["departs"] for difference in document["differences"]} == {"mock"}
    assert {difference["suggestion"] for difference in document["differences"]} == {FIX_THE_MOCK}


def test_what_both_do_and_what_the_contract_would_have_to_say(ten: tuple[Said, Json]) -> None:
    """In words, in the report and on the terminal."""
    said, document = ten
    told = {
        difference["operation"]: (
            difference["mock"],
            difference["staging"],
            difference["suggestion"],
        )
        for difference in document["differences"]
    }
    assert told["get_balance"][2] == "'tier' is not `required`"
    assert re.fullmatch(r"is present \((\d+) of \1\)", told["get_balance"][0])
    assert told["list_credit_transactions"] == (
        "is missing",
        'is present: "usd"',
        "add 'currency': string",
    )
    assert told["get_usage_breakdown"][0] == "integer"
    assert re.fullmatch(r'string, such as "\d+"', told["get_usage_breakdown"][1])
    assert told["get_usage_breakdown"][2] == told["get_usage_chart"][2] == "`type` is string"
    assert told["get_subscription"][1:] == ("null", "add `nullable: true`")
    assert told["list_recent_activity"][1:] == ('"gift"', 'add "gift" to this `enum`')
    assert '"deposit"' in told["list_recent_activity"][0]
    assert told["list_audit_log"][0] == "string (time with a fraction in Z)"
    assert told["list_audit_log"][1].endswith("(time with a fraction and no zone)")
    assert told["list_audit_log"][2].endswith(
        "only here, as other references to Timestamp do not differ"
    )
    assert told["list_invoices"][:2] == ("returns 422", "returns 400")
    assert told["list_invoices"][2] == "add 400: the real API returns 400 for limit=0"
    for texts in told.values():
        for text in texts:
            assert text in said.out


def test_what_is_documented_comes_first(ten: tuple[Said, Json]) -> None:
    """In the order in which to look at it, and with how sure the contract was."""
    differences = ten[1]["differences"]
    grades = [difference["provenance"] for difference in differences]
    assert grades == sorted(grades, key=["documented", "observed", "assumed"].index)
    told = {difference["operation"]: difference["provenance"] for difference in differences}
    assert told["get_balance"] == "documented"
    assert (
        told["get_usage_alerts"] == told["list_payment_methods"] == "observed"
    )  # as the header, and what an id is
    assert told["get_subscription"] == "assumed"


def test_a_difference_can_be_seen_again(ten: tuple[Said, Json]) -> None:
    """With a curl line, in which the key is a variable."""
    found = {difference["operation"]: difference["curl"] for difference in ten[1]["differences"]}
    assert '-H "X-API-Key: $BILLING_API_KEY"' in found["get_balance"]
    assert f"{API}/invoices?limit=0'" in found["list_invoices"]


# -------------------------------------------------------------------------------------------------------- no difference


@pytest.mark.parametrize(
    ("seed", "name"),
    [
        ("5", "subscriber"),
        pytest.param("1", "default", marks=pytest.mark.slow),
        pytest.param("23", "power_user", marks=pytest.mark.slow),
        pytest.param("99", "org_owner", marks=pytest.mark.slow),
    ],
)
def test_other_seeds_clocks_and_accounts_are_no_difference(
    tmp_path: Path, plain: Upstream, seed: str, name: str
) -> None:
    """Ids, times, amounts, plans and lengths of lists are an account's own."""
    with mock(seed=9, now=datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC)) as other:
        key = f"sk_test_{name}"
        said, document = compare(
            tmp_path, plain.url, other.url, "--seed", seed, BILLING_API_KEY=key
        )
    assert spots(document) == []
    assert said.code == 0
    assert said.verdict.startswith("SAME: 0 differences; ")


@pytest.mark.parametrize("name", ["exhausted", pytest.param("past_due", marks=pytest.mark.slow)])
def test_the_situation_of_an_account_is_no_difference(
    tmp_path: Path, plain: Upstream, name: str
) -> None:
    """Warnings, failures, what is null: accounts of the mock have them too."""
    _, document = compare(tmp_path, plain.url, plain.url, BILLING_API_KEY=f"sk_test_{name}")
    assert spots(document) == []


def test_lists_in_which_nothing_was_seen_are_named(tmp_path: Path, plain: Upstream) -> None:
    """Nothing can be said of them, and that is said."""
    words = ("--only", "list_invoices,get_balance")
    said, document = compare(tmp_path, plain.url, plain.url, *words, BILLING_API_KEY="sk_test_new")
    assert document["unseen"] == {
        "mock": [],
        "staging": ["list_invoices /response/200/body/invoices/*"],
    }
    assert "NOT OBSERVED in staging" in said.out
    assert said.code == 0


@pytest.mark.slow
def test_two_mocks_with_everything_on(tmp_path: Path, plain: Upstream) -> None:
    """Every operation, writes too; what depends on the account is no difference."""
    words = ("--mock", "--mock-key-env", "A_KEY", "--api-key-env", "B_KEY")
    with mock(seed=3) as other:
        _, document = compare(
            tmp_path,
            plain.url,
            other.url,
            *words,
            A_KEY="sk_test_default",
            B_KEY="sk_test_subscriber",
        )
    assert spots(document) == []
    assert {line.split()[0] for line in other.requests if API in line} == {
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE",
    }
