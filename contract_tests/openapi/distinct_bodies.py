"""Valid bodies whose values can be recognised: each text, number and time is unlike any other."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from contract_tests.openapi.contract import JSON, Contract, Operation, Place
from contract_tests.openapi.examples import sample, stem_of
from contract_tests.openapi.request import is_of_responses
from contract_tests.openapi.resources import envelope_of, properties_of, required_of
from contract_tests.openapi.schemas import Schemas

_OF_THE_SERVER = re.compile(
    r"(^|_)(id|ids|gid|uuid|guid|sid|key|slug|token|secret|password|pin|cvc|cvv|code|hash|etag"
    r"|version|revision|status|state|type|kind|role|owner|author|user|account|creator|position"
    r"|order|rank|index|count|total|balance|size|length|href|link|links|url|uri|self"
    r"|created|updated|modified|deleted|at|by|on|time|timestamp|date)$",
    re.IGNORECASE,
)
"""The last words of properties that servers often set themselves."""
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_REFERS = re.compile(r"(id|ids|uuid|gid|sid|token|password|secret|url|uri)$", re.IGNORECASE)
_LOWEST, _RANGE = 1, 500
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Content:
    """A body that the document describes: its media type and schema."""

    media_type: str
    schema: Place
    example: Any = None


@dataclass(frozen=True)
class Body:
    """A body, and the properties of the thing that it describes."""

    content: Content
    value: dict[str, Any]
    envelope: str = ""
    """The property that holds the thing; empty if the body is the thing."""
    plain: frozenset[str] = field(default_factory=frozenset)
    """Properties that a server is expected to keep as they are."""

    @property
    def thing(self) -> dict[str, Any]:
        """The properties that are sent."""
        found: dict[str, Any] = self.value[self.envelope] if self.envelope else self.value
        return found

    def with_thing(self, thing: dict[str, Any]) -> Body:
        """Return the body with other properties."""
        value = {**self.value, self.envelope: thing} if self.envelope else thing
        return replace(self, value=value, plain=self.plain & thing.keys())

    @property
    def data(self) -> bytes:
        """The body as it is sent."""
        if self.content.media_type != FORM:
            return json.dumps(self.value).encode()
        return urlencode(list(_pairs(self.value))).encode()


class Bodies:
    """Makes the bodies of one document."""

    def __init__(self, contract: Contract, schemas: Schemas, seed: int) -> None:
        self._contract = contract
        self._schemas = schemas
        self._seed = seed

    def word(self, *names: object) -> str:
        """Return a word that follows from the seed and these names."""
        return f"{self._random(*names).getrandbits(32):08x}"

    def accepts(self, body: Body) -> bool:
        """Return whether a body is valid."""
        return self._is_valid(body.content, body.value)

    def _is_valid(self, content: Content, value: Any) -> bool:
        return all(
            breach.keyword == "unknown_field" or is_of_responses(breach, self._schemas)
            for breach in self._schemas.breaches(content.schema.pointer, value)
        )

    def make(
        self,
        operation: Operation,
        noun: str,
        word: str,
        known: Mapping[str, Any] | None = None,
        *,
        is_minimal: bool = False,
    ) -> Body | None:
        """Return a valid body with values of its own, and some that are given; None without one.

        It has all plain properties, or only those of the base if it is to be minimal.
        """
        content = content_of(self._contract, operation)
        base = self._base(content) if content is not None else None
        if content is None or base is None:
            return None
        inner = envelope_of(self._contract, content.schema, noun)
        is_wrapped = inner is not None and isinstance(base.get(inner[0]), dict)
        envelope, schema = inner if inner is not None and is_wrapped else ("", content.schema)
        body, plain = Body(content, deepcopy(base), envelope), set()
        is_valid = self.accepts(body)
        for name, written in properties_of(self._contract, schema).items():
            place = self._settled(written)
            if place.node.get("readOnly"):
                continue
            value = (known or {}).get(name)
            if value is None and (name in body.thing or not is_minimal):
                value = self._value(name, place, word, is_there=name in body.thing)
            if value is None:
                continue
            changed = body.with_thing({**body.thing, name: value})
            if not is_valid or self.accepts(changed):
                body, is_valid = changed, is_valid or self.accepts(changed)
                if is_plain(name, place):
                    plain.add(name)
        return replace(body, plain=frozenset(plain)) if is_valid else None

    def required(self, operation: Operation, noun: str) -> dict[str, Place]:
        """Return the required properties of the thing that an operation takes."""
        content = content_of(self._contract, operation)
        if content is None:
            return {}
        inner = envelope_of(self._contract, content.schema, noun)
        schema = inner[1] if inner is not None else content.schema
        places = properties_of(self._contract, schema)
        names = required_of(self._contract, schema)
        return {name: self._settled(places[name]) for name in places if name in names}

    def identity(self, place: Place, word: str) -> Any:
        """Return an id that nothing has yet."""
        if place.node.get("type") == "integer":
            return self._random("id", word).randint(10**8, 2 * 10**9)
        if place.node.get("format") == "uuid":
            return str(UUID(int=self._random("id", word).getrandbits(128), version=4))
        return f"kit-{word}"

    def _base(self, content: Content) -> dict[str, Any] | None:
        """Return the first valid body that the document shows or its schema gives.

        If none is valid, return one to which properties may be added.
        """
        found = None
        for value in (content.example, sample(self._contract, content.schema)):
            if isinstance(value, dict):
                found = self._without_read_only(value, content.schema)
                if self._is_valid(content, found):
                    return found
        return found

    def _without_read_only(self, value: dict[str, Any], schema: Place) -> dict[str, Any]:
        places = properties_of(self._contract, schema)
        return {
            name: self._without_read_only(inner, places[name])
            if isinstance(inner, dict) and name in places
            else inner
            for name, inner in value.items()
            if name not in places or not self._settled(places[name]).node.get("readOnly")
        }

    def _settled(self, place: Place) -> Place:
        """Return the schema of a value that is there: the only choice beside null."""
        for key in ("anyOf", "oneOf", "allOf"):
            parts = [
                self._contract.at(place.child(key, str(index)))
                for index in range(len(place.node.get(key) or ()))
            ]
            real = [part for part in parts if part.node.get("type") != "null"]
            if len(real) == 1 and "properties" not in place.node:
                marks = {mark: place.node[mark] for mark in ("readOnly",) if mark in place.node}
                return Place(real[0].pointer, {**real[0].node, **marks})
        return place

    def _random(self, *names: object) -> random.Random:
        return random.Random(repr((self._seed, *names)))  # noqa: S311 (a seed must repeat)

    def _value(self, name: str, place: Place, word: str, *, is_there: bool) -> Any:
        """Return a value that is the property's alone; None where nothing is to be changed."""
        node, kind = place.node, place.node.get("type")
        if not is_plain(name, place) and not (is_there and _is_free_text(name, node)):
            return None
        if kind == "string":
            return _text(name, node, word)
        low, high = node.get("minimum", _LOWEST), node.get("maximum", _LOWEST + _RANGE)
        if not isinstance(low, int | float) or not isinstance(high, int | float):
            return None
        low, high = int(low) + 1, min(int(high), int(low) + _RANGE)
        return self._random(name, word).randint(low, high) if low <= high else None


