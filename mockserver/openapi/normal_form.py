"""The normal form of schemas of OpenAPI 3.1 and later, so that readers know one way to say it.

It is the language of 3.1 with these rules: a schema is an object; ``type`` is one word, and null
beside it is ``nullable``; a constant is an ``enum`` too, and the first of ``examples`` is the
``example``; a reference has no siblings that restrict a value. ``published`` returns schemas in
plain 3.1 again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]
Warn = Callable[[str, str], None]
"""Takes a keyword and what is wrong with it."""

TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_ANNOTATIONS = frozenset({"$ref", "description", "summary", "title", "deprecated", "$comment"})
"""Siblings of a reference that restrict nothing and that readers of values need not see."""
_SINGLE = ("items", "contains", "not", "if", "then", "else", "propertyNames")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs", "schemas")
_LISTED = frozenset({"$ref", "enum", "const"})
_BINARY = {"base64": "byte", "base64url": "byte"}
_EXCLUSIVE = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_DATA = frozenset({"example", "examples", "default", "enum", "const", "value"})


_RULED = frozenset(
    {
        *(*_SINGLE, *_LISTS, *_MAPS, "nullable", "const", "examples", "$ref", "$dynamicRef"),
        *("exclusiveMinimum", "exclusiveMaximum", "contentEncoding", "contentMediaType"),
    }
)
"""Keywords that have another form. Most schemas have none of them."""


def normalize(schema: Schema, warn: Warn) -> None:
    """Bring one schema into normal form, in place. Its parts are brought there on their own."""
    declared = schema.get("type")
    if isinstance(declared, str) and declared in TYPES and _RULED.isdisjoint(schema):
        return
    _objects(schema)
    if "$dynamicRef" in schema:  # without other resources it is a reference
        schema.setdefault("$ref", schema.pop("$dynamicRef"))
    if schema.pop("nullable", None):
        warn("nullable", "has no meaning in OpenAPI 3.1; list the type 'null' instead")
    separate_types(schema, warn)
    if "const" in schema and "enum" not in schema:
        schema["enum"] = [schema["const"]]
    examples = schema.get("examples")
    if isinstance(examples, list) and examples and "example" not in schema:
        schema["example"] = examples[0]
    for exclusive, inclusive in _EXCLUSIVE:
        _bound(schema, exclusive, inclusive, warn)
    if "format" not in schema:
        _content(schema)
    for keyword in ("anyOf", "oneOf"):
        _merge_null(schema, keyword)
    if isinstance(schema.get("$ref"), str) and not _ANNOTATIONS.issuperset(schema):
        _separate(schema)


def as_object(schema: Any) -> Any:
    """Return an object for a schema that is true or false."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return schema


def _objects(schema: Schema) -> None:
    """Replace true and false among the parts of a schema."""
    for keyword in _SINGLE:
        if isinstance(schema.get(keyword), bool):
            schema[keyword] = as_object(schema[keyword])
    for keyword in _LISTS:
        if isinstance(schema.get(keyword), list):
            schema[keyword][:] = map(as_object, schema[keyword])
    for keyword in _MAPS:
        parts = schema.get(keyword)
        if isinstance(parts, dict):
            parts.update({name: as_object(part) for name, part in parts.items()})


def separate_types(schema: Schema, warn: Warn) -> None:
    """Make ``type`` one word. Several types become a choice, and null becomes ``nullable``."""
    declared = schema.get("type")
    if declared is None:
        schema.pop("type", None)
        return
    names = declared if isinstance(declared, list) else [declared]
    known = [name for name in dict.fromkeys(map(str, names)) if name in TYPES]
    if len(known) < len(names):
        warn("type", f"{declared!r} has a name that is no type, or one twice; it is left out")
    others = [name for name in known if name != "null"]
    if not known:
        del schema["type"]
    elif not others:
        schema["type"] = "null"
    elif len(others) == 1:
        schema["type"] = others[0]
        if "null" in known and _may_be_null(schema):
            schema["nullable"] = True
    else:
        del schema["type"]
        branches = [{"type": name} for name in known]
        if "anyOf" in schema:
            schema.setdefault("allOf", []).append({"anyOf": branches})
        else:
            schema["anyOf"] = branches


def _may_be_null(schema: Schema) -> bool:
    """Return whether the listed values of a schema, if there are any, contain null."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    return not isinstance(values, list) or None in values


def _bound(schema: Schema, exclusive: str, inclusive: str, warn: Warn) -> None:
    """Replace the flag of OpenAPI 3.0 by a number."""
    flag = schema.get(exclusive)
    if not isinstance(flag, bool):
        return
    warn(exclusive, "is a number in OpenAPI 3.1, not true or false")
    del schema[exclusive]
    if flag and inclusive in schema:
        schema[exclusive] = schema.pop(inclusive)


def _content(schema: Schema) -> None:
    """Give encoded and binary content the formats of OpenAPI 3.0."""
    encoding = schema.get("contentEncoding")
    if isinstance(encoding, str) and encoding in _BINARY:
        schema["format"] = _BINARY[encoding]
    elif schema.get("contentMediaType") == "application/octet-stream":
        schema["format"] = "binary"


def _merge_null(schema: Schema, keyword: str) -> None:
    """Make a choice between one schema with a type and null a nullable schema."""
    branches = schema.get(keyword)
    if not isinstance(branches, list) or len(branches) != 2:
        return
    others = [branch for branch in branches if branch != {"type": "null"}]
    if len(others) != 1 or not isinstance(others[0], dict):
        return
    other = others[0]
    names = other.get("type")
    is_simple = isinstance(names, str) and names in TYPES and names != "null"
    shared = (other.keys() & schema.keys()) - {"title", "description"}
    if not is_simple or shared or not _may_be_null(schema) or not _LISTED.isdisjoint(other):
        return
    del schema[keyword]
    for name, value in other.items():
        schema.setdefault(name, value)
    schema["nullable"] = True


def _separate(schema: Schema) -> None:
    """Move a reference away from the keywords beside it."""
    schema["allOf"] = [{"$ref": schema.pop("$ref")}, *schema.get("allOf", [])]


def published(node: Any) -> Any:
    """Return a part of a document with its schemas in plain 3.1."""
    if isinstance(node, list):
        return [published(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {name: value if name in _DATA else published(value) for name, value in node.items()}
    if plain.get("nullable") is True and isinstance(plain.get("type"), str):
        del plain["nullable"]
        plain["type"] = [plain["type"], "null"]
    return plain
