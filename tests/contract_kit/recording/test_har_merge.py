"""The HAR files of several runs become one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.errors import UsageError
from contract_tests.recording.har_merge import merge_hars
from contract_tests.recording.replay import replay
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit import faulty
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.program import kit
from tests.contract_kit.recorded import Browser, glance, record, verdicts, visit

ANY = Settings(url="", spec=packaged_spec())


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Record three runs, one after another: the second reports a finding."""
    folder = tmp_path_factory.mktemp("runs")
    paths = [folder / f"{number}.har" for number in (1, 2, 3)]
    with faulty.mock("") as mock, pytest.MonkeyPatch.context() as patch:
        for path, drive in zip(paths, (glance, visit, glance), strict=True):
            record(mock.url, path, drive, patch)
    return paths


def log_of(path: Path) -> Any:
    return json.loads(path.read_text())["log"]


def edited(path: Path, to: Path, edit: Callable[[Any], None]) -> Path:
    log = log_of(path)
    edit(log)
    to.write_text(json.dumps({"log": log}))
    return to


def refused(*paths: Path, to: Path) -> str:
    with pytest.raises(UsageError) as caught:
        merge_hars(paths, to)
    assert not list(to.parent.glob("*.part"))
    assert not to.exists()
    return str(caught.value)


def test_entries_are_in_the_order_of_time_with_new_numbers(
    runs: list[Path], tmp_path: Path
) -> None:
    """The order of the files does not matter, and no entry is lost."""
    merge_hars([runs[2], runs[0], runs[1]], tmp_path / "all.har")
    entries = log_of(tmp_path / "all.har")["entries"]
    assert [entry["_number"] for entry in entries] == list(range(1, len(entries) + 1))
    expected = [entry for path in runs for entry in log_of(path)["entries"]]
    without = [{**entry, "_number": 0} for entry in entries]
    assert without == [{**entry, "_number": 0} for entry in expected]


def test_findings_refer_to_the_same_entries_as_before(runs: list[Path], tmp_path: Path) -> None:
    """A replay of the merged file has the verdicts of the run, with its exchange and its steps."""
    merge_hars(runs, tmp_path / "all.har")
    merged, alone = replay(tmp_path / "all.har", CONTRACT, ANY), replay(runs[1], CONTRACT, ANY)
    assert verdicts(merged.findings) == verdicts(alone.findings)
    (story,) = merged.findings
    assert story.exchange is not None
    assert story.exchange.path.endswith("/auto-recharge")
    assert story.exchange.number > len(log_of(runs[0])["entries"])
    assert [step.method for step in story.steps] == ["PUT"]


def test_entries_of_runs_at_the_same_time_alternate(runs: list[Path], tmp_path: Path) -> None:
    """Runs on a deployment may overlap: all of them used the same account."""

    def on_a_deployment(log: Any) -> None:
        log["_contractTests"]["mock"] = False

    def shifted(log: Any) -> None:
        on_a_deployment(log)
        middle = log_of(runs[1])["entries"][-1]["startedDateTime"]
        for entry in log["entries"]:
            entry.update(startedDateTime=middle, _seconds=0)

    first = edited(runs[1], tmp_path / "1.har", on_a_deployment)
    second = edited(runs[0], tmp_path / "2.har", shifted)
    merge_hars([first, second], tmp_path / "all.har")
    entries = log_of(tmp_path / "all.har")["entries"]
    own = {json.dumps({**entry, "_number": 0}) for entry in log_of(second)["entries"]}
    is_second = [json.dumps({**entry, "_number": 0}) in own for entry in entries]
    assert not is_second[0]
    assert not is_second[-1]
    assert sum(is_second) == len(own)


def test_mocks_that_ran_at_the_same_time_are_not_merged(runs: list[Path], tmp_path: Path) -> None:
    """Their accounts have the same names, and are not the same."""
    copy = edited(runs[1], tmp_path / "copy.har", lambda _: None)
    assert "were recorded at the same time on mocks" in refused(
        runs[1], copy, to=tmp_path / "all.har"
    )


@pytest.mark.parametrize(
    ("name", "what"),
    [("baseUrl", "URL"), ("mock", "--mock"), ("strict", "--strict")],
)
def test_files_of_different_runs_are_not_merged(
    runs: list[Path], tmp_path: Path, name: str, what: str
) -> None:
    """One line names both files, and what differs."""

    def edit(log: Any) -> None:
        log["_contractTests"][name] = "other"

    other = edited(runs[1], tmp_path / "other.har", edit)
    line = refused(runs[0], other, to=tmp_path / "all.har")
    assert line == f"{runs[0]} and {other} have a different {what}"


def test_what_is_no_file_of_a_run_is_not_merged(runs: list[Path], tmp_path: Path) -> None:
    """One line names the file: it is missing, empty, broken, or of another tool."""
    to = tmp_path / "all.har"
    missing = tmp_path / "no.har"
    assert refused(runs[0], missing, to=to) == (
        f"{missing}: is missing; run each shard with --report json,har"
    )
    browser = Browser(tmp_path / "browser.har")
    browser.gets("get_balance")
    browser.path.write_text(json.dumps({"log": {"entries": browser.entries}}))
    assert str(browser.path) in refused(runs[0], browser.path, to=to)
    empty = edited(runs[0], tmp_path / "empty.har", lambda log: log["entries"].clear())
    assert refused(runs[0], empty, to=to) == f"{empty}: has no entries"
    half = tmp_path / "half.har"
    half.write_text(runs[0].read_text()[:-40])
    assert f"{half}: " in refused(runs[0], half, to=to)

    def without_number(log: Any) -> None:
        del log["entries"][0]["_number"]

    odd = edited(runs[0], tmp_path / "odd.har", without_number)
    assert "does not have the format of a run" in refused(odd, runs[1], to=to)


def test_the_command_merges_the_traffic_beside_the_reports(tmp_path: Path) -> None:
    """A missing file is one line on standard error, and the verdict stays."""
    with faulty.mock("") as mock:
        for shard in (1, 2):
            outcome = kit(
                *("run", mock.url, "--mock", "--only", "get_balance", "--phases", "reads,keys"),
                *("--shard", f"{shard}/2", "--report", "json,har", "--quiet"),
                *("--report-dir", tmp_path / str(shard)),
            )
            assert outcome.code == 0, outcome.err
    files = [tmp_path / str(shard) / "report.json" for shard in (1, 2)]
    flags = ("--report", "json,har", "--report-dir", tmp_path / "all")
    outcome = kit("merge", *files, *flags)
    assert outcome.code == 0
    assert "report.json, traffic.har" in outcome.err
    again = replay(tmp_path / "all" / "traffic.har", CONTRACT, ANY)
    requests = json.loads((tmp_path / "all" / "report.json").read_text())["requests"]
    assert (again.exchanges, again.findings) == (requests, [])
    files[0].with_name("traffic.har").unlink()
    outcome = kit("merge", *files, *flags)
    assert outcome.code == 0
    assert "--report har: the traffic is not merged: " in outcome.err
    assert "is missing; run each shard with --report json,har" in outcome.err
