"""Runs from the command line: output, reports and exit codes."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from contract_tests.context import Run
from contract_tests.openapi.contract import Contract
from contract_tests.runner import DRIVERS
from contract_tests.settings import packaged_spec
from tests.contract_kit import faulty
from tests.contract_kit.program import KEY, PROJECT, kit, started
from tests.contract_kit.recorder import Received, as_json, recording

QUICK = ("--phases", "keys", "--only", "get_balance,list_invoices")
"""Flags of a short run."""


def test_a_correct_deployment_passes() -> None:
    """Progress is on standard error; the report and the verdict are on standard output."""
    with faulty.mock() as mock:
        outcome = kit("run", mock.url, "--mock", *QUICK)
    assert outcome.code == 0, outcome.out
    assert outcome.verdict.startswith(
        "PASSED: 0 failures, 0 differences, 0 drift; 2 of 2 operations, "
    )
    assert outcome.verdict.endswith("seed 1")
    assert re.fullmatch(
        r"  about \d+ requests\n  the first response took \d+ ms: about \d+ s\n"
        r" +1/1  keys +\d+ requests +0 findings +\d+\.\d s\n",
        outcome.err,
    )
    assert "FAILURES" not in outcome.out
    assert len(outcome.out.splitlines()) < 20


@pytest.mark.parametrize("name", ["Payment methods", "payment-methods", "PAYMENT_METHODS"])
def test_groups_have_several_spellings(name: str) -> None:
    """--only accepts a group in any case, with spaces, hyphens or underscores."""
    with faulty.mock() as mock:
        outcome = kit("run", mock.url, "--mock", "--phases", "reads", "--only", name)
    assert "0 failures" in outcome.verdict
    operations = Contract.load(packaged_spec()).operations.values()
    expected = sum(operation.group == "Payment methods" for operation in operations)
    assert f" of {expected} operations, " in outcome.verdict


def test_a_driver_that_fails_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in a driver is reported with its place, and the run is incomplete."""

    def drive(run: Run) -> None:
        raise KeyError(f"surprise for {run.settings.seed}")

    monkeypatch.setitem(DRIVERS, "reads", drive)
    with faulty.mock() as mock:
        outcome = kit("run", mock.url, "--mock", "--only", "get_balance", "--phases", "reads,keys")
    assert outcome.code == 2
    assert re.search(
        r"BROKEN OFF.*\n  reads: KeyError in test_run_command\.py:\d+: 'surprise for 1'\n",
        outcome.out,
    )
    assert outcome.verdict.startswith(
        "INCOMPLETE: 0 failures, 0 differences, 0 drift; 1 of 1 operations, "
    )


