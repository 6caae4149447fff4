"""Results of runs that found what a test names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contract_tests.findings.coverage import Coverage
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result, Skipped
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.request import RequestJudgement
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit.reports.samples import (
    CALLED,
    EVIL,
    exchange,
)


@pytest.fixture(scope="session")
def _contract() -> Contract:
    return Contract.load(packaged_spec())


@pytest.fixture(scope="session")
def make(_contract: Contract) -> Callable[..., Result]:
    """Return a factory of results in which three operations were called."""

    def made(*findings: Finding, **fields: Any) -> Result:
        coverage = Coverage(_contract)
        for name in CALLED:
            called = exchange(path=_contract.operations[name].path)
            coverage.note(called, RequestJudgement())
        coverage.explain("create_deposit", "constraints", f"it is a write {EVIL}")
        settings = Settings("https://staging.example.com", _contract.path, seed=7)
        known: dict[str, Any] = {
            "skipped": [Skipped("tenants", f"one key only {EVIL}")],
            "exchanges": 1_234,
            "seconds": 12.3,
            "withheld": {f"it is a write {EVIL}": 3},
            "notes": [f"a note {EVIL}"],
        }
        return Result(settings, _contract, list(findings), coverage, **{**known, **fields})

    return made
