"""Converts the schemas and references of Swagger 2.0 documents to OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

from mockserver.openapi.references import references

Node = dict[str, Any]
_SECTIONS = {
    "#/definitions/": "#/components/schemas/",
    "#/parameters/": "#/components/parameters/",
    "#/responses/": "#/components/responses/",
}
_PARAMETER_KEYWORDS = (
    *("type", "format", "default", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
    *("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "enum"),
    *("multipleOf", "items", "example"),
)
_SINGLE = ("items", "additionalProperties", "not")
_LISTS = ("allOf", "anyOf", "oneOf")


def as_schema(schema: Any) -> Any:
    """Return a schema of 2.0 as one of 3.0."""
    if not isinstance(schema, dict):
        return schema
    result: Node = {}
    for key, value in schema.items():
        if key == "x-nullable":
            result["nullable"] = value is True
        elif key == "x-example":
            result.setdefault("example", value)
        elif key == "discriminator" and isinstance(value, str):
            result[key] = {"propertyName": value}
        elif key == "properties" and isinstance(value, dict):
            result[key] = {name: as_schema(part) for name, part in value.items()}
        elif key in _SINGLE:
            result[key] = as_schema(value)
        elif key in _LISTS and isinstance(value, list):
            result[key] = [as_schema(part) for part in value]
        else:
            result[key] = value
    if result.get("type") == "file":
        result["type"], result["format"] = "string", "binary"
    if isinstance(result.get("type"), list):
        _separate_null(result)
    return result


def of_parameter(parameter: Node) -> Node:
    """Return the schema of a parameter or header, which are schemas themselves in 2.0."""
    if "schema" in parameter:
        schema: Node = as_schema(parameter["schema"])
        return schema
    keywords = {key: parameter[key] for key in _PARAMETER_KEYWORDS if key in parameter}
    for key in ("x-nullable", "x-example"):
        if key in parameter:
            keywords[key] = parameter[key]
    if isinstance(keywords.get("items"), dict):
        keywords["items"] = of_parameter(keywords["items"])
    result: Node = as_schema(keywords)
    return result


def move_references(document: Node) -> None:
    """Let references lead to the components of 3.0, in place."""
    for _, node in references(document):
        for old, new in _SECTIONS.items():
            if node["$ref"].startswith(old):
                node["$ref"] = new + node["$ref"].removeprefix(old)


def _separate_null(schema: Node) -> None:
    names = [name for name in schema["type"] if name != "null"]
    if len(names) == 1:
        schema["nullable"] = "null" in schema["type"]
        schema["type"] = names[0]
