"""Swagger 2.0 as OpenAPI 3.0."""

from __future__ import annotations

import copy
from typing import Any

Node = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_JSON = "application/json"
_STYLES: dict[str, Node] = {
    "multi": {"style": "form", "explode": True},
    "csv": {"style": "form", "explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "tsv": {"style": "form", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
}
_OF_PARAMETERS = ("name", "in", "required", "description", "allowEmptyValue")
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}
_PREFIXES = {
    "#/definitions/": "#/components/schemas/",
    "#/responses/": "#/components/responses/",
}


def as_openapi_3(document: Node) -> Node:
    """Return a 2.0 document as one of 3.0. The content of its paths keeps its names."""
    found = copy.deepcopy(document)
    schemas = {name: _schema(node) for name, node in (found.get("definitions") or {}).items()}
    produces = found.get("produces") or [_JSON]
    components: Node = {
        "schemas": schemas,
        "responses": {
            name: _response(node, produces) for name, node in (found.get("responses") or {}).items()
        },
        "securitySchemes": {
            name: _scheme(node) for name, node in (found.get("securityDefinitions") or {}).items()
        },
    }
    paths = {path: _item(found, item) for path, item in (found.get("paths") or {}).items()}
    kept = {
        name: value
        for name, value in found.items()
        if name in ("info", "security", "tags", "externalDocs") or name.startswith("x-")
    }
    servers = [{"url": found.get("basePath") or "/"}]
    return {
        "openapi": "3.0.3",
        **kept,
        "servers": servers,
        "paths": paths,
        "components": components,
    }


def _item(document: Node, item: Node) -> Node:
    shared = [_found(document, node) for node in item.get("parameters") or ()]
    return {
        method: _operation(document, item[method], shared) for method in METHODS if method in item
    } | {name: value for name, value in item.items() if name.startswith("x-")}


def _operation(document: Node, node: Node, shared: list[Node]) -> Node:
    own = [_found(document, entry) for entry in node.get("parameters") or ()]
    parameters = {(entry["in"], entry["name"]): entry for entry in [*shared, *own]}
    consumes = node.get("consumes") or document.get("consumes") or []
    produces = node.get("produces") or document.get("produces") or [_JSON]
    found = {
        name: value
        for name, value in node.items()
        if name not in ("parameters", "responses", "consumes", "produces", "schemes")
    }
    found["parameters"] = [
        _parameter(entry)
        for entry in parameters.values()
        if entry["in"] not in ("body", "formData")
    ]
    body = _body(list(parameters.values()), consumes)
    if body is not None:
        found["requestBody"] = body
    found["responses"] = {
        status: _response(entry, produces) for status, entry in node["responses"].items()
    }
    return found


def _found(document: Node, node: Node) -> Node:
    """Return a parameter, or the one that it refers to."""
    reference = node.get("$ref")
    if isinstance(reference, str):
        named: Node = document["parameters"][reference.rpartition("/")[2]]
        return named
    return node


def _parameter(node: Node) -> Node:
    found = {name: node[name] for name in _OF_PARAMETERS if name in node}
    schema = {
        name: value
        for name, value in node.items()
        if name not in (*_OF_PARAMETERS, "collectionFormat") and not name.startswith("x-")
    }
    found["schema"] = _schema(schema)
    if node.get("type") == "array":
        style = _STYLES[node.get("collectionFormat", "csv")]
        is_simple = node["in"] in ("path", "header")
        found |= {"style": "simple", "explode": False} if is_simple else style
    return found


def _body(parameters: list[Node], consumes: list[str]) -> Node | None:
    whole = next((node for node in parameters if node["in"] == "body"), None)
    if whole is not None:
        schema = _schema(whole.get("schema") or {})
        content = {media: {"schema": schema} for media in consumes or [_JSON]}
        return {"required": bool(whole.get("required")), "content": content}
    fields = [node for node in parameters if node["in"] == "formData"]
    if not fields:
        return None
    form: Node = {
        "type": "object",
        "properties": {node["name"]: _parameter(node)["schema"] for node in fields},
    }
    required = [node["name"] for node in fields if node.get("required")]
    if required:
        form["required"] = required
    has_file = any(node.get("type") == "file" for node in fields)
    default = "multipart/form-data" if has_file else "application/x-www-form-urlencoded"
    media_types = [media for media in consumes if "form" in media] or [default]
    return {
        "required": bool(required),
        "content": {media: {"schema": form} for media in media_types},
    }


def _response(node: Node, produces: list[str]) -> Node:
    if "$ref" in node:
        return {"$ref": _renamed(node["$ref"])}
    found: Node = {"description": node.get("description", "")}
    if "headers" in node:
        found["headers"] = {
            name: {"schema": _schema(header)} for name, header in node["headers"].items()
        }
    if "schema" in node:
        schema = _schema(node["schema"])
        found["content"] = {media: {"schema": schema} for media in produces}
    return found


def _schema(node: Any) -> Any:
    """Return a schema with references to components, files as binary text and nullable values."""
    if isinstance(node, list):
        return [_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {
        name: value
        if name in ("example", "default", "enum")
        else {key: _schema(inner) for key, inner in value.items()}
        if name == "properties" and isinstance(value, dict)
        else _schema(value)
        for name, value in node.items()
        if name not in ("discriminator", "collectionFormat")
    }
    reference = found.get("$ref")
    if isinstance(reference, str):
        return {"$ref": _renamed(reference)}
    if found.get("type") == "file":
        found |= {"type": "string", "format": "binary"}
    if found.pop("x-nullable", False) is True:
        found["nullable"] = True
    return found


def _renamed(reference: str) -> str:
    for old, new in _PREFIXES.items():
        if reference.startswith(old):
            return new + reference.removeprefix(old)
    return reference


def _scheme(node: Node) -> Node:
    kind = node.get("type")
    if kind == "basic":
        return {"type": "http", "scheme": "basic"}
    if kind != "oauth2":
        return node
    flow = node.get("flow", "implicit")
    urls = {name: node[name] for name in ("authorizationUrl", "tokenUrl") if name in node}
    return {"type": "oauth2", "flows": {_FLOWS.get(flow, flow): {**urls, "scopes": {}}}}
