"""Valid bodies whose values can be recognised: each text, number and time is unlike any other."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from contract_tests.openapi.contract import Contract, Operation, Place
from contract_tests.openapi.examples import example, sample, stem_of
from contract_tests.openapi.resources import envelope_of, properties_of
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
_LOWEST, _HIGHEST = 1, 500


@dataclass(frozen=True)
class Body:
    """A body, and the properties of the thing that it describes."""

    value: dict[str, Any]
    envelope: str = ""
    """The property that holds the thing; empty if the body is the thing."""
    plain: frozenset[str] = field(default_factory=frozenset)
    """Properties that a server is expected to keep as they are."""

    @property
    def thing(self) -> dict[str, Any]:
        """The properties that are sent."""
        return self.value[self.envelope] if self.envelope else self.value

    def with_thing(self, thing: dict[str, Any]) -> Body:
        """Return the body with other properties."""
        value = {**self.value, self.envelope: thing} if self.envelope else thing
        return Body(value, self.envelope, self.plain & thing.keys())


class Bodies:
    """Makes the bodies of one document."""

    def __init__(self, contract: Contract, schemas: Schemas, seed: int) -> None:
        self._contract = contract
        self._schemas = schemas
        self._seed = seed

    def word(self, *names: object) -> str:
        """Return a word that follows from the seed and these names."""
        return f"{self._random(*names).getrandbits(32):08x}"

    def accepts(self, operation: Operation, value: Any) -> bool:
        """Return whether a body is valid."""
        return operation.body is not None and self._schemas.accepts(operation.body.pointer, value)

    def make(
        self, operation: Operation, word: str, known: Mapping[str, Any] | None = None
    ) -> Body | None:
        """Return a valid body with values of its own, and some that are given; None without one."""
        base = self._base(operation)
        if base is None or operation.body is None:
            return None
        inner = envelope_of(self._contract, operation.body)
        is_wrapped = inner is not None and isinstance(base.get(inner[0]), dict)
        envelope, schema = inner if inner is not None and is_wrapped else ("", operation.body)
        body = Body(deepcopy(base), envelope)
        plain = set()
        for name, written in properties_of(self._contract, schema).items():
            place = self._settled(written)
            value = (known or {}).get(name)
            if value is None:
                value = self._value(name, place, word)
            if value is None or place.node.get("readOnly"):
                continue
            changed = body.with_thing({**body.thing, name: value})
            if self.accepts(operation, changed.value):
                body = changed
                if is_plain(name, place):
                    plain.add(name)
        return Body(body.value, envelope, frozenset(plain))

    def _base(self, operation: Operation) -> dict[str, Any] | None:
        """Return the first valid body that the document shows or its schema gives."""
        if operation.body is None:
            return None
        makers: tuple[Callable[[], Any], ...] = (
            lambda: example(self._contract, operation),
            lambda: sample(self._contract, operation.body),  # type: ignore[arg-type]
        )
        for make in makers:
            value = make()
            if isinstance(value, dict):
                value = self._without_read_only(value, operation.body)
                if self.accepts(operation, value):
                    return value
        return None

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

    def _value(self, name: str, place: Place, word: str) -> Any:
        """Return a value that is the property's alone; None where the one of the base is kept."""
        node = place.node
        kind = node.get("type")
        if "enum" in node or "const" in node:
            values = [value for value in node.get("enum") or () if value is not None]
            return self._random(name, word).choice(values) if values else None
        if kind == "string":
            return _text(name, node, word, self._random(name, word))
        if kind in ("integer", "number"):
            low, high = node.get("minimum", _LOWEST), node.get("maximum", _HIGHEST)
            if not isinstance(low, int | float) or not isinstance(high, int | float) or low > high:
                return None
            low, high = int(low) + 1, min(int(high), int(low) + _HIGHEST)
            return self._random(name, word).randint(low, high) if low <= high else None
        if kind == "boolean":
            return self._random(name, word).random() < 1 / 2
        return None


def is_plain(name: str, place: Place) -> bool:
    """Return whether a server is expected to keep a value: free texts and numbers."""
    node = place.node
    if node.get("writeOnly") or node.get("readOnly") or "enum" in node or "const" in node:
        return False
    kind, last = node.get("type"), "_".join(word for word in _WORDS.split(name) if word)
    if kind not in ("string", "integer", "number") or _OF_THE_SERVER.search(last):
        return False
    return kind != "string" or node.get("format", "") in ("", "email")


def _text(name: str, node: Mapping[str, Any], word: str, chance: random.Random) -> str | None:
    kind, pattern = node.get("format"), node.get("pattern", "")
    if kind == "email" or (not kind and "email" in name.lower()):
        return f"kit-{word}@example.com"
    if kind == "date":
        return f"2031-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    if kind == "date-time":
        return f"2031-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T12:00:00Z"
    if kind or (_OF_THE_SERVER.search(name) and pattern):
        return None
    if pattern:
        return f"{stem_of(str(pattern))}{word}"
    text = f"kit-{word}"
    low, high = node.get("minLength", 0), node.get("maxLength")
    if high is not None and high < len(text):
        text = word[: int(high)]
    return text.ljust(int(low), "x")
