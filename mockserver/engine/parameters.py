"""Parameters: text from path, query and headers made into values, by the types that the contract gives them."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from mockserver.engine.errors import Problem
from mockserver.engine.validation import problems
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")  # what fits 64 bits
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Parameters:
    """The parameters of one operation, made ready."""

    def __init__(self, parameters: list[Schema], contract: Contract) -> None:
        self._readers = [_Reader(each, contract) for each in parameters]
        self._validators = [
            (place, readers, contract.validator(_as_object(readers)))
            for place in ("path", "query", "header")
            if (readers := [reader for reader in self._readers if reader.place == place])
        ]
        self._defaults = {
            reader.name: reader.default for reader in self._readers if reader.place != "path"
        }

    def read(
        self, path: Mapping[str, Any], query: bytes, headers: Mapping[bytes, bytes]
    ) -> tuple[dict[str, Any], list[Problem]]:
        """The values by name, with defaults for those left out, and all that is wrong with them."""
        values = dict(self._defaults)
        found: list[Problem] = []
        for place, readers, validator in self._validators:
            source = _source(place, path, query, headers)
            given = {
                each.name: each.parse(source[each.key]) for each in readers if each.key in source
            }
            if place == "query":
                given |= {
                    each.name: each.gather(query)
                    for each in readers
                    if each.is_repeated and each.name in given
                }
            if not validator.is_valid(given):
                found.extend(problems(validator, given, [place], parsed=True))
            values.update(given)
        return values, found


class _Reader:
    """One parameter: where it stands, what it is called, how its text becomes a value."""

    def __init__(self, parameter: Schema, contract: Contract) -> None:
        schema = contract.follow(parameter.get("schema", {}))
        self.name: str = parameter["name"]
        self.place: str = parameter["in"]
        self.key = self.name.lower() if self.place == "header" else self.name
        self.required: bool = parameter.get("required", False)
        self.schema: Schema = parameter.get("schema", {})
        self.default = schema.get("default")
        self._type = schema.get("type")
        self._item_type = contract.follow(schema.get("items", {})).get("type")
        self.is_repeated = (
            self._type == "array" and self.place == "query" and parameter.get("explode", True)
        )
        """Whether each item comes as a parameter of its own; other lists are separated by commas."""

    def parse(self, text: str) -> Any:
        """The value; what cannot be read stays text, and fails validation as such."""
        if self._type == "array":
            return [_value(each, self._item_type) for each in text.split(",")] if text else []
        return _value(text, self._type)

    def gather(self, query: bytes) -> list[Any]:
        """The values of a parameter that is repeated."""
        return [_value(text, self._item_type) for name, text in _pairs(query) if name == self.name]


def _value(text: str, type: str | None) -> Any:
    if type == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if type == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if type == "boolean":
        return _BOOLEANS.get(text.lower(), text)
    return text


def _as_object(readers: list[_Reader]) -> Schema:
    return {
        "type": "object",
        "properties": {reader.name: reader.schema for reader in readers},
        **(
            {"required": required}
            if (required := [reader.name for reader in readers if reader.required])
            else {}
        ),
    }


def _source(
    place: str, path: Mapping[str, Any], query: bytes, headers: Mapping[bytes, bytes]
) -> Mapping[str, str]:
    """What was sent there, as text; of a query parameter that is repeated, the last counts."""
    if place == "path":
        return path
    if place == "query":
        return dict(_pairs(query)) if query else {}
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace")
