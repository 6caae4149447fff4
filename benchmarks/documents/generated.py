"""A generated document of 1,200 operations: 240 resources of five operations each."""

from __future__ import annotations

from typing import Any

_RESOURCES = 240
_JSON = "application/json"
Json = dict[str, Any]


def large_document(count: int = _RESOURCES) -> Json:
    """Return the document: each resource is created, read, listed, changed and deleted."""
    paths: Json = {}
    schemas: Json = {"Error": _object({"message": {"type": "string"}}, ["message"])}
    for number in range(count):
        name = f"Thing{number}"
        schemas[name] = _thing(number)
        schemas[f"New{name}"] = _new(number)
        paths |= _paths(name, f"/group{number % 12}/things{number}")
    return {
        "openapi": "3.0.3",
        "info": {"title": "A large API", "version": "1"},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths(name: str, path: str) -> Json:
    item, new = {"$ref": f"#/components/schemas/{name}"}, f"#/components/schemas/New{name}"
    body = {"required": True, "content": {_JSON: {"schema": {"$ref": new}}}}
    identifier = {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    }
    limit = {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100},
    }
    page = _object({"data": {"type": "array", "items": item}}, ["data"])
    return {
        path: {
            "get": _operation(f"list{name}s", "200", page, parameters=[limit]),
            "post": _operation(f"create{name}", "201", item, requestBody=body),
        },
        f"{path}/{{id}}": {
            "parameters": [identifier],
            "get": _operation(f"get{name}", "200", item),
            "put": _operation(f"update{name}", "200", item, requestBody=body),
            "delete": _operation(f"delete{name}", "204", None),
        },
    }


def _operation(name: str, status: str, schema: Json | None, **more: Any) -> Json:
    success: Json = {"description": "The response."}
    if schema is not None:
        success["content"] = {_JSON: {"schema": schema}}
    error = {
        "description": "An error.",
        "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    return {"operationId": name, "responses": {status: success, "default": error}, **more}


def _fields(number: int) -> Json:
    found: Json = {
        "name": {"type": "string", "minLength": 1, "maxLength": 60},
        "size": {"type": "integer", "minimum": number % 7, "maximum": 1_000},
        "kind": {"type": "string", "enum": ["small", "large", f"kind{number % 5}"]},
    }
    if number:
        found["previous"] = {"type": "array", "items": {"type": "string"}, "maxItems": 5}
    return found


def _new(number: int) -> Json:
    return _object(_fields(number), ["name", "size"])


def _thing(number: int) -> Json:
    own = {
        "id": {"type": "string", "format": "uuid", "readOnly": True},
        "created_at": {"type": "string", "format": "date-time", "readOnly": True},
    }
    return _object({**own, **_fields(number)}, ["id", "created_at", "name", "size"])


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required}
