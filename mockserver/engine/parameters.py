"""Parameters of path, query, headers and cookies, parsed by their documented types and validated.

How they are written is in ``styles``, how text becomes a value in ``coercion``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson

from mockserver.engine.coercion import Coercion, Raw
from mockserver.engine.errors import Problem
from mockserver.engine.mistakes import QueryNames
from mockserver.engine.styles import (
    DEFAULT_STYLES,
    QueryStyle,
    RawQuery,
    TextStyle,
    decode,
    raw_query,
)
from mockserver.engine.validation import problems
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema

_KEPT_QUERIES, _KEPT_QUERY_BYTES = 256, 256
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""Header parameters that OpenAPI wants to be ignored: other parts describe them."""
_EMPTY: Schema = {"enum": [""]}


class Parameters:
    """The compiled parameters of one operation."""

    def __init__(self, parameters: list[Schema], contract: Contract) -> None:
        in_query = [parameter for parameter in parameters if parameter["in"] == "query"]
        in_path = [parameter for parameter in parameters if parameter["in"] == "path"]
        self._query = QueryReader(in_query, contract)
        self._query_place = _Place("query", in_query, contract)
        self._path = _TextReader(in_path, contract)
        self._path_place = _Place("path", in_path, contract) if in_path else None
        self._headers = _Headers(parameters, contract)
        self._query_names = QueryNames(parameters, contract)
        self._good_queries: dict[bytes, dict[str, Any]] = {}
        """The values of queries without violations and warnings."""
        self._defaults = {
            parameter["name"]: contract.follow(_schema_of(parameter)).get("default")
            for parameter in parameters
            if parameter["in"] != "path" and not _is_ignored(parameter)
        }

    def read(
        self,
        path: Mapping[str, Any],
        query: bytes,
        headers: Mapping[bytes, bytes],
        warnings: list[str],
    ) -> tuple[dict[str, Any], list[Problem]]:
        """Return the values by name, with defaults for missing ones, and all their violations.

        Unknown query parameters are added to the warnings.
        """
        values = dict(self._defaults)
        found: list[Problem] = []
        if self._path_place is not None:
            given = self._path.read(path)
            found += self._path_place.problems(given)
            values.update(given)
        known = self._good_queries.get(query)
        if known is not None:
            values.update(known)
        else:
            found += self._read_query(query, values, warnings)
        if self._headers.may_be_read(headers):
            found += self._headers.read(headers, values)
        return values, found

    def _read_query(
        self, query: bytes, values: dict[str, Any], warnings: list[str]
    ) -> list[Problem]:
        """Add the values of a query and return their violations. Good queries are kept."""
        raw = raw_query(query) if query else {}
        before = len(warnings)
        self._query_names.check(raw, warnings)
        given = self._query.read(raw)
        found = self._query_place.problems(given)
        values.update(given)
        if not found and len(warnings) == before and len(query) <= _KEPT_QUERY_BYTES:
            if len(self._good_queries) >= _KEPT_QUERIES:
                self._good_queries.clear()
            self._good_queries[query] = given
        return found


class _Place:
    """The schemas of all parameters in the path, in the query, in headers, or in cookies."""

    def __init__(self, name: str, parameters: list[Schema], contract: Contract) -> None:
        self._name = name
        schema: Schema = {
            "type": "object",
            "properties": {item["name"]: _checked_schema(item) for item in parameters},
        }
        required = [item["name"] for item in parameters if item.get("required")]
        self._validator = contract.validator(
            {**schema, "required": required} if required else schema
        )
        self._may_be_empty = not required

    def problems(self, given: dict[str, Any]) -> list[Problem]:
        """Return all violations of the values."""
        if (not given and self._may_be_empty) or self._validator.is_valid(given):
            return []
        return list(problems(self._validator, given, [self._name], parsed=True))


