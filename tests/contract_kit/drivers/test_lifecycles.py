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
from contract_tests.shard import Shard
from tests.contract_kit.fastapi_like import FAULTS, MANNERS, Items, write_document
from tests.contract_kit.json_server import serving

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


@pytest.mark.slow
def test_all_drivers_pass_a_correct_server(tmp_path: Path) -> None:
    """A 401 and a 404 that FastAPI does not document, and its 422 are no failures."""
    result = played(tmp_path, Items(), phases=(), max_examples=3)
    assert result.failures == []
    assert result.outcome == "passed"


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


@pytest.mark.parametrize("permission", [{}, {"allow_writes": True}], ids=["reads", "writes"])
def test_without_permission_nothing_is_written(permission: dict[str, Any], tmp_path: Path) -> None:
    """What a creation does elsewhere cannot be undone, so it needs ``--allow-irreversible``."""
    items = Items()
    given = {"allow_irreversible": False, **permission}
    result = played(tmp_path, items, phases=("reads", "lifecycles"), **given)
    assert {method for method, _ in items.requests} == {"GET"}
    assert (
        "lifecycles",
        "they create what may have an effect elsewhere (--allow-irreversible)",
    ) in [(skipped.what, skipped.why) for skipped in result.skipped]


@pytest.mark.parametrize("budget", range(9, 24, 2))
def test_what_was_created_is_deleted_within_the_budget(budget: int, tmp_path: Path) -> None:
    """Wherever the budget ends the driver, the deletion is still sent, and the total is kept."""
    items = Items()
    result = played(tmp_path, items, budget=budget)
    assert items.items == {}
    assert len(items.requests) <= budget
    assert result.failures == []


def test_what_was_created_is_deleted_after_the_first_failure(tmp_path: Path) -> None:
    """``--fail-fast`` ends the run, and the item is deleted all the same."""
    items = Items("ignores_updates")
    result = played(tmp_path, items, fail_fast=True)
    assert result.ended_early
    assert items.items == {}


def test_without_a_second_account_isolation_is_skipped(tmp_path: Path) -> None:
    """The report says that isolation was not checked."""
    result = played(tmp_path, Items("leaks_reads"), other_key_env=None)
    assert result.findings == []
    assert [skipped.what for skipped in result.skipped] == ["lifecycles: isolation"]


def test_only_selected_operations_are_called(tmp_path: Path) -> None:
    """``--skip`` leaves steps out; without the deletion, nothing is created."""
    items = Items("ignores_updates")
    assert played(tmp_path, items, skip=("update_item",)).outcome == "passed"
    assert "PATCH" not in {method for method, _ in items.requests}
    items = Items()
    played(tmp_path, items, skip=("delete_item",))
    assert "POST" not in {method for method, _ in items.requests}


def test_a_resource_is_in_one_shard(tmp_path: Path) -> None:
    """With ``--shard`` each resource is played once."""
    played_in = []
    for number in (1, 2):
        items = Items()
        played(tmp_path, items, shard=Shard(number, 2))
        played_in.append("POST" in {method for method, _ in items.requests})
        (tmp_path / "journal").unlink(missing_ok=True)
    assert sorted(played_in) == [False, True]


def test_the_same_seed_gives_the_same_requests(tmp_path: Path) -> None:
    """What is sent follows from the seed."""
    bodies = []
    for _ in range(2):
        items = Items()
        played(tmp_path, items)
        bodies.append(items.requests)
        (tmp_path / "journal").unlink(missing_ok=True)
    assert bodies[0] == bodies[1]
