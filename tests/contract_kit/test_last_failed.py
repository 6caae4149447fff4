"""``--last-failed`` runs what failed in the last run, and says what it leaves out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contract_tests import last_failed
from contract_tests.drivers import auth
from contract_tests.last_failed import KNOWN_KEY, note
from tests.contract_kit import faulty
from tests.contract_kit.program import Outcome, kit

SHORT = ("--mock", "--max-examples", "2")


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The record of a folder that only this test uses."""
    path = tmp_path / ".contract-tests" / "last.json"
    monkeypatch.setattr(last_failed, "FILE", path)
    return path


def failure(found_by: str, *operations: str) -> dict[str, Any]:
    return {
        "key": f"{operations[0]} kind where keyword",
        "found_by": found_by,
        "operations": list(operations),
    }


def recorded(file: Path, url: str, *failures: dict[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    document = {"schema_version": 1, "subject": url, "ended": "2026-03-18T12:00:00+00:00"}
    file.write_text(json.dumps({**document, "failures": list(failures)}))


def progress(outcome: Outcome) -> list[str]:
    """Return the drivers that were run."""
    return [line.split()[1] for line in outcome.err.splitlines() if "/" in line.split()[0]]


def test_only_what_failed_is_run_again(file: Path) -> None:
    """A run of two drivers fails in one of them; the next run has that one only."""
    words = ("--only", "get_balance,list_invoices", "--phases", "reads,keys")
    with faulty.mock("unauthenticated_accepted") as mock:
        first = kit("run", mock.url, *SHORT, *words)
        found = json.loads(file.read_text())["failures"]
        second = kit("run", mock.url, *SHORT, "--last-failed")
    assert first.code == second.code == 1
    assert progress(first) == ["reads", "keys"]
    assert {entry["found_by"] for entry in found} == {"keys"}
    assert progress(second) == ["keys"]
    assert "--last-failed: " in second.out
    assert "run: keys (get_balance, list_invoices, the known key)" in second.out
    assert (
        "left out: reads, boundaries, protocol, lifecycles, tenants, stories, races, machine, "
        "properties"
    ) in second.out
    assert "2 of 29 operations" in second.verdict


def test_a_mended_deployment_passes_and_clears_the_record(file: Path) -> None:
    """After that everything is run again."""
    words = ("--only", "get_balance", "--phases", "keys")
    with faulty.mock("unauthenticated_accepted") as mock:
        kit("run", mock.url, *SHORT, *words)
        assert json.loads(file.read_text())["failures"]
        mock.app.fault = lambda _: None
        mended = kit("run", mock.url, *SHORT, *words, "--last-failed")
        assert (mended.code, json.loads(file.read_text())["failures"]) == (0, [])
        again = kit("run", mock.url, *SHORT, *words, "--last-failed")
    assert "nothing failed in the last run" in again.out
    assert "so everything is run" in again.out


def test_only_the_stories_that_failed_are_run(file: Path) -> None:
    """Other stories and drivers are left out."""
    with faulty.mock() as mock:
        recorded(file, mock.url, failure("stories: a_card_has_two_ids", "add_payment_method"))
        outcome = kit(
            "run",
            mock.url,
            *SHORT,
            "--last-failed",
            "--report",
            "json",
            "--report-dir",
            file.parent,
        )
    assert progress(outcome) == ["stories"]
    assert "run: stories (a_card_has_two_ids); left out: reads, " in outcome.out
    view = json.loads((file.parent / "report.json").read_text())
    assert view["settings"]["last_failed"] is True
    called = {
        operation["operation"]
        for operation in view["coverage"]["operations"]
        if operation["statuses"]
    }
    assert "add_payment_method" in called
    assert "change_plan" not in called


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"failures": 1}', '{"failures": [{}]}'])
def test_without_a_record_everything_is_run(file: Path, text: str | None) -> None:
    """The note says so."""
    if text is not None:
        file.parent.mkdir()
        file.write_text(text)
    with faulty.mock() as mock:
        words = ("--last-failed", "--only", "get_balance", "--phases", "reads,keys")
        outcome = kit("run", mock.url, *SHORT, *words)
    assert progress(outcome) == ["reads", "keys"]
    assert f"--last-failed: {file} has no record of a run, so everything is run" in outcome.out


def test_the_record_of_another_deployment_is_not_used(file: Path) -> None:
    """The note names the other one."""
    recorded(file, "https://staging.example.com", failure("keys", "get_balance"))
    assert last_failed.load("http://127.0.0.1:8080") == (
        None,
        "the last run was of https://staging.example.com",
    )


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([failure("reads", "get_balance")], {"reads": None}),
        ([failure("machine", "get_balance")], {"machine": None}),
        (
            [failure("boundaries", "get_balance", "add_payment_method")],
            {"boundaries": frozenset({"get_balance", "add_payment_method"})},
        ),
        (
            [failure("keys", "get_balance"), failure("keys", "list_invoices")],
            {"keys": frozenset({"get_balance", "list_invoices", KNOWN_KEY})},
        ),
        ([failure("protocol", "TRACE /x")], {"protocol": None}),
        ([failure("protocol", "TRACE /x"), failure("protocol", "a")], {"protocol": None}),
        (
            [failure("properties: STATEFUL_TESTING", "get_balance")],
            {"properties": frozenset({"get_balance"}), "stateful": None},
        ),
        ([failure("preflight", "get_balance")], {}),
    ],
)
def test_failures_are_assigned_to_pieces_of_work(
    file: Path, failures: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    """By operation where a driver's pieces are operations, else the whole driver."""
    recorded(file, "http://127.0.0.1:8080", *failures)
    last, _ = last_failed.load("http://127.0.0.1:8080")
    assert last is not None
    assert last.failed == expected
    assert note(last, "", ("reads",)).startswith("--last-failed: ")


def test_the_piece_of_the_known_key_is_that_of_the_driver() -> None:
    """The record names it as the driver does."""
    assert auth.KNOWN_KEY == KNOWN_KEY


def test_a_failure_of_no_driver_runs_everything(file: Path) -> None:
    """What was not put back can have any reason."""
    recorded(file, "http://127.0.0.1:8080", failure("journal", "update_usage_alerts"))
    last, why = last_failed.load("http://127.0.0.1:8080")
    assert last is None
    assert why == "a failure of the last run belongs to no driver"


def test_a_run_that_was_ended_early_keeps_earlier_failures(file: Path) -> None:
    """It did not come to all of them."""
    words = ("--only", "get_balance", "--phases", "keys")
    with faulty.mock() as mock:
        recorded(file, mock.url, failure("keys", "get_balance"))
        kit("run", mock.url, *SHORT, *words, "--max-time", "0.01s")
        assert len(json.loads(file.read_text())["failures"]) == 1
        kit("run", mock.url, *SHORT, *words)
        assert json.loads(file.read_text())["failures"] == []


def test_the_folder_of_the_record_is_ignored_by_git(file: Path) -> None:
    """It is made by the first run."""
    with faulty.mock() as mock:
        kit("run", mock.url, *SHORT, "--only", "get_balance", "--phases", "keys")
    assert (file.parent / ".gitignore").read_text().endswith("*\n")


def test_a_folder_that_cannot_be_written_is_no_error(file: Path) -> None:
    """The verdict is what counts."""
    file.parent.write_text("a file")
    with faulty.mock() as mock:
        outcome = kit("run", mock.url, *SHORT, "--only", "get_balance", "--phases", "keys")
    assert outcome.code == 0
