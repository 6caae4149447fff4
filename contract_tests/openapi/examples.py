"""Requests from the contract alone: valid examples, boundary values, broken bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from contract_tests.http.exchange import Request
from contract_tests.openapi.contract import JSON, Contract, Operation, Place
from contract_tests.openapi.request import MAX_BODY_BYTES
from contract_tests.openapi.schemas import Schemas

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
"""An id that nothing has."""
_WEB = "https://kit.example.com/"
_LITERAL = re.compile(r"\^([A-Za-z0-9_-]+)")
"""The text with which the strings of a pattern begin."""
_ABSENT = object()
_FORMATS = {
    "uuid": NOBODYS_ID,
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "kit@example.com",
    "uri": _WEB,
    "ipv4": "192.0.2.1",
}
_MAX_DEPTH = 8
_HUGE = 10**20
"""More than an integer of 64 bits. It may be refused, but must not crash anything."""
_ODD_TEXTS = ["kit\0", "kit \U0001f512"]
"""Texts that some databases cannot store: with NUL, and with a character beyond 16 bits."""


@dataclass(frozen=True)
class Probe:
    """One thing that is put into an otherwise valid request."""

    location: str
    name: str
    value: Any

    @property
    def is_absence(self) -> bool:
        """Whether the thing is left out."""
        return self.value is _ABSENT


def probes(operation: Operation, schemas: Schemas) -> Iterator[Probe]:
    """Yield the probes of one operation's parameters and properties."""
    for parameter in operation.parameters:
        location, name = parameter.node["in"], parameter.node["name"]
        if location not in ("path", "query", "header") or "schema" not in parameter.node:
            continue
        for value in _values(schemas, parameter.child("schema"), is_text=True):
            if _may_be_sent(location, value):
                yield Probe(location, name, value)
        if location == "query" and parameter.node.get("required"):
            yield Probe(location, name, _ABSENT)
    if operation.body is None:
        return
    for name in operation.body.node.get("properties", {}):
        for value in _values(schemas, operation.body.child("properties", name), is_text=False):
            yield Probe("body", name, value)
        yield Probe("body", name, _ABSENT)
    yield Probe("body", "kit_unknown_field", "ignored")


# ----------------------------------------------------------------------------------------- examples


def example(contract: Contract, operation: Operation) -> dict[str, Any]:
    """Return a valid body: the contract's first example, else one from its schema."""
    if operation.body is None:
        return {}
    media = operation.place.node["requestBody"]
    content = contract.at(operation.place.child("requestBody")).node if "$ref" in media else media
    media = content["content"][JSON]
    for each in (*media.get("examples", {}).values(), {"value": media.get("example")}):
        if isinstance(each.get("value"), dict):
            return dict(each["value"])
    made = sample(contract, operation.body)
    return made if isinstance(made, dict) else {}


def has_example(contract: Contract, operation: Operation, schemas: Schemas) -> bool:
    """Return whether a valid body is known, if the operation needs one."""
    if operation.has_other_body:
        return False
    return operation.body is None or schemas.accepts(
        operation.body.pointer, example(contract, operation)
    )


def sample(contract: Contract, schema: Place, depth: int = 0) -> Any:
    """Return a small value for a schema. Of patterns, only the literal beginning is used."""
    node = schema.node
    for name in ("example", "default"):
        if name in node:
            return node[name]
    if "enum" in node:
        return node["enum"][0]
    for key in ("allOf", "oneOf", "anyOf"):
        if key in node and depth < _MAX_DEPTH:
            return _joined(contract, schema, key, depth)
    if node.get("type") == "array":
        count = node.get("minItems", 0) if depth < _MAX_DEPTH else 0
        return [sample(contract, contract.at(schema.child("items")), depth + 1)] * count
    if node.get("type") == "object" or "properties" in node:
        return {
            name: sample(contract, contract.at(schema.child("properties", name)), depth + 1)
            for name in node.get("required", ())
            if name in node.get("properties", {}) and depth < _MAX_DEPTH
        }
    return _scalar(node)


