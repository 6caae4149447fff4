"""The verdicts of one run: a test for each operation and check, and one for each story."""

from __future__ import annotations

import pytest

from contract_tests.conftest import load_contract
from contract_tests.findings.checks import CHECKS, check_of
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result
from contract_tests.pytest_plugin import settings_of
from contract_tests.runner import knowledge_of
from contract_tests.text import printable


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Generate a test for each operation and check, and for each story."""
    if "operation" in metafunc.fixturenames:
        operations = load_contract(settings_of(metafunc.config)).operations
        marked = [
            pytest.param(
                operation, check, marks=getattr(pytest.mark, check), id=f"{operation}-{check}"
            )
            for operation in operations
            for check in CHECKS
        ]
        metafunc.parametrize(("operation", "check"), marked)
    if "story" in metafunc.fixturenames:
        contract = load_contract(settings_of(metafunc.config))
        metafunc.parametrize("story", [story.name for story in knowledge_of(contract).stories])


def test_the_deployment_keeps_its_contract(result: Result, operation: str, check: str) -> None:
    """Nothing that this check looks for was found on this operation."""
    if operation not in result.coverage.operations:
        pytest.skip("not selected")
    if not result.coverage.operations[operation].statuses:
        reasons = ", ".join(result.coverage.operations[operation].why.values())
        pytest.skip(f"never called: {reasons or 'not allowed'}")
    found = [
        finding
        for finding in result.failures
        if finding.operation == operation and check_of(finding) == check
    ]
    assert not found, "\n\n".join(map(sentence, found))


def test_what_is_beside_the_contract_is_refused(result: Result) -> None:
    """Undeclared paths and methods do nothing."""
    found = [
        finding
        for finding in result.failures
        if finding.operation not in result.contract.operations
    ]
    assert not found, "\n\n".join(map(sentence, found))


@pytest.mark.story
def test_the_story_comes_true(result: Result, story: str) -> None:
    """What the story says came of it."""
    found = [finding for finding in result.failures if finding.source == f"stories: {story}"]
    assert not found, "\n\n".join(map(sentence, found))
    if result.settings.phases and "stories" not in result.settings.phases:
        pytest.skip("its phase is not selected")
    skipped = [skip for skip in result.skipped if skip.what.startswith(f"story: {story}")]
    if skipped:
        pytest.skip(skipped[0].why)


def test_the_run_was_whole(result: Result) -> None:
    """Every driver came to its end."""
    assert not result.ended_early
    assert not result.broken


def sentence(finding: Finding) -> str:
    """Return a finding as the text of a failed test."""
    lines = [
        f"{finding.kind} at {printable(finding.where)} ({finding.keyword})",
        f"  expected {printable(finding.expected)}",
        f"  got      {printable(finding.got)}",
        f"  contract {finding.spec}, {finding.provenance}",
    ]
    if finding.exchange is not None:
        lines.append(f"  in       {finding.exchange.method} {finding.exchange.url}")
    return "\n".join(lines)
