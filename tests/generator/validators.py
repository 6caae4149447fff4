"""Two independent validators: the server's, and the OpenAPI 3.0 validator in Python."""

from __future__ import annotations

from typing import Any

from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker

from mockserver.openapi.schemas import compile_schema

# Python's regular expressions have no Unicode properties or code points in braces, and its ``time``
# format accepts values without a time zone.
UNSUPPORTED_IN_PYTHON = {
    "letters of any alphabet",
    "Chinese characters and an emoji",
    "Greek script",
    "every format",
}


class BothValidators:
    """The errors that both validators report for values of one schema."""

    def __init__(
        self, schema: dict[str, Any], components: dict[str, Any], *, second: bool = True
    ) -> None:
        self._first = compile_schema(schema, components, closed=True)
        document = {"allOf": [schema], "components": {"schemas": components}}
        self._second = (
            OAS30ReadValidator(document, format_checker=oas30_format_checker) if second else None
        )

    def errors(self, value: Any) -> list[str]:
        """Return the error messages of both validators."""
        errors = [*self._first.iter_errors(value)]
        if self._second is not None:
            errors += [*self._second.iter_errors(value)]
        return [error.message for error in errors]
