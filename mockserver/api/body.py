"""JSON bodies: read within bounds, parsed, checked against the contract, and completed by its defaults."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Receive

from mockserver.api.errors import Problem, Refusal
from mockserver.api.validation import problems
from mockserver.contract import JSON, Contract
from mockserver.schemas import Schema

Json = Any

MAX_BODY_BYTES = 1_000_000
"""Source: bodies over 1 MB are answered with 413 (observed). A contract may say otherwise by ``x-max-bytes``."""


class Disconnected(Exception):
    """The client went away before it had sent the whole request: nobody is there to be answered."""


class BodyReader:
    """The JSON body of one operation."""

    def __init__(self, request_body: Schema, contract: Contract) -> None:
        schema = request_body["content"][JSON]["schema"]
        properties = contract.follow(schema).get("properties", {})
        self._required = request_body.get("required", False)
        self.max_bytes: int = request_body.get("x-max-bytes", MAX_BODY_BYTES)
        self._validator = contract.validator(schema)
        self._defaults = {name: contract.follow(each).get("default") for name, each in properties.items()}

    async def read(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The bytes. Raises Refusal: 413 when there are too many, 415 when they are not said to be JSON."""
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
        media_type = headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
        if size and media_type != b"application/json" and not media_type.endswith(b"+json"):
            raise Refusal(415, "Unsupported media type. Send JSON with 'Content-Type: application/json'.")
        return b"".join(chunks)

    def parse(self, payload: bytes) -> tuple[Json, list[Problem]]:
        """The value, with the contract's defaults for what is left out, and all that is wrong with it."""
        if not payload.strip():
            missing = [{"loc": ["body"], "msg": "Field required", "type": "missing"}] if self._required else []
            return None, missing
        try:
            value = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            return None, [
                {"loc": ["body", error.pos], "msg": f"JSON decode error: {error.msg}", "type": "json_invalid"}
            ]
        try:
            found = [] if self._validator.is_valid(value) else list(problems(self._validator, value, ["body"]))
        except ValueError:
            # The JSON parser goes deeper than the validator can follow.
            return None, [{"loc": ["body"], "msg": "JSON decode error: nested too deeply", "type": "json_invalid"}]
        if found:
            return None, found
        return {**self._defaults, **value}, []

    def _too_large(self) -> Refusal:
        return Refusal(413, f"Request body is too large: at most {self.max_bytes:,} bytes.")
