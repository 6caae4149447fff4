"""What all operations share: errors and response headers that a page describes once."""

from __future__ import annotations

from mockserver.docs.model import Header, Operation, Reference, StatusResponse

_MIN_OPERATIONS = 2


class CommonParts:
    """The errors and headers that every operation of a document has. One operation has none."""

    def __init__(self, reference: Reference) -> None:
        operations = list(reference.operations)
        self.errors = _shared_errors(operations)
        with_body = [operation for operation in operations if operation.body is not None]
        self.body_errors = [
            error
            for error in _shared_errors(with_body)
            if error not in self.errors and error.response.anchor is not None
        ]
        """The shared responses that every operation with a request body has as errors."""
        self.headers: list[Header] = []
        if len(operations) >= _MIN_OPERATIONS:
            self.headers = [
                header
                for header in _headers(operations[0])
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


def _shared_errors(operations: list[Operation]) -> list[StatusResponse]:
    if len(operations) < _MIN_OPERATIONS:
        return []
    return [
        error
        for error in operations[0].errors
        if all(error in operation.errors for operation in operations)
    ]


def _headers(operation: Operation) -> tuple[Header, ...]:
    return operation.success.response.headers if operation.success is not None else ()