class _TextReader:
    """Parameters of which each is one text: in the path, in headers, in cookies."""

    def __init__(self, parameters: list[Schema], contract: Contract) -> None:
        self._readers = [
            (parameter["name"], _text_reader(parameter, contract)) for parameter in parameters
        ]

    def read(self, source: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of the parameters that are there."""
        return {name: parse(source[name]) for name, parse in self._readers if name in source}


class _Headers:
    """The parameters in headers, and in cookies."""

    def __init__(self, parameters: list[Schema], contract: Contract) -> None:
        in_headers = [
            item for item in parameters if item["in"] == "header" and not _is_ignored(item)
        ]
        in_cookies = [item for item in parameters if item["in"] == "cookie"]
        self._names = [
            (item["name"].lower().encode("latin-1", "replace"), item["name"]) for item in in_headers
        ]
        self._header = _TextReader(in_headers, contract)
        self._header_place = _Place("header", in_headers, contract)
        self._cookie = _TextReader(in_cookies, contract)
        self._cookie_place = _Place("cookie", in_cookies, contract)
        self._has_cookies = bool(in_cookies)
        self._keys = [key for key, _ in self._names] + [b"cookie"] * bool(in_cookies)
        self._is_required = any(item.get("required") for item in [*in_headers, *in_cookies])

    def may_be_read(self, headers: Mapping[bytes, bytes]) -> bool:
        """Return whether a request has any of them, or lacks one."""
        for key in self._keys:  # any() takes twice the time
            if key in headers:
                return True
        return self._is_required

    def read(self, headers: Mapping[bytes, bytes], values: dict[str, Any]) -> list[Problem]:
        """Add the values of a request, and return their violations."""
        texts = {
            name: headers[header].decode("latin-1")
            for header, name in self._names
            if header in headers
        }
        given = self._header.read(texts)
        found = self._header_place.problems(given)
        values.update(given)
        if self._has_cookies:
            given = self._cookie.read(_cookies(headers.get(b"cookie", b"")))
            found += self._cookie_place.problems(given)
            values.update(given)
        return found


class QueryReader:
    """Parameters in a query, or the fields of a form, which are written in the same styles."""

    def __init__(self, parameters: list[Schema], contract: Contract) -> None:
        names = frozenset(parameter["name"] for parameter in parameters)
        self._readers = [
            (parameter["name"], _query_reader(parameter, names, contract))
            for parameter in parameters
        ]

    def read(self, raw: RawQuery) -> dict[str, Any]:
        """Return the values of the parameters that are there."""
        found = ((name, read(raw)) for name, read in self._readers)
        return {name: value for name, value in found if value is not MISSING}


MISSING = object()
"""Stands for the value of a parameter that a query does not have."""


def _query_reader(
    parameter: Schema, names: frozenset[str], contract: Contract
) -> Callable[[RawQuery], Any]:
    """Return a function that reads a parameter from a query."""
    name: str = parameter["name"]
    if "content" in parameter:
        return lambda raw: _json(decode(raw[name][-1])) if name in raw else MISSING
    coercion = Coercion([parameter.get("schema", {})], contract)
    style, explode = _style(parameter)
    written = QueryStyle(name, style, explode=explode)
    if coercion.kinds.isdisjoint({"array", "object"}) and not written.is_deep:
        scalar = coercion.scalar
        return lambda raw: scalar(decode(raw[name][-1])) if name in raw else MISSING
    is_object = "object" in coercion.kinds or written.is_deep
    is_exploded = is_object and explode and not written.is_deep
    is_open = is_exploded and not coercion.property_names
    own = None if is_open else coercion.property_names
    others = names - {name} if is_open else frozenset[str]()
    at_least: Raw = {} if is_exploded and parameter.get("required") else None

    def read(raw: RawQuery) -> Any:
        found = [
            written.object(raw, own, others) if is_object else None,
            written.array(raw) if "array" in coercion.kinds else None,
            written.scalar(raw),
        ]
        if coercion.kinds == {"array"} and found[1] is not None:
            return coercion.best(found[1])
        is_single = len(raw.get(name, ())) == 1
        ordered = reversed(found) if is_single else found
        given = [value for value in ordered if value is not None]
        if not given:
            return MISSING if at_least is None else at_least
        return coercion.best(*given)

    return read


def _text_reader(parameter: Schema, contract: Contract) -> Callable[[str], Any]:
    """Return a function that reads a parameter from a text."""
    if "content" in parameter:
        return _json
    coercion = Coercion([parameter.get("schema", {})], contract)
    style, explode = _style(parameter)
    written = TextStyle(parameter["name"], style, explode=explode)
    kinds = coercion.kinds
    if kinds.isdisjoint({"array", "object"}):
        scalar = coercion.scalar
        if style in ("label", "matrix"):
            return lambda text: scalar(written.scalar(text))
        return scalar
    if parameter["in"] == "cookie":  # a list in a cookie has commas, whether exploded or not
        written = TextStyle(parameter["name"], "simple", explode=False)

    def read(text: str) -> Any:
        found = [
            written.array(text) if "array" in kinds else None,
            written.object(text) if "object" in kinds else None,
            written.scalar(text) if not kinds <= {"array", "object"} else None,
        ]
        return coercion.best(*(value for value in found if value is not None))

    return read


def _style(parameter: Schema) -> tuple[str, bool]:
    """Return the style of a parameter, and whether it is exploded."""
    style: str = parameter.get("style") or DEFAULT_STYLES.get(parameter["in"], "form")
    return style, parameter.get("explode", style == "form")


def _schema_of(parameter: Schema) -> Schema:
    """Return the schema of a parameter, or that of its content."""
    media = next(iter(parameter.get("content", {}).values()), parameter)
    schema: Schema = media.get("schema", {})
    return schema


def _checked_schema(parameter: Schema) -> Schema:
    """Return the schema that a value has to satisfy."""
    schema = _schema_of(parameter)
    return {"anyOf": [schema, _EMPTY]} if parameter.get("allowEmptyValue") else schema


def _is_ignored(parameter: Schema) -> bool:
    return parameter["in"] == "header" and parameter["name"].lower() in _IGNORED_HEADERS


def _json(text: str) -> Any:
    """Return a JSON value; text that is none stays text, and fails validation."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _cookies(header: bytes) -> dict[str, str]:
    """Return cookies by name. The first of repeated ones counts."""
    cookies: dict[str, str] = {}
    for pair in header.decode("latin-1").split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals:
            cookies.setdefault(name, unquote(value.strip('"')))
    return cookies
