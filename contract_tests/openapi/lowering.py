"""Schemas of OpenAPI 3.1 and 3.2 in the words of 3.0, each at the place where it was.

Drivers read these. Values are validated against the schemas as they were written.
"""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]

_DATA = frozenset({"example", "examples", "default", "enum", "const"})
_NAMED = frozenset(
    {
        *("properties", "patternProperties", "schemas", "$defs", "responses", "parameters"),
        *("requestBodies", "headers", "paths", "callbacks", "pathItems", "content", "webhooks"),
        *("securitySchemes", "links", "encoding", "variables", "dependentSchemas", "x-files"),
    }
)
"""Fields whose keys are names."""


def lowered(node: Any, keyword: str = "") -> Any:
    """Return a node of a 3.1 document in the words of 3.0."""
    if isinstance(node, list):
        return [lowered(item) for item in node]
    if node is True and keyword in ("items", "schema"):
        return {}
    if not isinstance(node, dict):
        return node
    if keyword in _NAMED:
        return {
            name: {} if value is True and keyword == "properties" else lowered(value)
            for name, value in node.items()
        }
    found = {name: value if name in _DATA else lowered(value, name) for name, value in node.items()}
    _types(found)
    _bounds(found)
    if "const" in found and not isinstance(found["const"], dict):
        found["enum"] = [found["const"]]
    examples = found.get("examples")
    if isinstance(examples, list) and examples:
        found.setdefault("example", examples[0])
    if isinstance(examples, list):
        del found["examples"]
    return found


def _types(node: Node) -> None:
    kinds = node.get("type")
    if not isinstance(kinds, list):
        return
    plain = [kind for kind in kinds if kind != "null"]
    if len(plain) < len(kinds):
        node["nullable"] = True
    if len(plain) == 1:
        node["type"] = plain[0]
    else:
        del node["type"]


def _bounds(node: Node) -> None:
    for keyword, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        value = node.get(keyword)
        if isinstance(value, int | float) and not isinstance(value, bool):
            node[bound], node[keyword] = value, True
