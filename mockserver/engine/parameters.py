"""Parameters of path, query and headers, parsed by their documented types and validated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from mockserver.engine.errors import Problem
from mockserver.engine.mistakes import QueryNames
from mockserver.engine.validation import problems
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")  # what fits 64 bits
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_PLACES = ("path", "query", "header")
_KEPT_QUERIES, _KEPT_QUERY_BYTES = 256, 256
_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}


class Parameters:
    """The compiled parameters of one operation.

    Cookies, objects, and parameters with a ``content`` are not checked.
    """

    def __init__(self, parameters: list[Schema], contract: Contract) -> None:
        readers = [
            _Reader(parameter, contract)
            for parameter in parameters
            if _is_checked(parameter, contract)
        ]
        self._places = [
            _Place(place, in_place, contract)
            for place in _PLACES
            if (in_place := [reader for reader in readers if reader.place == place])
        ]
        if not any(place.name == "query" for place in self._places):
            self._places.append(_Place("query", [], contract))
        self._query_names = QueryNames(parameters, contract)
        self._good_queries: dict[bytes, dict[str, Any]] = {}
        """The values of queries without violations and warnings."""
        self._defaults = {
            reader.name: reader.default for reader in readers if reader.place != "path"
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
        known = self._good_queries.get(query)
        if known is not None:
            values.update(known)
        for place in self._places:
            if place.name == "query":
                if known is None:
                    found += self._read_query(place, query, values, warnings)
                continue
            given = place.read(path if place.name == "path" else {}, query, headers)
            if given or not place.may_be_empty:
                found += place.problems(given)
                values.update(given)
        return values, found

    def _read_query(
        self, place: _Place, query: bytes, values: dict[str, Any], warnings: list[str]
    ) -> list[Problem]:
        """Add the values of a query and return their violations. Good queries are kept."""
        # The last of repeated query parameters counts.
        in_query = dict(_pairs(query)) if query else {}
        before = len(warnings)
        self._query_names.check(in_query, warnings)
        given = place.read(in_query, query, {})
        found = place.problems(given) if given or not place.may_be_empty else []
        values.update(given)
        if not found and len(warnings) == before and len(query) <= _KEPT_QUERY_BYTES:
            if len(self._good_queries) >= _KEPT_QUERIES:
                self._good_queries.clear()
            self._good_queries[query] = given
        return found


class _Place:
    """The parameters in the path, in the query, or in headers."""

    def __init__(self, name: str, readers: list[_Reader], contract: Contract) -> None:
        self.name = name
        self._readers = readers
        self._validator = contract.validator(_as_object(readers))
        self.may_be_empty = self._validator.is_valid({})

    def read(
        self,
        source: Mapping[str, Any],
        query: bytes,
        headers: Mapping[bytes, bytes],
    ) -> dict[str, Any]:
        """Return the values that a request has here, by name.

        ``source`` has the text of the parameters in path or query.
        """
        if self.name == "header":
            values: dict[str, Any] = {}
            for reader in self._readers:
                value = headers.get(reader.header)
                if value is not None:
                    values[reader.name] = reader.parse(value.decode("latin-1"))
            return values
        return {
            reader.name: reader.gather(query)
            if reader.is_repeated
            else reader.parse(source[reader.name])
            for reader in self._readers
            if reader.name in source
        }

    def problems(self, given: dict[str, Any]) -> list[Problem]:
        """Return all violations of the values."""
        if self._validator.is_valid(given):
            return []
        return list(problems(self._validator, given, [self.name], parsed=True))


class _Reader:
    """One parameter: its place and name, and how its text is parsed."""

    def __init__(self, parameter: Schema, contract: Contract) -> None:
        schema = contract.follow(parameter.get("schema", {}))
        self.name: str = parameter["name"]
        self.place: str = parameter["in"]
        self.header = self.name.lower().encode("latin-1", "replace")
        self.required: bool = parameter.get("required", False)
        self.schema: Schema = parameter.get("schema", {})
        self.default = schema.get("default")
        self._type = schema.get("type")
        self._item_type = contract.follow(schema.get("items", {})).get("type")
        separator = _SEPARATORS.get(parameter.get("style", ""))
        self._separator = separator or ","
        self.is_repeated = (
            self._type == "array"
            and self.place == "query"
            and parameter.get("explode", separator is None)
        )
        """Whether each item is a parameter of its own. Other lists have separators."""

    def parse(self, text: str) -> Any:
        """Return the value. Text that cannot be parsed stays text, and fails validation."""
        if self._type == "array":
            items = text.split(self._separator) if text else []
            return [_value(item, self._item_type) for item in items]
        return _value(text, self._type)

    def gather(self, query: bytes) -> list[Any]:
        """Return the values of a repeated parameter."""
        return [_value(text, self._item_type) for name, text in _pairs(query) if name == self.name]


def _is_checked(parameter: Schema, contract: Contract) -> bool:
    schema = parameter.get("schema")
    is_object = schema is not None and contract.follow(schema).get("type") == "object"
    return schema is not None and not is_object


def _value(text: str, type: str | None) -> Any:
    if type == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if type == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if type == "boolean":
        return _BOOLEANS.get(text.lower(), text)
    return text


def _as_object(readers: list[_Reader]) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {reader.name: reader.schema for reader in readers},
    }
    required = [reader.name for reader in readers if reader.required]
    return {**schema, "required": required} if required else schema


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace")
