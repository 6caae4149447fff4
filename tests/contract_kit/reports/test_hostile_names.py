"""Names that a deployment chooses are escaped like its values, in every report and log."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from contract_tests.findings.coverage import Coverage
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result, Skipped
from contract_tests.recording.judge_process import Live
from contract_tests.reports import html, junit, plain_json, sarif, terminal
from contract_tests.reports.document import document
from contract_tests.settings import Settings, packaged_spec
from contract_tests.text import printable
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness, example

NAMES = {
    "a new line": "a\n::error::x",
    "a new line of another sort": "a\x85::error::x\u2028::error::y\r::error::z",
    "a command": "::error::x",
    "a command of another CI server": "##[error]x ##vso[task.complete] ##teamcity[x]",
    "colours": "\x1b[31mred\x1b[0m",
    "a bell and a deletion": "\a\b\x7f\x9b31m",
    "the other direction": "\u202egnp.exe",
    "a tag": "<script>alert(1)</script>",
    "a lone surrogate": "\ud800",
    "nothing": "",
}
SETTINGS = Settings("https://staging.example.com", packaged_spec())


def findings(name: str) -> list[Finding]:
    """Return the findings of responses that use a name wherever a deployment can."""
    harness = JudgeHarness()
    harness.respond("get_balance", {**example("get_balance"), name: 1, "tier": name})
    harness.respond("list_invoices", {"detail": [{"loc": [name], "msg": name}]}, status=422)
    harness.respond("get_subscription", {name: {name: name}}, headers={"X-Other": printable(name)})
    assert harness.found
    return harness.found


def result(name: str) -> Result:
    skipped = [Skipped(name, f"{name} is missing"), Skipped("story", name)]
    return Result(
        SETTINGS,
        CONTRACT,
        findings(name),
        Coverage(CONTRACT),
        skipped,
        3,
        1.0,
        notes=[name, f"note {name}"],
        withheld={name: 1},
        broken=[name],
        ended_early=name,
    )


def terminal_text(view: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    terminal.show(view, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def junit_texts(view: dict[str, Any]) -> str:
    """Return the file, and the texts that a CI server prints from it."""
    file = junit.text(view)
    root = ET.fromstring(file)
    texts = [node.text or "" for node in root.iter()]
    texts += [value for node in root.iter() for value in node.attrib.values()]
    return "\n".join([file, *texts])


def sarif_texts(view: dict[str, Any]) -> str:
    (run,) = json.loads(sarif.text(view))["runs"]
    shown = [run["invocations"][0]["exitCodeDescription"]]
    for found in run["results"]:
        shown += [found["message"]["text"], found["properties"]["details"]]
    return "\n".join(shown)


REPORTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "terminal": terminal_text,
    "junit": junit_texts,
    "sarif": sarif_texts,
    "sarif file": sarif.text,
    "html": html.text,
    "json file": plain_json.text,
}


def assert_inert(text: str) -> None:
    """Fail if a terminal or a CI server would obey a line."""
    for line in text.split("\n"):
        assert not line.lstrip().startswith("::"), line
        assert not re.search(r"##\w*\[", line), line
        assert all(char.isprintable() for char in line), line


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("name", NAMES)
def test_no_report_has_a_line_that_obeys_a_name(report: str, name: str) -> None:
    """Names of fields, values and reasons start no line and hold no control character."""
    view = document(result(NAMES[name]))
    # Bodies of exchanges are data: only HTML shows them, escaped, and it is printed nowhere.
    for finding in view["findings"]:
        finding["exchange"], finding["steps"] = None, []
    # Keys stay as the deployment wrote them, see below.
    for holder in (*view["findings"], *view["causes"]):
        for field in {"key", "cause", "subject"} & holder.keys():
            holder[field] = printable(holder[field])
    for cause in view["causes"]:
        cause["findings"] = [printable(key) for key in cause["findings"]]
    assert_inert(REPORTS[report](view))


@pytest.mark.parametrize("name", NAMES)
def test_no_log_has_a_line_that_obeys_a_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines of the proxy are escaped, too."""
    for finding in findings(NAMES[name]):
        Live(SETTINGS, ())(finding)
    captured = capsys.readouterr()
    assert captured.err
    assert_inert(captured.err)


def test_a_name_stays_recognisable() -> None:
    """An escaped name shows each character, and ordinary names are as they were."""
    assert printable("a\n::error::x\x1b\u202e\U000e0001") == r"a\x0a::error::x\x1b\u202e\U000e0001"
    assert printable(" ::error::x") == r" :\x3aerror::x"
    assert printable("##[error] #1 a::b ü") == r"#\x23[error] #1 a::b ü"


def test_the_key_of_a_finding_stays_the_same() -> None:
    """Baselines match a finding by its name as the deployment wrote it."""
    view = document(result("a\n::error::x"))
    assert any("a\n::error::x" in finding["key"] for finding in view["findings"])
