"""The operations of Swagger 2.0."""

from __future__ import annotations

from typing import Any

from benchmarks.documents.operation import Body, Operation, Parameter, Response, Scheme

_STYLES = {
    "multi": ("form", True),
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "tsv": ("tabDelimited", False),
    "pipes": ("pipeDelimited", False),
}
_DESCRIBES = frozenset({"name", "in", "required", "collectionFormat", "description"})


def operation(
    root: Any, where: tuple[str, str], nodes: tuple[Any, Any], both: tuple[Any, Any]
) -> Operation:
    """Return an operation of a 2.0 document."""
    path, method = where
    request, response = both
    node = nodes[0][method]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in [*(nodes[0].get("parameters") or []), *(node.get("parameters") or [])]:
        parameter = request.follow(entry)
        found[parameter["name"], parameter["in"]] = parameter
    media = node.get("produces") or root.get("produces") or ["application/json"]
    return Operation(
        method.upper(),
        path,
        [_parameter(entry) for entry in found.values() if entry["in"] not in {"body", "formData"}],
        _body(list(found.values()), node.get("consumes") or root.get("consumes") or []),
        {
            str(status): _response(response.follow(entry), media)
            for status, entry in (nodes[1][method].get("responses") or {}).items()
        },
        _security(root, node),
    )


def _schema(node: dict[str, Any]) -> dict[str, Any]:
    schema = {name: value for name, value in node.items() if name not in _DESCRIBES}
    return {"type": "string"} if schema.get("type") == "file" else schema


def _parameter(node: dict[str, Any]) -> Parameter:
    style, explode = _STYLES[node.get("collectionFormat", "csv")]
    if node["in"] in {"path", "header"} and style == "form":
        style = "simple"
    return Parameter(
        node["name"], node["in"], node.get("required") is True, _schema(node), style, explode
    )


def _body(nodes: list[dict[str, Any]], consumes: list[str]) -> Body | None:
    whole = next((node for node in nodes if node["in"] == "body"), None)
    if whole is not None:
        media = consumes or ["application/json"]
        return Body(whole.get("required") is True, dict.fromkeys(media, whole["schema"]))
    fields = [node for node in nodes if node["in"] == "formData"]
    if not fields:
        return None
    required = [node["name"] for node in fields if node.get("required") is True]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {node["name"]: _schema(node) for node in fields},
    }
    if required:
        schema["required"] = required
    has_file = any(node.get("type") == "file" for node in fields)
    default = "multipart/form-data" if has_file else "application/x-www-form-urlencoded"
    media = [name for name in consumes if "form" in name] or [default]
    return Body(bool(required), dict.fromkeys(media, schema))


def _response(node: Any, media: list[str]) -> Response:
    if not isinstance(node, dict) or "schema" not in node:
        return Response({})
    return Response(dict.fromkeys(media, node["schema"]))


def _security(root: Any, node: Any) -> list[list[Scheme]]:
    known = root.get("securityDefinitions") or {}
    requirements = node.get("security", root.get("security"))
    return [
        [_scheme(known.get(name) or {}) for name in requirement]
        for requirement in requirements or []
    ]


def _scheme(node: dict[str, Any]) -> Scheme:
    if node.get("type") == "apiKey":
        return Scheme("key", node["in"], node["name"])
    return Scheme("basic" if node.get("type") == "basic" else "bearer")