def test_an_internal_error_is_one_line_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has the place of the error and no message, which may contain a secret."""

    def fail(*_: object) -> None:
        raise RuntimeError("hush-hush")

    monkeypatch.setattr("contract_tests.reports.output.document", fail)
    with faulty.mock() as mock:
        outcome = kit("run", mock.url, "--mock", "--quiet", *QUICK)
    assert outcome.code == 2
    assert re.fullmatch(
        r"an error of the kit, please report it: RuntimeError at test_run_command\.py:\d+",
        outcome.error_line,
    )


def test_a_failure_is_reported_with_everything_needed_to_reproduce_it() -> None:
    """A failure has its expectation, value, contract line, seed and curl command."""
    with faulty.mock("text_for_number") as mock:
        outcome = kit(
            "run", mock.url, "--mock", "--phases", "reads", "--only", "get_balance", "--seed", "7"
        )
        again = re.search(r"again +(curl .+)", outcome.out)
        assert again is not None
        repeated = subprocess.run(
            ["sh", "-c", again[1]], capture_output=True, text=True, timeout=20, check=True
        )
    assert outcome.code == 1
    assert outcome.verdict.startswith("FAILED: 1 failure, ")
    assert re.search(
        r"FAILURES \(1 cause, 1 finding\)\n\n"
        r"major: .+ has another type: 1 place  \[value-type\]\n"
        r"    get_balance  /response/200/body/\w+  type\n",
        outcome.out,
    )
    assert re.search(r'expected type: "integer"  \(documented\)\n      got      "\d+"', outcome.out)
    place = re.search(r"spec +spec/openapi\.yaml:(\d+)  (#/components/\S+)", outcome.out)
    assert place is not None
    line = (PROJECT / "spec/openapi.yaml").read_text().splitlines()[int(place[1]) - 1]
    assert line.strip().startswith("type:")
    assert re.search(r"found +\d+ times, by reads, as sk-test kit-7-1, seed 7", outcome.out)
    assert re.search(r'"balance_microcents":\s*"\d+"', repeated.stdout)


def test_a_difference_from_an_assumption_only_fails_with_strict() -> None:
    """A difference from an assumption is reported; it fails the run with --strict."""
    with faulty.mock("header_missing") as mock:
        words = ("run", mock.url, "--phases", "reads", "--only", "get_balance")
        lenient, strict = (
            kit(*words, *more, BILLING_API_KEY="sk_test_default") for more in ((), ("--strict",))
        )
    assert lenient.code == 0
    assert "DIFFERENCES: the deployment differs from the contract in what is not" in lenient.out
    assert lenient.verdict.startswith("PASSED: 0 failures, ")
    assert strict.code == 1
    assert "DIFFERENCES" not in strict.out


def test_a_contradiction_fails_without_strict() -> None:
    """has_more that contradicts the total fails a run, although the rule is assumed."""
    with faulty.mock("has_more_always") as mock:
        words = ("run", mock.url, "--phases", "reads", "--only", "list_credit_transactions")
        outcome = kit(*words, "--settle", "0", BILLING_API_KEY="sk_test_default")
    assert outcome.code == 1
    assert "critical: pages of a list are inconsistent" in outcome.out


def test_quiet_prints_only_failures_and_the_verdict() -> None:
    """--quiet suppresses progress and coverage."""
    with faulty.mock("crash") as mock:
        words = ("run", mock.url, "--mock", "--quiet", "--phases", "reads", "--only")
        failed, passed = kit(*words, "get_usage_alerts"), kit(*words, "get_balance")
    assert failed.err == passed.err == ""
    assert failed.code == 1
    assert "COVERAGE" not in failed.out
    assert failed.out.startswith("FAILURES (1 cause, 1 finding)\n")
    assert passed.code == 0
    assert passed.out.count("\n") == 1


def test_a_run_that_reaches_max_time_passes() -> None:
    """The verdict mentions --max-time, and only findings decide whether the run passes."""
    with faulty.mock() as mock:
        outcome = kit(
            "run",
            mock.url,
            "--mock",
            "--max-time",
            "1s",
            "--rate-limit",
            "20/s",
            "--phases",
            "reads",
        )
    assert outcome.code == 0
    assert outcome.verdict.endswith("(ended early: the time of --max-time is up)")


def test_fail_fast_ends_the_run_at_the_first_failure() -> None:
    """With --fail-fast the verdict mentions the flag and fewer operations are tested."""
    with faulty.mock("unauthenticated_accepted") as mock:
        slow, fast = (
            kit("run", mock.url, "--mock", *QUICK, *more) for more in ((), ("--fail-fast",))
        )
    assert slow.code == fast.code == 1
    assert "; 2 of 2 operations, " in slow.verdict
    assert "; 1 of 2 operations, " in fast.verdict
    assert "--fail-fast" in fast.verdict


def test_a_run_without_any_test_does_not_pass() -> None:
    """A run in which every operation is skipped is incomplete."""
    with faulty.mock() as mock:
        outcome = kit(
            "run",
            mock.url,
            "--phases",
            "boundaries",
            "--only",
            "create_deposit",
            BILLING_API_KEY="sk_test_a",
        )
    assert outcome.code == 2
    assert outcome.verdict.startswith("INCOMPLETE: ")
    assert "it is a write (--allow-writes)" in outcome.out


@pytest.mark.slow
def test_a_deployment_that_stops_is_reported_with_the_findings() -> None:
    """A deployment that stops ends the run with exit code 3 and the report so far."""
    words = ("--mock", "--rate-limit", "50/s", "--phases", "reads")
    with faulty.mock() as mock, started("run", mock.url, *words) as process:
        while sum("balance" in request for request in mock.requests) < 2:
            assert process.poll() is None
            time.sleep(0.01)
        mock.stop()
        out, err = process.communicate(timeout=30)
    assert process.returncode == 3, err
    assert out.rstrip().rsplit("\n", 1)[-1].startswith("UNREACHABLE: ")
    assert "does not respond any more" in out
    assert "Traceback" not in err


@pytest.mark.slow
def test_a_closed_standard_output_is_no_error() -> None:
    """``contract-tests run ... | head`` ends without a traceback."""
    with faulty.mock() as mock, started("run", mock.url, "--mock", *QUICK) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "Broken" not in err


def test_the_key_is_in_no_output_and_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is redacted everywhere, even if the deployment echoes it."""

    def echo_the_key(response: faulty.Response) -> None:
        if response.is_of("GET", "/balance"):
            response.change(tier=response.key, **{str(response.key): f"Bearer {response.key}"})
            response.headers.append((b"x-echo", (response.key or "").encode()))

    key = "sk_test_planted_5up3rs3cr3t"
    monkeypatch.setitem(faulty.FAULTS, "echo_the_key", echo_the_key)
    with faulty.mock("echo_the_key") as mock:
        words = (
            "run",
            mock.url,
            "--phases",
            "reads",
            "--strict",
            "--report",
            "junit,html,json,sarif,har",
        )
        outcome = kit(*words, "--report-dir", tmp_path, BILLING_API_KEY=key)
    assert outcome.code == 1
    texts = [outcome.out, outcome.err, *(path.read_text() for path in tmp_path.iterdir())]
    assert len(texts) == 7
    for text in texts:
        assert "5up3rs3cr3t" not in text
    assert "$BILLING_API_KEY" in outcome.out


def test_a_misspelt_key_is_in_no_output_and_no_report(tmp_path: Path) -> None:
    """A misspelt key is redacted too, because it reveals the key."""

    def reject_other_keys(received: Received) -> bytes:
        given = received.header("x-api-key")
        return (
            as_json(200, {})
            if given is None
            else as_json(200 if given == KEY else 401, {"detail": f"no {given}"})
        )

    with recording(reject_other_keys) as server:
        words = (
            "--phases",
            "keys",
            "--report",
            "junit,html,json,sarif,har",
            "--report-dir",
            tmp_path,
        )
        outcome = kit("run", server.url, *words)
    assert {request.header("x-api-key") for request in server.received} >= {
        KEY,
        KEY[:-1],
        f"{KEY}x",
    }
    texts = [outcome.out, outcome.err, *(path.read_text() for path in tmp_path.iterdir())]
    assert len(texts) == 7
    for text in texts:
        assert KEY[:-1] not in text
