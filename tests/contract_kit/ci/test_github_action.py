"""``action.yml``: a dry run of its steps against a mock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract_kit import faulty
from tests.contract_kit.ci.dry_run import evaluated, installed, shell
from tests.contract_kit.program import PROJECT

pytestmark = pytest.mark.slow

ACTION: dict[str, Any] = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
SHORT = "--mock --phases reads --only get_balance"


@dataclass(frozen=True)
class Job:
    """What came of the steps of one use of the action."""

    code: int
    output: str
    outputs: Mapping[str, str]
    summary: str
    uploads: Mapping[str, Mapping[str, str]]
    """The inputs of the actions that it uses, by their names."""


def use(folder: Path, **inputs: str) -> Job:
    """Run the steps of the action in a workspace."""
    workspace = folder / "workspace"
    workspace.mkdir()
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    assert given.keys() <= ACTION["inputs"].keys()
    values = {
        f"inputs.{name}": given.get(name, str(about.get("default", "")))
        for name, about in ACTION["inputs"].items()
    }
    values["github.action_path"] = str(PROJECT)
    files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    code, output, uploads = 0, "", {}
    for step in ACTION["runs"]["steps"]:
        if code and "always()" not in step.get("if", ""):
            continue
        if "uses" in step:
            words = {name: evaluated(str(text), values) for name, text in step["with"].items()}
            uploads[step["uses"].split("@")[0]] = words
            continue
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input in a script can be a command"
        variables = {name: evaluated(text, values) for name, text in step.get("env", {}).items()}
        done = shell(
            step["run"],
            workspace,
            {**variables, **{name: str(path) for name, path in files.items()}},
        )
        code, output = code or done.code, output + done.output
    lines = files["GITHUB_OUTPUT"].read_text().splitlines()
    outputs = dict(line.split("=", 1) for line in lines)
    return Job(code, output, outputs, files["GITHUB_STEP_SUMMARY"].read_text(), uploads)


def test_a_correct_deployment_passes_with_all_reports(tmp_path: Path) -> None:
    """The kit is installed from the action's folder; the uploaded files are there."""
    with faulty.mock() as mock:
        job = use(tmp_path, url=mock.url, flags=SHORT)
    assert job.code == 0, job.output
    assert installed(tmp_path / "workspace") == [f"{PROJECT}[contract]"]
    assert job.outputs["exit-code"] == "0"
    assert job.outputs["verdict"].startswith("PASSED: 0 failures, ")
    assert job.summary == f"**Contract tests**: {job.outputs['verdict']}\n"
    folder = tmp_path / "workspace" / "contract-reports"
    assert {path.name for path in folder.iterdir()} == {
        "junit.xml",
        "report.html",
        "report.json",
        "report.sarif",
    }
    sarif = job.uploads["github/codeql-action/upload-sarif"]["sarif_file"]
    assert (tmp_path / "workspace" / sarif).exists()
    artifact = job.uploads["actions/upload-artifact"]["path"]
    assert (tmp_path / "workspace" / artifact).is_dir()


def test_a_violation_fails_the_job_and_uploads_the_reports(tmp_path: Path) -> None:
    """The reports are uploaded by steps that run always."""
    with faulty.mock("text_for_number") as mock:
        job = use(tmp_path, url=mock.url, flags=SHORT, report_dir="out", shard="1/1")
    assert job.code == 1, job.output
    assert job.outputs["exit-code"] == "1"
    assert job.outputs["verdict"].startswith("FAILED: ")
    assert "actions/upload-artifact" in job.uploads
    view = json.loads((tmp_path / "workspace" / "out" / "report.json").read_text())
    assert view["settings"]["shard"] == "1/1"
    assert list((tmp_path / "workspace").iterdir()) != []


def test_what_is_printed_of_responses_is_no_workflow_command(tmp_path: Path) -> None:
    """Commands are stopped while the report is printed."""
    with faulty.mock() as mock:
        job = use(tmp_path, url=mock.url, flags=SHORT)
    lines = job.output.splitlines()
    (start,) = [index for index, line in enumerate(lines) if line.startswith("::stop-commands::")]
    token = lines[start].removeprefix("::stop-commands::")
    assert len(token) == 32
    assert lines.index(f"::{token}::") > next(
        index for index, line in enumerate(lines) if line.startswith("PASSED")
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:9; touch hacked", "$(touch hacked)", "--help"])
def test_no_input_is_a_command(tmp_path: Path, url: str) -> None:
    """Inputs reach the kit as words."""
    job = use(tmp_path, url=url, flags="--mock `touch hacked` $(touch hacked) *")
    assert not (tmp_path / "workspace" / "hacked").exists()
    assert job.code != 0 or url == "--help"


def test_the_key_reaches_the_kit_by_a_variable(tmp_path: Path) -> None:
    """A deployment with keys is tested; no key is printed."""
    key, other = "planted-key-5up3rs3cr3t", "planted-key-0th3rs3cr3t"
    with faulty.mock() as mock:
        job = use(
            tmp_path,
            url=mock.url,
            api_key=key,
            other_api_key=other,
            flags="--phases reads --only get_balance",
        )
    # The mock knows none of these keys, and says so in its own words.
    assert job.code == 3, job.output
    assert key not in job.output
    assert other not in job.output
