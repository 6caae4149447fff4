"""What a run is going to send: the forecast, the budget, the progress."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from contract_tests import plan, runner
from contract_tests.context import Run
from contract_tests.errors import UsageError
from contract_tests.http.budget import Budget, Spent, in_turn
from contract_tests.openapi.contract import Contract
from contract_tests.reports import progress
from contract_tests.reports.progress import Display
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit import faulty
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.program import PROJECT, kit

KEYS = {"BILLING_API_KEY": "sk_test_plan", "OTHER_KEY": "sk_test_plan_other"}
ESTIMATES = {"reads": 84, "keys": 119, "boundaries": 166, "properties": 828}


def make_run(url: str = "http://127.0.0.1:9", **changes: Any) -> Run:
    settings = Settings(url, packaged_spec(), **{"environment": KEYS, **changes})
    return Run(settings, CONTRACT, runner.knowledge_of(CONTRACT))


def forecast_of(run: Run) -> plan.Forecast:
    return plan.forecast(run, [name for name, _ in runner.chosen_drivers(run)])


# ----------------------------------------------------------------------------------------- forecast


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, marks=pytest.mark.slow),
        {"max_examples": 5},
        {"only": ("list_invoices", "usage-alerts", "get_balance", "get_usage_chart")},
        {"allow_writes": True, "other_key_env": "OTHER_KEY", "phases": ("tenants", "boundaries")},
        pytest.param(
            {"mock": True, "phases": ("reads", "keys", "protocol", "tenants")},
            marks=pytest.mark.slow,
        ),
        pytest.param({"mock": True, "only": ("payment-methods",)}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_forecast_is_within_a_third(changes: dict[str, Any], tmp_path: Path) -> None:
    """About as many requests arrive at the mock as were announced."""
    with faulty.mock() as mock:
        run = make_run(mock.url, journal=tmp_path / "journal", **changes)
        expected = forecast_of(run).requests
        runner.perform(run)
        assert 3 / 4 < expected / len(mock.requests) < 4 / 3, (expected, len(mock.requests))


def test_the_forecast_of_the_petstore_is_near() -> None:
    """Another document has no constants of its own."""
    contract = Contract.load(PROJECT / "tests/data/petstore.yaml")
    settings = Settings("http://127.0.0.1:9", contract.path, environment=KEYS)
    run = Run(settings, contract, runner.knowledge_of(contract))
    assert 0 < forecast_of(run).requests < 5_000


def test_a_document_that_cannot_be_estimated_is_tested_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The driver reports what is wrong; the forecast takes a guess."""

    def fail(run: Run) -> float:
        raise KeyError(run.settings.seed)

    monkeypatch.setattr(plan, "_ESTIMATES", {"reads": fail})
    assert plan.forecast(make_run(), ["reads", "new"]).requests > 0


@pytest.mark.parametrize(
    ("settings", "phases", "expected"),
    [
        ({}, {"a": 7}, "about 7 requests"),
        ({}, {"a": 1_000, "b": 238}, "about 1,240 requests"),
        (
            {"per_second": 1.0},
            {"a": 1_240},
            "about 1,240 requests at 60 a minute: 21 minutes; --budget 200 takes 3 min 20 s",
        ),
        ({"per_second": 5.0}, {"a": 1_240}, "about 1,240 requests at 5 a second: 4 min 8 s"),
        (
            {"per_second": 0.1, "max_time": 600.0},
            {"a": 1_240},
            "about 1,240 requests at 6 a minute: 3 h 27 min; --budget 200 takes 33 minutes; "
            "--max-time ends it after 10 minutes",
        ),
        (
            {"per_second": 1.0, "budget": 200},
            {"a": 1_240},
            "at most 200 of about 1,240 requests (--budget) at 60 a minute: 3 min 20 s",
        ),
        ({"budget": 2_000}, {"a": 1_240}, "about 1,240 requests"),
    ],
)
def test_the_forecast_is_a_sentence(
    settings: dict[str, Any], phases: dict[str, int], expected: str
) -> None:
    """It has the number, the rate and the duration, and a budget that takes less."""
    made = Settings("http://127.0.0.1:9", packaged_spec(), **settings)
    assert plan.Forecast(phases, made).sentence() == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.046, "the first response took 46 ms: about 1 min 2 s"),
        (0.996, "the first response took 996 ms: about 21 minutes"),
        (0.0001, "the first response took 1 ms: about 5 s"),
    ],
)
def test_the_first_response_tells_the_duration(seconds: float, expected: str) -> None:
    """Without a rate limit, the responses decide how long the run takes."""
    made = plan.Forecast({"a": 1_240}, Settings("http://127.0.0.1:9", packaged_spec()))
    assert made.after_response(seconds) == expected


