"""The driver of lifecycles finds resources that lose, keep or disclose what they should not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract_tests.context import Run
from contract_tests.findings.result import Result
from contract_tests.openapi.contract import Contract
from contract_tests.runner import knowledge_of, perform
from contract_tests.settings import Settings
from tests.contract_kit.fastapi_like import FAULTS, MANNERS, Items, serving, write_document

KEYS = {"BILLING_API_KEY": "token-of-the-kit", "OTHER": "token-of-another"}


def played(folder: Path, items: Items, **changes: Any) -> Result:
    """Return the result of the lifecycles on a server."""
    path = write_document(folder, items)
    given: dict[str, Any] = {
        "allow_irreversible": True,
        "other_key_env": "OTHER",
        "phases": ("lifecycles",),
        "settle": 0.0,
        "environment": KEYS,
        "journal": folder / "journal",
        **changes,
    }
    with serving(items) as url:
        contract = Contract.load(path)
        run = Run(Settings(url, path, **given), contract, knowledge_of(contract))
        perform(run)
    assert run.broken == []
    return run.result()


def test_a_correct_server_passes(tmp_path: Path) -> None:
    """Every step is played, nothing is found, and nothing is left behind."""
    items = Items()
    result = played(tmp_path, items)
    assert (result.findings, result.outcome) == ([], "passed")
    assert result.skipped == []
    assert {(method, target.partition("?")[0]) for method, target in items.requests} >= {
        ("POST", "/items/"),
        ("GET", "/items/"),
        ("GET", "/items/7"),
        ("PATCH", "/items/7"),
        ("DELETE", "/items/7"),
    }
    assert items.items == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_fails_the_run(fault: str, tmp_path: Path) -> None:
    """A resource that contradicts itself is a failure, whatever the provenance of the document."""
    result = played(tmp_path, Items(fault))
    assert result.outcome == "failed"
    assert FAULTS[fault] in {finding.keyword for finding in result.failures}
    assert {finding.severity for finding in result.failures} == {"critical"}
    assert all(finding.contradicts_itself for finding in result.failures)


@pytest.mark.parametrize("manner", MANNERS)
def test_a_manner_is_no_finding(manner: str, tmp_path: Path) -> None:
    """What a correct deployment may do is not reported; at most a step is skipped."""
    result = played(tmp_path, Items(manner))
    lifecycles = [finding for finding in result.findings if finding.kind in ("state", "tenant")]
    assert lifecycles == []
    assert result.failures == []
