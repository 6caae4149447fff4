"""Findings that one change would end are one cause; severity decides what fails a run."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from contract_tests.findings.causes import cause_of, grouped
from contract_tests.findings.codes import CODES, OTHER, code_of
from contract_tests.findings.finding import MAX_PLACES, Finding, Verdicts
from contract_tests.findings.severity import (
    CONTRADICTION,
    FAIL_ON,
    MAJOR,
    MINOR,
    QUESTION,
    FailOn,
    Nature,
)
from contract_tests.reports.headlines import headline
from contract_tests.reports.kinds import ALWAYS_JUDGED


def finding(**fields: Any) -> Finding:
    known: dict[str, Any] = {
        "operation": "get_balance",
        "kind": "response_schema",
        "where": "/response/200/body/tier",
        "keyword": "type",
        "provenance": "assumed",
        "expected": "a text",
        "got": "1",
        "spec": "#/components/schemas/Balance/properties/tier/type",
    }
    return Finding(**{**known, **fields})


def test_a_key_that_all_responses_disclose_is_one_cause() -> None:
    """One place, such as a header for debugging, has one origin."""
    shown = [
        finding(operation=name, kind="secret", where="/response/headers/x-debug")
        for name in ("get_balance", "list_invoices")
    ]
    assert len(grouped(shown, "major")) == 1


@pytest.mark.parametrize(
    ("nature", "provenance", "fails_from"),
    [
        (CONTRADICTION, "assumed", "critical"),
        (CONTRADICTION, "documented", "critical"),
        (QUESTION, "assumed", "difference"),
        (QUESTION, "documented", "critical"),
        (MAJOR, "documented", "major"),
        (MAJOR, "observed", "difference"),
        (MAJOR, "assumed", "difference"),
        (MINOR, "documented", "minor"),
        (MINOR, "assumed", "difference"),
    ],
)
def test_severity_and_provenance_decide_what_fails(
    nature: Nature, provenance: Any, fails_from: FailOn
) -> None:
    """Critical contradictions always fail; a minor finding never does by itself."""
    found = finding(nature=nature, provenance=provenance)
    fails = [level for level in FAIL_ON if found.grade(level) == "failure"]
    assert fails == list(FAIL_ON[FAIL_ON.index(fails_from) :])


def test_undeclared_fields_fail_only_on_drift() -> None:
    """An undeclared field is drift below the strictest level."""
    extra = finding(kind="unknown_field", keyword="unknown_field")
    assert [extra.grade(level) for level in FAIL_ON] == [*["drift"] * 4, "failure"]


def of_one_cause(*findings: Finding) -> bool:
    return len({cause_of(found) for found in findings}) == 1


def test_one_change_is_one_cause() -> None:
    """Coerced types, missing headers of one family and another error body are one cause each."""
    names = ("amount_cents", "threshold_microcents")
    places = [("create_deposit", names[0]), ("update_auto_recharge", names[1])]
    assert of_one_cause(
        *(
            finding(operation=operation, kind="invalid_accepted", where=f"/request/body/{name}")
            for operation, name in places
        )
    )
    headers = [
        f"/response/{status}/headers/x-ratelimit-{name}"
        for status, name in product((200, 422), ("limit", "remaining", "reset"))
    ]
    assert of_one_cause(
        *(finding(kind="response_header", where=where, keyword="required") for where in headers)
    )


@pytest.mark.parametrize("kind", ["invalid_accepted", "valid_refused"])
def test_a_query_parameter_of_several_lists_has_one_origin(kind: str) -> None:
    """One rule of a deployment reads the limit of all its lists, whatever their defaults are."""
    places = [
        ("list_invoices", "#/components/parameters/LimitOf20/schema"),
        ("list_credit_transactions", "#/components/parameters/LimitOf10/schema"),
    ]
    limits = [
        finding(
            operation=operation,
            kind=kind,
            where="/request/query/limit",
            keyword="minimum",
            spec=f"{owner}/minimum",
        )
        for operation, owner in places
    ]
    assert of_one_cause(*limits)
    another = finding(operation="list_invoices", kind=kind, where="/request/query/offset")
    assert not of_one_cause(limits[0], another)


def test_a_field_that_several_operations_show_has_one_origin() -> None:
    """A wrong period of a plan, and the columns of one view of the usage, are one cause each."""
    where, operations = "/response/body/current_period_end", ("change_plan", "get_subscription")
    assert of_one_cause(
        *(
            finding(operation=operation, kind="time", where=where, keyword="month")
            for operation in operations
        )
    )
    assert of_one_cause(
        *(
            finding(kind="usage", where=f"/response/body/{name}/credits", keyword="chart")
            for name in ("light", "js")
        )
    )


def test_a_headline_names_the_story() -> None:
    """The name of a story says what was done, that of the rule after which step it failed."""
    found = finding(kind="story", keyword="paid_then", source="stories: bonuses_are_bounded, as x")
    shown = headline(grouped([found], "major")[0])
    assert shown == "story 'bonuses are bounded': not as expected after 'paid then' (get_balance)"


def test_different_fields_are_different_causes() -> None:
    """Two fields of another type are two changes."""
    other = finding(where="/response/200/body/balance_cents")
    assert not of_one_cause(finding(), other)


def test_groups_begin_with_what_fails() -> None:
    """Failures come first, then the worst severity."""
    minor = finding(kind="order", keyword="newest_first")
    money = finding(kind="money", keyword="sum")
    groups = grouped([minor, finding(), money], "major")
    assert [group.cause.code for group in groups] == ["money", "value-type", "order"]
    assert [group.severity for group in groups] == ["critical", "major", "minor"]


@pytest.mark.parametrize("kind", [*ALWAYS_JUDGED, "money", "tenant", "story", "audit", "usage"])
def test_every_kind_has_a_code_that_is_explained(kind: str) -> None:
    """The code of each kind's cause has a headline, a meaning and a remedy."""
    group = grouped([finding(kind=kind, keyword="any")], "major")[0]
    assert code_of(group.cause.code) is not OTHER
    assert "{" not in headline(group)


def test_codes_are_whole_sentences() -> None:
    """Meanings and remedies end with a full stop."""
    for code in (*CODES.values(), OTHER):
        assert code.meaning.endswith(".")
        assert code.remedy.endswith(".")


def test_the_gravest_of_equal_findings_is_kept() -> None:
    """A place that first shows a question and then a contradiction fails the run."""
    verdicts = Verdicts()
    for nature in (MAJOR, CONTRADICTION, MINOR):
        verdicts.add(finding(nature=nature))
    assert [(found.grade(), found.severity) for found in verdicts] == [("failure", "critical")]


def test_findings_of_one_kind_are_bounded() -> None:
    """A response with 200,000 undeclared fields cannot fill the memory."""
    verdicts = Verdicts()
    for number in range(MAX_PLACES + 50):
        verdicts.add(finding(where=f"/response/200/body/{number}"))
    assert len(verdicts) == MAX_PLACES
    assert verdicts.left_out == 50
