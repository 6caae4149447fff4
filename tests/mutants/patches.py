"""Faults inside: patched functions of the mock, and patched rules for requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from mockserver.billing.api.operations import HANDLERS
from mockserver.engine.operation import CompiledOperation, Shared
from mockserver.openapi.contract import JSON, Contract, Operation
from mockserver.openapi.schemas import Schema

Memory = dict[Any, Any]
"""What a fault keeps between calls. Each planting starts with an empty one."""


@dataclass(frozen=True)
class Patch:
    """A replacement in the mock's modules before the app is built, which is undone afterwards."""

    operations: tuple[str, ...]
    plant: Callable[[Memory], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Original:
    """The replaced function, and the fault's memory."""

    function: Callable[..., Any]
    memory: Memory

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def wraps(owner: Any, name: str, fault: Callable[..., Any], *, on: Sequence[str]) -> Patch:
    """Call ``fault(original, ...)`` instead of a module's function or a class's method."""

    def plant(memory: Memory) -> AbstractContextManager[Any]:
        return _attribute(owner, name, _standing_in(fault, Original(vars(owner)[name], memory)))

    return Patch(tuple(on), plant)


def handles(operation: str, fault: Callable[..., Any], *, on: Sequence[str] = ()) -> Patch:
    """Call ``fault(original, call)`` instead of the handler of an operation."""

    def plant(memory: Memory) -> AbstractContextManager[Any]:
        return _entry(
            HANDLERS, operation, _standing_in(fault, Original(HANDLERS[operation], memory))
        )

    return Patch(tuple(on) or (operation,), plant)


def sets(owner: Any, name: str, value: Any, *, on: Sequence[str]) -> Patch:
    """Replace a module's constant or a class's property."""
    return Patch(tuple(on), lambda _: _attribute(owner, name, value))


def sets_item(mapping: Any, key: str, value: Any, *, on: Sequence[str]) -> Patch:
    """Replace an entry of a table."""
    return Patch(tuple(on), lambda _: _entry(mapping, key, value))


def together(*patches: Patch, on: Sequence[str] = ()) -> Patch:
    """Combine several patches into one fault with a shared memory."""

    @contextmanager
    def plant(memory: Memory) -> Iterator[None]:
        with ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch.plant(memory))
            yield

    operations = dict.fromkeys(name for patch in patches for name in patch.operations)
    return Patch(tuple(on) or tuple(operations), plant)


@dataclass(frozen=True)
class Demands:
    """Copies of the contract's rules for requests of one operation, which a fault may change."""

    parameters: dict[str, Schema]
    """The schemas of parameters, by name."""
    body: Schema
    """The schema of the body; empty if there is none."""
    request_body: Schema


def demands(operation: str, edit: Callable[[Demands], object]) -> Patch:
    """Validate the requests of an operation against changed rules; responses are unchanged."""

    def compile(
        original: Original, self: CompiledOperation, served: Operation, shared: Shared
    ) -> None:
        if served.operation_id == operation:
            served = _edited(served, shared.contract, edit)
        original(self, served, shared)

    return wraps(CompiledOperation, "__init__", compile, on=(operation,))


def property_of(name: str, **changes: Any) -> Callable[[Demands], None]:
    """Change keywords of a body's property; None removes a keyword."""
    return lambda demands: _change(demands.body["properties"][name], changes)


def parameter(name: str, **changes: Any) -> Callable[[Demands], None]:
    """Change keywords of a parameter; None removes a keyword."""
    return lambda demands: _change(demands.parameters[name], changes)


def _change(schema: Schema, changes: Schema) -> None:
    schema.update(changes)
    for keyword in [change for change, value in changes.items() if value is None]:
        del schema[keyword]


def _edited(
    operation: Operation, contract: Contract, edit: Callable[[Demands], object]
) -> Operation:
    parameters = deepcopy(operation.parameters)
    request_body = deepcopy(operation.request_body or {})
    body: Schema = {}
    if request_body:
        body = deepcopy(contract.follow(request_body["content"][JSON]["schema"]))
        request_body["content"][JSON]["schema"] = body
    edit(
        Demands(
            {parameter["name"]: parameter["schema"] for parameter in parameters}, body, request_body
        )
    )
    node = {**operation.node, "requestBody": request_body} if request_body else operation.node
    return replace(operation, parameters=parameters, node=node)


@contextmanager
def _attribute(owner: Any, name: str, value: Any) -> Iterator[None]:
    kept = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, kept)


@contextmanager
def _entry(table: Any, key: str, value: Any) -> Iterator[None]:
    kept = table[key]
    table[key] = value
    try:
        yield
    finally:
        table[key] = kept


def _standing_in(fault: Callable[..., Any], original: Original) -> Callable[..., Any]:
    def stand_in(*args: Any, **kwargs: Any) -> Any:
        return fault(original, *args, **kwargs)

    return stand_in
