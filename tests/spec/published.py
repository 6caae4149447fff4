"""Reads the published Billing page, and derives the same page from the contract.

Both yield a `Published` for each operation, which tests compare. The rules of the page are observed
on the page itself: parameters are sorted by path, query, header, body; a response shows its first
six fields, with placeholders as values.
"""

import json
from typing import Any

from mockserver.contract import page

from .contract import ROOT, SPEC, Json, Operation, operations, resolve

Published = page.Published
Row = page.Row

PAGE = ROOT / "tests" / "data" / "billing-page.txt"
NOTHING_PUBLISHED: Json = {"status": "ok"}


def read_page() -> list[Published]:
    """Parse the published page."""
    return page.read(PAGE)


# ------------------------------------------------------------------------------------- the contract


def documented_operations(document: Json = SPEC) -> list[Published]:
    """Derive the page from the documented parts of a contract."""
    documented = [operation for operation in operations(document) if operation.is_documented()]
    documented.sort(key=lambda operation: operation.path.replace("{", "~"))  # `{` after the letters
    return [_published_form(operation) for operation in documented]


def documented_body_properties(operation: Operation) -> list[tuple[str, Json, bool]]:
    """Return name, schema and requiredness of each documented body property."""
    if operation.body is None:
        return []
    schema = resolve(operation.body["schema"])
    above = (operation.node["requestBody"], operation.body, schema)
    return [
        (name, prop, name in schema.get("required", []))
        for name, prop in schema["properties"].items()
        if operation.is_documented(*above, prop)
    ]


def documented_response(operation: Operation) -> list[tuple[str, Json]]:
    """Return name and schema of each documented response field, in order."""
    above = (operation.responses["200"], operation.success)
    if not operation.is_documented(*above):
        return []
    schema = resolve(operation.success["schema"])
    return [
        (name, prop)
        for name, prop in schema["properties"].items()
        if operation.is_documented(*above, schema, prop)
    ]


def type_shown(schema: Json) -> str:
    """Return a type as the page writes it."""
    schema = resolve(schema)
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"] if value is not None)
    if schema["type"] == "array":
        return f"{type_shown(schema['items'])}[]"
    return str(schema["type"])


def placeholder(schema: Json) -> Any:
    """Return the placeholder that the page shows for a value of a schema."""
    schema = resolve(schema)
    if schema.get("nullable"):
        return "example"
    return {"integer": 0, "boolean": True, "array": []}.get(schema["type"], "example")


def _published_form(operation: Operation) -> Published:
    method = operation.method.upper()
    properties = documented_body_properties(operation)
    response = {name: placeholder(prop) for name, prop in documented_response(operation)}
    return Published(
        method=method,
        path=operation.path,
        summary=operation.node["summary"],
        rows=(*_parameter_rows(operation), *(_property_row(*prop) for prop in properties)),
        request_url=SPEC["servers"][0]["url"] + operation.path.replace("{", "<").replace("}", ">"),
        request_body=_request_body(properties),
        response=response or NOTHING_PUBLISHED,
    )


def _parameter_rows(operation: Operation) -> list[Row]:
    parameters = [
        parameter for parameter in operation.parameters if operation.is_documented(parameter)
    ]
    parameters.sort(key=lambda parameter: ("path", "query", "header").index(parameter["in"]))
    return [
        Row(
            parameter["name"],
            type_shown(parameter["schema"]),
            parameter.get("required", False),
            _published_description(parameter) or parameter["name"],
            _default_shown(parameter["schema"]),
        )
        for parameter in parameters
    ]


def _property_row(name: str, schema: Json, required: bool) -> Row:
    description = _published_description(schema) or (
        name if schema.get("nullable") else schema["title"]
    )
    return Row(name, type_shown(schema), required, description, _default_shown(schema))


def _published_description(node: Json) -> str | None:
    return None if node.get("x-description-provenance") == "assumed" else node.get("description")


def _default_shown(schema: Json) -> str | None:
    default = resolve(schema).get("default")
    return None if default is None else str(default)


def _request_body(properties: list[tuple[str, Json, bool]]) -> Json | None:
    shown = [
        (name, schema)
        for name, schema, required in properties[:5]
        if required or schema.get("default") is not None
    ]
    return {name: _request_value(name, schema) for name, schema in shown} or None


def _request_value(name: str, schema: Json) -> Any:
    match schema["type"]:
        case "boolean":
            return False
        case "integer":
            return schema.get("default", 0)
        case _:
            return f"example_{name}"
