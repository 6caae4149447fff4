"""Files that cannot be used, for every reader of documents: the mock and the contract kit."""

from __future__ import annotations

from typing import Any

import orjson

DEEP = 50_000
_LAUGHS = "\n".join(
    f"x-{level}: &x{level} [{', '.join([f'*x{level - 1}'] * 20 if level else ['lol'] * 20)}]"
    for level in range(8)
)

BAD_FILES: dict[str, tuple[bytes, int, str]] = {
    "deep flow": (b"a: " + b"[" * DEEP + b"]" * DEEP, 1, "deep"),
    "deep block": (b"- " * DEEP + b"a\n", 1, "deep"),
    "deep mappings": (b"# deep\n" + b"{a: " * DEEP + b"1" + b"}" * DEEP, 2, "deep"),
    "deep JSON": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, 1, "deep"),
    "aliases that multiply": (_LAUGHS.encode(), 4, "aliases for more than"),
    "a value that contains itself": (b"a: 1\nb: &b [*b]\n", 2, "contains itself"),
    "an alias without an anchor": (b"a: 1\nb: *c\n", 2, "has no anchor"),
    "a repeated key": (b"a: 1\nb: 2\na: 3\n", 3, "the key 'a' occurs twice"),
    "a repeated key of another type": (b'200: 1\n"200": 2\n', 2, "the key '200' occurs twice"),
    "a repeated key in JSON": (b'{\n"a": 1,\n"\\u0061": 2\n}', 3, "the key 'a' occurs twice"),
    "a merge key": (b"a: &a {b: 1}\nc:\n  <<: *a\n", 3, "merge key"),
    "a mapping as a key": (b"a: 1\n? [b]\n: 2\n", 2, "a key must be a text"),
    "another tag": (b"a: 1\nb: !!python/object:os.system x\n", 2, "tag"),
    "a number that JSON does not have": (b"a: 1\nb: .inf\n", 2, "not a number"),
    "a second document": (b"a: 1\n---\nb: 2\n", 3, "second document"),
    "too large": (b"#" * (16 * 1024 * 1024 + 1), 1, "is larger than 16 MB"),
    "empty": (b"", 1, "must be"),
    "only a comment": (b"# nothing\n", 1, "must be"),
    "a list at the top": (b"- a\n- b\n", 1, "must be"),
    "a list in JSON at the top": (b"[]", 1, "must be"),
    "a text at the top": (b"openapi", 1, "must be"),
    "binary": (b"a: 1\n\x00\x01\x02\x03\n", 2, "YAML"),
    "UTF-16": ("a: 1\n".encode("utf-16"), 1, "is not UTF-8 text"),
    "Latin-1": ("a: 1\nb: \xe9t\xe9\n".encode("latin-1"), 2, "is not UTF-8 text"),
    "unclosed": (b"a: 1\nb: [\n", 3, "YAML"),
    "unclosed JSON": (b'{"a": 1,\n"b": [', 2, ""),
}
"""Content, line, and a part of the message, by name."""


def _document(schemas: dict[str, Any]) -> bytes:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    operation = {
        "operationId": "get_a",
        "responses": {"200": {"description": "A.", "content": content}},
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "A", "version": "1"},
        "paths": {"/a": {"get": operation}},
        "components": {"schemas": schemas},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _to(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


BAD_REFERENCES: dict[str, bytes] = {
    "to itself": _document({"A": _to("A")}),
    "in a cycle": _document({"A": _to("B"), "B": _to("C"), "C": _to("B")}),
    "in a long chain": _document(
        {"A": _to("A0"), **{f"A{index}": _to(f"A{index + 1}") for index in range(5_000)}}
        | {"A5000": {"type": "string"}}
    ),
    "in a cycle that is not used": _document({"A": {"type": "string"}, "B": _to("B")}),
    "to its own place": _document(
        {"A": {"type": "object", "properties": {"b": _to("A/properties/b")}}}
    ),
}
"""Documents with a reference that leads to itself, or through too many others."""

GOOD_REFERENCES: dict[str, bytes] = {
    "a tree": _document({"A": {"type": "object", "properties": {"child": _to("A")}}}),
    "two that contain each other": _document(
        {
            "A": {"type": "object", "properties": {"b": _to("B")}},
            "B": {"type": "array", "items": _to("A")},
        }
    ),
    "to an enclosing object": _document(
        {
            "A": {
                "type": "object",
                "properties": {
                    "inner": {
                        "type": "object",
                        "properties": {"again": _to("A/properties/inner")},
                    }
                },
            }
        }
    ),
    "to a property of the same name as a component": _document(
        {
            "A": {"type": "object", "properties": {"B": {"type": "string"}, "C": _to("B")}},
            "B": _to("A/properties/B"),
        }
    ),
}
"""Documents with references that are right."""