def test_the_forecast_comes_before_the_first_request() -> None:
    """It is the first line, also when nothing is there."""
    outcome = kit("run", "http://127.0.0.1:9", "--rate-limit", "60/m")
    lines = outcome.err.splitlines()
    assert outcome.code == 3
    assert re.fullmatch(
        r"  about [\d,]+ requests at 60 a minute: \d+ minutes; --budget 200 takes 3 min 20 s",
        lines[0],
    )
    assert "cannot be reached" in lines[1]


def test_the_forecast_uses_the_time_of_the_first_response() -> None:
    """A rate that the deployment does not reach is not limiting either."""
    with faulty.mock() as mock:
        words = ("--mock", "--phases", "keys", "--only", "get_balance")
        outcomes = [
            kit("run", mock.url, *words, *more)
            for more in ((), ("--rate-limit", "10000/s"), ("--rate-limit", "30/s"), ("--quiet",))
        ]
    shown = ["the first response took" in outcome.err for outcome in outcomes]
    assert shown == [True, True, False, False]
    assert outcomes[3].err == ""


# ------------------------------------------------------------------------------------------- budget


@pytest.mark.parametrize(
    ("words", "budget"),
    [
        ((), 1),
        ((), 50),
        ((), 200),
        (("--allow-writes", "--other-key-env", "OTHER_KEY"), 60),
        (("--allow-writes", "--other-key-env", "OTHER_KEY"), 200),
        pytest.param(("--allow-irreversible",), 200, marks=pytest.mark.slow),
        (("--workers", "4", "--phases", "properties"), 50),
        (("--mock",), 50),
        (("--mock",), 200),
        pytest.param(("--mock",), 1_000, marks=pytest.mark.slow),
    ],
)
def test_no_more_requests_arrive_than_the_budget_allows(
    words: tuple[str, ...], budget: int, tmp_path: Path
) -> None:
    """Putting back is included, and the run ends with a verdict and a note."""
    with faulty.mock() as mock:
        outcome = kit(
            *("run", mock.url, "--budget", str(budget), "--journal", tmp_path / "journal"),
            *words,
            **KEYS,
        )
        assert budget * 0.4 <= len(mock.requests) <= budget
    assert outcome.code == 0, outcome.out
    assert outcome.verdict.endswith(f"(ended early: --budget {budget} is used up)")
    assert "requests that --budget allowed: " in outcome.out
    assert "something may not be as it was" not in outcome.out
    assert "not put back" not in outcome.out


def test_a_finding_within_the_budget_fails_the_run() -> None:
    """The verdict decides the exit code, and the money views come first."""
    with faulty.mock("text_for_number") as mock:
        outcome = kit("run", mock.url, "--budget", "20", **KEYS)
    assert outcome.code == 1
    assert "ended early: --budget 20 is used up" in outcome.verdict


def test_a_budget_that_is_large_enough_changes_no_verdict() -> None:
    """Nothing is cut short, and the run does not end early."""
    with faulty.mock() as mock:
        words = ("--only", "get_balance,list_invoices", "--budget", "5000")
        outcome = kit("run", mock.url, *words, **KEYS)
    assert outcome.code == 0
    assert "ended early" not in outcome.verdict
    assert "--budget" not in outcome.out


@pytest.mark.slow
def test_another_seed_tries_other_requests() -> None:
    """Repeated small runs cover more than one."""
    tried: list[set[str]] = []
    for seed in ("1", "1", "2"):
        with faulty.mock() as mock:
            words = ("--phases", "boundaries", "--budget", "60", "--seed", seed)
            kit("run", mock.url, *words, **KEYS)
            tried.append(set(mock.requests))
    assert tried[0] == tried[1] != tried[2]


def test_a_budget_below_what_putting_back_takes_is_refused() -> None:
    """The line names the least number."""
    least = r"--budget must be more than (\d+), the requests that putting back may take"
    for words in (("--mock",), ("--allow-writes",)):
        outcome = kit("run", "http://127.0.0.1:9", "--budget", "5", *words)
        assert outcome.code == 2
        assert re.fullmatch(least, outcome.error_line)


@pytest.mark.slow
def test_an_account_that_is_written_to_is_put_back(tmp_path: Path) -> None:
    """The reserve is enough for what the run has changed and added."""
    with faulty.mock() as mock:
        words = ("--allow-writes", "--journal", tmp_path / "journal", "--seed", "3")
        outcome = kit("run", mock.url, "--budget", "150", *words, **KEYS)
        assert any(request.startswith("POST") for request in mock.requests)
        assert len(mock.requests) <= 150
    assert outcome.code == 0, outcome.out
    assert kit("cleanup", tmp_path / "journal").out.startswith("CLEAN")


def test_the_order_with_a_budget_is_by_what_is_compared_most() -> None:
    """Reads of money come first; without a budget the contract's order is kept."""
    run, plain = make_run(budget=100), make_run()
    ids = [operation.id for operation in run.operations(reads=True)]
    assert ids[0] == "list_credit_transactions"
    assert ids.index("get_balance") < ids.index("list_audit_log")
    assert [operation.id for operation in plain.operations()] == list(CONTRACT.operations)
    assert plain.mixed([1, 2, 3]) == [1, 2, 3]
    assert sorted(run.mixed(range(9))) == list(range(9)) != run.mixed(range(9))
    assert list(plain.interleaved(["ab", "c"])) == ["a", "b", "c"]


