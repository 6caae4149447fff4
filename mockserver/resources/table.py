"""The table of what was inferred from a document, as ``mockserver resources`` prints it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.openapi.contract import Contract, Operation
from mockserver.resources.model import Model, Resource, Role

_ROLES = {
    Role.LIST: "list",
    Role.CREATE: "create",
    Role.READ: "read",
    Role.REPLACE: "replace",
    Role.MERGE: "update",
    Role.DELETE: "delete",
    Role.ACT: "action",
}
_HEAD = ("resource", "identity", "role", "operation", "method and path")


def lines(contract: Contract, model: Model) -> Iterator[str]:
    """Yield the table, and the operations that are served from examples and schemas."""
    rows = [
        row for resource in model.resources.values() for row in _rows(contract, model, resource)
    ]
    if rows:
        yield from _aligned([_HEAD, *rows])
    else:
        yield "No resources were inferred."
    others = [
        operation
        for operation in contract.operations.values()
        if operation.operation_id not in model.operations
    ]
    if others:
        yield ""
        yield "Served from examples and schemas alone:"
        shown = [(operation.operation_id, _title(operation)) for operation in others]
        yield from (f"  {line}" for line in _aligned(shown))


def _rows(contract: Contract, model: Model, resource: Resource) -> Iterator[tuple[str, ...]]:
    """Yield one row for each operation of a resource. The first names the resource."""
    served = [one for one in model.operations.values() if one.resource == resource.name]
    order = list(_ROLES)
    name, identity = resource.name, resource.identity or "-"
    if resource.is_singleton:
        identity = "(one)"
    if resource.parent is not None:
        name = f"{name} of {resource.parent}"
    for one in sorted(served, key=lambda one: order.index(one.role)):
        operation = contract.operations[one.operation_id]
        yield name, identity, _ROLES[one.role], one.operation_id, _title(operation)
        name = identity = ""


def _title(operation: Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows with columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
