"""Validates requests. Where readers of JSON differ, a request is neither valid nor invalid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from contract_tests.http.exchange import Exchange, NotJson
from contract_tests.http.redaction import is_replaced
from contract_tests.openapi.contract import JSON, Contract, Operation, Place, escape
from contract_tests.openapi.conversion import is_pattern
from contract_tests.openapi.schemas import Breach, Schemas

MAX_BODY_BYTES = 1_000_000
"""Source: bodies over 1 MB are refused with 413 (observed)."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,299})")
_INTEGER_LIKE = re.compile(r"\s*[+-]?[0-9_]+(\.0*)?\s*")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL and surrogates, which not every reader of JSON takes and not every database stores."""
_STYLED = ("array", "object")
_BOOLEANS = {"true": True, "false": False}
_UNCLEAR_FORMATS = frozenset({"uri"})
"""Formats about which validators differ in good faith."""


@dataclass
class RequestJudgement:
    """The verdict on a request."""

    breaches: list[Breach] = field(default_factory=list)
    is_clear: bool = True
    """Whether every reader of the contract would agree."""
    given: set[str] = field(default_factory=set)
    """The places that were sent: ``/query/limit``, ``/body/amount_cents``."""
    refusal: int = 422
    """The status with which what is wrong must be refused."""

    def is_refused_by(self, status: int, operation: Operation) -> bool:
        """Return whether a status refuses these breaches, as declared or as HTTP defines it."""
        if status in (self.refusal, operation.invalid_status):
            return True
        declares_none = not {400, 422}.intersection(operation.responses)
        return status in (400, 422) and declares_none

    @property
    def is_valid(self) -> bool:
        return self.is_clear and not self.breaches


def judge(
    exchange: Exchange, operation: Operation, path_params: dict[str, str], schemas: Schemas
) -> RequestJudgement:
    """Validate a request against its operation's parameters and body."""
    found = RequestJudgement(refusal=operation.invalid_status)
    for parameter in operation.parameters:
        _parameter(exchange, parameter, path_params, schemas, found)
    if operation.body is not None:
        _body(exchange, operation, operation.body, schemas, found)
    found.is_clear &= not operation.has_other_body
    return found


def constraints(contract: Contract, operation: Operation) -> dict[str, dict[str, str]]:
    """Return the contract place of every constraint, by place in the request and keyword."""
    found: dict[str, dict[str, str]] = {}
    for parameter in operation.parameters:
        where = f"/{parameter.node['in']}/{escape(parameter.node['name'])}"
        if "schema" not in parameter.node:
            continue
        keywords = _keywords(contract.at(parameter.child("schema")))
        if parameter.node.get("required") and parameter.node["in"] != "path":
            keywords["required"] = parameter.child("required")
        if parameter.node["in"] == "path":
            keywords.pop("minLength", None)  # without it, it would be another path
        if keywords.get("type") and _type_of(contract, parameter) == "string":
            del keywords["type"]  # whatever stands in a URL or a header is a string
        found[where] = keywords
    if operation.body is not None:
        required = operation.body.node.get("required", [])
        for name in operation.body.node.get("properties", {}):
            place = contract.at(operation.body.child("properties", name))
            keywords = _keywords(place)
            if name in required:
                keywords["required"] = operation.body.child("required")
            found[f"/body/{escape(name)}"] = keywords
    return found


_BINDING = (
    "type",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minItems",
    "maxItems",
)
_WITHOUT_EFFECT = frozenset({"int64", "int32", "password", "uri"})


def _keywords(schema: Place) -> dict[str, str]:
    node = schema.node
    found = {each: schema.child(each) for each in _BINDING if each in node}
    if "format" in found and (node["format"] in _WITHOUT_EFFECT or "pattern" in found):
        del found["format"]  # the pattern beside it says the same, and more
    return found


def _type_of(contract: Contract, parameter: Place) -> Any:
    return contract.at(parameter.child("schema")).node.get("type")


def _parameter(
    exchange: Exchange,
    parameter: Place,
    path_params: dict[str, str],
    schemas: Schemas,
    found: RequestJudgement,
) -> None:
    name, location = parameter.node["name"], parameter.node["in"]
    where = f"/{location}/{escape(name)}"
    if not _is_plain(parameter, schemas):
        found.is_clear = False  # its values are spread over names of their own, or marked
        return
    texts = _texts(exchange, name, location, path_params)
    if not texts:
        if parameter.node.get("required"):
            found.breaches.append(
                Breach(where, parameter.child("required"), "required", f"'{name}' is missing", None)
            )
        return
    found.given.add(where)
    if _may_be_nothing(texts[-1], parameter, schemas):
        found.is_clear = False
        return
    if len(texts) > 1 or is_replaced(texts[-1]):
        found.is_clear = False
    pointer = parameter.child("schema")
    type = schemas.node(pointer).get("type") if "schema" in parameter.node else None
    if type in _STYLED or "schema" not in parameter.node:
        found.is_clear = False  # how it is written is a matter of its style
        return
    value, is_clear = _value(texts[-1], type)
    found.is_clear &= is_clear and not any(
        ord(char) < 0x20 or ord(char) > 0x7E for char in texts[-1]
    )
    _add(found, schemas, pointer, value, where)


