"""Validates by one compiled document for all schemas that reach many component schemas.

A validator contains everything that its schema reaches. In a document of 800 component schemas that
refer to each other, each one takes 10 MB. Here they are compiled together, and a schema is selected
by the name of a property.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jsonschema_rs
import orjson

from mockserver.json_bytes import kept

MANY_COMPONENTS = 40
"""Schemas that reach no more component schemas have a validator of their own."""
_MAX_SCHEMAS = 4_000
"""The number of schemas that are compiled together. Further ones are compiled by themselves."""

Compiled = jsonschema_rs.Draft4Validator | jsonschema_rs.Draft202012Validator


class SharedValidator:
    """One schema of those that are compiled together."""

    def __init__(self, shared: SharedValidators, schema: Any, name: str) -> None:
        self._shared = shared
        self._schema = schema
        self._name = name

    def is_valid(self, value: Any) -> bool:
        """Return whether a value is valid."""
        return self._shared.whole.is_valid({self._name: value})

    def iter_errors(self, value: Any) -> Iterator[jsonschema_rs.ValidationError]:
        """Yield what is wrong with a value. The schema is compiled for it: errors are rare."""
        if not self.is_valid(value):
            yield from self._shared.compile_one(self._schema).iter_errors(value)


class SharedValidators:
    """The schemas of one document that are compiled together, which grow as they are needed."""

    def __init__(
        self,
        compile_one: Callable[[Any], Compiled],
        compile_all: Callable[[Mapping[str, Any]], Compiled],
        first: Callable[[], Iterable[Any]],
    ) -> None:
        """Take what compiles one schema or many, and the schemas that will be needed."""
        self.compile_one = compile_one
        self._compile_all = compile_all
        self._first = first
        self._schemas: dict[str, Any] = {}
        self._names: dict[bytes, str] = {}
        self._whole: Compiled | None = None

    @property
    def whole(self) -> Compiled:
        """The validator of an object with a value by the name of its schema."""
        if self._whole is None:
            self._whole = self._compile_all(self._schemas)
        return self._whole

    def validator(self, schema: Any) -> SharedValidator | None:
        """Return the validator of a schema; None if it cannot be compiled with the others."""
        if not self._names:
            for known in self._first():
                self._add(known)
            if not self._is_compiled():
                self._schemas.clear()
        name = self._names.get(orjson.dumps(schema)) or self._add(schema)
        if name is None or name not in self._schemas:
            return None
        if not self._is_compiled():
            del self._schemas[name]
            return None
        return SharedValidator(self, schema, name)

    def _add(self, schema: Any) -> str | None:
        key = kept(orjson.dumps(schema))
        if key not in self._names and len(self._names) < _MAX_SCHEMAS:
            name = self._names[key] = str(len(self._names))
            self._schemas[name] = schema
            self._whole = None
        return self._names.get(key)

    def _is_compiled(self) -> bool:
        """Return whether all schemas can be compiled together."""
        try:
            return self.whole is not None
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, LookupError):
            return False
