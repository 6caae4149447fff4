"""Reports are well-formed, whatever texts their findings contain."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from contract_tests.findings.coverage import Coverage
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result, Skipped
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.request import RequestJudgement
from contract_tests.reports import files, html, junit, plain_json, sarif, terminal
from contract_tests.reports.document import document
from contract_tests.reports.kinds import ALWAYS_JUDGED
from contract_tests.settings import Settings, packaged_spec
from contract_tests.text import printable

COUNT = len(Contract.load(packaged_spec()).operations)

EVIL = "</pre><script>alert('1')</script> ]]> & \"q\" \x00\x1b[31m\ud800 ü"
TIER = "#/components/schemas/Balance/properties/tier"


def exchange(
    number: int = 1, method: str = "GET", path: str = "/api/v1/billing/balance", **fields: Any
) -> Exchange:
    known: dict[str, Any] = {
        "number": number,
        "method": method,
        "url": f"https://staging.example.com{path}",
        "path": path,
        "request_headers": (("X-API-Key", "[api-key]"),),
        "request_body": b"",
        "status": 200,
        "response_headers": (("Content-Type", "application/json"),),
        "response_body": EVIL.encode("utf-8", "replace"),
        "started": datetime(2026, 3, 18, 12, tzinfo=UTC),
        "seconds": 0.1,
        "account": "api-key",
    }
    return Exchange(**{**known, **fields})


def finding(**fields: Any) -> Finding:
    known: dict[str, Any] = {
        "operation": "get_balance",
        "kind": "response_schema",
        "where": "/response/200/body/tier",
        "keyword": "enum",
        "provenance": "documented",
        "expected": "enum: free",
        "got": EVIL,
        "spec": TIER,
        "exchange": exchange(),
    }
    return Finding(**{**known, **fields})


FAILURE = finding()
SECOND = finding(where=f"/response/200/body/{EVIL}", keyword="type", times=1_200)
DIFFERENCE = finding(operation="list_invoices", kind="order", provenance="assumed", spec="#/paths")
DRIFT = finding(
    kind="unknown_field",
    where="/response/200/body/extra",
    keyword="unknown_field",
    provenance="assumed",
)
KNOWN = finding(operation="get_usage_alerts", kind="state", known="me: later, until 2026-04-01")
UNDECLARED = finding(
    operation=f"GET /x{EVIL}", kind="unknown_path", keyword="5xx", spec="#/paths", exchange=None
)
ALL = [DRIFT, KNOWN, UNDECLARED, DIFFERENCE, FAILURE, SECOND]
CALLED = ("get_balance", "list_invoices", "get_usage_alerts")


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load(packaged_spec())


@pytest.fixture(scope="module")
def make(contract: Contract) -> Callable[..., Result]:
    """Return a factory of results in which three operations were called."""

    def made(*findings: Finding, **fields: Any) -> Result:
        coverage = Coverage(contract)
        for name in CALLED:
            called = exchange(path=contract.operations[name].path)
            coverage.note(called, RequestJudgement())
        coverage.explain("create_deposit", "constraints", f"it is a write {EVIL}")
        settings = Settings("https://staging.example.com", contract.path, seed=7)
        known: dict[str, Any] = {
            "skipped": [Skipped("tenants", f"one key only {EVIL}")],
            "exchanges": 1_234,
            "seconds": 12.3,
            "withheld": {f"it is a write {EVIL}": 3},
            "notes": [f"a note {EVIL}"],
        }
        return Result(settings, contract, list(findings), coverage, **{**known, **fields})

    return made


# -------------------------------------------------------------------------------- the text


def test_the_terminal_shows_failures_first_and_the_verdict_last(
    make: Callable[..., Result],
) -> None:
    """Findings are grouped by grade, under a heading with their number."""
    shown = [text for text, _ in terminal.lines(document(make(*ALL)))]
    headings = [
        text for text in shown if re.fullmatch(r"[A-Z]+.* \(\d+ causes?, \d+ findings?\)", text)
    ]
    assert [text.split()[0] for text in headings] == [
        "FAILURES",
        "DIFFERENCES:",
        "DRIFT:",
        "KNOWN:",
    ]
    assert [text.split("(")[-1] for text in headings] == [
        "3 causes, 3 findings)",
        "1 cause, 1 finding)",
        "1 cause, 1 finding)",
        "1 cause, 1 finding)",
    ]
    assert shown[-1].startswith(
        "FAILED: 3 failures, 1 difference, 1 drift, 1 known from 6 causes; "
        f"3 of {COUNT} operations, 1,234 requests"
    )


def test_the_terminal_escapes_control_characters(
    make: Callable[..., Result], capsys: pytest.CaptureFixture[str]
) -> None:
    """A response cannot control the terminal."""
    from rich.console import Console

    terminal.show(document(make(*ALL)), Console(force_terminal=False))
    output = capsys.readouterr().out
    assert "\\x1b[31m" in output
    assert "\x1b" not in output
    assert "\x00" not in output


def test_long_values_and_many_steps_are_shortened(make: Callable[..., Result]) -> None:
    """The last changing steps and both ends of a long value are shown."""
    writes = [
        exchange(number, "POST", request_body=b'{"a": "%s"}' % (b"x" * 900))
        for number in range(1, 21)
    ]
    reads = [exchange(number) for number in range(21, 30)]
    long = finding(expected="a" + "b" * 5_000 + "c", got="d" * 5_000, steps=(*writes, *reads))
    shown = [text for text, _ in terminal.lines(document(make(long)))]
    assert max(map(len, (line for line in shown if "curl" not in line))) < 260
    assert sum("POST /api/v1/billing/balance" in line for line in shown) == terminal.MAX_STEPS
    assert any("15 steps before" in line for line in shown)
    assert any(line.endswith("bc  (documented)") for line in shown)


def test_many_findings_are_counted_but_not_all_shown(make: Callable[..., Result]) -> None:
    """The rest is in the report files."""
    many = [finding(operation=f"operation_{number}") for number in range(50)]
    others = [finding(spec=f"{TIER}/{i}", where=f"/response/200/body/{i}") for i in range(50)]
    shown = [text for text, _ in terminal.lines(document(make(*many, *others)))]
    assert sum(line.startswith("\nmajor: ") for line in shown) == terminal.MAX_SHOWN["failure"]
    assert any("and 11 more causes" in line for line in shown)
    assert sum(line.startswith("      also ") for line in shown) == terminal.MAX_PLACES
    assert any("and 46 places more" in line for line in shown)
    assert "FAILED: 100 failures" in shown[-1]


@pytest.mark.parametrize(
    ("fields", "outcome", "code", "sign"),
    [
        ({}, "passed", 0, "PASSED: 0 failures"),
        ({"ended_early": "the time is up"}, "passed", 0, "(ended early: the time is up)"),
        (
            {"broken": ["reads: KeyError"]},
            "incomplete",
            2,
            "a driver was broken off by an error of the kit",
        ),
        ({"unreachable": True, "ended_early": "gone"}, "unreachable", 3, "(ended early: gone)"),
        ({"interrupted": True, "ended_early": "interrupted"}, "interrupted", 130, "INTERRUPTED: "),
    ],
)
def test_the_verdict_says_how_it_ended(
    make: Callable[..., Result], fields: dict[str, Any], outcome: str, code: int, sign: str
) -> None:
    """Outcome, exit code and sentence agree."""
    verdict = document(make(**fields))["verdict"]
    assert (verdict["outcome"], verdict["exit_code"]) == (outcome, code)
    assert sign in verdict["sentence"]


def test_a_broken_driver_does_not_hide_a_failure(make: Callable[..., Result]) -> None:
    """The exit code is that of the findings of the other drivers."""
    assert make(FAILURE, broken=["reads: KeyError"]).exit_code == 1
    assert make(DIFFERENCE).exit_code == make(DRIFT).exit_code == make(KNOWN).exit_code == 0
    strict = make(DIFFERENCE)
    assert replace(strict, settings=replace(strict.settings, strict=True)).exit_code == 1


# ------------------------------------------------------------------------------- the files


def test_json_is_the_document_with_all_its_fields(make: Callable[..., Result]) -> None:
    """The fields are those that the module documents."""
    found = json.loads(plain_json.text(document(make(*ALL))).encode("utf-8", "backslashreplace"))
    assert found["schema_version"] == 1
    assert set(found) == {
        "schema_version", "tool", "subject", "contract", "settings", "started", "seconds",
        "requests", "verdict", "counts", "causes", "findings", "coverage", "skipped", "withheld",
        "broken", "notes",
    }  # fmt: skip
    assert found["counts"] == {"failure": 3, "difference": 1, "drift": 1, "known": 1}
    assert found["settings"]["seed"] == 7
    assert set(found["tool"]["versions"]) >= {
        "contract-tests",
        "schemathesis",
        "openapi-core",
        "python",
    }
    assert found["coverage"]["totals"]["operations"] == {"reached": 3, "of": COUNT}
    assert len(found["coverage"]["operations"]) == COUNT
    first = found["findings"][0]
    assert set(first) == {
        "operation", "kind", "where", "keyword", "key", "title", "cause", "grade", "severity",
        "provenance", "contradicts_itself", "expected",
        "got", "spec", "times", "found_by", "witnesses", "known", "exchange", "steps",
        "reproduce",
    }  # fmt: skip
    assert first["spec"] == {
        "pointer": TIER,
        "file": "spec/openapi.yaml",
        "line": first["spec"]["line"],
    }
    assert (
        packaged_spec()
        .read_text()
        .splitlines()[first["spec"]["line"] - 1]
        .strip()
        .startswith("tier:")
    )
    assert first["exchange"]["curl"].startswith("curl ")


def test_large_bodies_are_cut_and_their_size_is_shown(make: Callable[..., Result]) -> None:
    """Complete bodies are in the HAR file only."""
    large = finding(exchange=exchange(response_body=b"x" * 1_000_000, request_body=b"\xff\xfe"))
    shown = document(make(large))["findings"][0]["exchange"]
    assert shown["response"]["body"].endswith("x... (1,000,000 bytes)")
    assert len(shown["response"]["body"]) < 5_000


def _junit(result: Result) -> ET.Element:
    return ET.fromstring(junit.text(document(result)).encode("utf-8", "backslashreplace"))


def test_junit_has_a_suite_for_each_operation_and_a_case_for_each_kind(
    make: Callable[..., Result],
) -> None:
    """Violated kinds name their cause; what is known or was not called has a reason."""
    root = _junit(make(*ALL))
    cases = {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}
    assert len(list(root)) == COUNT + 2
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped"))
    for name in ("tests", "failures", "skipped"):
        assert int(root.get(name, "")) == sum(int(suite.get(name, "")) for suite in root)
    violated = cases["get_balance", "response_schema"]
    reason = violated.find("skipped")
    assert reason is not None
    assert reason.get("message", "").startswith("violated, and counted under causes: ")
    assert (violated.findtext("system-out") or "").count("again: curl ") == 2
    known = cases["get_usage_alerts", "state"].find("skipped")
    assert known is not None
    assert known.get("message") == "known: me: later, until 2026-04-01"
    for passing in ("unknown_field", "server_error", "auth"):
        assert [
            element.tag for element in cases["get_balance", passing] if element.tag != "system-out"
        ] == []
    assert "drift, " in (cases["get_balance", "unknown_field"].findtext("system-out") or "")
    assert "difference, " in (cases["list_invoices", "order"].findtext("system-out") or "")
    for kind in ALWAYS_JUDGED:
        skipped = cases["create_deposit", kind].find("skipped")
        assert skipped is not None
        assert skipped.get("message", "").startswith("not called: it is a write")
    properties = {element.get("name"): element.get("value") for element in root.iter("property")}
    assert properties["seed"] == "7"
    assert properties["url"] == "https://staging.example.com"


def test_junit_fails_once_for_each_cause(make: Callable[..., Result]) -> None:
    """Twelve places with one cause are one failed case, which shows them below its headline."""
    places = [finding(operation=f"operation_{number}") for number in range(12)]
    root = _junit(make(*places, DIFFERENCE, DRIFT, KNOWN))
    causes = {case.get("name"): case for case in root[0].findall("testcase")}
    assert (root[0].get("name"), len(causes)) == ("causes", 4)
    assert root.get("failures") == "1"
    (failure,) = root.iter("failure")
    assert failure.get("type") == "value"
    assert failure.get("message", "").startswith("major: ")
    assert "12 places" in failure.get("message", "")
    assert (failure.text or "").count("again: curl") == 1
    assert (failure.text or "").count("\nalso: ") == 11
    assert causes["order"].find("failure") is causes["extra-fields"].find("failure") is None
    assert (causes["order"].findtext("system-out") or "").startswith("difference, minor: ")
    assert causes["state get_usage_alerts enum"].find("skipped") is not None


def test_no_value_begins_a_line_of_junit(make: Callable[..., Result]) -> None:
    """CI systems obey lines such as ``::error::`` in what they print."""
    evil = "a\n::error::x"
    text = junit.text(document(make(finding(where=f"/response/200/body/{evil}", got=evil))))
    assert "a\\x0a::error::x" in text
    assert not re.search("^::error", text, re.MULTILINE)
    assert "&#10;" not in text


@pytest.mark.parametrize(
    "character", ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"]
)
def test_junit_escapes_illegal_characters(make: Callable[..., Result], character: str) -> None:
    """A character that XML cannot contain is shown as on the terminal, by its number."""
    text = junit.text(document(make(finding(got=f"<{character}>", where=f"/response/{character}"))))
    root = ET.fromstring(text.encode())
    message = next(root.iter("failure")).get("message", "")
    assert f"/response/{printable(character)} enum" in message
    assert f"got <{printable(character)}>" in message


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
    for finding in results.values():
        assert rules[finding["ruleIndex"]] == finding["ruleId"]
        location = finding["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "spec/openapi.yaml"
        assert location["region"]["startLine"] >= 1
    causes = {finding["key"]: finding["cause"] for finding in view["findings"]}
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


def test_junit_has_the_time_of_each_suite_and_case(make: Callable[..., Result]) -> None:
    """A suite took what its requests took, and its judged cases add up to it."""
    root = ET.fromstring(junit.text(document(make(*ALL))).encode("utf-8", "backslashreplace"))
    suites = {suite.get("name"): suite for suite in root}
    assert root.get("time") == "12.300"
    for name in CALLED:
        cases = suites[name].findall("testcase")
        assert suites[name].get("time") == "0.1000"
        assert sum(float(case.get("time", "")) for case in cases) == pytest.approx(0.1, abs=0.002)
    assert suites["create_deposit"].get("time") == "0.0000"


class _Page(HTMLParser):
    """The elements, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 (the base class calls it)
        self._within = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._within] = self.texts.get(self._within, "") + data


