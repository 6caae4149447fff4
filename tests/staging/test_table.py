"""The table of `make staging`: what is expected of a run, and how a row shows it."""

from __future__ import annotations

import pytest

from benchmarks.staging import Case, Outcome, _cases, _causes_of, _options, _row

_FINDINGS = [
    {"title": "Amounts do not add up", "grade": "failure"},
    {"title": "Amounts do not add up", "grade": "failure"},
    {"title": "A | in a title", "grade": "difference"},
]


@pytest.mark.parametrize(
    ("kind", "exit_code", "expected"),
    [
        ("switch", 0, True),
        ("switch", 1, False),
        ("fault", 0, False),
        ("fault", 1, True),
        ("noise", 0, True),
        ("noise", 3, False),
        ("fault", None, False),
    ],
)
def test_only_a_fault_is_expected_to_be_red(kind: str, exit_code: int, expected: bool) -> None:
    """Exit code 1 is right for a fault, and 0 for anything else."""
    assert Outcome(Case(kind, "name"), exit_code).expected is expected


def test_findings_with_one_title_are_one_headline() -> None:
    """A report without causes is summed up by title and grade."""
    outcome = Outcome(Case("fault", "chain_broken"), 1, {"failure": 2, "difference": 1})
    outcome.causes = _causes_of(_FINDINGS)
    row = _row(outcome)
    assert row.startswith("| `chain_broken` | red | 2 | 1 | 0 | 2 |")
    assert "Amounts do not add up (failure, 2); A \\| in a title (difference, 1)" in row


def test_noise_may_be_measured_with_another_amount() -> None:
    """`--only lag=3` measures a lag of three seconds."""
    assert _cases(_options(["--only", "lag=3"])) == [Case("noise", "lag=3")]
    assert Case("switch", "strict") in _cases(_options([]))