def _joined(contract: Contract, schema: Place, key: str, depth: int) -> Any:
    parts = [contract.at(schema.child(key, str(index))) for index in range(len(schema.node[key]))]
    values = [sample(contract, part, depth + 1) for part in parts[: None if key == "allOf" else 1]]
    rest = {name: value for name, value in schema.node.items() if name != key}
    if rest.get("properties"):
        values.append(sample(contract, Place(schema.pointer, rest), depth + 1))
    if all(isinstance(value, dict) for value in values):
        return {name: value for part in values for name, value in part.items()}
    return values[0]


def _scalar(node: Mapping[str, Any]) -> Any:
    kind = node.get("type")
    if kind in ("integer", "number"):
        return node.get("minimum", node.get("maximum", 1))
    if kind == "boolean":
        return True
    if kind is not None and kind != "string":
        return None
    text = _FORMATS.get(str(node.get("format"))) or stem_of(node.get("pattern", "")) or "kit"
    return text.ljust(node.get("minLength", 0), "x")[: node.get("maxLength")]


def parameter_value(contract: Contract, parameter: Place) -> str:
    """Return a valid value of a parameter, as text."""
    for node in (parameter.node, *parameter.node.get("examples", {}).values()):
        for name in ("example", "value"):
            if name in node and not isinstance(node[name], dict | list):
                return _text(node[name])
    if "schema" not in parameter.node:
        return "kit"
    value = sample(contract, contract.at(parameter.child("schema")))
    return NOBODYS_ID if value in ("kit", None) else _text(value)


def required_query(contract: Contract, operation: Operation) -> list[tuple[str, str]]:
    """Return the required query parameters with valid values."""
    return [
        (parameter.node["name"], parameter_value(contract, parameter))
        for parameter in operation.parameters
        if parameter.node["in"] == "query" and parameter.node.get("required")
    ]


# ------------------------------------------------------------------------------------ broken bodies


def broken_bodies(operation: Operation, base: Any, path: Mapping[str, str]) -> Iterator[Request]:
    """Yield requests with broken, mislabelled and oversized bodies, and one of the largest size."""
    url = operation.path
    for name, value in path.items():
        url = url.replace(f"{{{name}}}", value)
    good = json.dumps(base).encode()
    bodies: list[tuple[bytes, str]] = [
        (good[:-1], JSON),
        (b"{'single': 'quotes'}", JSON),
        (b"[]", JSON),
        (b'"text"', JSON),
        (b"null", JSON),
        (b"1", JSON),
        (b'{"a": NaN}', JSON),
        (b'{"a": "\xff\xfe"}', JSON),
        (good, "text/plain"),
        (b"a=1&b=2", "application/x-www-form-urlencoded"),
        (b"<a/>", "application/xml"),
    ]
    if 413 in operation.responses:
        bodies.append((b'{"padding": "' + b"x" * (MAX_BODY_BYTES + 100) + b'"}', JSON))
    for body, media_type in bodies:
        yield Request(operation.method, url, headers={"Content-Type": media_type}, body=body)
    if operation.body_required:
        yield Request(operation.method, url, headers={"Content-Type": JSON}, body=b"")
    if operation.body is not None:
        # Each property is wrong, and a refusal must name them all.
        wrong = json.dumps({name: [] for name in operation.body.node.get("properties", {})})
        yield Request(operation.method, url, headers={"Content-Type": JSON}, body=wrong.encode())
    yield Request(
        operation.method, url, headers={"Content-Type": f"{JSON}; charset=utf-8"}, body=good
    )
    if 413 in operation.responses:
        padding = json.dumps({**base, "kit_padding": "x" * (999_000 - len(good))}).encode()
        yield Request(operation.method, url, headers={"Content-Type": JSON}, body=padding)


# ------------------------------------------------------------------------------------------- values


