"""The contract kit finds nothing in this mock of any document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract_tests.context import Run
from contract_tests.openapi.contract import Contract
from contract_tests.runner import knowledge_of, perform
from contract_tests.settings import Settings
from tests.conftest import running_server
from tests.documents.ours import DOCUMENTS

NAMES = ("own-errors", "parameter-styles", "polymorphism", "shop", "swagger-two", "yaml-values")
KEY = {"BILLING_API_KEY": "token-of-the-kit"}


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_lifecycles_find_nothing_in_the_mock(name: str) -> None:
    """What the kit infers, the mock keeps: created, changed, deleted, and seen by one account."""
    path = DOCUMENTS[name]
    with running_server(spec=path) as server:
        settings = Settings(server.url, path, mock=True, phases=("lifecycles",), environment=KEY)
        contract = Contract.load(path)
        run = Run(settings, contract, knowledge_of(contract))
        perform(run)
    result = run.result()
    assert (result.findings, result.broken) == ([], [])
    reasons = {skipped.why for skipped in result.skipped}
    assert reasons <= {"the selected operations create nothing that can be read or deleted"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_kit_passes_the_mock(name: str) -> None:
    """All general drivers and checks run, and nothing is found."""
    path = DOCUMENTS[name]
    with running_server(spec=path) as server:
        settings = Settings(server.url, path, mock=True, max_examples=2, environment=KEY)
        contract = Contract.load(path)
        run = Run(settings, contract, knowledge_of(contract))
        perform(run)
    result = run.result()
    assert (result.findings, result.broken, result.outcome) == ([], [], "passed")


@pytest.mark.slow
def test_headers_that_openapi_ignores_and_two_keys_at_once_are_understood(tmp_path: Path) -> None:
    """A declared ``Accept`` asks for nothing, and one of two keys is not enough."""
    text = {"type": "string", "example": "text/csv"}
    names = ("Accept", "Content-Type", "Authorization")
    ignored = [{"in": "header", "name": name, "required": True, "schema": text} for name in names]
    shown = {"application/json; charset=utf-8": {"schema": {"type": "array", "items": {}}}}
    get = {"parameters": ignored, "responses": {"200": {"description": "It.", "content": shown}}}
    keys = {name: {"type": "apiKey", "in": "header", "name": name} for name in ("X-App", "X-Token")}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Docks", "version": "1"},
        "security": [{name: [] for name in keys}],
        "components": {"securitySchemes": keys},
        "paths": {"/docks": {"get": get}, "/docks#all": {"get": get}},
    }
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    with running_server(spec=path) as server:
        settings = Settings(server.url, path, mock=True, max_examples=2, environment=KEY)
        contract = Contract.load(path)
        run = Run(settings, contract, knowledge_of(contract))
        perform(run)
    result = run.result()
    assert (result.findings, result.broken, result.outcome) == ([], [], "passed")
    assert any("are left out: /docks#all" in note for note in result.notes)


def test_lifecycles_of_a_stateless_mock_are_one_note() -> None:
    """The mock says that it invents what it responds to a creation."""
    path = DOCUMENTS["shop"]
    with running_server(spec=path, stateless=True) as server:
        settings = Settings(server.url, path, mock=True, phases=("lifecycles",), environment=KEY)
        contract = Contract.load(path)
        run = Run(settings, contract, knowledge_of(contract))
        perform(run)
    result = run.result()
    assert (result.findings, result.broken) == ([], [])
    assert [skipped.what for skipped in result.skipped] == ["lifecycles of what a mock invents"]
    assert "X-Mock-Source" in result.skipped[0].why
