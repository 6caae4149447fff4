"""Values from schemas: what a ``Generator`` knows of a contract, and the ``Maker`` of one schema's values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from mockserver.generator.builder import Builder
from mockserver.generator.errors import NoValue, Unsatisfiable
from mockserver.generator.nodes import GenerationContext, Node, StepLimitExceeded, clone
from mockserver.generator.reasons import explain_unsatisfiable
from mockserver.generator.seeded_random import SeededRandom
from mockserver.schemas import ResponseSchemas, Schema, Validator, compile_schema, standalone

_ATTEMPTS = 8
_MINIMAL_ATTEMPTS = 4
_MINIMAL_SEARCHES = 8
_SEARCH_STEPS = 40_000


class Generator:
    """Makes values from the schemas of one contract, for one thread: all its makers share one source of chance."""

    def __init__(self, contract_schemas: Schema, seed: int) -> None:
        contract_schemas = _as_json(contract_schemas)
        self._plain = ResponseSchemas(contract_schemas, closed=False)
        self._closed = ResponseSchemas(contract_schemas)
        self._components = contract_schemas
        self._seed = seed
        self._seeded = SeededRandom()

    def compile(self, schema: Schema) -> Maker:
        """Make everything ready for the values of one schema. Raises NoValue where nothing can satisfy it."""
        try:
            return self._compile(schema)
        except jsonschema_rs.ValidationError as error:
            where = "/".join(map(str, error.instance_path))
            raise NoValue(f"the schema is not one: at /{where}, {error.message}") from error
        except Unsatisfiable as error:
            raise NoValue(f"nothing can satisfy the schema: {error}") from error
        except RecursionError as error:
            raise NoValue("the schema is nested too deeply") from error

    def _compile(self, schema: Schema) -> Maker:
        schema = _as_json(schema)
        try:
            document, plain = standalone(schema, self._closed), standalone(schema, self._plain)
        except KeyError as error:
            raise NoValue(f"a reference names {error}, which is no component schema") from error
        reason = explain_unsatisfiable(document, plain)
        if reason:
            raise NoValue(reason)
        digest = hashlib.sha256(
            json.dumps([self._seed, document], sort_keys=True).encode()
        ).digest()
        self._seeded.reseed(int.from_bytes(digest[:8], "big"))
        root = Builder(standalone(schema, self._closed, hints=True), self._seeded).build()
        validators = [
            Validator(plain, validate_formats=True),
            compile_schema(schema, self._components, closed=True),
        ]
        return Maker(root, validators, digest, self._seeded)


class Maker:
    """Makes the values of one schema."""

    def __init__(
        self, root: Node, validators: list[Validator], digest: bytes, seeded: SeededRandom
    ) -> None:
        self._root = root
        self._validators = validators
        self._digest = digest
        self._seeded = seeded
        self._fallback = self._find_fallback()

    def make(self, key: object) -> Any:
        """A value that the schema allows: the same for the same seed, schema and key."""
        number = hashlib.sha256(self._digest + repr(key).encode()).digest()[:8]
        self._seeded.reseed(int.from_bytes(number, "big"))
        for attempt in range(_ATTEMPTS + _MINIMAL_ATTEMPTS):
            found = self._attempt(GenerationContext(self._seeded, minimal=attempt >= _ATTEMPTS))
            if found is not None:
                return found.value
        return clone(self._fallback.value)

    def _find_fallback(self) -> _Found:
        """A value to fall back to, found once: as small as there is."""
        steps_left, attempt = _SEARCH_STEPS, 0
        while steps_left > 0:
            context = GenerationContext(self._seeded, minimal=attempt < _MINIMAL_SEARCHES)
            available = context.steps_left
            found = self._attempt(context)
            if found is not None:
                return found
            steps_left -= available - context.steps_left + 1
            attempt += 1
        raise NoValue(
            "no value was found that meets all that the schema asks for, though there may be one"
        )

    def _attempt(self, context: GenerationContext) -> _Found | None:
        try:
            value = self._root.draw(context)
        except (Unsatisfiable, StepLimitExceeded, RecursionError):
            return None
        return (
            _Found(value)
            if all(validator.is_valid(value) for validator in self._validators)
            else None
        )


def _as_json(schema: Schema) -> Schema:
    """The schema as JSON has it: in YAML, a date without quotes is no text, and a name may be a number."""
    plain: Schema = json.loads(json.dumps(schema, default=str))
    return plain


@dataclass(frozen=True, slots=True)
class _Found:
    """A value, which may be null."""

    value: Any