@pytest.fixture(scope="module")
def page(make: Callable[..., Result]) -> _Page:
    return _Page(html.text(document(make(*ALL))))


def test_html_is_self_contained(page: _Page) -> None:
    """The content security policy allows the page's own style and script, by their hashes."""
    tags = [tag for tag, _ in page.elements]
    assert tags.count("script") == 1
    assert set(tags).isdisjoint({"link", "img", "iframe", "object", "form", "base"})
    assert not [
        name
        for _, attributes in page.elements
        for name in attributes
        if name.startswith("on") or name == "style"
    ]
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links
    assert all(link is not None and link.startswith("#") for link in links)
    style, script = (
        base64.b64encode(hashlib.sha256(page.texts[tag].encode()).digest()).decode()
        for tag in ("style", "script")
    )
    metas = {
        attributes.get("http-equiv") or attributes.get("name"): attributes
        for tag, attributes in page.elements
        if tag == "meta"
    }
    policy = metas["Content-Security-Policy"]["content"] or ""
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{style}'",
        f"script-src 'sha256-{script}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert "url(" not in page.texts["style"]
    assert "prefers-color-scheme: dark" in page.texts["style"]
    assert "viewport" in metas


def test_html_shows_every_finding(page: _Page, make: Callable[..., Result]) -> None:
    """Every finding has its line, steps and command; untested parts are listed."""
    text = html.text(
        document(make(*ALL, finding(kind="story", steps=(exchange(1, "POST"), exchange(2, "PUT")))))
    )
    opened = [attributes for tag, attributes in _Page(text).elements if tag == "details"]
    findings = [element for element in opened if "finding" in (element.get("class") or "")]
    assert len(findings) == len(ALL) + 1
    causes = [element for element in opened if "cause" in (element.get("class") or "").split()]
    assert len(causes) == len(document(make(*ALL, finding(kind="story")))["causes"])
    assert len(opened) == len(findings) + len(causes) + 2
    assert text.count("curl -i") == len(ALL) + 2
    for sign in (
        "seed 7",
        "1,200 times",
        "spec/openapi.yaml:",
        "1,234 requests",
        "me: later",
        "one key only",
        "a note",
    ):
        assert sign in text
    sections = {attributes.get("id") for tag, attributes in page.elements if tag == "section"}
    assert {"failure", "difference", "drift", "known", "coverage"} <= sections


def test_html_of_many_findings_is_bounded_and_says_so(make: Callable[..., Result]) -> None:
    """Each cause is shown, its first places first; what is left out is counted."""
    many = [
        finding(
            where=f"/response/200/body/{number}",
            spec=f"#/{number % 7}",
            exchange=exchange(response_body=b"x" * 3_000),
        )
        for number in range(5_000)
    ]
    rare = finding(kind="money", keyword="sum", spec="#/rare")
    view = document(make(*many, rare))
    text = html.text(view)
    assert len(text) < 5_000_000
    shown = [
        attributes
        for tag, attributes in _Page(text).elements
        if tag == "details" and "finding" in (attributes.get("class") or "").split()
    ]
    assert len(shown) == html.MAX_FINDINGS
    assert "money" in {attributes["data-check"] for attributes in shown}
    assert "4,001 of 5,001 findings are left out." in text
    assert "... and 4,001 more causes, which report.json has" in text
    assert "are shown without their exchange." in text


def test_html_without_findings_has_no_filter(make: Callable[..., Result]) -> None:
    """There is nothing to search."""
    tags = {tag for tag, _ in _Page(html.text(document(make()))).elements}
    assert tags.isdisjoint({"script", "input", "select", "button"})


def test_files_are_written_atomically(make: Callable[..., Result], tmp_path: Path) -> None:
    """An earlier report is replaced, and no temporary file is left behind."""
    (tmp_path / "report.json").write_text("old")
    view = document(make(*ALL))
    written = files.write(view, ("json", "junit", "html", "sarif"), tmp_path)
    assert written == (["junit.xml", "report.html", "report.json", "report.sarif"], {})
    assert {path.name for path in tmp_path.iterdir()} == set(written[0])
    assert json.loads((tmp_path / "report.json").read_text())["schema_version"] == 1
    ET.parse(tmp_path / "junit.xml")


def test_a_file_that_cannot_be_written_loses_no_other_report(
    make: Callable[..., Result], tmp_path: Path
) -> None:
    """The reason has one line, the temporary file is removed, and the rest is written."""
    (tmp_path / "report.json").mkdir()
    written, lost = files.write(document(make()), ("json", "junit"), tmp_path)
    assert written == ["junit.xml"]
    assert list(lost) == ["report.json"]
    assert lost["report.json"].endswith("report.json: cannot be written (Is a directory)")
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "junit.xml"}


def test_a_report_that_cannot_be_made_loses_no_other_report(
    make: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of a writer is named, and is no error of the run."""

    def broken(_: Any) -> str:
        raise RecursionError

    monkeypatch.setitem(files.WRITERS, "html", ("report.html", broken))
    written, lost = files.write(document(make()), ("html", "sarif"), tmp_path)
    assert written == ["report.sarif"]
    assert lost["report.html"].endswith("report.html: cannot be made (RecursionError)")
