"""How much of the contract was tried, counted by us."""

from __future__ import annotations

from contract_tests.findings.coverage import Coverage
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.request import RequestJudgement, constraints
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness


def counted(*answers: tuple[str, object, int]) -> Coverage:
    """The coverage of some deposits: what was sent, who asked, the status."""
    coverage, harness = Coverage(CONTRACT), JudgeHarness()
    judge = harness.judge

    def hear(exchange: Exchange) -> RequestJudgement | None:
        judged = judge(exchange)
        coverage.note(exchange, judged)
        return judged

    harness.judge = hear  # type: ignore[assignment]
    for account, sent, status in answers:
        harness.answers("create_deposit", status=status, sent=sent, account=account)
    return coverage


def test_every_keyword_that_binds_a_request_is_counted() -> None:
    """Parameters and properties, with the place of each keyword in the contract."""
    found = constraints(CONTRACT, CONTRACT.operations["create_deposit"])
    assert set(found["/body/amount_cents"]) == {"type", "minimum", "maximum", "required"}
    assert (
        found["/body/amount_cents"]["minimum"]
        == "#/components/schemas/DepositCreate/properties/amount_cents/minimum"
    )


def test_valid_and_invalid_tries_are_counted_apart() -> None:
    """A request that satisfies a constraint, and one that breaks it."""
    seen = counted(
        ("api-key", {"amount_cents": 999}, 422), ("api-key", {"amount_cents": 5_000}, 200)
    ).operations
    deposit = seen["create_deposit"]
    assert ("/body/amount_cents", "minimum") in deposit.invalid
    assert ("/body/amount_cents", "maximum") not in deposit.invalid
    assert ("/body/amount_cents", "maximum") in deposit.valid
    assert ("/body/promo_code", "maxLength") not in deposit.valid
    assert deposit.statuses == {422: 1, 200: 1}
    assert 400 in deposit.missing_statuses


def test_strangers_try_nothing() -> None:
    """What is refused for its key says nothing of the body's constraints."""
    deposit = counted(("anybody", {"amount_cents": 999}, 401)).operations["create_deposit"]
    assert deposit.statuses == {401: 1}
    assert not deposit.invalid


def test_totals_are_of_the_selected_operations() -> None:
    """What is not selected is not missing."""
    coverage = Coverage(CONTRACT, {"get_balance"})
    assert coverage.totals()["operations"] == (0, 1)
    assert coverage.totals()["statuses"] == (0, 3)
