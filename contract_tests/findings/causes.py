"""Causes: findings that one change in the deployment would end are one cause.

A cause has a code, which ``contract-tests explain`` describes, and a subject, which tells causes of
one code apart: a header's name, a place in the contract, a shape of error bodies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from contract_tests.findings.finding import Finding, Grade
from contract_tests.findings.severity import SEVERITIES, FailOn, Severity

_GRADES: tuple[Grade, ...] = ("failure", "difference", "drift")
_OF_TEXT = ("format", "pattern")
"""Keywords that one serializer of a deployment breaks in many places."""
_FAMILY = re.compile(r"x-[a-z0-9]+")


@dataclass(frozen=True)
class Cause:
    """What one change would end."""

    code: str
    subject: str = ""

    @property
    def key(self) -> str:
        """The identity of a cause across runs."""
        return f"{self.code} {self.subject}".rstrip()


@dataclass
class Group:
    """The findings of one cause."""

    cause: Cause
    findings: list[Finding] = field(default_factory=list)

    @property
    def severity(self) -> Severity:
        """The worst severity of its findings."""
        return min((finding.severity for finding in self.findings), key=SEVERITIES.index)

    @property
    def is_known(self) -> bool:
        """Whether all its findings are accepted."""
        return all(finding.known for finding in self.findings)

    @property
    def times(self) -> int:
        """How many responses show it."""
        return sum(finding.times for finding in self.findings)

    def grade(self, fail_on: FailOn) -> Grade:
        """Return the worst grade of its findings."""
        open = [finding for finding in self.findings if not finding.known] or self.findings
        return min((finding.grade(fail_on) for finding in open), key=_GRADES.index)


def grouped(findings: Iterable[Finding], fail_on: FailOn) -> list[Group]:
    """Return findings by cause: failures first, then by severity, then by first appearance.

    The known findings of a cause are a group of their own.
    """
    groups: dict[tuple[Cause, bool], Group] = {}
    for finding in findings:
        cause = cause_of(finding)
        group = groups.setdefault((cause, bool(finding.known)), Group(cause))
        group.findings.append(finding)
    return sorted(
        groups.values(),
        key=lambda group: (
            group.is_known,
            _GRADES.index(group.grade(fail_on)),
            SEVERITIES.index(group.severity),
        ),
    )


def cause_of(finding: Finding) -> Cause:
    """Return the cause of a finding."""
    find = _CAUSES.get(finding.kind)
    return find(finding) if find else Cause(_code(finding.kind), _rule(finding))


def _code(kind: str) -> str:
    return kind.replace("_", "-")


def _rule(finding: Finding) -> str:
    return f"{finding.operation} {finding.keyword}"


def _of_place(finding: Finding) -> Cause:
    return Cause(_code(finding.kind), f"{finding.operation} {finding.where}")


def _of_times(finding: Finding) -> Cause:
    """Return the cause of a wrong time, which has one origin wherever its field is shown."""
    return Cause("time", f"{_field(finding)} {finding.keyword}")


def _of_rule(finding: Finding) -> Cause:
    return Cause(_code(finding.kind), finding.keyword)


def _owner(finding: Finding) -> str:
    """Return the place in the contract whose keyword is broken."""
    owner, _, last = finding.spec.rpartition("/")
    return owner if last == finding.keyword else finding.spec


def _is_of_an_error(finding: Finding) -> bool:
    parts = finding.where.split("/")
    return len(parts) > 2 and parts[2][:1] in ("4", "5")


def _of_response_schema(finding: Finding) -> Cause:
    if _is_of_an_error(finding):
        return Cause("error-shape", _shape(finding))
    if finding.keyword == "required":
        is_documented = finding.provenance == "documented"
        return (
            Cause("missing-field", _field(finding)) if is_documented else Cause("fields-left-out")
        )
    if finding.got == "null":
        return Cause("null-value", _field(finding))
    if finding.keyword in _OF_TEXT:
        return Cause("text-format", finding.expected)
    return Cause("value-type" if finding.keyword == "type" else "value", _field(finding))


def _field(finding: Finding) -> str:
    """Return the name of the field, which has one origin wherever it is shown."""
    return finding.where.rsplit("/", 1)[-1]


def _shape(finding: Finding) -> str:
    """Return the names in an error's body, which one exception handler writes."""
    body = finding.exchange.object if finding.exchange is not None else None
    if not body:
        return "not an object"
    return "{" + ", ".join(sorted(map(str, body))[:6]) + "}"


