"""The settings of single operations, applied to a contract and to findings."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from difflib import get_close_matches

from contract_tests.errors import UsageError
from contract_tests.findings.checks import check_of
from contract_tests.findings.finding import Finding
from contract_tests.openapi.contract import ACCEPTED, Contract, Operation
from contract_tests.settings import OperationSettings

Operations = Mapping[str, OperationSettings]


def accepting(contract: Contract, operations: Operations) -> Contract:
    """Return the contract with the expected statuses. Raise UsageError for unknown operations.

    A response with an expected status is validated against the first documented response of the
    same class: 201 against 200.
    """
    for name, settings in operations.items():
        if name not in contract.operations:
            found = get_close_matches(name, contract.operations, 1)
            more = f"; did you mean '{found[0]}'?" if found else ""
            raise UsageError(f"{settings.place}: unknown operationId '{name}'{more}")
    if not any(settings.expected_statuses for settings in operations.values()):
        return contract
    accepted = Contract(contract.path, copy.deepcopy(contract.document))
    for name, settings in operations.items():
        operation = accepted.operations[name]
        for status in settings.expected_statuses:
            if status not in operation.responses:
                _accept(operation, status)
    return Contract(accepted.path, accepted.document)


def _accept(operation: Operation, status: int) -> None:
    """Add a response to the document of an operation."""
    node = {"description": "Accepted by the settings."}
    for documented, place in operation.responses.items():
        if documented // 100 == status // 100:
            node = copy.deepcopy(place.node)
            break
    operation.place.node["responses"][str(status)] = {**node, ACCEPTED: True}


def accepted_because(finding: Finding, operations: Operations) -> str:
    """Return why a finding is known by the settings of its operation; empty if it is not."""
    settings = operations.get(finding.operation)
    if settings is None:
        return ""
    checks = settings.skip_checks
    return checks.get(finding.kind) or checks.get(check_of(finding), "")
