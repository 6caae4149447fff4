"""``junit.xml`` for CI servers: a suite per operation, with a test case per kind of finding.

Only failures fail a case. Differences and drift are its output. What the baseline accepts and what
was not called is skipped, with the reason.

The time of a suite is what the requests of its operation took. Every exchange is judged for all
kinds, so the cases that were judged have equal shares of it. The whole has the time of the run.
"""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree as ET

from contract_tests.reports.document import Json
from contract_tests.reports.kinds import ALWAYS_JUDGED
from contract_tests.reports.terminal import place, step_text

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


def _suite(
    root: ET.Element, name: str, operation: Json | None, found: list[Json], document: Json
) -> None:
    suite = ET.SubElement(root, "testsuite", name=legal(name), timestamp=document["started"])
    _properties(suite, document)
    ordered = sorted(found, key=lambda finding: str(finding["kind"]))
    by_kind = {
        kind: list(group)
        for kind, group in groupby(ordered, key=lambda finding: str(finding["kind"]))
    }
    kinds = dict.fromkeys([*(ALWAYS_JUDGED if operation is not None else ()), *by_kind])
    for kind in kinds:
        case = ET.SubElement(suite, "testcase", classname=legal(name), name=kind)
        if kind in by_kind:
            _judge(case, by_kind[kind])
        elif operation is not None and not operation["statuses"]:
            reasons = "; ".join(operation["why"].values()) or "no request was sent"
            ET.SubElement(case, "skipped", message=legal(f"not called: {reasons}"))
    _set_times(suite, _seconds(operation, found))
    suite.set("tests", str(len(kinds)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("errors", "0")


def _seconds(operation: Json | None, found: list[Json]) -> float:
    """Return the time that the requests of an operation took; beside it, those of its findings."""
    if operation is not None:
        return float(operation.get("seconds", 0.0))
    shown = [finding["exchange"] for finding in found if finding["exchange"] is not None]
    return sum(float(exchange["seconds"]) for exchange in shown)


def _set_times(suite: ET.Element, seconds: float) -> None:
    judged = [case for case in suite.findall("testcase") if case.find("skipped") is None]
    for case in suite.findall("testcase"):
        case.set("time", f"{seconds / len(judged) if case in judged else 0.0:.4f}")
    suite.set("time", f"{seconds:.4f}")


def _properties(suite: ET.Element, document: Json) -> None:
    properties = ET.SubElement(suite, "properties")
    values = {
        "url": document["subject"],
        "seed": document["settings"]["seed"],
        **document["tool"]["versions"],
    }
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=legal(str(value)))


def _judge(case: ET.Element, found: list[Json]) -> None:
    known = [finding for finding in found if finding["known"]]
    failures = [
        finding for finding in found if finding["grade"] == "failure" and not finding["known"]
    ]
    others = [finding for finding in found if finding not in failures]
    if failures:
        first = failures[0]
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        message = (
            f"{first['where']} {first['keyword']}: "
            f"expected {first['expected']}, got {first['got']}{more}"
        )
        failure = ET.SubElement(case, "failure", type=first["kind"], message=legal(message))
        failure.text = legal("\n\n".join(described(finding) for finding in failures))
    elif known:
        ET.SubElement(
            case,
            "skipped",
            message=legal("; ".join(f"known: {finding['known']}" for finding in known)),
        )
    if others:
        ET.SubElement(case, "system-out").text = legal(
            "\n\n".join(described(finding) for finding in others)
        )


def described(finding: Json) -> str:
    """Return a finding in a few lines of plain text."""
    lines = [
        f"{finding['grade']}: {finding['where']} {finding['keyword']}",
        f"expected: {finding['expected']} ({finding['provenance']})",
        f"got: {finding['got']}",
        f"spec: {place(finding)} {finding['spec']['pointer']}",
        *(f"after: {step_text(step)}" for step in finding["steps"]),
    ]
    if finding["exchange"] is not None:
        lines.append(f"again: {finding['exchange']['curl']}")
    return "\n".join(lines)
