"""A run from the command line: what it says, what it writes, and how it ends."""

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
"""A run that takes a moment."""


def test_a_good_deployment_passes() -> None:
    """Exit code 0; progress on standard error, the report on standard output, the verdict at its end."""
    with faulty.mock() as mock:
        said = kit("run", mock.url, "--mock", *QUICK)
    assert said.code == 0, said.out
    assert said.verdict.startswith(
        "PASSED: 0 failures, 0 differences, 0 drift; 2 of 2 operations, "
    )
    assert said.verdict.endswith("seed 1")
    assert re.fullmatch(r" +1/1  keys +\d+ requests +0 findings +\d+\.\d s\n", said.err)
    assert "FAILURES" not in said.out
    assert len(said.out.splitlines()) < 20


@pytest.mark.parametrize("name", ["Payment methods", "payment-methods", "PAYMENT_METHODS"])
def test_groups_are_named_as_one_likes(name: str) -> None:
    """In quotes as they stand in the contract, or as one types them."""
    with faulty.mock() as mock:
        said = kit("run", mock.url, "--mock", "--phases", "reads", "--only", name)
    assert "0 failures" in said.verdict
    operations = Contract.load(packaged_spec()).operations.values()
    expected = sum(operation.group == "Payment methods" for operation in operations)
    assert f" of {expected} operations, " in said.verdict


def test_a_part_that_breaks_off_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the kit: where it is, the report of the rest, and no verdict of success."""

    def drive(run: Run) -> None:
        raise KeyError(f"surprise for {run.settings.seed}")

    monkeypatch.setitem(DRIVERS, "reads", drive)
    with faulty.mock() as mock:
        said = kit("run", mock.url, "--mock", "--only", "get_balance", "--phases", "reads,keys")
    assert said.code == 2
    assert re.search(
        r"BROKEN OFF.*\n  reads: KeyError in test_run_command\.py:\d+: 'surprise for 1'\n", said.out
    )
    assert said.verdict.startswith(
        "INCOMPLETE: 0 failures, 0 differences, 0 drift; 1 of 1 operations, "
    )


def test_a_fault_of_the_kit_is_a_line_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its place, and without what it was about, which may be a secret."""

    def fail(*_: object) -> None:
        raise RuntimeError("hush-hush")

    monkeypatch.setattr("contract_tests.reports.output.document", fail)
    with faulty.mock() as mock:
        said = kit("run", mock.url, "--mock", "--quiet", *QUICK)
    assert said.code == 2
    assert re.fullmatch(
        r"an error of the kit, please report it: RuntimeError at test_run_command\.py:\d+",
        said.complaint,
    )


def test_a_faulty_deployment_fails_with_all_that_is_needed_to_act() -> None:
    """Each failure once: expectation, what came, the contract's line, the seed, and a line that shows it again."""
    with faulty.mock("text_for_number") as mock:
        said = kit(
            "run", mock.url, "--mock", "--phases", "reads", "--only", "get_balance", "--seed", "7"
        )
        again = re.search(r"again +(curl .+)", said.out)
        assert again is not None
        repeated = subprocess.run(
            ["sh", "-c", again[1]], capture_output=True, text=True, timeout=20, check=True
        )
    assert said.code == 1
    assert said.verdict.startswith("FAILED: 1 failure, ")
    assert re.search(
        r"FAILURES \(1\)\n\nget_balance\n  .+\[response_schema\]\n    /response/200/body/\w+  type\n",
        said.out,
    )
    assert re.search(r'expected type: "integer"  \(documented\)\n      got      "\d+"', said.out)
    place = re.search(r"spec +spec/openapi\.yaml:(\d+)  (#/components/\S+)", said.out)
    assert place is not None
    line = (PROJECT / "spec/openapi.yaml").read_text().splitlines()[int(place[1]) - 1]
    assert line.strip().startswith("type:")
    assert re.search(r"found +\d+ times, by reads, as sk-test kit-7-1, seed 7", said.out)
    assert re.search(r'"balance_microcents":\s*"\d+"', repeated.stdout)


def test_what_differs_from_an_assumption_fails_with_strict_alone() -> None:
    """Read only, a real deployment: a difference is told; it fails the run with --strict."""
    with faulty.mock("more_is_said") as mock:
        words = ("run", mock.url, "--phases", "reads", "--only", "list_credit_transactions")
        told, strict = (
            kit(*words, *more, BILLING_API_KEY="sk_test_default") for more in ((), ("--strict",))
        )
    assert told.code == 0
    assert "DIFFERENCES: the real API differs from our assumption" in told.out
    assert told.verdict.startswith("PASSED: 0 failures, ")
    assert strict.code == 1
    assert "DIFFERENCES" not in strict.out


