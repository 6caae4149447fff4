"""``report.sarif``: places in the contract, and paths of the repository."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from contract_tests.findings.result import Result
from contract_tests.openapi.contract import Contract
from contract_tests.reports import sarif
from contract_tests.reports.document import document
from contract_tests.settings import packaged_spec
from tests.contract_kit.reports.samples import (
    ALL,
    DIFFERENCE,
    DRIFT,
    FAILURE,
    KNOWN,
    finding,
)


def test_sarif_points_at_the_line_of_the_contract(make: Callable[..., Result]) -> None:
    """A cause is one result with its grade as level; known causes are suppressed."""
    view = document(make(*ALL))
    found = json.loads(sarif.text(view).encode("utf-8", "backslashreplace"))
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert sorted(rules) == sorted({cause["code"] for cause in view["causes"]})
    results = {
        entry["partialFingerprints"]["contractTestsCause/v1"]: entry for entry in run["results"]
    }
    assert list(results) == [cause["key"] for cause in view["causes"]]
    for entry in results.values():
        assert rules[entry["ruleIndex"]] == entry["ruleId"]
        location = entry["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "spec/openapi.yaml"
        assert location["region"]["startLine"] >= 1
    causes = {entry["key"]: entry["cause"] for entry in view["findings"]}
    levels = [
        results[causes[" ".join(finding.key)]]["level"] for finding in (FAILURE, DIFFERENCE, DRIFT)
    ]
    assert levels == ["error", "warning", "note"]
    known = results[causes[" ".join(KNOWN.key)]]
    assert known["suppressions"] == [
        {"kind": "external", "justification": "me: later, until 2026-04-01"}
    ]
    assert run["invocations"][0]["exitCode"] == 1
    assert run["invocations"][0]["startTimeUtc"].endswith("Z")


def test_sarif_has_one_result_for_all_places_of_a_cause(make: Callable[..., Result]) -> None:
    """The headline is the message, and the places are related locations, up to a bound."""
    places = [finding(operation=f"operation_{number}") for number in range(300)]
    (run,) = json.loads(sarif.text(document(make(*places))))["runs"]
    (result,) = run["results"]
    assert "300 places" in result["message"]["text"]
    assert result["properties"]["severity"] == "major"
    assert result["properties"]["count"] == 300
    assert len(result["relatedLocations"]) == sarif.MAX_PLACES
    assert "operation_1 " in result["relatedLocations"][0]["message"]["text"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["fullDescription"]["text"]
    assert rule["help"]["text"]


def _sarif_uris(result: Result) -> set[tuple[str, str]]:
    (run,) = json.loads(sarif.text(document(result)))["runs"]
    assert set(run["originalUriBaseIds"]) == {"%SRCROOT%"}
    places = [entry["locations"][0]["physicalLocation"] for entry in run["results"]]
    return {
        (place["artifactLocation"]["uri"], place["artifactLocation"]["uriBaseId"])
        for place in places
    }


def test_sarif_names_the_packaged_contract_as_its_repository_does(
    make: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path is the same in every working directory, wherever the kit is installed."""
    monkeypatch.chdir(tmp_path)
    assert _sarif_uris(make(*ALL)) == {("spec/openapi.yaml", "%SRCROOT%")}


def test_sarif_paths_are_relative_to_the_repository(
    make: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of a repository, the path of a contract begins at the root of the repository."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "api").mkdir()
    (tmp_path / "work").mkdir()
    copy = tmp_path / "api" / "my contract.yaml"
    copy.write_bytes(packaged_spec().read_bytes())
    monkeypatch.chdir(tmp_path / "work")
    result = replace(make(FAILURE), contract=Contract.load(copy))
    assert _sarif_uris(result) == {("api/my%20contract.yaml", "%SRCROOT%")}


def test_sarif_names_a_contract_outside_the_repository_without_its_folder(
    make: Callable[..., Result], tmp_path: Path
) -> None:
    """No path of the machine is written to a file that leaves it."""
    copy = tmp_path / "my contract.yaml"
    copy.write_bytes(packaged_spec().read_bytes())
    result = replace(make(FAILURE), contract=Contract.load(copy))
    assert _sarif_uris(result) == {("my%20contract.yaml", "%SRCROOT%")}
    assert str(tmp_path) not in json.dumps(
        json.loads(sarif.text(document(result)))["runs"][0]["results"][0]["locations"]
    )
