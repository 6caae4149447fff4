"""The contract's operations as tests go through them: all of them, and whatever is added one day."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import packaged
from mockserver.openapi.contract import JSON, Contract, Operation
from mockserver.openapi.schemas import Schema, resolve

CONTRACT = Contract.load(packaged.spec())
OPERATIONS = list(CONTRACT.operations.values())
PATHS = list(CONTRACT.document["paths"])
WITH_BODY = [operation for operation in OPERATIONS if operation.request_body]
READS = [operation for operation in OPERATIONS if operation.method == "get"]

each_operation = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: operation.operation_id
)
each_with_body = pytest.mark.parametrize(
    "operation", WITH_BODY, ids=lambda operation: operation.operation_id
)


def path_of(operation: Operation, **values: str) -> str:
    """Its path, with values for its parameters, or else the examples of the contract."""
    path = operation.path
    for parameter in operation.parameters:
        if parameter["in"] == "path":
            path = path.replace(
                f"{{{parameter['name']}}}", values.get(parameter["name"], str(parameter["example"]))
            )
    return path


def url_of(path: str) -> str:
    """A path of the contract with something in the place of its parameters."""
    return path.replace("{payment_method_id}", "pm_card_visa")


def methods_of(path: str) -> set[str]:
    """The methods that the contract has there; whoever may GET may HEAD."""
    documented = {operation.method.upper() for operation in OPERATIONS if operation.path == path}
    return documented | ({"HEAD"} if "GET" in documented else set())


def body_schema(operation: Operation) -> Schema:
    """The schema of its body, reference followed."""
    assert operation.request_body is not None
    return resolve(operation.request_body["content"][JSON]["schema"], CONTRACT.schemas)


def body_example(operation: Operation) -> Any:
    """The first body that the contract shows for it; None if it takes none."""
    if not operation.request_body:
        return None
    examples = operation.request_body["content"][JSON]["examples"]
    return next(iter(examples.values()))["value"]
