"""Report files: each parsed back, with texts that want to break out of it."""

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

from contract_tests.errors import UsageError
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
DIFFERENCE = finding(
    operation="list_invoices", kind="pagination", provenance="assumed", spec="#/paths"
)
DRIFT = finding(
    kind="unknown_field",
    where="/response/200/body/extra",
    keyword="unknown_field",
    provenance="assumed",
)
KNOWN = finding(operation="get_usage_alerts", kind="state", known="me: later, until 2026-04-01")
STRANGER = finding(operation=f"GET /x{EVIL}", kind="unknown_path", spec="#/paths", exchange=None)
ALL = [DRIFT, KNOWN, STRANGER, DIFFERENCE, FAILURE, SECOND]
CALLED = ("get_balance", "list_invoices", "get_usage_alerts")


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load(packaged_spec())


@pytest.fixture(scope="module")
def make(contract: Contract) -> Callable[..., Result]:
    """Results with findings and whatever else a test wants; three operations were called."""

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


# ------------------------------------------------------------------------------------------------------------- the text


def test_the_terminal_shows_failures_first_and_the_verdict_last(
    make: Callable[..., Result],
) -> None:
    """By grade, each with a heading and its number."""
    shown = [text for text, _ in terminal.lines(document(make(*ALL)))]
    headings = [text for text in shown if re.fullmatch(r"[A-Z]+.* \(\d+\)", text)]
    assert [text.split()[0] for text in headings] == [
        "FAILURES",
        "DIFFERENCES:",
        "DRIFT:",
        "KNOWN:",
    ]
    assert [text.split("(")[-1] for text in headings] == ["3)", "1)", "1)", "1)"]
    assert shown[-1].startswith(
        "FAILED: 3 failures, 1 difference, 1 drift, 1 known; 3 of 29 operations, 1,234 requests"
    )


