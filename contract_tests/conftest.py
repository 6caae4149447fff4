"""``pytest contract_tests --base-url URL``: one run as tests. Without a URL it starts a mock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import replace

import pytest

from contract_tests import pytest_plugin
from contract_tests.errors import KitError
from contract_tests.findings.checks import CHECKS
from contract_tests.findings.result import Result
from contract_tests.http.local_mock import running_mock
from contract_tests.openapi.contract import Contract
from contract_tests.reports.document import document
from contract_tests.reports.output import write_reports
from contract_tests.runner import run_once
from contract_tests.settings import Settings, packaged_spec
from contract_tests.text import printable

_RESULT = pytest.StashKey[Result]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options in a checkout that is not installed."""
    pytest_plugin.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    for name in CHECKS:
        config.addinivalue_line("markers", f"{name}: the check of the contract kit by this name")
    config.addinivalue_line("markers", "story: a story of the contract kit")


@pytest.fixture(scope="session")
def result(request: pytest.FixtureRequest) -> Iterator[Result]:
    """Run the kit once, and return the result."""
    settings = pytest_plugin.settings_of(request.config)
    with ExitStack() as stack:
        try:
            url = stack.enter_context(
                nullcontext(settings.url) if settings.url else running_mock(*_spec_of(settings))
            )
            result = run_once(replace(settings, url=url), is_quiet=True)
        except KitError as error:
            pytest.exit(f"contract-tests: {error}", returncode=error.exit_code)
        request.config.stash[_RESULT] = result
        yield result


def load_contract(settings: Settings) -> Contract:
    """Return the contract. Exit if it cannot be read."""
    try:
        return Contract.load(settings.spec)
    except KitError as error:
        pytest.exit(f"contract-tests: {error}", returncode=error.exit_code)


def _spec_of(settings: Settings) -> list[str]:
    """Return the flags by which the mock serves the contract."""
    return [] if settings.spec == packaged_spec() else ["--spec", str(settings.spec)]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print differences, drift, coverage and notes, and write the reports."""
    result = config.stash.get(_RESULT, None)
    if result is None:
        return
    terminalreporter.section("contract")
    for finding in result.findings:
        grade = finding.grade(result.settings.policy)
        if grade != "failure":
            place = f"{finding.operation} {finding.where}"
            text = f"{grade}: {place}: {finding.got}, not {finding.expected}"
            terminalreporter.line(printable(text))
    for name, (reached, all) in result.coverage.totals().items():
        terminalreporter.line(f"{name}: {reached} of {all}")
    for note in result.notes:
        terminalreporter.line(printable(note))
    terminalreporter.line(
        f"{result.exchanges} exchanges in {result.seconds:.0f} s, seed {result.settings.seed}"
    )
    for line in write_reports(document(result), result.settings, result.unwritten):
        terminalreporter.line(line)
