"""``Generator`` prepares schemas of one contract; ``Maker`` generates the values of one schema."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import Any

import jsonschema_rs
from msgspec import Struct

from mockserver.generator.errors import NoValue, TooLarge, Unsatisfiable
from mockserver.generator.nodes import GenerationContext, Node, StepLimitExceeded, clone
from mockserver.generator.reduction import Reduction
from mockserver.generator.seeded_random import DEFAULT_LOCALE, SeededRandom
from mockserver.openapi.schemas import (
    Components,
    ResponseSchemas,
    Schema,
    Validator,
    dialect_of,
    resolve,
    standalone,
)

_ATTEMPTS = 8
_MINIMAL_ATTEMPTS = 4
_MINIMAL_SEARCHES = 8
_SEARCH_STEPS = 40_000
_PROBES = 12
"""The number of values of a reduced schema that must be valid before it is used."""


class Generator:
    """Generates values from the schemas of one contract.

    Not thread-safe: all its makers share one source of randomness.
    """

    def __init__(self, contract_schemas: Schema, seed: int, locale: str | None = None) -> None:
        """Take the schemas, the seed and Faker's locale, ``en_US`` unless there is another."""
        self._dialect = dialect_of(contract_schemas)
        if not isinstance(contract_schemas, Components):
            contract_schemas = Components(_as_json(contract_schemas), self._dialect)
        self._plain = ResponseSchemas(contract_schemas, closed=False)
        self._closed = contract_schemas.closed
        self._components = contract_schemas
        self._seed = seed
        self._seeded = SeededRandom(locale or DEFAULT_LOCALE)
        self._reduction = Reduction(lambda node: resolve(node, self._components))

    def compile(self, schema: Schema) -> Maker:
        """Prepare a schema. Raise NoValue if nothing can satisfy it."""
        try:
            return self._compile(schema)
        except jsonschema_rs.ValidationError as error:
            where = "/".join(map(str, error.instance_path))
            raise NoValue(f"the schema is invalid: at /{where}, {error.message}") from error
        except TooLarge as error:
            raise NoValue(str(error)) from error
        except Unsatisfiable as error:
            raise NoValue(f"nothing can satisfy the schema: {error}") from error
        except RecursionError as error:
            raise NoValue("the schema is nested too deeply") from error

    def compile_small(self, schema: Schema) -> Maker:
        """Prepare a schema; if it is large, one that allows smaller values. Raise NoValue."""
        if self._reduction.is_large(schema):
            is_valid = self._components.validator(schema, closed=True).is_valid
            with suppress(NoValue):
                maker = self.compile(self._reduction.reduced(schema))
                if all(is_valid(maker.make(probe)) for probe in range(_PROBES)):
                    return maker
        return self.compile(schema)

    def _compile(self, schema: Schema) -> Maker:
        # These modules take 15 ms to import. Most servers never generate a value.
        from mockserver.generator.builder import Builder
        from mockserver.generator.reasons import explain_unsatisfiable

        schema = _as_json(schema)
        try:
            document, plain = standalone(schema, self._closed), standalone(schema, self._plain)
        except KeyError as error:
            raise NoValue(f"a reference names {error}, which is not a component schema") from error
        reason = explain_unsatisfiable(document, plain, self._dialect)
        if reason:
            raise NoValue(reason)
        digest = hashlib.sha256(
            json.dumps([self._seed, document], sort_keys=True).encode()
        ).digest()
        self._seeded.reseed(int.from_bytes(digest[:8], "big"))
        hinted = standalone(schema, self._closed, hints=True)
        root = Builder(hinted, self._seeded, self._dialect).build()
        validators = [
            self._dialect.compile(plain),
            self._components.validator(schema, closed=True),
        ]
        return Maker(root, validators, digest, self._seeded)


class Maker:
    """Generates the values of one schema."""

    def __init__(
        self, root: Node, validators: list[Validator], digest: bytes, seeded: SeededRandom
    ) -> None:
        self._root = root
        self._validators = validators
        self._digest = digest
        self._seeded = seeded
        self._fallback = self._find_fallback()

    def make(self, key: object) -> Any:
        """Return a valid value. The same seed, schema and key return the same value."""
        number = hashlib.sha256(self._digest + repr(key).encode()).digest()[:8]
        self._seeded.reseed(int.from_bytes(number, "big"))
        for attempt in range(_ATTEMPTS + _MINIMAL_ATTEMPTS):
            found = self._attempt(GenerationContext(self._seeded, minimal=attempt >= _ATTEMPTS))
            if found is not None:
                return found.value
        return clone(self._fallback.value)

    def _find_fallback(self) -> _Found:
        """Find a small value once, for keys whose attempts all fail."""
        steps_left, attempt = _SEARCH_STEPS, 0
        while steps_left > 0:
            context = GenerationContext(self._seeded, minimal=attempt < _MINIMAL_SEARCHES)
            available = context.steps_left
            found = self._attempt(context)
            if found is not None:
                return found
            steps_left -= max(available - context.steps_left, 0) + context.cost + 1
            attempt += 1
        raise NoValue(
            "no value was found that meets all constraints of the schema, though one may exist"
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
    """Return the schema as plain JSON. In YAML, dates may be unquoted and names may be numbers."""
    plain: Schema = json.loads(json.dumps(schema, default=str))
    return plain


class _Found(Struct, frozen=True):
    """A generated value, which may be null."""

    value: Any
