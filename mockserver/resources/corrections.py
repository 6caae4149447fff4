"""Checks the corrections of a document: what ``x-mock-resource`` says, and whether it can be so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.engine.mistakes import nearest
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.problems import Pointer
from mockserver.resources.inference import infer
from mockserver.resources.model import Model
from mockserver.resources.places import CORRECTION, CORRECTION_FIELDS
from mockserver.resources.shapes import Shapes

_KNOWN = ", ".join(CORRECTION_FIELDS)


class _Correction(NamedTuple):
    pointer: Pointer
    value: Any
    operations: list[Operation]
    """The operations that it is for."""


def problems(contract: Contract) -> Iterator[tuple[Pointer, str]]:
    """Yield what is wrong with the corrections of a document, and where."""
    found = list(_corrections(contract))
    model = infer(contract) if found else Model()
    shapes = Shapes(contract.follow)
    for correction in found:
        if correction.value is False:
            continue
        if not isinstance(correction.value, Mapping):
            yield correction.pointer, f"must be false, or an object with {_KNOWN}"
            continue
        for name, value in correction.value.items():
            problem = _problem(correction, str(name), value, model, shapes)
            if problem is not None:
                yield (*correction.pointer, name), f"{problem}; it has no effect"


def _problem(
    correction: _Correction, name: str, value: Any, model: Model, shapes: Shapes
) -> str | None:
    """Return what is wrong with a field of a correction; None if it can be used."""
    if name not in CORRECTION_FIELDS:
        near = nearest(name, frozenset(CORRECTION_FIELDS))
        hint = f"did you mean '{near}'?" if near else f"the fields are {_KNOWN}"
        return f"'{name}' is no field of a correction: {hint}"
    if not isinstance(value, str) or not value:
        return f"'{name}' must be a text"
    if name == "parent" and value not in model.resources:
        return f"there is no resource '{value}'"
    served = (model.operations.get(one.operation_id) for one in correction.operations)
    resources = [model.resources[one.resource] for one in served if one is not None]
    if not resources:
        return "no resource is inferred from this path"
    names = shapes.of(resources[0].schema).names
    if name == "id" and names and value not in names:
        return f"'{value}' is no property of the items of {resources[0].name}"
    return None


def _corrections(contract: Contract) -> Iterator[_Correction]:
    by_path: dict[str, list[Operation]] = {}
    for operation in contract.operations.values():
        by_path.setdefault(operation.path, []).append(operation)
    for path, operations in by_path.items():
        node = contract.document["paths"].get(path, {})
        if CORRECTION in node:
            yield _Correction(("paths", path, CORRECTION), node[CORRECTION], operations)
        for operation in operations:
            if CORRECTION in operation.node:
                pointer = ("paths", path, operation.method, CORRECTION)
                yield _Correction(pointer, operation.node[CORRECTION], [operation])
