"""JSON bodies: parsed, validated, and completed by defaults."""

from typing import Any

import orjson

from mockserver.engine.errors import Problem
from mockserver.engine.mistakes import Fields
from mockserver.engine.validation import problems
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema


class JsonBody:
    """The JSON body of one operation, compiled."""

    def __init__(self, schema: Schema, contract: Contract) -> None:
        self._validator = contract.validator(schema)
        self._fields = Fields([schema], contract)
        properties = contract.follow(schema).get("properties", {})
        self._defaults = {
            name: contract.follow(property).get("default") for name, property in properties.items()
        }
        self._is_flat = self._fields.is_flat and self._fields.names == self._defaults.keys()
        """Whether a body without unknown fields has as many as there are defaults."""

    def read(self, payload: bytes, _: str, warnings: list[str]) -> tuple[Any, list[Problem]]:
        """Return the value, completed by the contract's defaults, and its violations."""
        try:
            value = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return None, [_invalid_json(["body", error.pos], error.msg)]
        try:
            is_valid = self._validator.is_valid(value)
            found = [] if is_valid else list(problems(self._validator, value, ["body"]))
        except ValueError:
            # The JSON parser accepts deeper nesting than the validator.
            return None, [_invalid_json(["body"], "nested too deeply")]
        completed = {**self._defaults, **value} if isinstance(value, dict) else value
        is_counted = self._is_flat and completed is not value
        if not is_counted or len(completed) != len(self._defaults):
            self._fields.check(value, warnings)
        return (None, found) if found else (completed, [])


def _invalid_json(place: list[str | int], why: str) -> Problem:
    return {"loc": place, "msg": f"JSON decode error: {why}", "type": "json_invalid"}
