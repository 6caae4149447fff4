"""Lifecycles of things that a PUT creates under the name that the client chooses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contract_tests.context import Run
from contract_tests.findings.result import Result
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.resources import resources
from contract_tests.runner import knowledge_of, perform
from contract_tests.settings import Settings
from tests.conftest import running_server
from tests.contract_kit.json_server import Reply, serving

FLAG = {
    "type": "object",
    "required": ["name", "text"],
    "properties": {"name": {"type": "string"}, "text": {"type": "string"}},
}
FAULTS = {
    "forgets_creates": "created_is_readable",
    "ignores_updates": "update_has_effect",
    "delete_does_nothing": "deleted_is_gone",
}
"""The rule that each fault breaks."""


def document(created: str = "201") -> dict[str, Any]:
    """Return a document whose flags are created with a status by PUT."""
    content = {"content": {"application/json": {"schema": FLAG}}}
    done, missing = {"description": "Done.", **content}, {"description": "Missing."}
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    listed = {"schema": {"type": "array", "items": FLAG}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Flags", "version": "1"},
        "paths": {
            "/flags": {
                "get": {
                    "operationId": "list",
                    "responses": {
                        "200": {"description": "All.", "content": {"application/json": listed}}
                    },
                }
            },
            "/flags/{name}": {
                "parameters": [name],
                "get": {"operationId": "read", "responses": {"200": done, "404": missing}},
                "put": {
                    "operationId": "put",
                    "requestBody": {"required": True, **content},
                    "responses": {"200": done, created: done},
                },
                "delete": {
                    "operationId": "delete",
                    "responses": {"204": {"description": "Gone."}, "404": missing},
                },
            },
        },
    }


class Flags:
    """A server of flags, which may have a fault."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.flags: dict[str, Any] = {}
        self.requests: list[tuple[str, str]] = []

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        """Return the reply to a request. The server needs no key."""
        del headers
        self.requests.append((method, target))
        name = target.removeprefix("/flags").strip("/")
        if not name:
            return 200, list(self.flags.values()), {}
        is_there = name in self.flags
        if method == "PUT":
            flag = json.loads(body)
            if not (self.fault == "forgets_creates" or (is_there and self.fault[:7] == "ignores")):
                self.flags[name] = flag
            return (200 if is_there else 201), flag, {}
        if not is_there:
            return 404, None, {}
        if method == "GET":
            return 200, self.flags[name], {}
        if self.fault != "delete_does_nothing":
            del self.flags[name]
        return 204, None, {}


def written(folder: Path, **changes: str) -> Path:
    path = folder / "openapi.json"
    path.write_text(json.dumps(document(**changes)), encoding="utf-8")
    return path


def played(url: str, path: Path, **changes: Any) -> Result:
    """Return the result of the lifecycles on a server."""
    contract = Contract.load(path)
    settings = Settings(url, path, phases=("lifecycles",), settle=0.0, environment={}, **changes)
    run = Run(settings, contract, knowledge_of(contract))
    perform(run)
    return run.result()


def test_a_flag_is_created_changed_and_deleted(tmp_path: Path) -> None:
    """The id in the path is new, the body has it, and nothing is left behind."""
    flags = Flags()
    with serving(flags) as url:
        path = written(tmp_path)
        result = played(url, path, allow_irreversible=True, journal=tmp_path / "journal")
    assert (result.findings, result.skipped, result.outcome) == ([], [], "passed")
    assert [method for method, _ in flags.requests].count("PUT") == 2
    assert flags.flags == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_fails_the_run(fault: str, tmp_path: Path) -> None:
    """A flag that contradicts its creation, its change or its deletion is a failure."""
    with serving(Flags(fault)) as url:
        path = written(tmp_path)
        result = played(url, path, allow_irreversible=True, journal=tmp_path / "journal")
    assert FAULTS[fault] in {finding.keyword for finding in result.failures}


def test_the_mock_passes(tmp_path: Path) -> None:
    """The mock creates by PUT what the document says so of."""
    path = written(tmp_path)
    with running_server(spec=path) as server:
        result = played(server.url, path, mock=True)
    assert (result.findings, result.skipped) == ([], [])


def test_a_put_without_a_201_creates_nothing(tmp_path: Path) -> None:
    """A PUT that documents no creation may only replace."""
    assert resources(Contract.load(written(tmp_path, created="202"))) == []