def _values(schemas: Schemas, pointer: str, *, is_text: bool) -> Iterator[Any]:
    """Yield values on both sides of each constraint; as text for URLs and headers."""
    schema = schemas.node(pointer)
    found: list[Any] = []
    kind = schema.get("type")
    if "enum" in schema:
        found += [*schema["enum"], "kit_no_such_value"]
    if kind == "integer":
        found += _integers(schema)
        between = schema.get("minimum", 1) + 0.5
        found += ["", "abc", str(between)] if is_text else ["5000", between, True, [], {}]
        found.append(_HUGE)
    elif kind == "boolean":
        found += [True, False, "yes?", "on", 2, []]
    elif kind == "string":
        found += _strings(schema)
        found += [] if "enum" in schema else _ODD_TEXTS
        found += [] if is_text else [12345, True, [], {}]
    if not is_text:
        found.append(None)
    seen: list[str] = []
    for value in found:
        text = json.dumps(value)
        if text not in seen:
            seen.append(text)
            yield _text(value) if is_text else value


def _text(value: Any) -> str:
    """Return a value as it is written in a URL."""
    return "true" if value is True else "false" if value is False else str(value)


def _integers(schema: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = []
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None:
        found += [low, low + 1, low - 1, -abs(low) - 1_000]
    if high is not None:
        found += [high, high + 1, high * 10 + 7]
    return found + ([schema["default"]] if "default" in schema else [])


def _strings(schema: Mapping[str, Any]) -> list[str]:
    pattern, low, high = schema.get("pattern", ""), schema.get("minLength"), schema.get("maxLength")
    stem = stem_of(pattern)
    found: list[str] = []
    if high is not None:
        found += [stem + "x" * (high - len(stem)), stem + "x" * (high - len(stem) + 1)]
    if low:
        found += [stem + "x" * (low - len(stem)) if len(stem) < low else stem, "x" * (low - 1)]
    if pattern:
        found += ["", "kit no match", f" {stem}", f"{stem}\n", f"x{stem}"]
        found += [stem + " x"] if stem else []
    if schema.get("format") == "uuid":
        found += [
            "00000000-0000-4000-8000-00000000000g",
            "00000000000040008000000000000000",
            "0-0-0-0-0",
        ]
    return found


def stem_of(pattern: str) -> str:
    """Return a string that fits the literal beginning of a pattern; empty if it has none."""
    if "https?://" in pattern:
        return _WEB
    found = _LITERAL.match(pattern)
    return f"{found[1]}kit" if found is not None and found[1][-1] in "_-" else ""


def request(
    operation: Operation,
    base: Any,
    path: Mapping[str, str],
    probe: Probe | None,
    query: Iterable[tuple[str, str]] = (),
) -> Request | None:
    """Return an otherwise valid request with a probe in it; None for an impossible header."""
    body = dict(base)
    given = [pair for pair in query if probe is None or pair[0] != probe.name]
    made = Request(operation.method, operation.path, given)
    filled = dict(path)
    if probe is not None and probe.location == "path":
        filled[probe.name] = probe.value
    for name, value in filled.items():
        made.path = made.path.replace(f"{{{name}}}", quote(value, safe=""))
    if probe is None or probe.location == "path":
        pass
    elif probe.location == "query":
        made.query += [] if probe.is_absence else [(probe.name, str(probe.value))]
    elif probe.location == "header":
        if not _fits_a_header(probe.value):
            return None
        made.headers[probe.name] = probe.value
    elif probe.is_absence:
        body.pop(probe.name, None)
    else:
        body[probe.name] = probe.value
    if operation.body is not None:
        made.body = json.dumps(body).encode()
        made.headers["Content-Type"] = JSON
    return made


def _may_be_sent(location: str, text: str) -> bool:
    """Return whether a text stays what it is: dots alone would be another path."""
    if location == "path":
        return bool(text.strip("."))
    return location != "header" or _fits_a_header(text)


def _fits_a_header(text: str) -> bool:
    return bool(text) and text == text.strip() and text.isascii() and text.isprintable()
