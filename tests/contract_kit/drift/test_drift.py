"""``contract-tests drift`` finds ten seeded differences between two mocks, and no others."""

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
from tests.contract_kit.program import Outcome


@pytest.fixture(scope="module")
def plain() -> Iterator[Upstream]:
    """Run the unchanged mock."""
    with mock() as running:
        yield running


# --------------------------------------------------------------------------- the ten, and only they


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory, plain: Upstream) -> tuple[Outcome, Json]:
    """Compare the mock with one that has all ten differences."""
    with mock(all_ten) as staging:
        return compare(tmp_path_factory.mktemp("ten"), plain.url, staging.url)


@pytest.mark.slow
def test_exactly_ten_differences_are_found(ten: tuple[Outcome, Json]) -> None:
    """Every difference has its pointer, and the line of the contract to change."""
    result, document = ten
    assert result.code == 1
    assert sorted(spots(document)) == EXPECTED
    found = {difference["operation"]: difference for difference in document["differences"]}
    for seeded in TEN:
        spec = found[seeded.operation]["spec"]
        assert spec["pointer"] == seeded.spec
        assert seeded.line in SPEC[spec["line"] - 1]
        assert found[seeded.operation]["departs"] == "staging"
        assert f"{spec['file']}:{spec['line']}" in result.out
    assert result.verdict.startswith("DIFFERENT: 10 differences in 10 places of the contract; ")


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["2", "77"])
def test_the_ten_do_not_depend_on_the_seed(tmp_path: Path, plain: Upstream, seed: str) -> None:
    """Other requests lead to the same differences."""
    with mock(all_ten) as staging:
        _, document = compare(tmp_path, plain.url, staging.url, "--seed", seed)
    assert sorted(spots(document)) == EXPECTED


@pytest.mark.slow
@pytest.mark.parametrize("seeded", TEN, ids=lambda step: step.fault.__name__)
def test_each_of_the_ten_alone(tmp_path: Path, plain: Upstream, seeded: Seeded) -> None:
    """No difference hides another or causes a second one."""
    with mock(seeded.fault) as staging:
        _, document = compare(tmp_path, plain.url, staging.url, "--only", seeded.operation)
    assert spots(document) == [(seeded.operation, seeded.pointer, seeded.keyword)]


def test_the_mock_may_be_the_one_that_deviates(tmp_path: Path, plain: Upstream) -> None:
    """The same ten differences are then fixed in the mock."""
    with mock(all_ten) as wrong:
        _, document = compare(tmp_path, wrong.url, plain.url)
    assert sorted(spots(document)) == EXPECTED
    assert {difference["departs"] for difference in document["differences"]} == {"mock"}
    assert {difference["suggestion"] for difference in document["differences"]} == {FIX_THE_MOCK}


def test_both_behaviours_and_the_change_are_described(ten: tuple[Outcome, Json]) -> None:
    """The sentences are in the file and on the terminal."""
    result, document = ten
    described = {
        difference["operation"]: (
            difference["mock"],
            difference["staging"],
            difference["suggestion"],
        )
        for difference in document["differences"]
    }
    assert described["get_balance"][2] == "'tier' is not `required`"
    assert re.fullmatch(r"is present \((\d+) of \1\)", described["get_balance"][0])
    assert described["list_credit_transactions"] == (
        "is missing",
        'is present: "usd"',
        "add 'currency': string",
    )
    assert described["get_usage_breakdown"][0] == "integer"
    assert re.fullmatch(r'string, such as "\d+"', described["get_usage_breakdown"][1])
    assert (
        described["get_usage_breakdown"][2] == described["get_usage_chart"][2] == "`type` is string"
    )
    assert described["get_subscription"][1:] == ("null", "add `nullable: true`")
    assert described["list_recent_activity"][1:] == ('"gift"', 'add "gift" to this `enum`')
    assert '"deposit"' in described["list_recent_activity"][0]
    assert described["list_audit_log"][0] == "string (time with a fraction in Z)"
    assert described["list_audit_log"][1].endswith("(time with a fraction and no zone)")
    assert described["list_audit_log"][2].endswith(
        "only here, as other references to Timestamp do not differ"
    )
    assert described["list_invoices"][:2] == ("returns 422", "returns 400")
    assert described["list_invoices"][2] == "add 400: the real API returns 400 for limit=0"
    for texts in described.values():
        for text in texts:
            assert text in result.out


def test_documented_rules_come_first(ten: tuple[Outcome, Json]) -> None:
    """Differences are sorted by provenance."""
    differences = ten[1]["differences"]
    grades = [difference["provenance"] for difference in differences]
    assert grades == sorted(grades, key=["documented", "observed", "assumed"].index)
    provenance = {difference["operation"]: difference["provenance"] for difference in differences}
    assert provenance["get_balance"] == "documented"
    assert (
        provenance["get_usage_alerts"] == provenance["list_payment_methods"] == "observed"
    )  # as the header, and what an id is
    assert provenance["get_subscription"] == "assumed"


def test_a_difference_can_be_reproduced(ten: tuple[Outcome, Json]) -> None:
    """It has a curl command in which the key is a variable."""
    found = {difference["operation"]: difference["curl"] for difference in ten[1]["differences"]}
    assert '-H "X-API-Key: $BILLING_API_KEY"' in found["get_balance"]
    assert f"{API}/invoices?limit=0'" in found["list_invoices"]


# ------------------------------------------------------------------------------------ no difference


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
    """Ids, times, amounts, plans and lengths of lists depend on the account."""
    with mock(seed=9, now=datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC)) as other:
        key = f"sk_test_{name}"
        result, document = compare(
            tmp_path, plain.url, other.url, "--seed", seed, BILLING_API_KEY=key
        )
    assert spots(document) == []
    assert result.code == 0
    assert result.verdict.startswith("SAME: 0 differences; ")


@pytest.mark.parametrize("name", ["exhausted", pytest.param("past_due", marks=pytest.mark.slow)])
def test_the_situation_of_an_account_is_no_difference(
    tmp_path: Path, plain: Upstream, name: str
) -> None:
    """Accounts of the mock have warnings, failures and null values, too."""
    _, document = compare(tmp_path, plain.url, plain.url, BILLING_API_KEY=f"sk_test_{name}")
    assert spots(document) == []


def test_lists_without_entries_are_named(tmp_path: Path, plain: Upstream) -> None:
    """They cannot be compared, and the report says so."""
    words = ("--only", "list_invoices,get_balance")
    result, document = compare(
        tmp_path, plain.url, plain.url, *words, BILLING_API_KEY="sk_test_new"
    )
    assert document["unseen"] == {
        "mock": [],
        "staging": ["list_invoices /response/200/body/invoices/*"],
    }
    assert "NOT OBSERVED in staging" in result.out
    assert result.code == 0


@pytest.mark.slow
def test_two_mocks_with_all_requests_allowed(tmp_path: Path, plain: Upstream) -> None:
    """Writes are sent, too, and differences between accounts are not reported."""
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