def test_groups_take_turns() -> None:
    """The first of each comes before the second of any; nothing is read ahead."""
    read: list[str] = []

    def letters(text: str) -> Iterator[str]:
        for letter in text:
            read.append(letter)
            yield letter

    turns = in_turn(letters(text) for text in ("abc", "", "d", "ef"))
    assert [next(turns) for _ in range(4)] == ["a", "d", "e", "b"]
    assert read == ["a", "d", "e", "b"]
    assert list(turns) == ["f", "c"]


def test_a_budget_counts_what_is_reserved() -> None:
    """Reserved requests are for putting back only, and the total holds for both."""
    budget = Budget(5)
    budget.reserve(2)
    budget.share(2)
    budget.take()
    budget.take()
    with pytest.raises(Spent):
        budget.take()
    budget.share(99)
    budget.take()
    assert budget.left == 0
    with pytest.raises(Spent):
        budget.take()
    with pytest.raises(Spent):
        budget.reserve(1)
    budget.take_reserved()
    budget.take_reserved()
    with pytest.raises(Spent):
        budget.take_reserved()
    assert budget.used == 5


@pytest.mark.parametrize("available", [0, 1, 7, 50, 500, 1_200])
def test_shares_never_exceed_the_budget(available: int) -> None:
    """Whatever the phases use, the shares given one after another fit."""
    left, estimates = available, dict(ESTIMATES)
    for name in ESTIMATES:
        share = min(left, plan.share_of(name, left, estimates))
        assert share >= 0
        del estimates[name]
        left -= share
    assert left == 0


def test_a_large_budget_limits_no_phase() -> None:
    """A phase may need more than was estimated."""
    assert plan.share_of("reads", 100_000, ESTIMATES) > 90_000
    assert plan.share_of("reads", 10, {"reads": 84}) == 10
    assert plan.in_order(runner.PHASES)[:3] == ["reads", "keys", "boundaries"]
    assert sorted(plan.in_order(runner.PHASES)) == sorted(runner.PHASES)


def test_one_account_is_the_least_that_a_mock_needs() -> None:
    """``Run`` refuses a budget that the mock's own calls use up."""
    with pytest.raises(UsageError):
        make_run(mock=True, budget=5)
    assert make_run(mock=True, budget=6).budget is not None


# ----------------------------------------------------------------------------------------- progress


def display(*, is_terminal: bool, per_second: float | None = None) -> tuple[Display, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=is_terminal, width=120)
    return Display(console, per_second), out


def test_a_long_run_prints_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one for each tenth of the run, with the share and the time left."""
    monkeypatch.setattr(progress, "SILENCE", -1.0)
    shown, out = display(is_terminal=False)
    shown.forecast("about 1,000 requests", {"reads": 400, "keys": 600})
    for index, (name, count) in enumerate((("reads", 400), ("keys", 600)), 1):
        shown.driver(name, index, 2)
        for number in range(count):
            shown.exchange((index - 1) * 400 + number + 1, 2)
    lines = [line for line in out.getvalue().splitlines() if "%" in line]
    assert 5 <= len(lines) <= 10
    assert re.fullmatch(r"  \d\d %  \d+ requests, 2 findings, about \d+:\d\d left", lines[0])


def test_a_short_run_prints_no_such_line() -> None:
    """A line comes after half a minute without another one."""
    shown, out = display(is_terminal=False)
    shown.forecast("about 10 requests", {"reads": 10})
    shown.driver("reads", 1, 1)
    for number in range(10):
        shown.exchange(number, 0)
    assert out.getvalue() == "  about 10 requests\n"


def test_the_terminal_shows_a_bar_and_the_time_left() -> None:
    """The rate limit is the least time that the rest takes."""
    shown, _ = display(is_terminal=True, per_second=1.0)
    shown.forecast("about 100 requests", {"reads": 40, "keys": 60})
    shown.driver("reads", 1, 2)
    shown.exchange(25, 1)
    text = str(shown._line().text)
    assert text.startswith("\u2588" * 5 + "\u2591" * 15 + " 25 %  1/2  reads  25 requests")
    assert text.endswith("about 1:15 left")


def test_the_share_follows_what_was_sent() -> None:
    """A driver that sends more or less than expected moves the share, never backwards to 0."""
    shown, _ = display(is_terminal=True)
    assert shown.share == 0
    shown.forecast("", {"reads": 50, "keys": 50})
    shown.driver("reads", 1, 2)
    shown.exchange(200, 0)
    assert 0.7 < shown.share < 0.9
    shown.driver("keys", 2, 2)
    assert shown.share == 0.8
    shown.exchange(400, 0)
    assert shown.share == 0.99
