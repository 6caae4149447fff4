"""Coverage of the contract: operations, statuses and constraints."""

from __future__ import annotations

from contract_tests.findings.coverage import Coverage
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.request import RequestJudgement, constraints
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness


def counted(*deposits: tuple[str, object, int]) -> Coverage:
    """Return the coverage of deposits, given as account, request body and status."""
    coverage, harness = Coverage(CONTRACT), JudgeHarness()
    judge = harness.judge

    def judge_and_count(exchange: Exchange) -> RequestJudgement | None:
        judged = judge(exchange)
        coverage.note(exchange, judged)
        return judged

    harness.judge = judge_and_count  # type: ignore[assignment]
    for account, sent, status in deposits:
        harness.respond("create_deposit", status=status, sent=sent, account=account)
    return coverage


def test_every_constraint_of_a_request_is_counted() -> None:
    """Each keyword of a parameter or property has its place in the contract."""
    found = constraints(CONTRACT, CONTRACT.operations["create_deposit"])
    assert set(found["/body/amount_cents"]) == {"type", "minimum", "maximum", "required"}
    assert (
        found["/body/amount_cents"]["minimum"]
        == "#/components/schemas/DepositCreate/properties/amount_cents/minimum"
    )


def test_valid_and_invalid_values_are_counted_separately() -> None:
    """Each constraint counts values that satisfy it and values that violate it."""
    operations = counted(
        ("api-key", {"amount_cents": 999}, 422), ("api-key", {"amount_cents": 5_000}, 200)
    ).operations
    deposit = operations["create_deposit"]
    assert ("/body/amount_cents", "minimum") in deposit.invalid
    assert ("/body/amount_cents", "maximum") not in deposit.invalid
    assert ("/body/amount_cents", "maximum") in deposit.valid
    assert ("/body/promo_code", "maxLength") not in deposit.valid
    assert deposit.statuses == {422: 1, 200: 1}
    assert 400 in deposit.missing_statuses


def test_unauthenticated_requests_cover_no_constraints() -> None:
    """A request that is rejected for its key does not test the constraints of the body."""
    deposit = counted(("anybody", {"amount_cents": 999}, 401)).operations["create_deposit"]
    assert deposit.statuses == {401: 1}
    assert not deposit.invalid


def test_totals_only_count_the_selected_operations() -> None:
    """Operations outside the selection are not part of the totals."""
    coverage = Coverage(CONTRACT, {"get_balance"})
    assert coverage.totals()["operations"] == (0, 1)
    assert coverage.totals()["statuses"] == (0, 3)