def content_of(contract: Contract, operation: Operation) -> Content | None:
    """Return the body that an operation takes as JSON, or else as a form; None if it has none."""
    if "requestBody" not in operation.place.node:
        return None
    request = contract.at(operation.place.child("requestBody"))
    content = request.node.get("content") or {}
    kinds = [kind for kind in content if kind == JSON]
    kinds += [kind for kind in content if kind.endswith("+json") and "json-patch" not in kind]
    kinds += [kind for kind in content if kind == FORM]
    for kind in kinds:
        if "schema" in content[kind]:
            media = content[kind]
            named = [shown.get("value") for shown in (media.get("examples") or {}).values()]
            shown = next((value for value in named if isinstance(value, dict)), None)
            schema = contract.at(request.child("content", kind, "schema"))
            return Content(kind, schema, shown or media.get("example"))
    return None


def _pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the pairs of a form; keys of inner objects are in brackets."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _pairs(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner, name)
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)


def _is_free_text(name: str, node: Mapping[str, Any]) -> bool:
    """Return whether a text may have any value, and refers to nothing."""
    is_text = node.get("type") == "string" and not {"enum", "const", "format"} & node.keys()
    return is_text and not _REFERS.search(name)


def is_plain(name: str, place: Place) -> bool:
    """Return whether a server is expected to keep a value: free texts and numbers."""
    node = place.node
    if node.get("writeOnly") or node.get("readOnly") or "enum" in node or "const" in node:
        return False
    kind, last = node.get("type"), "_".join(word for word in _WORDS.split(name) if word)
    if kind not in ("string", "integer", "number") or _OF_THE_SERVER.search(last):
        return False
    return kind != "string" or node.get("format", "") in ("", "email")


def _text(name: str, node: Mapping[str, Any], word: str) -> str:
    """Return a text that has the word in it, as far as its length and its pattern allow."""
    kind, pattern = node.get("format"), node.get("pattern", "")
    if kind == "email" or (not kind and "email" in name.lower()):
        return f"kit-{word}@example.com"
    if pattern:
        return f"{stem_of(str(pattern))}{word}"
    text = f"kit-{word}"
    low, high = node.get("minLength", 0), node.get("maxLength")
    if high is not None and high < len(text):
        text = word[: int(high)]
    return text.ljust(int(low), "x")
