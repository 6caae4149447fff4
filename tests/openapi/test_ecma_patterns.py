"""Patterns of documents, which are regular expressions of ECMA-262."""

from __future__ import annotations

import pytest

from mockserver.openapi import patterns
from mockserver.openapi.problems import Problems


@pytest.mark.parametrize(
    ("expression", "translation"),
    [
        (r"^[\w-.]+$", r"^[\w\-.]+$"),
        (r"\Aab\Z", "^ab$"),
        (r"(?P<year>\d+)", r"(?<year>\d+)"),
        ("*", None),
        ("(", None),
        ("[z-a]", None),
    ],
)
def test_a_pattern_is_translated_or_left_out(expression: str, translation: str | None) -> None:
    """Either is a warning that shows the pattern."""
    schema = {"type": "string", "pattern": expression}
    problems = Problems([])
    patterns.repair(["components", "schemas", "A", "pattern"], schema, problems)
    assert schema.get("pattern") == translation
    assert [warning.problem.startswith(f"'{expression}' ") for warning in problems.warnings] == [
        True
    ]


@pytest.mark.parametrize("expression", [r"^\p{L}+$", "(?=a)b", r"\d{3}", "^(?!x)", r"[\w-]", r"\/"])
def test_patterns_that_validators_know_are_kept(expression: str) -> None:
    """Most patterns are."""
    assert patterns.is_usable(expression)
