"""Files of a document as JSON Schema: absolute references, and nullable values as unions.

It is independent of the mock's own reading, because it judges the mock.
"""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs

NAMES = frozenset(
    {
        *("properties", "patternProperties", "schemas", "definitions", "$defs", "dependentSchemas"),
        *("parameters", "responses", "requestBodies", "headers", "paths", "callbacks", "pathItems"),
        *("securitySchemes", "securityDefinitions", "content", "variables", "links", "encoding"),
    }
)
"""Keywords whose children are named by the author, so no name among them is a keyword."""
_DATA = frozenset({"example", "examples", "default", "enum", "const", "mapping"})
_HIDDEN = {"request": "readOnly", "response": "writeOnly"}


class Conversion:
    """Converts the files of one document for one direction, request or response."""

    def __init__(self, files: dict[str, Any], direction: str, *, is_legacy: bool) -> None:
        """Take the parsed files by URI; legacy are the dialects before OpenAPI 3.1."""
        self._files = files
        self._hidden = _HIDDEN[direction]
        self._is_legacy = is_legacy

    def converted(self) -> dict[str, Any]:
        """Return the converted files by URI."""
        return {uri: self._node(content, uri, "") for uri, content in self._files.items()}

    def _node(self, node: Any, base: str, keyword: str) -> Any:
        if isinstance(node, list):
            return [self._node(item, base, "") for item in node]
        if not isinstance(node, dict):
            return node
        if keyword in NAMES:
            return {str(name): self._node(value, base, "") for name, value in node.items()}
        if isinstance(node.get("$ref"), str):
            return self._reference(node, base)
        found = {
            str(name): value
            if name in _DATA or str(name).startswith("x-")
            else self._node(value, base, str(name))
            for name, value in node.items()
            if not (name == "pattern" and isinstance(value, str) and not _compiles(value))
        }
        self._relax_required(node, found, base)
        return _nullable(found) if self._is_legacy else found

    def _reference(self, node: dict[str, Any], base: str) -> dict[str, Any]:
        target = absolute(node["$ref"], base)
        if self._is_legacy:
            union = {"anyOf": [{"$ref": target}, {"enum": [None]}]}
            return union if node.get("nullable") is True else {"$ref": target}
        others = {name: value for name, value in node.items() if name != "$ref"}
        return {"$ref": target, **self._node(others, base, "")} if others else {"$ref": target}

    def _relax_required(self, node: dict[str, Any], found: dict[str, Any], base: str) -> None:
        """Drop what this direction does not carry from the required properties."""
        properties, required = node.get("properties"), node.get("required")
        if not isinstance(properties, dict) or not isinstance(required, list):
            return
        kept = [name for name in required if not self._is_hidden(properties.get(name), base)]
        if kept:
            found["required"] = kept
        else:
            found.pop("required")

    def _is_hidden(self, schema: Any, base: str) -> bool:
        if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
            schema = look_up(self._files, absolute(schema["$ref"], base))
        return isinstance(schema, dict) and schema.get(self._hidden) is True


def absolute(reference: str, base: str) -> str:
    """Return a reference of a file as an absolute URI."""
    path, mark, fragment = reference.partition("#")
    if "://" in path:
        return reference
    folder = base.rpartition("/")[0]
    return (f"{folder}/{normal(path)}" if path else base) + mark + fragment


def normal(path: str) -> str:
    """Return a relative path without ``./``."""
    return path.removeprefix("./")


def look_up(files: dict[str, Any], uri: str) -> Any:
    """Return the node at an absolute URI, or None."""
    path, _, pointer = uri.partition("#")
    node: Any = files.get(path)
    for part in pointer.split("/")[1:]:
        name = _unescaped(part)
        if isinstance(node, dict):
            node = node.get(name, node.get(int(name)) if name.isdigit() else None)
        elif isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        else:
            return None
    return node


def _unescaped(part: str) -> str:
    plain = re.sub(r"%([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), part)
    return plain.replace("~1", "/").replace("~0", "~")


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("nullable") is not True and schema.get("x-nullable") is not True:
        return schema
    union = {"anyOf": [schema, {"enum": [None]}]}
    return union | {name: True for name in _HIDDEN.values() if schema.get(name) is True}


def _compiles(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except Exception:
        return False
    return True
