"""Documented responses: the contract's examples, else values generated from its schemas."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from mockserver.engine.errors import PreferenceRefused
from mockserver.engine.preference import Preference
from mockserver.engine.reply import Reply, encode, encode_as
from mockserver.engine.responses import BrokenContract
from mockserver.generator import Generator, Maker, NoValue
from mockserver.openapi.contract import JSON, Contract, Operation, is_json
from mockserver.openapi.schemas import Schema, Validator

logger = logging.getLogger(__name__)

_CONCRETE = {"*/*": JSON, "application/*": JSON, "text/*": "text/plain"}
"""The media types that are sent for ranges."""


class _Documented(Struct, frozen=True):
    """One documented response of an operation."""

    status: int
    response: Schema
    media_type: str | None
    schema: Schema
    examples: dict[str, Any]
    validator: Validator


class Samples(Struct):
    """All documented responses of one operation, each compiled on first use."""

    operation: Operation
    contract: Contract
    generator: Generator
    _documented: dict[int, _Documented] = field(default_factory=dict)
    _makers: dict[int, Maker] = field(default_factory=dict)

    def preferred(self, preference: Preference, key: object) -> Reply:
        """Return the response that a caller prefers.

        Raises PreferenceRefused if it is not documented.
        """
        status = (
            preference.code or self._status_of_example(preference.example) or self.operation.success
        )
        if self.operation.response(status) is None:
            known = ", ".join(map(str, self.operation.node["responses"]))
            raise PreferenceRefused(
                f"{self.operation.operation_id} documents no {status}. It documents {known}."
            )
        documented = self._of_status(status)
        if preference.example is None:
            return self._sample(documented, key, dynamic=preference.dynamic)
        if preference.example not in documented.examples:
            names = ", ".join(documented.examples)
            known = f"It has {names}." if names else "It has none."
            raise PreferenceRefused(
                f"the {status} of {self.operation.operation_id} has no such example. {known}"
            )
        value = documented.examples[preference.example]
        _check(documented.validator, value, f"example '{preference.example}'")
        return self._reply(documented, value, key)

    def success(self, key: object) -> Reply:
        """Return a successful response. Equal keys get equal responses."""
        return self._sample(self._of_status(self.operation.success), key, dynamic=False)

    def _status_of_example(self, name: str | None) -> int | None:
        """Return the first status that has an example of a name."""
        if name is None:
            return None
        statuses = self.operation.statuses
        return next((s for s in statuses if name in self._of_status(s).examples), None)

    def _sample(self, documented: _Documented, key: object, *, dynamic: bool) -> Reply:
        """Return the first valid example, unless ``dynamic``; else a generated response."""
        for name, value in {} if dynamic else documented.examples.items():
            try:
                _check(documented.validator, value, f"example '{name}'")
            except BrokenContract as error:
                logger.warning(
                    "%s %s: %s; it is not sent",
                    self.operation.operation_id,
                    documented.status,
                    error,
                )
                continue
            return self._reply(documented, value, key)
        value = None if documented.media_type is None else self._generated(documented, key)
        return self._reply(documented, value, key)

    def _generated(self, documented: _Documented, key: object) -> Any:
        """Return a value of a response's schema. Raises BrokenContract if none satisfies it."""
        status = documented.status
        try:
            if status not in self._makers:
                self._makers[status] = self.generator.compile(documented.schema)
            return self._makers[status].make((self.operation.operation_id, status, key))
        except NoValue as error:
            raise BrokenContract(f"status {status}: no value fits its schema: {error}") from None

    def _reply(self, documented: _Documented, value: Any, key: object) -> Reply:
        headers = list(self._required_headers(documented, key))
        media_type = documented.media_type
        if media_type is None:
            return Reply(documented.status, b"", headers, None)
        payload = encode_as(media_type, value)
        return Reply(documented.status, payload, headers, media_type.encode("latin-1"))

    def _required_headers(
        self, documented: _Documented, key: object
    ) -> Iterator[tuple[bytes, bytes]]:
        for name, reference in documented.response.get("headers", {}).items():
            header = self.contract.follow(reference)
            if header.get("required"):
                value = header.get("example")
                if value is None:
                    value = self.generator.compile(header.get("schema", {})).make((name, key))
                text = value if isinstance(value, str) else encode(value).decode()
                yield name.lower().encode(), _header_value(text)

    def _of_status(self, status: int) -> _Documented:
        if status not in self._documented:
            response = self.contract.follow(self.operation.response(status) or {})
            content = response.get("content", {})
            name = next(filter(is_json, content), next(iter(content), None))
            media = content.get(name, {})
            schema = media.get("schema", {})
            self._documented[status] = _Documented(
                status,
                response,
                _CONCRETE.get(name, name) if name is not None else None,
                schema,
                dict(self._examples(media, schema)),
                self.contract.validator(schema, closed=True),
            )
        return self._documented[status]

    def _examples(self, media: Schema, schema: Schema) -> Iterator[tuple[str, Any]]:
        """Yield the examples of a response by name. A single one without a name is ``example``."""
        for name, reference in media.get("examples", {}).items():
            example = self.contract.follow(reference)
            if "value" in example:
                yield name, example["value"]
        for place in (media, self.contract.follow(schema)):
            if "example" in place:
                yield "example", place["example"]
                return


def _header_value(text: str) -> bytes:
    return text.encode("ascii", "replace").replace(b"\n", b" ").replace(b"\r", b" ")


def _check(validator: Validator, value: Any, what: str) -> None:
    """Raise BrokenContract if a value of the contract breaks the contract."""
    for error in validator.iter_errors(value):
        place = "/".join(map(str, error.instance_path))
        raise BrokenContract(f"{what} breaks its schema at /{place}: {error.message}")
