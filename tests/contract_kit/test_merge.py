"""Several JSON reports become one report with one verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract_tests.findings.coverage import Coverage
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result, Skipped
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.request import RequestJudgement
from contract_tests.reports.document import document
from contract_tests.settings import Settings, packaged_spec
from contract_tests.shard import Shard
from tests.contract_kit.program import Outcome, kit
from tests.contract_kit.reports.samples import DIFFERENCE, DRIFT, FAILURE, exchange, finding

URL = "https://staging.example.com"
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load(packaged_spec())


@pytest.fixture
def write(contract: Contract, tmp_path: Path) -> Write:
    """Write a report: ``write(FAILURE, called=["get_balance"], shard="1/2", notes=[...])``."""
    count = 0

    def written(
        *findings: Finding,
        called: tuple[str, ...] = ("get_balance",),
        shard: str = "",
        edit: Callable[[Any], None] = lambda _: None,
        settings: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Path:
        nonlocal count
        count += 1
        coverage = Coverage(contract)
        for name in called:
            coverage.note(exchange(path=contract.operations[name].path), RequestJudgement())
        chosen = Settings(URL, contract.path, **(settings or {}))
        if shard:
            chosen = replace(chosen, shard=Shard.parse(shard))
        result = Result(chosen, contract, list(findings), coverage, [], 10, 2.0)
        view = document(replace(result, **fields))
        edit(view)
        path = tmp_path / f"report-{count}.json"
        path.write_text(json.dumps(view))
        return path

    return written


def merged(tmp_path: Path, *files: Path, code: int = 0) -> Any:
    """Merge reports, and return the JSON report."""
    outcome = kit(
        "merge", *files, "--report", "json,junit,html,sarif", "--report-dir", tmp_path / "all"
    )
    assert outcome.code == code, outcome.err
    assert len(list((tmp_path / "all").iterdir())) == 4
    found = json.loads((tmp_path / "all" / "report.json").read_text())
    assert outcome.verdict == found["verdict"]["sentence"]
    return found


def refused(*files: Path) -> str:
    outcome: Outcome = kit("merge", *files)
    assert outcome.code == 2
    return outcome.error_line


def test_findings_are_united_by_their_keys(write: Write, tmp_path: Path) -> None:
    """Times add up, the shortest steps stay, and causes count all their places."""
    steps = (exchange(1, "POST"), exchange(2, "PUT"))
    elsewhere = finding(operation="list_invoices")
    found = merged(
        tmp_path,
        write(replace(FAILURE, steps=steps, times=3), DRIFT),
        write(replace(FAILURE, steps=steps[:1], times=4, witnesses=("openapi-core",))),
        write(elsewhere, DIFFERENCE),
        code=1,
    )
    by_key = {each["key"]: each for each in found["findings"]}
    assert len(by_key) == len(found["findings"]) == 4
    united = by_key[" ".join(FAILURE.key)]
    assert (united["times"], len(united["steps"])) == (7, 1)
    assert united["witnesses"] == ["kit", "openapi-core"]
    assert found["counts"] == {"failure": 2, "difference": 1, "drift": 1, "known": 0}
    first = found["causes"][0]
    assert (first["count"], first["grade"], first["times"]) == (2, "failure", 8)
    assert "2 places" in first["headline"]
    assert found["verdict"]["outcome"] == "failed"
    assert found["requests"] == 30


def test_notes_skipped_and_withheld_are_united(write: Write, tmp_path: Path) -> None:
    """Equal ones are listed once; requests add up."""
    skipped = [Skipped("story: one", "it writes")]
    found = merged(
        tmp_path,
        write(notes=["a", "b"], skipped=skipped, withheld={"why": 2}),
        write(notes=["b", "c"], skipped=skipped, withheld={"why": 3, "other": 1}),
    )
    assert found["notes"] == ["merged from 2 reports", "a", "b", "c"]
    assert found["skipped"] == [{"what": "story: one", "why": "it writes"}]
    assert found["withheld"] == [
        {"why": "why", "requests": 5},
        {"why": "other", "requests": 1},
    ]
    assert found["merged_from"] == [str(tmp_path / f"report-{n}.json") for n in (1, 2)]


def test_coverage_is_the_union(write: Write, tmp_path: Path) -> None:
    """An operation that one of the runs called is called."""
    found = merged(tmp_path, write(called=("get_balance",)), write(called=("list_invoices",)))
    assert found["coverage"]["totals"]["operations"]["reached"] == 2
    assert found["coverage"]["totals"]["statuses"]["reached"] == 2
    assert "2 of " in found["verdict"]["sentence"]


def test_a_known_finding_is_known_only_if_all_runs_know_it(write: Write, tmp_path: Path) -> None:
    """What one baseline does not accept fails."""
    known = replace(FAILURE, known="me: later")
    assert merged(tmp_path, write(known), write(known))["counts"]["known"] == 1
    assert merged(tmp_path, write(known), write(FAILURE), code=1)["counts"]["failure"] == 1


@pytest.mark.parametrize(
    ("fields", "outcome", "code"),
    [
        ({"unreachable": True, "ended_early": "gone"}, "unreachable", 3),
        ({"interrupted": True, "ended_early": "interrupted"}, "interrupted", 130),
        ({"broken": ["reads: KeyError"]}, "incomplete", 2),
        ({"called": ()}, "passed", 0),
    ],
)
def test_the_worst_outcome_is_the_verdict(
    write: Write, tmp_path: Path, fields: dict[str, Any], outcome: str, code: int
) -> None:
    """A run that was not whole cannot be outvoted; one that had nothing to do can."""
    part = {"shard": "2/2"} if "called" in fields else {}
    first = write(shard="1/2") if part else write()
    found = merged(tmp_path, first, write(**fields, **part), code=code)
    assert found["verdict"]["outcome"] == outcome


def test_a_missing_shard_makes_the_verdict_incomplete(write: Write, tmp_path: Path) -> None:
    """A job whose report was lost does not pass."""
    found = merged(tmp_path, write(shard="1/3"), write(shard="3/3"), code=2)
    assert found["verdict"]["outcome"] == "incomplete"
    assert found["verdict"]["sentence"].endswith("(no report of shard 2/3)")
    assert "no report of shard 2/3: a part of the work is not judged" in found["notes"]
    assert merged(tmp_path, write(shard="1/2"), write(shard="2/2"))["settings"]["shard"] is None


def test_reports_that_are_not_of_one_thing_are_refused(write: Write) -> None:
    """One line names the files and what differs."""

    def other(*path: str) -> Callable[[Any], None]:
        def edit(view: Any) -> None:
            for name in path[:-1]:
                view = view[name]
            view[path[-1]] = "other"

        return edit

    for what, edit in {
        f"URL ({URL} and other)": other("subject"),
        "contract": other("contract", "digest"),
        "version of the kit": other("tool", "versions", "contract-tests"),
        "--fail-on (major and other)": other("settings", "fail_on"),
    }.items():
        complaint = refused(write(), write(edit=edit))
        assert "report-1.json and " in complaint or ".json and " in complaint
        assert f"have a different {what}" in complaint
    assert "are both of shard 1/2" in refused(write(shard="1/2"), write(shard="1/2"))
    assert "are parts of different wholes" in refused(write(shard="1/2"), write(shard="1/3"))
    seeds = [write(shard=f"{number}/2", settings={"seed": number}) for number in (1, 2)]
    assert refused(*seeds) == "the shards have different seeds: 1, 2"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a JSON report of contract-tests"),
        ("[]", "is not a JSON report of contract-tests"),
        ("[" * 100_000, "is not a JSON report of contract-tests"),
        ('{"log": {}}', "is not a JSON report of contract-tests"),
        ('{"schema_version": 2}', "has schema_version 2, not 1"),
        ('{"schema_version": 1}', "is the report of another version or command; run it again"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """One line names the file."""
    path = tmp_path / "report.json"
    path.write_text(text)
    assert refused(path) == f"{path}: {reason}"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """One line names the file."""
    assert refused(tmp_path / "no.json").endswith(
        "no.json: cannot be read (No such file or directory)"
    )
