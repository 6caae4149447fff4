"""Requests from the contract alone: valid examples, values beside every constraint, broken bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from contract_tests.http.exchange import Request
from contract_tests.openapi.contract import JSON, Contract, Operation
from contract_tests.openapi.schemas import Schemas

_SAMPLES = {
    "pm_": "pm_kit",
    "https?://": "https://kit.example.com/",
}
_ABSENT = object()


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
    """The probes of one operation's parameters and properties."""
    for parameter in operation.parameters:
        location, name = parameter.node["in"], parameter.node["name"]
        if location == "path":
            continue
        for value in _values(schemas, parameter.child("schema"), is_text=True):
            yield Probe(location, name, value)
    if operation.body is None:
        return
    for name in operation.body.node.get("properties", {}):
        for value in _values(schemas, operation.body.child("properties", name), is_text=False):
            yield Probe("body", name, value)
        yield Probe("body", name, _ABSENT)
    yield Probe("body", "kit_unknown_field", "ignored")


def example(contract: Contract, operation: Operation) -> dict[str, Any]:
    """A valid body from the contract's first example; an empty one without."""
    if operation.body is None:
        return {}
    media = operation.place.node["requestBody"]
    content = contract.at(operation.place.child("requestBody")).node if "$ref" in media else media
    examples = content["content"][JSON].get("examples", {})
    for each in examples.values():
        if isinstance(each.get("value"), dict):
            return dict(each["value"])
    return {}


def broken_bodies(operation: Operation, base: Any, path: Mapping[str, str]) -> Iterator[Request]:
    """Bodies that are no JSON, not said to be JSON, not an object, or too large; and one that is just not too large."""
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
        (b'{"padding": "' + b"x" * 1_000_100 + b'"}', JSON),
    ]
    for body, media_type in bodies:
        yield Request(operation.method, url, headers={"Content-Type": media_type}, body=body)
    if operation.body_required:
        yield Request(operation.method, url, headers={"Content-Type": JSON}, body=b"")
    yield Request(
        operation.method, url, headers={"Content-Type": f"{JSON}; charset=utf-8"}, body=good
    )
    padding = json.dumps({**base, "kit_padding": "x" * (999_000 - len(good))}).encode()
    yield Request(operation.method, url, headers={"Content-Type": JSON}, body=padding)


def _values(schemas: Schemas, pointer: str, *, is_text: bool) -> Iterator[Any]:
    """Values on both sides of each of a schema's constraints; as text where they go into a URL or a header."""
    schema = schemas.node(pointer)
    found: list[Any] = []
    kind = schema.get("type")
    if "enum" in schema:
        found += [*schema["enum"], "kit_no_such_value"]
    if kind == "integer":
        found += _integers(schema)
        found += ["", "abc", "1.5"] if is_text else ["5000", 1.5, True, [], {}]
    elif kind == "boolean":
        found += [True, False, "yes?", 2, []]
    elif kind == "string":
        found += _strings(schema)
        found += [] if is_text else [12345, True, [], {}]
    if not is_text:
        found.append(None)
    seen: list[str] = []
    for value in found:
        text = json.dumps(value)
        if text not in seen:
            seen.append(text)
            yield (
                ("true" if value is True else "false" if value is False else str(value))
                if is_text
                else value
            )


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
    stem = next((sample for sign, sample in _SAMPLES.items() if sign in pattern), "")
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


def request(
    operation: Operation, base: Any, path: Mapping[str, str], probe: Probe | None
) -> Request | None:
    """An otherwise valid request with a probe in it; None for what no header can carry."""
    body = dict(base)
    made = Request(operation.method, operation.path)
    for name, value in path.items():
        made.path = made.path.replace(f"{{{name}}}", quote(value, safe=""))
    if probe is not None and probe.location == "query":
        made.query.append((probe.name, str(probe.value)))
    elif probe is not None and probe.location == "header":
        if not _fits_a_header(probe.value):
            return None
        made.headers[probe.name] = probe.value
    elif probe is not None and probe.is_absence:
        body.pop(probe.name, None)
    elif probe is not None:
        body[probe.name] = probe.value
    if operation.body is not None:
        made.body = json.dumps(body).encode()
        made.headers["Content-Type"] = JSON
    return made


def _fits_a_header(text: str) -> bool:
    return bool(text) and text == text.strip() and text.isascii() and text.isprintable()
