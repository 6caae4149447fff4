"""Values from schemas: what a ``Generator`` knows of a contract, and the ``Maker`` of one schema's values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from mockserver.generator.builder import Builder
from mockserver.generator.chance import Chance
from mockserver.generator.errors import DeadEnd, NoValue
from mockserver.generator.nodes import Exhausted, Node, Walk, clone
from mockserver.generator.reasons import why_not
from mockserver.openapi.schemas import Answers, Schema, Validator, compile_schema, standalone

_ATTEMPTS = 8
_TIGHT_ATTEMPTS = 4
_TIGHT_SEARCH = 8
_SEARCH_EFFORT = 40_000


class Generator:
    """Makes values from the schemas of one contract, for one thread: all its makers share one source of chance."""

    def __init__(self, contract_schemas: Schema, seed: int) -> None:
        contract_schemas = _as_json(contract_schemas)
        self._plain = Answers(contract_schemas, closed=False)
        self._closed = Answers(contract_schemas)
        self._components = contract_schemas
        self._seed = seed
        self._chance = Chance()

    def compile(self, schema: Schema) -> Maker:
        """Make everything ready for the values of one schema. Raises NoValue where nothing can satisfy it."""
        try:
            return self._compiled(schema)
        except jsonschema_rs.ValidationError as error:
            where = "/".join(map(str, error.instance_path))
            raise NoValue(f"the schema is not one: at /{where}, {error.message}") from error
        except DeadEnd as error:
            raise NoValue(f"nothing can satisfy the schema: {error}") from error
        except RecursionError as error:
            raise NoValue("the schema is nested too deeply") from error

    def _compiled(self, schema: Schema) -> Maker:
        schema = _as_json(schema)
        try:
            document, plain = standalone(schema, self._closed), standalone(schema, self._plain)
        except KeyError as error:
            raise NoValue(f"a reference names {error}, which is no component schema") from error
        reason = why_not(document, plain)
        if reason:
            raise NoValue(reason)
        digest = hashlib.sha256(
            json.dumps([self._seed, document], sort_keys=True).encode()
        ).digest()
        self._chance.reseed(int.from_bytes(digest[:8], "big"))
        root = Builder(standalone(schema, self._closed, hints=True), self._chance).build()
        judges = [
            Validator(plain, validate_formats=True),
            compile_schema(schema, self._components, closed=True),
        ]
        return Maker(root, judges, digest, self._chance)


class Maker:
    """Makes the values of one schema."""

    def __init__(self, root: Node, judges: list[Validator], digest: bytes, chance: Chance) -> None:
        self._root = root
        self._judges = judges
        self._digest = digest
        self._chance = chance
        self._known = self._smallest()

    def make(self, key: object) -> Any:
        """A value that the schema allows: the same for the same seed, schema and key."""
        number = hashlib.sha256(self._digest + repr(key).encode()).digest()[:8]
        self._chance.reseed(int.from_bytes(number, "big"))
        for attempt in range(_ATTEMPTS + _TIGHT_ATTEMPTS):
            found = self._attempt(Walk(self._chance, tight=attempt >= _ATTEMPTS))
            if found is not None:
                return found.value
        return clone(self._known.value)

    def _smallest(self) -> _Found:
        """A value to fall back to, found once: as small as there is."""
        effort, attempt = _SEARCH_EFFORT, 0
        while effort > 0:
            walk = Walk(self._chance, tight=attempt < _TIGHT_SEARCH)
            available = walk.effort
            found = self._attempt(walk)
            if found is not None:
                return found
            effort -= available - walk.effort + 1
            attempt += 1
        raise NoValue(
            "no value was found that meets all that the schema asks for, though there may be one"
        )

    def _attempt(self, walk: Walk) -> _Found | None:
        try:
            value = self._root.draw(walk)
        except (DeadEnd, Exhausted, RecursionError):
            return None
        return _Found(value) if all(judge.is_valid(value) for judge in self._judges) else None


def _as_json(schema: Schema) -> Schema:
    """The schema as JSON has it: in YAML, a date without quotes is no text, and a name may be a number."""
    plain: Schema = json.loads(json.dumps(schema, default=str))
    return plain


@dataclass(frozen=True, slots=True)
class _Found:
    """A value, which may be null."""

    value: Any
