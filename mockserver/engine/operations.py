"""All operations of one document, each compiled when it is first needed."""

from __future__ import annotations

from mockserver.engine.asgi import AsgiOperation, Servable
from mockserver.engine.faulty_operation import FaultyOperation
from mockserver.engine.operation import CompiledOperation, Shared


class Operations:
    """The operations of a document by operationId."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._compiled: dict[str, Servable] = {}

    def get(self, operation_id: str) -> Servable:
        """Return an operation, wrapped where its requests may meet faults."""
        found = self._compiled.get(operation_id)
        if found is None:
            found = self._compiled[operation_id] = self._compile(operation_id)
        return found

    def app(self, operation_id: str) -> AsgiOperation:
        """Return the ASGI app of an operation."""
        names = self.shared.contract.operations[operation_id].path_names
        return AsgiOperation(self.get(operation_id), self.shared.world.clock, names)

    def _compile(self, operation_id: str) -> Servable:
        shared = self.shared
        compiled = CompiledOperation(shared.contract.operations[operation_id], shared)
        if not shared.is_api:
            return compiled
        return FaultyOperation(compiled, shared.world.faults, shared.world.clock)
