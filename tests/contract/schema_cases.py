"""The smallest pairs of schemas for each kind of change of a schema."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
Case = tuple[Json, Json]

_A, _B = {"title": "A", "type": "string"}, {"title": "B", "type": "integer"}
_BOUNDS = {
    "max": "maximum",
    "min": "minimum",
    "exclusive-max": "exclusiveMaximum",
    "exclusive-min": "exclusiveMinimum",
    "max-length": "maxLength",
    "min-length": "minLength",
    "max-items": "maxItems",
    "min-items": "minItems",
    "max-properties": "maxProperties",
    "min-properties": "minProperties",
    "max-contains": "maxContains",
    "min-contains": "minContains",
}
_PRESENT: dict[str, Json] = {
    "if": {"if": _A},
    "then": {"then": _A},
    "else": {"else": _A},
    "contains": {"contains": _A},
    "property-names": {"propertyNames": {"maxLength": 3}},
    "unevaluated-items": {"unevaluatedItems": False},
    "unevaluated-properties": {"unevaluatedProperties": False},
    "content-schema": {"contentSchema": _A},
    "prefix-items": {"prefixItems": [_A]},
    "dependent-required": {"dependentRequired": {"a": ["b"]}},
    "dependent-schema": {"dependentSchemas": {"a": _A}},
    "pattern-property": {"patternProperties": {"^a": _A}},
    "const": {"const": 1},
    "default-value": {"default": 1},
    "pattern": {"pattern": "^a"},
}


def _there_and_back(name: str, without: Json, present: Json) -> dict[str, Case]:
    return {f"{name}-added": (without, present), f"{name}-removed": (present, without)}


def _mapped(**mapping: str) -> Json:
    return {"discriminator": {"propertyName": "kind", "mapping": mapping}}


SCHEMA_CASES: dict[str, Case] = {
    **{
        f"{name}-{word}": ({keyword: old} if old else {}, {keyword: new} if new else {})
        for name, keyword in _BOUNDS.items()
        for word, old, new in (
            ("increased", 2, 3),
            ("decreased", 3, 2),
            ("set", None, 3),
            ("unset", 3, None),
        )
    },
    **{
        kind: case
        for name, present in _PRESENT.items()
        for kind, case in _there_and_back(name, {}, present).items()
    },
    **{
        kind: case
        for word in ("one", "any", "all")
        for kind, case in _there_and_back(
            f"{word}-of", {f"{word}Of": [_A]}, {f"{word}Of": [_A, _B]}
        ).items()
    },
    **{
        f"all-of-{word}-annotation-only": case
        for word, case in {
            "added": ({"allOf": [_A, _B]}, {"allOf": [_A, _B, {"title": "C"}]}),
            "removed": ({"allOf": [_A, _B, {"title": "C"}]}, {"allOf": [_A, _B]}),
        }.items()
    },
    **_there_and_back("discriminator", {}, _mapped()),
    **_there_and_back("discriminator-mapping", _mapped(), _mapped(a="A")),
    "discriminator-mapping-deleted": (_mapped(a="A"), _mapped()),
    "discriminator-mapping-changed": (_mapped(a="A"), _mapped(a="B")),
    "discriminator-property-name-changed": (
        {"discriminator": {"propertyName": "a"}},
        {"discriminator": {"propertyName": "b"}},
    ),
    "wrapped-in-one-of": (having := {"type": "object", "title": "C"}, {"oneOf": [_A, _B]}),
    "wrapped-in-one-of-original-preserved": (having, {"oneOf": [having, _B]}),
    "list-of-types-widened": (
        {"type": ["string", "integer"]},
        {"type": ["string", "number", "integer"]},
    ),
    "list-of-types-narrowed": ({"type": ["string", "integer"]}, {"type": "string"}),
    "type-changed": ({"type": "string"}, {"type": "integer"}),
    "type-generalized": ({"type": "integer"}, {"type": "number"}),
    "type-specialized": ({"type": "number"}, {"type": "integer"}),
    "type-compatible": ({"type": "integer"}, {"type": "string"}),
    "became-nullable": ({"type": "string"}, {"type": ["string", "null"]}),
    "became-not-nullable": ({"type": ["string", "null"]}, {"type": "string"}),
    "enum-value-added": ({"enum": ["a"]}, {"enum": ["a", "b"]}),
    "enum-value-removed": ({"enum": ["a", "b"]}, {"enum": ["a"]}),
    "became-enum": ({}, {"enum": ["a"]}),
    "x-extensible-enum-value-removed": (
        {"x-extensible-enum": ["a", "b"]},
        {"x-extensible-enum": ["a"]},
    ),
    "const-changed": ({"const": 1}, {"const": 2}),
    "default-value-changed": ({"default": 1}, {"default": 2}),
    "pattern-changed": ({"pattern": "^a"}, {"pattern": "^b"}),
    "pattern-generalized": ({"pattern": "^a"}, {"pattern": ".*"}),
    "unique-items-set": ({}, {"uniqueItems": True}),
    "unique-items-unset": ({"uniqueItems": True}, {}),
    "multiple-of-set": ({}, {"multipleOf": 2}),
    "multiple-of-unset": ({"multipleOf": 2}, {}),
    "multiple-of-changed": ({"multipleOf": 2}, {"multipleOf": 3}),
    "multiple-of-generalized": ({"multipleOf": 4}, {"multipleOf": 2}),
    "multiple-of-specialized": ({"multipleOf": 2}, {"multipleOf": 4}),
    "dependent-required-changed": (
        {"dependentRequired": {"a": ["b"]}},
        {"dependentRequired": {"a": ["b", "c"]}},
    ),
    "content-media-type-changed": (
        {"contentMediaType": "text/csv"},
        {"contentMediaType": "text/html"},
    ),
    "content-encoding-changed": ({"contentEncoding": "base16"}, {"contentEncoding": "base32"}),
    "deprecated": ({}, {"deprecated": True}),
    "deprecated-with-sunset": ({}, {"deprecated": True, "x-sunset": "2099-01-01"}),
    "deprecated-sunset-missing": ({}, {"deprecated": True}),
    "deprecated-sunset-invalid": ({}, {"deprecated": True, "x-sunset": "soon"}),
    "sunset-date-too-small": ({}, {"deprecated": True, "x-sunset": "2020-01-01"}),
    "reactivated": ({"deprecated": True}, {}),
    "stability-decreased": ({}, {"x-stability-level": "beta"}),
    "stability-increased": ({"x-stability-level": "beta"}, {}),
}
"""The old and the new schema, by the end of the kind."""