def test_the_terminal_obeys_nothing_that_came_over_the_wire(
    make: Callable[..., Result], capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters are shown."""
    from rich.console import Console

    terminal.show(document(make(*ALL)), Console(force_terminal=False))
    said = capsys.readouterr().out
    assert "\\x1b[31m" in said
    assert "\x1b" not in said
    assert "\x00" not in said


def test_long_values_and_many_steps_are_shortened(make: Callable[..., Result]) -> None:
    """No wall of text: the last steps that changed something, and both ends of a long value."""
    writes = [
        exchange(each, "POST", request_body=b'{"a": "%s"}' % (b"x" * 900)) for each in range(1, 21)
    ]
    reads = [exchange(each) for each in range(21, 30)]
    long = finding(expected="a" + "b" * 5_000 + "c", got="d" * 5_000, steps=(*writes, *reads))
    shown = [text for text, _ in terminal.lines(document(make(long)))]
    assert max(map(len, (each for each in shown if "curl" not in each))) < 260
    assert sum("POST /api/v1/billing/balance" in each for each in shown) == terminal.MAX_STEPS
    assert any("15 steps before" in each for each in shown)
    assert any(each.endswith("bc  (documented)") for each in shown)


def test_of_very_many_findings_some_are_shown_and_all_counted(make: Callable[..., Result]) -> None:
    """The files hold them all."""
    many = [finding(where=f"/response/200/body/{each}") for each in range(100)]
    shown = [text for text, _ in terminal.lines(document(make(*many)))]
    assert sum(each.startswith("    /response/") for each in shown) == terminal.MAX_SHOWN["failure"]
    assert any("and 60 more" in each for each in shown)
    assert "FAILED: 100 failures" in shown[-1]


@pytest.mark.parametrize(
    ("fields", "outcome", "code", "sign"),
    [
        ({}, "passed", 0, "PASSED: 0 failures"),
        ({"ended_early": "the time is up"}, "passed", 0, "(ended early: the time is up)"),
        ({"broken": ["reads: KeyError"]}, "incomplete", 2, "a part of the kit broke off"),
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


def test_a_failure_is_told_whatever_else_went_wrong_in_the_kit(make: Callable[..., Result]) -> None:
    """A part that broke off does not hide what the others found."""
    assert make(FAILURE, broken=["reads: KeyError"]).exit_code == 1
    assert make(DIFFERENCE).exit_code == make(DRIFT).exit_code == make(KNOWN).exit_code == 0
    strict = make(DIFFERENCE)
    assert replace(strict, settings=replace(strict.settings, strict=True)).exit_code == 1


# ------------------------------------------------------------------------------------------------------------ the files


def test_json_is_the_document_with_all_its_fields(make: Callable[..., Result]) -> None:
    """What programs may rely on: names and types, described in the module."""
    found = json.loads(plain_json.text(document(make(*ALL))).encode("utf-8", "backslashreplace"))
    assert found["schema_version"] == 1
    assert set(found) == {
        "schema_version", "tool", "subject", "contract", "settings", "started", "seconds", "requests", "verdict",
        "counts", "findings", "coverage", "skipped", "withheld", "broken", "notes",
    }  # fmt: skip
    assert found["counts"] == {"failure": 3, "difference": 1, "drift": 1, "known": 1}
    assert found["settings"]["seed"] == 7
    assert set(found["tool"]["versions"]) >= {
        "contract-tests",
        "schemathesis",
        "openapi-core",
        "python",
    }
    assert found["coverage"]["totals"]["operations"] == {"reached": 3, "of": 29}
    assert len(found["coverage"]["operations"]) == 29
    first = found["findings"][0]
    assert set(first) == {
        "operation", "kind", "where", "keyword", "key", "title", "grade", "provenance", "expected", "got", "spec",
        "times", "found_by", "witnesses", "known", "exchange", "steps",
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


def test_large_bodies_are_cut_and_their_size_told(make: Callable[..., Result]) -> None:
    """A report is no archive; the HAR file is."""
    large = finding(exchange=exchange(response_body=b"x" * 1_000_000, request_body=b"\xff\xfe"))
    shown = document(make(large))["findings"][0]["exchange"]
    assert shown["response"]["body"].endswith("x... (1,000,000 bytes)")
    assert len(shown["response"]["body"]) < 5_000


def test_junit_has_a_suite_for_each_operation_and_a_case_for_each_kind(
    make: Callable[..., Result],
) -> None:
    """Failures fail, known ones are skipped, what was not called is skipped with the reason, all else passes."""
    root = ET.fromstring(junit.text(document(make(*ALL))).encode("utf-8", "backslashreplace"))
    cases = {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}
    assert len(list(root)) == 30
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped"))
    for name in ("tests", "failures", "skipped"):
        assert int(root.get(name, "")) == sum(int(suite.get(name, "")) for suite in root)
    assert root.get("failures") == "2"
    failed = cases["get_balance", "response_schema"].find("failure")
    assert failed is not None
    assert "(and 1 more)" in failed.get("message", "")
    assert (failed.text or "").count("again: curl ") == 2
    known = cases["get_usage_alerts", "state"].find("skipped")
    assert known is not None
    assert known.get("message") == "known: me: later, until 2026-04-01"
    for passing in ("unknown_field", "server_error", "auth"):
        assert [
            each.tag for each in cases["get_balance", passing] if each.tag != "system-out"
        ] == []
    assert "drift: " in (cases["get_balance", "unknown_field"].findtext("system-out") or "")
    assert "difference: " in (cases["list_invoices", "pagination"].findtext("system-out") or "")
    for kind in ALWAYS_JUDGED:
        skipped = cases["create_deposit", kind].find("skipped")
        assert skipped is not None
        assert skipped.get("message", "").startswith("not called: it is a write")
    properties = {each.get("name"): each.get("value") for each in root.iter("property")}
    assert properties["seed"] == "7"
    assert properties["url"] == "https://staging.example.com"


@pytest.mark.parametrize(
    "character", ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"]
)
def test_junit_shows_what_xml_cannot_hold(make: Callable[..., Result], character: str) -> None:
    """As its number."""
    text = junit.text(document(make(finding(got=f"<{character}>", where=f"/response/{character}"))))
    root = ET.fromstring(text.encode())
    message = next(root.iter("failure")).get("message", "")
    assert f"got <\\u{ord(character):04x}>" in message


def test_sarif_points_at_the_line_of_the_contract(make: Callable[..., Result]) -> None:
    """Rules are kinds; the level is the grade; the fingerprint is the finding's key; what is known is suppressed."""
    found = json.loads(sarif.text(document(make(*ALL))).encode("utf-8", "backslashreplace"))
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    rules = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert sorted(rules) == sorted({each.kind for each in ALL})
    results = {each["partialFingerprints"]["contractTestsKey/v1"]: each for each in run["results"]}
    assert set(results) == {" ".join(each.key) for each in ALL}
    for each in results.values():
        assert rules[each["ruleIndex"]] == each["ruleId"]
        location = each["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "spec/openapi.yaml"
        assert location["region"]["startLine"] >= 1
    levels = [results[" ".join(each.key)]["level"] for each in (FAILURE, DIFFERENCE, DRIFT)]
    assert levels == ["error", "warning", "note"]
    known = results[" ".join(KNOWN.key)]
    assert known["suppressions"] == [
        {"kind": "external", "justification": "me: later, until 2026-04-01"}
    ]
    assert run["invocations"][0]["exitCode"] == 1
    assert run["invocations"][0]["startTimeUtc"].endswith("Z")


def test_sarif_names_a_contract_that_is_elsewhere_by_its_whole_address(
    make: Callable[..., Result], tmp_path: Path
) -> None:
    """A relative one would be looked for in the checkout."""
    copy = tmp_path / "my contract.yaml"
    copy.write_bytes(packaged_spec().read_bytes())
    result = replace(make(FAILURE), contract=Contract.load(copy))
    location = json.loads(sarif.text(document(result)))["runs"][0]["results"][0]["locations"][0][
        "physicalLocation"
    ]
    assert location["artifactLocation"]["uri"] == f"file://{tmp_path}/my%20contract.yaml"


class _Page(HTMLParser):
    """What is in a page: elements, attributes, and the text of its parts."""

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


def test_html_stands_alone_and_runs_nothing(page: _Page) -> None:
    """No scripts, nothing from elsewhere, no inline styles; the policy forbids them and names its style by its hash."""
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert not [
        name
        for _, attributes in page.elements
        for name in attributes
        if name.startswith("on") or name == "style"
    ]
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links
    assert all(link is not None and link.startswith("#") for link in links)
    digest = base64.b64encode(hashlib.sha256(page.texts["style"].encode()).digest()).decode()
    metas = {
        attributes.get("http-equiv") or attributes.get("name"): attributes
        for tag, attributes in page.elements
        if tag == "meta"
    }
    policy = metas["Content-Security-Policy"]["content"] or ""
    assert policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert "url(" not in page.texts["style"]
    assert "prefers-color-scheme: dark" in page.texts["style"]
    assert "viewport" in metas


def test_html_shows_all_that_was_found(page: _Page, make: Callable[..., Result]) -> None:
    """Every finding may be opened, and has its line, its steps and its command; what was not done is told."""
    text = html.text(
        document(make(*ALL, finding(kind="story", steps=(exchange(1, "POST"), exchange(2, "PUT")))))
    )
    opened = [attributes for tag, attributes in _Page(text).elements if tag == "details"]
    findings = [each for each in opened if "finding" in (each.get("class") or "")]
    assert len(findings) == len(ALL) + 1
    assert len(opened) == len(findings) + 2
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


def test_files_are_written_whole_or_not_at_all(make: Callable[..., Result], tmp_path: Path) -> None:
    """Aside, then moved; a report from before is replaced, and nothing else is left in the folder."""
    (tmp_path / "report.json").write_text("old")
    view = document(make(*ALL))
    written = files.write(view, ("json", "junit", "html", "sarif"), tmp_path)
    assert {path.name for path in written} == {
        "junit.xml",
        "report.html",
        "report.json",
        "report.sarif",
    }
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written}
    assert json.loads((tmp_path / "report.json").read_text())["schema_version"] == 1
    ET.parse(tmp_path / "junit.xml")


def test_a_file_that_cannot_be_written_is_told(make: Callable[..., Result], tmp_path: Path) -> None:
    """In one line, and what was half written is removed."""
    (tmp_path / "report.json").mkdir()
    with pytest.raises(UsageError, match=r"report\.json: cannot be written \(Is a directory\)"):
        files.write(document(make()), ("json",), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