def test_quiet_says_what_failed_and_the_verdict() -> None:
    """No progress, no coverage."""
    with faulty.mock("crash") as mock:
        words = ("run", mock.url, "--mock", "--quiet", "--phases", "reads", "--only")
        failed, passed = kit(*words, "get_usage_alerts"), kit(*words, "get_balance")
    assert failed.err == passed.err == ""
    assert failed.code == 1
    assert "COVERAGE" not in failed.out
    assert failed.out.startswith("FAILURES (1)\n")
    assert passed.code == 0
    assert passed.out.count("\n") == 1


def test_the_end_of_the_time_is_no_failure() -> None:
    """It is said, and the run passes by what it found."""
    with faulty.mock() as mock:
        said = kit(
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
    assert said.code == 0
    assert said.verdict.endswith("(ended early: the time of --max-time is up)")


def test_the_first_failure_ends_a_run_that_is_to_fail_fast() -> None:
    """And it is said that there may be more."""
    with faulty.mock("strangers_are_let_in") as mock:
        slow, fast = (
            kit("run", mock.url, "--mock", *QUICK, *more) for more in ((), ("--fail-fast",))
        )
    assert slow.code == fast.code == 1
    assert "; 2 of 2 operations, " in slow.verdict
    assert "; 1 of 2 operations, " in fast.verdict
    assert "--fail-fast" in fast.verdict


def test_a_run_that_could_try_nothing_does_not_pass() -> None:
    """Nobody shall read success where nothing was looked at."""
    with faulty.mock() as mock:
        said = kit(
            "run",
            mock.url,
            "--phases",
            "boundaries",
            "--only",
            "create_deposit",
            BILLING_API_KEY="sk_test_a",
        )
    assert said.code == 2
    assert said.verdict.startswith("INCOMPLETE: ")
    assert "it is a write (--allow-writes)" in said.out


def test_a_deployment_that_goes_away_is_told_with_what_was_found() -> None:
    """Exit code 3, and the report so far."""
    words = ("--mock", "--rate-limit", "50/s", "--phases", "reads")
    with faulty.mock() as mock, started("run", mock.url, *words) as process:
        while sum("balance" in request for request in mock.requests) < 2:
            assert process.poll() is None
            time.sleep(0.01)
        mock.stop()
        out, err = process.communicate(timeout=30)
    assert process.returncode == 3, err
    assert out.rstrip().rsplit("\n", 1)[-1].startswith("UNREACHABLE: ")
    assert "does not answer any more" in out
    assert "Traceback" not in err


def test_a_reader_who_leaves_does_not_break_it() -> None:
    """``contract-tests run ... | head``."""
    with faulty.mock() as mock, started("run", mock.url, "--mock", *QUICK) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "Broken" not in err


def test_the_key_is_in_nothing_that_a_run_says_or_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terminal and every report, also where a deployment sends the key back."""

    def tell_the_key(answer: faulty.Answer) -> None:
        if answer.is_of("GET", "/balance"):
            answer.change(tier=answer.key, **{str(answer.key): f"Bearer {answer.key}"})
            answer.headers.append((b"x-echo", (answer.key or "").encode()))

    key = "sk_test_planted_5up3rs3cr3t"
    monkeypatch.setitem(faulty.FAULTS, "tell_the_key", tell_the_key)
    with faulty.mock("tell_the_key") as mock:
        words = (
            "run",
            mock.url,
            "--phases",
            "reads",
            "--strict",
            "--report",
            "junit,html,json,sarif,har",
        )
        said = kit(*words, "--report-dir", tmp_path, BILLING_API_KEY=key)
    assert said.code == 1
    texts = [said.out, said.err, *(path.read_text() for path in tmp_path.iterdir())]
    assert len(texts) == 7
    for text in texts:
        assert "5up3rs3cr3t" not in text
    assert "$BILLING_API_KEY" in said.out


def test_a_misspelt_key_is_not_said_either(tmp_path: Path) -> None:
    """It is nearly the key, and a deployment may say which key it refuses."""

    def refuse(received: Received) -> bytes:
        given = received.header("x-api-key")
        return (
            as_json(200, {})
            if given is None
            else as_json(200 if given == KEY else 401, {"detail": f"no {given}"})
        )

    with recording(refuse) as server:
        words = (
            "--phases",
            "keys",
            "--report",
            "junit,html,json,sarif,har",
            "--report-dir",
            tmp_path,
        )
        said = kit("run", server.url, *words)
    assert {request.header("x-api-key") for request in server.received} >= {
        KEY,
        KEY[:-1],
        f"{KEY}x",
    }
    texts = [said.out, said.err, *(path.read_text() for path in tmp_path.iterdir())]
    assert len(texts) == 7
    for text in texts:
        assert KEY[:-1] not in text