def _may_be_nothing(text: str, parameter: Place, schemas: Schemas) -> bool:
    """Return whether readers may take a text for no value. OpenAPI has no text of a null."""
    if text == "" and parameter.node.get("allowEmptyValue"):
        return True
    is_nullable = "schema" in parameter.node and schemas.accepts(parameter.child("schema"), None)
    return text in ("", "null") and is_nullable


def _is_plain(parameter: Place, schemas: Schemas) -> bool:
    """Return whether a parameter is written as it is, under its own name, and can be judged."""
    node = parameter.node
    pattern = schemas.node(parameter.child("schema")).get("pattern") if "schema" in node else None
    if isinstance(pattern, str) and not is_pattern(pattern):
        return False
    if node["in"] == "cookie" or node.get("style") in ("deepObject", "label", "matrix"):
        return False
    if node["in"] != "query" or "schema" not in node:
        return True
    return bool(schemas.node(parameter.child("schema")).get("type") != "object")


def _texts(exchange: Exchange, name: str, location: str, path_params: dict[str, str]) -> list[str]:
    if location == "path":
        return [path_params[name]] if name in path_params else []
    if location == "query":
        return [value for key, value in exchange.query if key == name]
    return [value for key, value in exchange.request_headers if key.lower() == name.lower()]


def _value(text: str, type: Any) -> tuple[Any, bool]:
    """Return the value of a parameter's text, and whether all readers agree about it."""
    if type == "integer":
        if _INTEGER.fullmatch(text):
            return int(text), not _is_odd(int(text))
        return text, not _INTEGER_LIKE.fullmatch(text)
    if type == "number":
        try:
            return float(text), _INTEGER.fullmatch(text) is not None
        except ValueError:
            return text, True
    if type == "boolean":
        return _BOOLEANS.get(text, text), text.lower() not in (
            "true",
            "false",
            "1",
            "0",
            "yes",
            "no",
            "on",
            "off",
        )
    return text, True


def _body(
    exchange: Exchange, operation: Operation, body: Place, schemas: Schemas, found: RequestJudgement
) -> None:
    payload = exchange.request_body
    if not exchange.request_body_known:
        found.is_clear = False
        return
    if len(payload) > MAX_BODY_BYTES and 413 in operation.responses:
        _wrong(found, operation, "size", f"{len(payload):,} bytes", 413)
        return
    if not payload.strip():
        if operation.body_required:
            _wrong(found, operation, "required", "no body", operation.invalid_status)
        return
    media_type = (exchange.request_header("content-type") or "").partition(";")[0].strip().lower()
    if media_type != JSON and media_type in _media_types(operation, schemas):
        found.is_clear = False
        return
    if media_type != JSON:
        found.is_clear = media_type not in ("",) and not media_type.endswith("+json")
        _wrong(found, operation, "media_type", media_type or "none", 415)
        return
    try:
        value = exchange.sent
    except NotJson as error:
        found.is_clear = (
            "twice" not in str(error)
            and "deeply" not in str(error)
            and payload[:3] != b"\xef\xbb\xbf"
        )
        _wrong(found, operation, "json", f"the body {error}", operation.invalid_status)
        return
    found.is_clear &= not _is_odd(value)
    if isinstance(value, dict):
        found.given |= {f"/body/{escape(name)}" for name in value}
    _add(found, schemas, body.pointer, value, "/body")


def _media_types(operation: Operation, schemas: Schemas) -> frozenset[str]:
    """Return the media types that the document names for a body."""
    content = schemas.node(operation.place.child("requestBody")).get("content", {})
    return frozenset(media.partition(";")[0].strip().lower() for media in content)


def _wrong(
    found: RequestJudgement, operation: Operation, keyword: str, message: str, status: int
) -> None:
    found.breaches.append(
        Breach("/body", operation.place.child("requestBody"), keyword, message, None)
    )
    found.refusal = status


def _add(found: RequestJudgement, schemas: Schemas, pointer: str, value: Any, where: str) -> None:
    # Unknown fields are ignored, as by FastAPI.
    breaches = [
        each
        for each in schemas.breaches(pointer, value)
        if each.keyword != "unknown_field" and not is_of_responses(each, schemas)
    ]
    clear = {breach.where for breach in breaches if not _is_unclear(breach, schemas)}
    for breach in breaches:
        if _is_unclear(breach, schemas):
            if breach.where in clear:
                continue  # the pattern beside the format is broken, about which all agree
            found.is_clear = False
        found.breaches.append(replace(breach, where=where + breach.where))


def is_of_responses(breach: Breach, schemas: Schemas) -> bool:
    """Return whether what is missing is read-only: it is required of responses alone."""
    if breach.keyword != "required":
        return False
    try:
        return schemas.node(breach.spec).get("readOnly") is True
    except (LookupError, TypeError, ValueError):
        return False


def _is_unclear(breach: Breach, schemas: Schemas) -> bool:
    return breach.keyword == "format" and schemas.node(breach.spec) in _UNCLEAR_FORMATS


def _is_odd(value: Any, depth: int = 0) -> bool:
    """Return whether parsers may differ about a value, or secrets were replaced in it.

    They differ about huge numbers, lone surrogates, NUL and great depth.
    """
    if depth > 20:
        return True
    if isinstance(value, dict):
        return any(
            _is_odd(key, depth + 1) or _is_odd(each, depth + 1) for key, each in value.items()
        )
    if isinstance(value, list):
        return any(_is_odd(each, depth + 1) for each in value)
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is not None or is_replaced(value)
    if isinstance(value, float):
        return value == int(value) if abs(value) < 1e300 else True
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63
