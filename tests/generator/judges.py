"""Two validators that know nothing of each other: the one of the server, and Python's of OpenAPI 3.0 for answers."""

from __future__ import annotations

from typing import Any

from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker

from mockserver.openapi.schemas import compile_schema

# Python's expressions know no properties of characters, nor codes in braces; and it takes `time` for one without zone.
UNKNOWN_TO_PYTHON = {
    "letters of any alphabet",
    "Chinese characters and an emoji",
    "Greek script",
    "every format",
}


class Judges:
    """What both say about the values of one schema."""

    def __init__(
        self, schema: dict[str, Any], components: dict[str, Any], *, second: bool = True
    ) -> None:
        self._first = compile_schema(schema, components, closed=True)
        document = {"allOf": [schema], "components": {"schemas": components}}
        self._second = (
            OAS30ReadValidator(document, format_checker=oas30_format_checker) if second else None
        )

    def complaints(self, value: Any) -> list[str]:
        """What is wrong with a value, by either."""
        errors = [*self._first.iter_errors(value)]
        if self._second is not None:
            errors += [*self._second.iter_errors(value)]
        return [error.message for error in errors]
