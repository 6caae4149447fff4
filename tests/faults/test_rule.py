"""Rules: which are valid, and what the errors of the others say."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.faults.latency import Latency
from mockserver.faults.rule import Rule, phrase, problems

OPERATIONS = ["create_deposit", "get_balance", "list_invoices"]


def problems_of(**rule: Any) -> dict[str, str]:
    """Return the problems of a rule, by place."""
    return {
        ".".join(map(str, place)): problem for place, problem in problems(Rule(**rule), OPERATIONS)
    }


@pytest.mark.parametrize(
    "rule",
    [
        {"status": 400},
        {
            "status": 599,
            "detail": "Gone fishing.",
            "headers": {"X-Invented": "42", "X-Empty": ""},
        },
        {"status": 429, "retry_after_seconds": 0},
        {"status": 503, "retry_after_seconds": 86_400},
        {"connection": "reset", "next": 1},
        {"connection": "truncated_body", "share": 1.0},
        {"connection": "answer_lost", "latency": Latency(ms=60_000)},
        {"latency": Latency(min_ms=0, max_ms=0)},
        {"latency": Latency(median_ms=1, p95_ms=1)},
        {"status": 500, "operations": OPERATIONS, "name": "a.b-c_9"},
    ],
    ids=str,
)
def test_a_valid_rule_is_accepted(rule: dict[str, Any]) -> None:
    """The bounds of every range are valid."""
    assert problems_of(**rule) == {}


@pytest.mark.parametrize(
    ("rule", "place", "words"),
    [
        ({}, "", "has no effect"),
        ({"operations": ["get_balance"], "next": 3}, "", "has no effect"),
        ({"status": 503, "connection": "reset"}, "connection", "cannot be combined with status"),
        ({"status": 503, "next": 1, "share": 0.5}, "share", "cannot be combined with next"),
        ({"status": 503, "next": 0}, "next", "from 1 to"),
        ({"status": 503, "next": 1_000_001}, "next", "from 1 to"),
        ({"status": 503, "share": 0.0}, "share", "more than 0"),
        ({"status": 503, "share": 1.01}, "share", "at most 1"),
        ({"status": 399}, "status", "from 400 to 599"),
        ({"status": 600}, "status", "from 400 to 599"),
        ({"status": 503, "detail": ""}, "detail", "1 to 1,000"),
        ({"status": 503, "detail": "x" * 1_001}, "detail", "1 to 1,000"),
        ({"connection": "reset", "detail": "x"}, "detail", "requires a status"),
        ({"connection": "reset", "headers": {}}, "headers", "requires a status"),
        (
            {"latency": Latency(ms=1), "retry_after_seconds": 1},
            "retry_after_seconds",
            "requires a status",
        ),
        ({"status": 500, "retry_after_seconds": 1}, "retry_after_seconds", "429 or 503"),
        ({"status": 429, "retry_after_seconds": -1}, "retry_after_seconds", "from 0"),
        ({"status": 429, "retry_after_seconds": 86_401}, "retry_after_seconds", "to 86,400"),
        (
            {"status": 503, "headers": {"Content-Length": "1"}},
            "headers.Content-Length",
            "is set by the server",
        ),
        (
            {"status": 503, "headers": {"X-Mock-Fault": "1"}},
            "headers.X-Mock-Fault",
            "is set by the server",
        ),
        ({"status": 503, "headers": {"X A": "1"}}, "headers.X A", "not a valid header name"),
        ({"status": 503, "headers": {"": "1"}}, "headers.", "not a valid header name"),
        ({"status": 503, "headers": {"X-A": "a\r\nb: c"}}, "headers.X-A", "printable ASCII"),
        ({"status": 503, "headers": {"X-A": "ä"}}, "headers.X-A", "printable ASCII"),
        ({"status": 503, "headers": {f"X-{n}": "" for n in range(21)}}, "headers", "at most 20"),
        ({"status": 503, "operations": []}, "operations", "must name at least one operation"),
        (
            {"status": 503, "operations": ["pay"]},
            "operations.0",
            "'pay' is not an operation of the contract",
        ),
        ({"status": 503, "name": "a b"}, "name", "letters, digits"),
        ({"status": 503, "name": "x" * 65}, "name", "at most 64"),
        ({"latency": Latency()}, "latency", "must be 'ms' alone"),
        ({"latency": Latency(ms=1, max_ms=2)}, "latency", "must be 'ms' alone"),
        ({"latency": Latency(median_ms=1)}, "latency", "must be 'ms' alone"),
        ({"latency": Latency(ms=-1)}, "latency.ms", "from 0 to 60,000"),
        ({"latency": Latency(ms=60_001)}, "latency.ms", "from 0 to 60,000"),
        ({"latency": Latency(min_ms=2, max_ms=1)}, "latency.max_ms", "not be less than min_ms"),
        (
            {"latency": Latency(median_ms=2, p95_ms=1)},
            "latency.p95_ms",
            "not be less than median_ms",
        ),
        ({"latency": Latency(median_ms=0, p95_ms=1)}, "latency.median_ms", "from 1"),
    ],
    ids=str,
)
def test_an_invalid_rule_has_a_problem_with_its_place(
    rule: dict[str, Any], place: str, words: str
) -> None:
    """The one problem names the field to change."""
    found = problems_of(**rule)
    assert list(found) == [place]
    assert words in found[place]


def test_the_error_of_a_misspelt_operation_lists_the_known_ones() -> None:
    """The nearest operation is the first of all."""
    assert problems_of(status=500, operations=["get_balnce"])["operations.0"].startswith(
        "'get_balnce' is not an operation of the contract. Known: get_balance, "
    )


def test_operations_are_not_validated_without_a_contract() -> None:
    """Files are read before the contract."""
    assert list(problems(Rule(status=500, operations=["anything"]))) == []


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        (Rule(name="mine", status=500), "mine"),
        (Rule(status=500, latency=Latency(ms=1)), "status-500"),
        (Rule(connection="reset"), "connection-reset"),
        (Rule(connection="truncated_body"), "truncated-body"),
        (Rule(connection="answer_lost"), "answer-lost"),
        (Rule(latency=Latency(ms=1)), "latency"),
    ],
)
def test_a_rule_without_a_name_is_named_by_its_effect(rule: Rule, label: str) -> None:
    """The header always has a name."""
    assert rule.label == label


def test_every_status_has_a_text() -> None:
    """Statuses without an RFC have one too."""
    assert phrase(503) == "Service Unavailable."
    assert phrase(599) == "Error 599."