def _of_unknown_field(finding: Finding) -> Cause:
    if _is_of_an_error(finding):
        return Cause("error-shape", _shape(finding))
    return Cause("extra-fields")


def _of_header(finding: Finding) -> Cause:
    name = finding.where.rsplit("/", 1)[-1]
    if finding.keyword != "required":
        return Cause("header-value", name)
    family = _FAMILY.match(name)
    return Cause("missing-header", family[0] if family else name)


def _of_media_type(finding: Finding) -> Cause:
    shown = finding.got.lower().removeprefix("content-type: ").partition(";")[0]
    return Cause("error-media-type" if _status(finding) >= 400 else "media-type", shown)


def _of_acceptance(finding: Finding) -> Cause:
    if finding.keyword in ("type", "unknown_field"):
        return Cause("coerces-types")
    if finding.keyword in ("json", "media_type", "size"):
        return Cause("accepts-any-body", finding.keyword)
    if finding.keyword in _OF_TEXT:
        return Cause("accepts-any-text", finding.keyword)
    if finding.where.startswith("/request/query/"):
        return Cause("accepts-invalid", f"{_field(finding)} {finding.keyword}")
    return Cause("accepts-invalid", _owner(finding))


def _of_valid(finding: Finding) -> Cause:
    """Return the cause of a refused valid request: one rule for a query parameter of many lists."""
    if finding.where.startswith("/request/query/"):
        return Cause("valid-refused", f"{_field(finding)} {finding.keyword}")
    return Cause("valid-refused", _rule(finding))


def _of_refusal(finding: Finding) -> Cause:
    if finding.keyword == "loc":
        return Cause("unnamed-problem")
    return Cause("other-refusal", str(_status(finding)))


def _of_status(finding: Finding) -> Cause:
    return Cause("undocumented-status", str(_status(finding)))


def _of_keys(finding: Finding) -> Cause:
    status = _status(finding)
    if status >= 400 and finding.keyword != "known key":
        return Cause("other-refusal-of-keys", str(status))
    return Cause("key-refused" if status >= 400 else "key-not-needed", finding.operation)


def _of_method(finding: Finding) -> Cause:
    if finding.keyword == "5xx":
        return Cause("server-error", finding.operation)
    if finding.keyword == "head":
        return Cause("head", finding.where.rsplit("/", 1)[-1])
    if finding.where.endswith("/allow"):
        return Cause("allow")
    if finding.keyword == "envelope":
        return Cause("error-shape", _shape(finding))
    what = "unknown paths" if finding.kind == "unknown_path" else "undeclared methods"
    return Cause("undeclared-request", f"{_status(finding)} for {what}")


def _status(finding: Finding) -> int:
    return finding.exchange.status if finding.exchange is not None else 0


_CAUSES: dict[str, Callable[[Finding], Cause]] = {
    "auth": _of_keys,
    "content_type": _of_media_type,
    "headers": lambda finding: Cause("header-value", finding.where.rsplit("/", 1)[-1]),
    "invalid_accepted": _of_acceptance,
    "method": _of_method,
    "malformed_body": lambda finding: Cause("malformed-body", finding.got.partition(":")[0]),
    "no_response": lambda finding: Cause("no-response", finding.got),
    "not_the_api": lambda finding: Cause("not-the-api", finding.keyword),
    "order": lambda _: Cause("order"),
    "response_header": _of_header,
    "response_schema": _of_response_schema,
    "secret": lambda finding: Cause("secret", finding.where),
    "server_error": lambda finding: Cause("server-error", finding.operation),
    "stack_trace": lambda _: Cause("stack-trace"),
    "undocumented_status": _of_status,
    "unknown_field": _of_unknown_field,
    "unknown_path": _of_method,
    "wrong_refusal": _of_refusal,
    "audit": lambda finding: Cause("audit", "names" if "." in finding.keyword else finding.keyword),
    "display": lambda _: Cause("display"),
    "money": _of_place,
    "pagination": _of_rule,
    "story": _of_rule,
    "tenant": lambda finding: Cause("tenant", finding.where),
    "time": _of_times,
    "usage": lambda finding: Cause("usage", finding.operation),
    "valid_refused": _of_valid,
}
"""How the cause of a finding is found, by kind. Other kinds: a cause for each operation's rule."""
