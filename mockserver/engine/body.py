"""JSON bodies: read within bounds, parsed, checked against the contract, and completed by its defaults."""

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

import orjson
from starlette.types import Receive

from mockserver.engine.errors import Problem, Refusal
from mockserver.engine.validation import problems
from mockserver.openapi.contract import Contract, is_json
from mockserver.openapi.schemas import Schema

Json = Any
_JSON = b"application/json"

MAX_BODY_BYTES = 1_000_000
"""Source: bodies over 1 MB are answered with 413 (observed). A contract may say otherwise by ``x-max-bytes``."""


class Disconnected(Exception):
    """The client went away before it had sent the whole request: nobody is there to be answered."""


class BodyReader:
    """The JSON body of one operation."""

    def __init__(self, request_body: Schema, contract: Contract) -> None:
        content = request_body.get("content", {})
        self._media_types = [name.partition(";")[0].strip().lower() for name in content]
        self._is_json = any(map(is_json, content)) or not content
        schema: Schema = next(
            (media.get("schema", {}) for name, media in content.items() if is_json(name)), {}
        )
        properties = contract.follow(schema).get("properties", {})
        self._required = request_body.get("required", False)
        self.max_bytes: int = request_body.get("x-max-bytes", MAX_BODY_BYTES)
        self._validator = contract.validator(schema)
        self._defaults = {
            name: contract.follow(each).get("default") for name, each in properties.items()
        }

    async def read(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The bytes. Raises Refusal: 413 when there are too many, 415 when they are not said to be what is wanted."""
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > self.max_bytes:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise Disconnected
            chunk = message.get("body", b"")
            chunks.append(chunk)
            size += len(chunk)
            if size > self.max_bytes:
                raise self._too_large()
            if not message.get("more_body"):
                break
        if size and not self._takes(headers.get(b"content-type", _JSON)):
            wanted = (
                "JSON with 'Content-Type: application/json'"
                if self._is_json
                else " or ".join(self._media_types)
            )
            raise Refusal(415, f"Unsupported media type. Send {wanted}.")
        return b"".join(chunks)

    def _takes(self, given: bytes) -> bool:
        if self._is_json and given == _JSON:  # nearly always, so without a further look
            return True
        media_type = given.decode("latin-1")
        if self._is_json and is_json(media_type):
            return True
        name = media_type.partition(";")[0].strip().lower()
        return not is_json(name) and any(fnmatch(name, each) for each in self._media_types)

    def parse(self, payload: bytes) -> tuple[Json, list[Problem]]:
        """The value, with the contract's defaults for what is left out, and all that is wrong with it."""
        if not payload.strip():
            missing = (
                [{"loc": ["body"], "msg": "Field required", "type": "missing"}]
                if self._required
                else []
            )
            return None, missing
        if not self._is_json:
            # What is no JSON goes unchecked: no operation of the mock reads it.
            return payload, []
        try:
            value = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return None, [
                {
                    "loc": ["body", error.pos],
                    "msg": f"JSON decode error: {error.msg}",
                    "type": "json_invalid",
                }
            ]
        try:
            found = (
                []
                if self._validator.is_valid(value)
                else list(problems(self._validator, value, ["body"]))
            )
        except ValueError:
            # The JSON parser goes deeper than the validator can follow.
            return None, [
                {
                    "loc": ["body"],
                    "msg": "JSON decode error: nested too deeply",
                    "type": "json_invalid",
                }
            ]
        if found:
            return None, found
        return ({**self._defaults, **value} if isinstance(value, dict) else value), []

    def _too_large(self) -> Refusal:
        return Refusal(413, f"Request body is too large: at most {self.max_bytes:,} bytes.")
