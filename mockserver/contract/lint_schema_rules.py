"""The rules of ``mockserver contract lint`` for schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.contract.lint import Rule, Subject
from mockserver.contract.parts import Part, merged
from mockserver.contract.rules import shown, shown_whole
from mockserver.openapi.problems import Pointer

Found = Iterator[tuple[Pointer, str]]
_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}
_LIMITS = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)


def _property_description(subject: Subject) -> Found:
    for schema in subject.schemas:
        for name in schema.get("properties").object:
            part = schema.get("properties", name)
            if not part.object.get("description") and not merged(part).object.get("description"):
                yield part.at, f"'{name}' says its type and not its meaning"


def _nullable_type(subject: Subject) -> Found:
    for schema in subject.schemas:
        node = schema.object
        if node.get("nullable") is True and not {"type", "allOf", "anyOf", "oneOf"} & node.keys():
            yield schema.place("nullable"), "has no type beside it"


def _array_items(subject: Subject) -> Found:
    for schema in subject.schemas:
        if schema.object.get("type") == "array" and not {"items", "prefixItems"} & {*schema.object}:
            yield schema.at, "is an array without items"


def _required_property(subject: Subject) -> Found:
    for schema in subject.schemas:
        node = schema.object
        if not node.get("properties") or {"allOf", "anyOf", "oneOf"} & node.keys():
            continue
        for index, name in enumerate(node.get("required") or ()):
            if name not in node["properties"]:
                yield schema.place("required", index), f"'{name}' is no property"


def _enum_values(subject: Subject) -> Found:
    for schema in subject.schemas:
        values = schema.object.get("enum")
        if not isinstance(values, list):
            continue
        seen: set[str] = set()
        for index, value in enumerate(values):
            at = schema.place("enum", index)
            if shown_whole(value) in seen:
                yield at, f"{shown(value)} occurs twice"
            seen.add(shown_whole(value))
            if not _is_of_type(value, schema.object):
                yield at, f"{shown(value)} is no {schema.object.get('type')}"


def _is_of_type(value: Any, schema: dict[str, Any]) -> bool:
    name = schema.get("type")
    if value is None or not isinstance(name, str) or name not in _TYPES:
        return True
    is_boolean = isinstance(value, bool)
    return isinstance(value, _TYPES[name]) and is_boolean == (name == "boolean")


def _request_enum(subject: Subject) -> Found:
    for schema in subject.schemas:
        if id(schema.node) not in subject.sent:
            continue
        if "x-extensible-enum" in schema.object:
            yield schema.place("x-extensible-enum"), "leaves open what a request may send"
        for keyword in ("anyOf", "oneOf"):
            branches = [branch.object for branch in _branches(schema, keyword)]
            types = [branch.get("type") for branch in branches if "enum" not in branch]
            if any("enum" in branch and branch.get("type") in types for branch in branches):
                yield schema.place(keyword), "allows listed values and any others"


def _branches(schema: Part, keyword: str) -> Iterator[Part]:
    for index in range(len(schema.object.get(keyword) or ())):
        yield schema.get(keyword, index).followed()


def _limits(subject: Subject) -> Found:
    for schema in subject.schemas:
        for lower, upper in _LIMITS:
            low, high = schema.object.get(lower), schema.object.get(upper)
            if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                yield schema.place(lower), f"{lower} {low} is above {upper} {high}"


def _valid_default(subject: Subject) -> Found:
    for schema in subject.schemas:
        if "default" not in schema.object:
            continue
        validator = subject.contract.response_validator(schema.object)
        for error in validator.iter_errors(schema.object["default"]):
            yield schema.place("default"), f"breaks its schema: {error.message}"
            break


RULES: tuple[Rule, ...] = (
    Rule(
        "property-description",
        "Every property has a description, or its component schema has one.",
        _property_description,
    ),
    Rule(
        "nullable-type",
        "`nullable` is beside a type or an `allOf`: alone it allows nothing more.",
        _nullable_type,
    ),
    Rule(
        "array-items",
        "Every array says what its items are.",
        _array_items,
    ),
    Rule(
        "required-property",
        "Every required name is a property.",
        _required_property,
    ),
    Rule(
        "enum-values",
        "Every enum has values of its type, none of them twice.",
        _enum_values,
    ),
    Rule(
        "request-enum",
        "Every enum of a request is closed: a client must know which values it may send.",
        _request_enum,
    ),
    Rule(
        "limits",
        "No lower limit is above the upper one.",
        _limits,
    ),
    Rule(
        "valid-default",
        "Every default satisfies its schema.",
        _valid_default,
    ),
)
