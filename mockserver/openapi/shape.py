"""The shape of each object of an OpenAPI document, as far as the mock and the pages read it.

A kind maps field names to shapes: a JSON type, another kind, or a list or map of these. Fields that
are not listed are not read and may be anything. OpenAPI 3.0 and 3.1 share one description, which
allows both forms where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """An object whose fields are listed in ``KINDS``."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one shape."""

    of: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map from any names to one shape."""

    of: Shape
    extensible: bool = False
    """Whether names that begin with ``x-`` or ``$`` may have any value."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of certain JSON types, or one of certain words."""

    types: tuple[type, ...]
    words: str
    allowed: tuple[str, ...] = ()


Shape = Kind | ListOf | MapOf | Value

TEXT = Value((str,), "text")
FLAG = Value((bool,), "true or false")
NUMBER = Value((int, float), "a number")
COUNT = Value((int,), "a whole number")
LIMIT = Value(
    (bool, int, float), "a number, true or false"
)  # exclusiveMinimum: a flag in 3.0, a number in 3.1
NAMES = ListOf(TEXT)
VALUES = Value((list,), "a list")
TYPES = Value((str, list), "the name of a type, or a list of names")
PLACE = Value((str,), "path, query, header or cookie", ("path", "query", "header", "cookie"))

SCHEMA, HEADER, PARAMETER = Kind("schema"), Kind("header"), Kind("parameter")
_MARKS: dict[str, Shape] = {"x-provenance": TEXT, "x-description-provenance": TEXT}
_DESCRIBED: dict[str, Shape] = {"description": TEXT, **_MARKS}
_SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMA_MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs")
_SCHEMAS = (
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
)
_CONTENT: dict[str, Shape] = {"content": MapOf(Kind("media type"))}
_PARAMETER_FIELDS: dict[str, Shape] = {
    **_DESCRIBED,
    "required": FLAG,
    "deprecated": FLAG,
    "explode": FLAG,
    "schema": SCHEMA,
    "examples": MapOf(Kind("example")),
    **_CONTENT,
}
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

KINDS: Mapping[str, Mapping[str, Shape]] = {
    "document": {
        **_MARKS,
        "info": Kind("info"),
        "servers": ListOf(Kind("server")),
        "security": ListOf(MapOf(NAMES)),
        "tags": ListOf(Kind("tag")),
        "paths": MapOf(Kind("path item"), extensible=True),
        "webhooks": MapOf(Kind("path item")),
        "components": Kind("components"),
    },
    "info": {**_DESCRIBED, "title": TEXT, "license": Kind("license")},
    "license": {"name": TEXT, "url": TEXT},
    "server": {**_DESCRIBED, "url": TEXT, "variables": MapOf(Kind("server variable"))},
    "server variable": {"default": TEXT},
    "tag": {**_DESCRIBED, "name": TEXT, "x-traitTag": FLAG},
    "components": {
        "schemas": MapOf(SCHEMA),
        "responses": MapOf(Kind("response")),
        "parameters": MapOf(PARAMETER),
        "examples": MapOf(Kind("example")),
        "requestBodies": MapOf(Kind("request body")),
        "headers": MapOf(HEADER),
        "securitySchemes": MapOf(Kind("security scheme")),
        "links": MapOf(Kind("link")),
        "pathItems": MapOf(Kind("path item")),
        "callbacks": MapOf(MapOf(Kind("path item"), extensible=True)),
        "mediaTypes": MapOf(Kind("media type")),
    },
    "security scheme": {**_DESCRIBED, "type": TEXT, "in": TEXT, "name": TEXT, "scheme": TEXT},
    "path item": {
        **_MARKS,
        "summary": TEXT,
        "description": TEXT,
        "servers": ListOf(Kind("server")),
        "parameters": ListOf(PARAMETER),
        **dict.fromkeys(METHODS, Kind("operation")),
        "additionalOperations": MapOf(Kind("operation")),
    },
    "operation": {
        **_DESCRIBED,
        "operationId": TEXT,
        "summary": TEXT,
        "tags": NAMES,
        "x-group": TEXT,
        "deprecated": FLAG,
        "parameters": ListOf(PARAMETER),
        "requestBody": Kind("request body"),
        "responses": MapOf(Kind("response"), extensible=True),
        "callbacks": MapOf(MapOf(Kind("path item"), extensible=True)),
        "security": ListOf(MapOf(NAMES)),
        "servers": ListOf(Kind("server")),
    },
    "parameter": {**_PARAMETER_FIELDS, "name": TEXT, "in": PLACE},
    "header": _PARAMETER_FIELDS,
    "request body": {**_DESCRIBED, "required": FLAG, **_CONTENT},
    "response": {**_DESCRIBED, "headers": MapOf(HEADER), "links": MapOf(Kind("link")), **_CONTENT},
    "media type": {
        **_MARKS,
        "schema": SCHEMA,
        "itemSchema": SCHEMA,
        "examples": MapOf(Kind("example")),
        "encoding": MapOf(Kind("encoding")),
    },
    "encoding": {"contentType": TEXT, "headers": MapOf(HEADER), "style": TEXT, "explode": FLAG},
    "discriminator": {"propertyName": TEXT, "mapping": MapOf(TEXT)},
    "example": {"summary": TEXT, "description": TEXT},
    "link": {**_DESCRIBED, "operationId": TEXT},
    "schema": {
        **_DESCRIBED,
        "x-assumed-keywords": Value((dict, list), "an object or a list"),
        "title": TEXT,
        "type": TYPES,
        "format": TEXT,
        "nullable": FLAG,
        "pattern": TEXT,
        "enum": VALUES,
        "examples": VALUES,
        "required": NAMES,
        "deprecated": FLAG,
        "readOnly": FLAG,
        "writeOnly": FLAG,
        "uniqueItems": FLAG,
        **dict.fromkeys(("minimum", "maximum", "multipleOf"), NUMBER),
        **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), LIMIT),
        **dict.fromkeys(
            (
                *("minLength", "maxLength", "minItems", "maxItems", "minProperties"),
                *("maxProperties", "minContains", "maxContains"),
            ),
            COUNT,
        ),
        "discriminator": Kind("discriminator"),
        "xml": Value((dict,), "an object"),
        "$ref": TEXT,
        "dependentRequired": MapOf(NAMES),
        **dict.fromkeys(_SCHEMA_LISTS, ListOf(SCHEMA)),
        **dict.fromkeys(_SCHEMA_MAPS, MapOf(SCHEMA)),
        **dict.fromkeys(_SCHEMAS, SCHEMA),
    },
}

# Required fields of an object. A path needs only a method to be shown.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "parameter": ("name", "in"),
    "tag": ("name",),
    "server": ("url",),
    "security scheme": ("type",),
    "discriminator": ("propertyName",),
}
