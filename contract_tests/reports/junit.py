"""``junit.xml`` for CI servers: a suite of causes, and a suite per operation.

The suite ``causes`` has a case for each cause, whose name is the same in every run. A cause of
failures fails, so the number of failures is the number of causes to end. Its text shows the first
finding in full, and the other places below it.

The suite of an operation has a case for each kind of finding. A kind that was violated is skipped
with the headline of its cause, which is counted above. Differences and drift are output. What the
baseline accepts and what was not called is skipped, with the reason.

The time of a suite is what the requests of its operation took. Every exchange is judged for all
kinds, so the cases have equal shares of it. The whole has the time of the run.
"""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree as ET

from contract_tests.reports.document import Json
from contract_tests.reports.kinds import ALWAYS_JUDGED
from contract_tests.reports.terminal import place, step_text
from contract_tests.text import printable

MAX_PLACES = 100
"""Places that are shown for one cause."""
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(document: Json) -> str:
    """Return the text of the file."""
    root = ET.Element("testsuites", name="contract-tests")
    found: dict[str, list[Json]] = {}
    for finding in document["findings"]:
        found.setdefault(finding["operation"], []).append(finding)
    operations = {
        operation["operation"]: operation for operation in document["coverage"]["operations"]
    }
    if document["causes"]:
        _causes(root, document)
    for name in dict.fromkeys([*operations, *found]):
        _suite(root, name, operations.get(name), found.get(name, []), document)
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in root)))
    root.set("time", f"{document['seconds']:.3f}")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def legal(value: str) -> str:
    """Return a text with the characters escaped that XML cannot contain."""
    return _ILLEGAL.sub(lambda found: f"\\u{ord(found[0]):04x}", value)


def _causes(root: ET.Element, document: Json) -> None:
    """Add the suite of causes."""
    suite = ET.SubElement(root, "testsuite", name="causes", timestamp=document["started"])
    _properties(suite, document)
    findings = {finding["key"]: finding for finding in document["findings"]}
    for cause in document["causes"]:
        case = ET.SubElement(suite, "testcase", classname="causes", name=line(cause["key"]))
        places = _places([findings[key] for key in cause["findings"]])
        if cause["known"]:
            reasons = dict.fromkeys(findings[key]["known"] for key in cause["findings"])
            ET.SubElement(case, "skipped", message=line(f"known: {'; '.join(reasons)}"))
        elif cause["grade"] == "failure":
            message = _message(cause, findings[cause["findings"][0]])
            ET.SubElement(case, "failure", type=cause["code"], message=message).text = places
        else:
            lead = line(f"{cause['grade']}, {cause['severity']}: {cause['headline']}")
            ET.SubElement(case, "system-out").text = f"{lead}\n\n{places}"
    _close(suite, 0.0)


def _message(cause: Json, first: Json) -> str:
    example = f"{_name(first)}: expected {first['expected']}, got {first['got']}"
    return line(f"{cause['severity']}: {cause['headline']}; {example}")


def _places(findings: list[Json]) -> str:
    """Return the first finding in full, and a line for each other one."""
    first, *others = findings
    lines = [
        f"also: {_name(finding)}: got {line(finding['got'])}" for finding in others[:MAX_PLACES]
    ]
    if len(others) > MAX_PLACES:
        lines.append(f"... and {len(others) - MAX_PLACES:,} more places")
    return "\n".join([described(first), *([""] if lines else []), *lines])


def _name(finding: Json) -> str:
    return line(f"{finding['operation']} {finding['where']} {finding['keyword']}")


def line(value: str) -> str:
    """Return a text in one line, with the characters escaped that a terminal would obey."""
    return printable(legal(value))


def _suite(
    root: ET.Element, name: str, operation: Json | None, found: list[Json], document: Json
) -> None:
    suite = ET.SubElement(root, "testsuite", name=line(name), timestamp=document["started"])
    _properties(suite, document)
    ordered = sorted(found, key=lambda finding: str(finding["kind"]))
    by_kind = {
        kind: list(group)
        for kind, group in groupby(ordered, key=lambda finding: str(finding["kind"]))
    }
    headlines = {cause["key"]: cause["headline"] for cause in document["causes"]}
    for kind in dict.fromkeys([*(ALWAYS_JUDGED if operation is not None else ()), *by_kind]):
        case = ET.SubElement(suite, "testcase", classname=line(name), name=kind)
        if kind in by_kind:
            _judge(case, by_kind[kind], headlines)
        elif operation is not None and not operation["statuses"]:
            reasons = "; ".join(operation["why"].values()) or "no request was sent"
            ET.SubElement(case, "skipped", message=line(f"not called: {reasons}"))
    _close(suite, _seconds(operation, found))


def _seconds(operation: Json | None, found: list[Json]) -> float:
    """Return the time that the requests of an operation took; beside it, those of its findings."""
    if operation is not None:
        return float(operation.get("seconds", 0.0))
    shown = [finding["exchange"] for finding in found if finding["exchange"] is not None]
    return sum(float(exchange["seconds"]) for exchange in shown)


def _close(suite: ET.Element, seconds: float) -> None:
    """Set the times and counts of a suite."""
    cases = suite.findall("testcase")
    for case in cases:
        case.set("time", f"{seconds / len(cases):.6f}")
    suite.set("time", f"{seconds:.4f}")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("errors", "0")


def _properties(suite: ET.Element, document: Json) -> None:
    properties = ET.SubElement(suite, "properties")
    values = {
        "url": document["subject"],
        "seed": document["settings"]["seed"],
        **document["tool"]["versions"],
    }
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=legal(str(value)))


def _judge(case: ET.Element, found: list[Json], headlines: dict[str, str]) -> None:
    known = [finding for finding in found if finding["known"]]
    failures = [
        finding for finding in found if finding["grade"] == "failure" and not finding["known"]
    ]
    if failures:
        causes = dict.fromkeys(finding["cause"] for finding in failures)
        named = "; ".join(f"{headlines[cause]} [{cause}]" for cause in causes)
        message = line(f"violated, and counted under causes: {named}")
        ET.SubElement(case, "skipped", message=message)
    elif known:
        reasons = "; ".join(f"known: {finding['known']}" for finding in known)
        ET.SubElement(case, "skipped", message=line(reasons))
    ET.SubElement(case, "system-out").text = "\n\n".join(described(finding) for finding in found)


def described(finding: Json) -> str:
    """Return a finding in a few lines of plain text. None of its values can begin a line."""
    lines = [
        f"{finding['grade']}, {finding['severity']}: {_name(finding)}",
        f"expected: {finding['expected']} ({finding['provenance']})",
        f"got: {finding['got']}",
        f"spec: {place(finding)} {finding['spec']['pointer']}",
        *(f"after: {step_text(step)}" for step in finding["steps"]),
    ]
    if finding["exchange"] is not None:
        lines.append(f"again: {finding['exchange']['curl']}")
    return "\n".join(map(line, lines))
