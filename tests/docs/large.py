"""A large document: operations whose shared schemas refer to each other in a ring."""

from __future__ import annotations

from tests.docs.specs import Json, responding, spec, taking, to


def document(operations: int) -> Json:
    """Return a document with a quarter as many schemas as operations, in a ring."""
    count = max(1, operations // 4)
    paths = {
        f"/api/v1/resource-{number}/{{id}}": _item(number, count) for number in range(operations)
    }
    schemas = {f"Schema{number}": _schema(number, count) for number in range(count)}
    responses = {"NotFound": responding({"properties": {"detail": {"type": "string"}}})["200"]}
    whole = spec(paths, schemas, servers=[{"url": "https://api.example.com"}])
    return {**whole, "components": {**whole["components"], "responses": responses}}


def _item(number: int, count: int) -> Json:
    operation: Json = {
        "operationId": f"operation_{number}",
        "summary": f"Do the thing number {number}",
        "description": "What it does, in a sentence or two that say when to use it. " * 3,
        "tags": [f"Tag {number % 10}"],
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": "Its id.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
            },
        ],
        "responses": {
            **responding(to(f"Schema{number % count}")),
            "404": {"$ref": "#/components/responses/NotFound"},
        },
    }
    if number % 2:
        return {"post": {**operation, "requestBody": taking(to(f"Schema{number * 3 % count}"))}}
    return {"get": operation}


def _schema(number: int, count: int) -> Json:
    return {
        "type": "object",
        "description": f"The schema number {number}, which leads to the next.",
        "required": ["id", "next"],
        "properties": {
            "id": {"type": "string", "format": "uuid", "description": "Its id."},
            "name": {"type": "string", "maxLength": 100, "description": "Its name."},
            "count": {"type": "integer", "minimum": 0},
            "state": {"type": "string", "enum": ["on", "off"]},
            "next": to(f"Schema{(number + 1) % count}"),
            "others": {"type": "array", "items": to(f"Schema{(number + 7) % count}")},
        },
    }
