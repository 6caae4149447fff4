"""The operations of the contract as test parameters: new operations are tested at once."""

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
    """Return the path of an operation, with the given parameters or the contract's examples."""
    path = operation.path
    for parameter in operation.parameters:
        if parameter["in"] == "path":
            path = path.replace(
                f"{{{parameter['name']}}}", values.get(parameter["name"], str(parameter["example"]))
            )
    return path


def url_of(path: str) -> str:
    """Return a path of the contract with its parameters filled in."""
    return path.replace("{payment_method_id}", "pm_card_visa")


def methods_of(path: str) -> set[str]:
    """Return the methods of a path; a path with GET also has HEAD."""
    documented = {operation.method.upper() for operation in OPERATIONS if operation.path == path}
    return documented | ({"HEAD"} if "GET" in documented else set())


def body_schema(operation: Operation) -> Schema:
    """Return the schema of the request body, with its reference resolved."""
    assert operation.request_body is not None
    return resolve(operation.request_body["content"][JSON]["schema"], CONTRACT.schemas)


def body_example(operation: Operation) -> Any:
    """Return the contract's first example of the request body, or None if there is no body."""
    if not operation.request_body:
        return None
    examples = operation.request_body["content"][JSON]["examples"]
    return next(iter(examples.values()))["value"]
