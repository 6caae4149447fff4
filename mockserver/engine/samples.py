"""Documented responses: the contract's examples, else values generated from its schemas."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from msgspec import Struct, field

from mockserver.engine.errors import Headers, PreferenceRefused, Refusal
from mockserver.engine.examples import examples_of, problem_of
from mockserver.engine.media_types import chosen, concrete, is_xml, sendable
from mockserver.engine.preference import Preference
from mockserver.engine.reply import (
    JSON,
    Reply,
    encode,
    encode_as,
    header_value,
    is_generated,
    is_valid_header,
)
from mockserver.engine.responses import NoResponse
from mockserver.generator import Generator, Maker, NoValue
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.schemas import Schema

logger = logging.getLogger(__name__)

_STATUSES = ("status", "statusCode", "status_code", "code")
"""Names of integers in errors that hold the HTTP status."""
_KEPT_RESPONSES = 64
"""How many responses an operation keeps compiled: one for each status and ``Accept``."""


class _Documented(Struct, frozen=True):
    """One documented response of an operation."""

    status: int
    is_exact: bool
    """Whether it is documented for this very status, and not by its class or ``default``."""
    response: Schema
    media_type: str | None
    schema: Schema
    examples: dict[str, Any]
    problems: dict[str, str]
    """Why examples may not be sent, by their names."""
    is_accepted: bool = True
    """Whether the request accepts the media type."""


class Samples(Struct):
    """All documented responses of one operation, each compiled on first use."""

    operation: Operation
    contract: Contract
    generator: Generator
    _documented: dict[tuple[int, bytes], _Documented] = field(default_factory=dict)
    _makers: dict[tuple[int, str | None], Maker] = field(default_factory=dict)
    _header_makers: dict[tuple[int, str], Maker] = field(default_factory=dict)

    def preferred(self, preference: Preference, key: object, accept: bytes = b"") -> Reply:
        """Return the response that a caller prefers, in a media type of ``Accept`` if possible.

        Raises PreferenceRefused if it is not documented.
        """
        status = (
            preference.code or self._status_of_example(preference.example) or self.operation.success
        )
        if status < 200:
            raise PreferenceRefused(f"{status} is no status of a final response.")
        if self.operation.response(status) is None:
            known = ", ".join(map(str, self.operation.node["responses"]))
            raise PreferenceRefused(
                f"{self.operation.operation_id} documents no {status}. It documents {known}."
            )
        documented = self._of_status(status, accept)
        if preference.example is None:
            return self._sample(documented, key, dynamic=preference.dynamic)
        if preference.example not in documented.examples:
            names = ", ".join(documented.examples)
            known = f"It has {names}." if names else "It has none."
            raise PreferenceRefused(
                f"the {status} of {self.operation.operation_id} has no such example. {known}"
            )
        value = documented.examples[preference.example]
        problem = documented.problems.get(preference.example)
        if problem is not None:
            raise PreferenceRefused(f"the example '{preference.example}' {problem}")
        return self._reply(documented, value, key)

    def success(self, key: object, accept: bytes = b"") -> Reply:
        """Return a successful response. Equal keys get equal responses.

        Raises Refusal with a 406 if no documented media type is accepted.
        """
        documented = self.require_accepted(accept)
        return self._sample(documented, key, dynamic=False)

    def require_accepted(self, accept: bytes) -> _Documented:
        """Return the successful response in an accepted media type. Raise Refusal with a 406."""
        documented = self._of_status(self.operation.success, accept)
        if not documented.is_accepted:
            known = " or ".join(documented.response["content"])
            raise Refusal(406, f"No media type of Accept is documented. Accept {known}.")
        return documented

    def converted(self, reply: Reply, accept: bytes) -> Reply:
        """Return a JSON response of a handler in the accepted media type, if that is XML."""
        documented = self._of_status(reply.status, accept)
        media_type = documented.media_type or ""
        if reply.media_type != JSON or not is_xml(media_type):
            return reply
        value = orjson.loads(reply.payload)
        payload = self._encoded(documented, value)
        return Reply(reply.status, payload, reply.headers, media_type.encode("latin-1"))

    def _status_of_example(self, name: str | None) -> int | None:
        """Return the first status that has an example of a name."""
        if name is None:
            return None
        statuses = self.operation.statuses
        return next((s for s in statuses if name in self._of_status(s).examples), None)

    def _sample(self, documented: _Documented, key: object, *, dynamic: bool) -> Reply:
        """Return the first valid example, unless ``dynamic``; else a generated response."""
        for name, value in {} if dynamic else documented.examples.items():
            if name not in documented.problems:
                is_exact = documented.is_exact
                shown = value if is_exact else self._agreeing(value, documented)
                return self._reply(documented, shown, key)
        value = None if documented.media_type is None else self._generated(documented, key)
        value = self._agreeing(value, documented)
        return self._reply(documented, value, key)

    def _agreeing(self, value: Any, documented: _Documented) -> Any:
        """Return the body of an error with the status in its integers, if that is valid."""
        status = documented.status
        if status < 400 or not isinstance(value, dict):
            return value
        changed = _with_status(value, status)
        changed |= {
            name: _with_status(inner, status)
            for name, inner in value.items()
            if isinstance(inner, dict)
        }
        validator = self.contract.validator(documented.schema, closed=True)
        return changed if validator.is_valid(changed) else value

    def _generated(self, documented: _Documented, key: object) -> Any:
        """Return a value of a response's schema. Raises NoResponse if none satisfies it."""
        status = documented.status
        kind = (status, documented.media_type)
        try:
            if kind not in self._makers:
                self._makers[kind] = self.generator.compile_small(documented.schema)
            return self._makers[kind].make((self.operation.operation_id, status, key))
        except NoValue as error:
            raise self._no_response(status, f"the schema of its body: {error}") from None

    def _reply(self, documented: _Documented, value: Any, key: object) -> Reply:
        headers = list(self._required_headers(documented, key))
        media_type = documented.media_type
        if media_type is None:
            return Reply(documented.status, b"", headers, None)
        payload = self._encoded(documented, value)
        return Reply(documented.status, payload, headers, media_type.encode("latin-1"))

    def _encoded(self, documented: _Documented, value: Any) -> bytes:
        """Return a body in the media type of a response."""
        media_type = documented.media_type or ""
        if isinstance(value, str) or not is_xml(media_type):
            return encode_as(media_type, value)
        from mockserver.engine.xml_body import encode_xml  # most documents have no XML

        return encode_xml(value, documented.schema, self.contract)

    def headers(self, status: int, key: object) -> Headers:
        """Return the headers that the document requires of a response, generated."""
        return list(self._required_headers(self._of_status(status), key))

    def _required_headers(
        self, documented: _Documented, key: object
    ) -> Iterator[tuple[bytes, bytes]]:
        for name, reference in documented.response.get("headers", {}).items():
            header = self.contract.follow(reference)
            if header.get("required") and is_generated(name):
                value = self._header(documented.status, name, header, key)
                yield name.lower().encode(), header_value(_header_text(value))

    def _header(self, status: int, name: str, header: Schema, key: object) -> Any:
        """Return the example of a header, or a value of its schema."""
        media = next(iter(header.get("content", {}).values()), header)
        schema = media.get("schema", {})
        is_valid = self.contract.validator(schema, closed=True).is_valid
        for example in examples_of(self.contract, media):
            if is_valid(example.value):
                return example.value
        try:
            if (status, name) not in self._header_makers:
                self._header_makers[status, name] = self.generator.compile(schema)
            return self._header_makers[status, name].make((name, key))
        except NoValue as error:
            raise self._no_response(status, f"its header '{name}': {error}") from None

    def _no_response(self, status: int, problem: str) -> NoResponse:
        method, path = self.operation.method, self.operation.path
        pointer = path.replace("~", "~0").replace("/", "~1")
        key = status if str(status) in self.operation.node["responses"] else "default"
        place = f"#/paths/{pointer}/{method}/responses/{key}"
        return NoResponse(f"no value fits the status {status} at {place}, {problem}")

    def _of_status(self, status: int, accept: bytes = b"") -> _Documented:
        found = self._documented.get((status, accept))
        if found is None:
            if len(self._documented) >= _KEPT_RESPONSES:
                self._documented.clear()
            found = self._documented[status, accept] = self._compile(status, accept)
        return found

    def _compile(self, status: int, accept: bytes) -> _Documented:
        response = self.contract.follow(self.operation.response(status) or {})
        where = f"{self.operation.operation_id} {status}"
        content = sendable(response.get("content", {}), where)
        for header in response.get("headers", {}):
            if not is_valid_header(header):
                logger.warning("%s: the header %s is invalid; it is not sent", where, ascii(header))
        accepted = chosen(list(content), accept.decode("latin-1"))
        name = accepted or chosen(list(content), "")
        media = content.get(name or "", {})
        schema = media.get("schema", {})
        media_type = concrete(name, accept.decode("latin-1")) if name is not None else None
        examples = {example: value for example, _, value in examples_of(self.contract, media)}
        return _Documented(
            status,
            str(status) in self.operation.node["responses"],
            response,
            media_type,
            schema,
            examples,
            self._problems(status, examples, schema, media_type or ""),
            is_accepted=accepted is not None or not content,
        )

    def _problems(
        self, status: int, examples: Mapping[str, Any], schema: Schema, media_type: str
    ) -> dict[str, str]:
        """Return why examples may not be sent, and log it."""
        problems: dict[str, str] = {}
        for name, value in examples.items():
            problem = problem_of(value, schema, media_type, self.contract)
            if problem is not None:
                problems[name] = problem
                where = f"{self.operation.operation_id} {status}"
                logger.warning("%s: example '%s' %s; it is not sent", where, name, problem)
        return problems


def _with_status(body: Mapping[str, Any], status: int) -> dict[str, Any]:
    """Return an object with the status in the integers that are named so."""
    own = {name: status for name in _STATUSES if type(body.get(name)) is int}
    return {**body, **own}


def _header_text(value: Any) -> str:
    """Return a header's value in the style ``simple``."""
    if isinstance(value, list):
        return ",".join(map(_header_text, value))
    if isinstance(value, dict):
        return ",".join(f"{name},{_header_text(item)}" for name, item in value.items())
    return value if isinstance(value, str) else encode(value).decode()
