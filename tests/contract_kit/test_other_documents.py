"""Runs on other OpenAPI documents, which are judged by the document alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract_tests.context import Run
from contract_tests.errors import UsageError
from contract_tests.findings.result import Result
from contract_tests.http.local_mock import running_mock
from contract_tests.openapi.contract import Contract
from contract_tests.runner import PHASES, knowledge_of, perform
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit.json_server import Reply, serving
from tests.contract_kit.stateless import Stateless

DATA = Path(__file__).resolve().parents[1] / "data"
NOTES, PETS = DATA / "notes.yaml", DATA / "petstore.yaml"
QUICK = ("reads", "boundaries", "keys", "protocol", "tenants", "stories", "machine")
STATELESS = tuple(name for name in PHASES if name != "lifecycles")
"""What can be done without state."""
LEFT_OUT_QUICK = "left out: tenants, stories, machine (no knowledge of this API)"
LEFT_OUT = "left out: tenants, stories, races, machine (no knowledge of this API)"
KEY = {"BILLING_API_KEY": "token-of-the-kit"}


def judged(stateless: Stateless, **settings: Any) -> Result:
    """Return the result of a run against a mock."""
    with serving(stateless) as url:
        plain = Settings(
            url, stateless.contract.path, mock=True, phases=QUICK, max_examples=2, environment=KEY
        )
        run = Run(replace(plain, **settings), stateless.contract, knowledge_of(stateless.contract))
        perform(run)
    return run.result()


@pytest.mark.parametrize("spec", [NOTES, PETS], ids=["notes", "petstore"])
@pytest.mark.parametrize(
    "phases", [QUICK, pytest.param(STATELESS, marks=pytest.mark.slow)], ids=["quick", "all"]
)
def test_a_document_passes_the_stateless_mock(spec: Path, phases: tuple[str, ...]) -> None:
    """Every operation is called, nothing is found, and one note lists the skipped drivers."""
    result = judged(Stateless(Contract.load(spec)), phases=phases)
    assert (result.findings, result.broken, result.outcome) == ([], [], "passed")
    assert result.notes == [LEFT_OUT if phases == STATELESS else LEFT_OUT_QUICK]
    reached, operations = result.coverage.totals()["operations"]
    assert reached == operations
    valid, constraints = result.coverage.totals()["constraints tried valid"]
    assert valid == constraints


def test_the_base_path_of_the_document_is_added() -> None:
    """The URL of the deployment is accepted with and without the base path."""
    mock = Stateless(Contract.load(NOTES))
    with serving(mock) as url:
        for given in (url, f"{url}/v1"):
            settings = Settings(given, NOTES, phases=("reads",), environment=KEY)
            run = Run(settings, mock.contract, knowledge_of(mock.contract))
            perform(run)
            assert run.result().outcome == "passed"
    assert {target.split("?")[0] for target in mock.targets} == {"GET /v1/notes"}


def test_a_deployment_without_security_needs_no_key() -> None:
    """Without security schemes, no variable is read and no header is sent."""
    result = judged(
        Stateless(Contract.load(PETS)), mock=False, environment={}, phases=("reads", "keys")
    )
    assert result.outcome == "passed"
    assert [skipped.why for skipped in result.skipped] == ["the contract declares no key"]


def test_a_deployment_with_security_needs_the_key() -> None:
    """With a security scheme, the variable of the key is required."""
    with pytest.raises(UsageError, match="no API key"):
        judged(Stateless(Contract.load(NOTES)), mock=False, environment={})


def without(name: str) -> Callable[[Reply], Reply]:
    def change(reply: Reply) -> Reply:
        status, body, headers = reply
        return status, {key: value for key, value in body.items() if key != name}, headers

    return change


def instead(status: int, body: Any) -> Callable[[Reply], Reply]:
    return lambda _: (status, body, {})


GOOD = {
    "id": "3f1c2f6e-6a0e-4b7a-9d3e-2f7f5f1c0a11",
    "title": "Milk",
    "text": "",
    "color": "yellow",
    "created_at": "2026-01-31T12:00:00Z",
}


@pytest.mark.parametrize(
    ("operation", "when", "change", "kind", "where"),
    [
        ("get_note", 200, without("title"), "response_schema", "/response/200/body/title"),
        ("list_notes", 401, instead(200, {"notes": [], "total": 0}), "auth",
         "/request/headers/authorization"),
        ("create_note", 422, instead(201, GOOD), "invalid_accepted", "/request/body"),
        ("update_note", 422, instead(400, {"code": "invalid", "message": "No."}),
         "wrong_refusal", "/request/body"),
        ("list_notes", 401, without("code"), "response_schema", "/response/401/body/code"),
        ("get_note", 200, instead(200, {**GOOD, "extra": 1}), "unknown_field",
         "/response/200/body/extra"),
        ("delete_note", 204, instead(500, {"code": "invalid", "message": "No."}), "server_error",
         "/response/status"),
    ],
)  # fmt: skip
def test_faults_are_found(
    operation: str, when: int, change: Callable[[Reply], Reply], kind: str, where: str
) -> None:
    """The document alone is enough to find each fault and its place."""

    def fault(operation_id: str, reply: Reply) -> Reply:
        return change(reply) if (operation_id, reply[0]) == (operation, when) else reply

    result = judged(Stateless(Contract.load(NOTES), fault))
    assert result.outcome == "failed"
    found = {(finding.operation, finding.kind) for finding in result.failures}
    assert (operation, kind) in found
    assert any(finding.where.startswith(where) for finding in result.failures)


@pytest.mark.slow
def test_nothing_of_billing_is_loaded() -> None:
    """For another document, no module of ``contract_tests.billing`` is loaded."""
    code = (
        "import sys\n"
        "from contract_tests.cli import main\n"
        "code = main(sys.argv[1:])\n"
        "print([name for name in sys.modules if name.startswith('contract_tests.billing')])\n"
        "sys.exit(code)\n"
    )
    with serving(Stateless(Contract.load(NOTES))) as url:
        flags = ["run", url, "--mock", "--spec", str(NOTES), "--phases", "reads,stories"]
        done = subprocess.run(
            [sys.executable, "-c", code, *flags], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['contract_tests.billing']"
    assert "left out: stories (no knowledge of this API)" in done.stdout


def test_the_billing_document_is_recognised() -> None:
    """The billing document is recognised by its paths."""
    contract = Contract.load(packaged_spec())
    assert set(knowledge_of(contract).drivers) < set(PHASES)


def passes_the_real_mock(spec: Path) -> Result:
    """Return the result of a run against the mock, which serves any document."""
    contract = Contract.load(spec)
    with running_mock("--spec", str(spec)) as url:
        run = Run(Settings(url, spec, mock=True, max_examples=5), contract, knowledge_of(contract))
        perform(run)
    result = run.result()
    assert (result.findings, result.broken, result.outcome) == ([], [], "passed")
    return result


@pytest.mark.slow
@pytest.mark.parametrize("spec", [NOTES, PETS], ids=["notes", "petstore"])
def test_a_document_passes_the_real_mock(spec: Path) -> None:
    """The kit finds no violation in the mock of a document, and names what was left out."""
    result = passes_the_real_mock(spec)
    assert result.notes == [LEFT_OUT if not result.settings.phases else LEFT_OUT_QUICK]


@pytest.mark.slow
def test_undeclared_path_parameters_pass_the_real_mock(tmp_path: Path) -> None:
    """Some documents name parameters in the template of a path only."""
    document = yaml.safe_load(PETS.read_text(encoding="utf-8"))
    for item in document["paths"].values():
        for operation in (item, *(value for value in item.values() if isinstance(value, dict))):
            operation["parameters"] = [
                each for each in operation.pop("parameters", []) if each["in"] != "path"
            ]
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    passes_the_real_mock(spec)
