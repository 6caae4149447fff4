"""Converts OpenAPI 3.0 schemas to JSON Schema (Draft 4) for a validator."""

import datetime
from typing import Any

from jsonschema_rs import Draft4Validator

from .contract import SPEC, Json


def validator(schema: Json) -> Draft4Validator:
    """Return a validator for a schema of the contract that checks formats."""
    document = {"allOf": [to_draft4(schema)], "components": {"schemas": COMPONENTS}}
    # Draft 4 has date-time and uri; `uuid` always comes with a pattern.
    return Draft4Validator(document, validate_formats=True, formats={"date": _is_date})


def to_draft4(schema: Any) -> Any:
    """Convert `nullable: true` to a union of types; the rest is the same in both."""
    if isinstance(schema, list):
        return [to_draft4(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {
        key: to_draft4(value) for key, value in schema.items() if key not in ("nullable", "example")
    }
    if schema.get("nullable") is True:
        converted["type"] = [schema["type"], "null"]
    return converted


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


COMPONENTS: Json = to_draft4(SPEC["components"]["schemas"])
