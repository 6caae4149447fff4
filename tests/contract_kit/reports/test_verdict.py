"""The verdict: outcome, exit code and sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contract_tests.findings.result import Result
from contract_tests.reports.document import document
from tests.contract_kit.reports.samples import (
    DIFFERENCE,
    DRIFT,
    FAILURE,
    KNOWN,
)


@pytest.mark.parametrize(
    ("fields", "outcome", "code", "sign"),
    [
        ({}, "passed", 0, "PASSED: 0 failures"),
        ({"ended_early": "the time is up"}, "passed", 0, "(ended early: the time is up)"),
        (
            {"broken": ["reads: KeyError"]},
            "incomplete",
            2,
            "a part of the run was broken off",
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
