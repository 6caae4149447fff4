"""Request bodies: read within a limit, parsed, validated, and completed by defaults."""

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

import orjson

from mockserver.engine.errors import Problem, Refusal
from mockserver.engine.mistakes import Fields
from mockserver.engine.validation import problems
from mockserver.openapi.contract import Contract, is_json
from mockserver.openapi.schemas import Schema

Json = Any
_JSON = b"application/json"

MAX_BODY_BYTES = 1_000_000
"""The API refuses larger bodies with a 413 (observed). ``x-max-bytes`` overrides the limit."""


class BodyReader:
    """The request body of one operation, compiled."""

    def __init__(self, request_body: Schema, contract: Contract) -> None:
        content = request_body.get("content", {})
        self._media_types = [name.partition(";")[0].strip().lower() for name in content]
        self._is_json = any(map(is_json, content)) or not content
        self._usual_type = _JSON if self._is_json else None
        schema: Schema = next(
            (media.get("schema", {}) for name, media in content.items() if is_json(name)), {}
        )
        properties = contract.follow(schema).get("properties", {})
        self._required = request_body.get("required", False)
        self.max_bytes: int = request_body.get("x-max-bytes", MAX_BODY_BYTES)
        self._validator = contract.validator(schema)
        self._fields = Fields([schema], contract)
        self._defaults = {
            name: contract.follow(property).get("default") for name, property in properties.items()
        }
        self._is_flat = self._fields.is_flat and self._fields.names == self._defaults.keys()
        """Whether a body without unknown fields has as many as there are defaults."""

    def unsupported(self, headers: Mapping[bytes, bytes]) -> Refusal | None:
        """Return a 415 for a body of another media type."""
        content_type = headers.get(b"content-type", _JSON)
        if content_type == self._usual_type or self._accepts(content_type):
            return None
        json_type = "JSON with 'Content-Type: application/json'"
        expected = json_type if self._is_json else " or ".join(self._media_types)
        return Refusal(415, f"Unsupported media type. Send {expected}.")

    def too_large(self) -> Refusal:
        """Return the 413 for a body of more than ``max_bytes``."""
        return Refusal(413, f"Request body is too large: at most {self.max_bytes:,} bytes.")

    def parse(self, payload: bytes, warnings: list[str]) -> tuple[Json, list[Problem]]:
        """Return the value, completed by the contract's defaults, and its violations.

        Unknown fields are added to the warnings.
        """
        if not payload.strip():
            missing = {"loc": ["body"], "msg": "Field required", "type": "missing"}
            return None, [missing] if self._required else []
        if not self._is_json:
            # No handler reads other media types, so their content is not validated.
            return payload, []
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

    def _accepts(self, content_type: bytes) -> bool:
        """Return whether a content type is documented."""
        media_type = content_type.decode("latin-1")
        if self._is_json and is_json(media_type):
            return True
        name = media_type.partition(";")[0].strip().lower()
        return not is_json(name) and any(fnmatch(name, known) for known in self._media_types)


def _invalid_json(place: list[str | int], why: str) -> Problem:
    return {"loc": place, "msg": f"JSON decode error: {why}", "type": "json_invalid"}
