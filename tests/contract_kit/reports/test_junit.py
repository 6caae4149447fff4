"""``junit.xml``: suites, cases, causes and legal characters."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from contract_tests.findings.result import Result
from contract_tests.reports import junit
from contract_tests.reports.document import document
from contract_tests.reports.kinds import ALWAYS_JUDGED
from contract_tests.text import printable
from tests.contract_kit.reports.samples import (
    ALL,
    CALLED,
    COUNT,
    DIFFERENCE,
    DRIFT,
    KNOWN,
    finding,
)


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
