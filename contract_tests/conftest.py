"""``pytest contract_tests --base-url URL``: one run as tests. Without a URL it starts a mock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from contract_tests.context import Run
from contract_tests.errors import KitError
from contract_tests.findings.checks import CHECKS
from contract_tests.findings.result import Result
from contract_tests.http.local_mock import running_mock
from contract_tests.openapi.contract import Contract
from contract_tests.runner import knowledge_of, perform
from contract_tests.settings import API_KEY_ENV, Settings, packaged_spec, rate, seconds
from contract_tests.text import printable

_RESULT = pytest.StashKey[Result]()


_OPTIONS: dict[str, dict[str, Any]] = {
    "--spec": {
        "type": Path,
        "default": packaged_spec(),
        "metavar": "FILE",
        "help": "the contract",
    },
    "--mock": {"action": "store_true", "help": "the deployment is the mock: everything is on"},
    "--allow-writes": {"action": "store_true", "help": "writes that are put back afterwards"},
    "--allow-irreversible": {"action": "store_true", "help": "deposits and plan changes, too"},
    "--api-key-env": {
        "default": API_KEY_ENV,
        "metavar": "NAME",
        "help": "variable that holds the key",
    },
    "--other-key-env": {
        "metavar": "NAME",
        "help": "variable that holds another account's key",
    },
    "--organization-id": {"metavar": "UUID"},
    "--rate-limit": {"type": rate, "metavar": "RATE", "help": "such as 5/s"},
    "--max-time": {"type": seconds, "metavar": "TIME", "help": "such as 10m"},
    "--contract-seed": {
        "type": int,
        "default": 1,
        "metavar": "N",
        "help": "the same seed, the same requests",
    },
    "--contract-strict": {
        "action": "store_true",
        "help": "differences from what is assumed fail, too",
    },
    "--max-examples": {
        "type": int,
        "default": 20,
        "metavar": "N",
        "help": "generated requests, each operation",
    },
    "--phases": {
        "default": "",
        "metavar": "NAMES",
        "help": "drivers to run, comma separated",
    },
}
"""The flags of ``contract-tests run``, as far as they make sense here."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "the contract kit")
    with suppress(ValueError):  # another plugin has it, and means the same
        group.addoption(
            "--base-url", metavar="URL", help="the deployment to test; without it a mock is started"
        )
    for name, option in _OPTIONS.items():
        group.addoption(name, **option)


def pytest_configure(config: pytest.Config) -> None:
    for name in CHECKS:
        config.addinivalue_line("markers", f"{name}: the check of the contract kit by this name")
    config.addinivalue_line("markers", "story: a story of the contract kit")


@pytest.fixture(scope="session")
def result(request: pytest.FixtureRequest) -> Iterator[Result]:
    """Run the kit once, and return the result."""
    option = request.config.getoption
    with ExitStack() as stack:
        given = option("base_url", None)
        url = stack.enter_context(
            running_mock(*_spec_of(request.config)) if given is None else nullcontext(given)
        )
        settings = _settings(url, request.config, mock=given is None or option("mock"))
        try:
            contract = Contract.load(settings.spec)
            run = Run(settings, contract, knowledge_of(contract))
            perform(run)
        except KitError as error:
            pytest.exit(f"contract-tests: {error}", returncode=error.exit_code)
        request.config.stash[_RESULT] = run.result()
        yield run.result()


def _spec_of(config: pytest.Config) -> list[str]:
    """Return the flags by which the mock serves the contract."""
    spec = config.getoption("spec")
    return [] if spec == packaged_spec() else ["--spec", str(spec)]


def _settings(url: str, config: pytest.Config, *, mock: bool) -> Settings:
    option = config.getoption
    names = (
        "spec",
        "allow_writes",
        "allow_irreversible",
        "api_key_env",
        "other_key_env",
        "organization_id",
        "max_time",
    )
    given: dict[str, Any] = {name: option(name) for name in names}
    return Settings(
        url=url,
        mock=mock,
        per_second=option("rate_limit"),
        seed=option("contract_seed"),
        strict=option("contract_strict"),
        max_examples=option("max_examples"),
        phases=tuple(name for name in option("phases").split(",") if name),
        **given,
    )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print differences, drift, coverage and notes."""
    result = config.stash.get(_RESULT, None)
    if result is None:
        return
    terminalreporter.section("contract")
    for finding in result.findings:
        grade = finding.grade(strict=result.settings.is_strict)
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
