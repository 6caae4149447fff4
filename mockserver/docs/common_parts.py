"""What all operations share: errors and response headers that a page describes once."""

from __future__ import annotations

from mockserver.docs.model import Header, Operation, Reference, StatusResponse


class CommonParts:
    """The errors and headers that every operation of a document has. One operation has none."""

    def __init__(self, reference: Reference) -> None:
        operations = list(reference.operations)
        first = operations[0] if len(operations) > 1 else None
        self.errors: list[StatusResponse] = []
        self.headers: list[Header] = []
        if first is not None:
            self.errors = [
                error
                for error in first.errors
                if all(error in operation.errors for operation in operations)
            ]
            self.headers = [
                header
                for header in _headers(first)
                if header.anchor is not None
                and all(header in _headers(operation) for operation in operations)
            ]
        self._keys = {id(error.response) for error in self.errors}

    @property
    def statuses(self) -> str:
        return ", ".join(error.status for error in self.errors)

    def own_errors(self, operation: Operation) -> list[StatusResponse]:
        """Return the errors of an operation that not all operations share."""
        return [error for error in operation.errors if not self.has(error)]

    def has(self, error: StatusResponse) -> bool:
        """Return whether every operation has an error."""
        return id(error.response) in self._keys or error in self.errors

    def own_headers(self, headers: tuple[Header, ...]) -> tuple[Header, ...]:
        """Return the headers of a response that not all operations send."""
        return tuple(header for header in headers if header not in self.headers)


def _headers(operation: Operation) -> tuple[Header, ...]:
    return operation.success.response.headers if operation.success is not None else ()
