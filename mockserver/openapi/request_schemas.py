"""Component schemas restricted to requests: what a client cannot send is not required of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.openapi.schemas import ConvertedSchemas, Schema, dialect_of, resolve

_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_LISTS = frozenset({"allOf", "oneOf", "anyOf", "prefixItems"})
_SINGLE = frozenset({"items", "additionalProperties", "not", "if", "then", "else", "contains"})


class RequestSchemas(Mapping[str, Any]):
    """Component schemas in which read-only properties are optional.

    Schemas without such properties are the same objects as before.
    """

    def __init__(self, components: Mapping[str, Any]) -> None:
        self.dialect = dialect_of(components)
        self.converted = ConvertedSchemas(self)
        self._components = components
        self._restricted: Schema = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._restricted:
            self._restricted[name] = self.restrict(self._components[name])
        return self._restricted[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._components)

    def __len__(self) -> int:
        return len(self._components)

    def restrict(self, schema: Any) -> Any:
        """Return one schema restricted to requests. References stay as they are."""
        if not isinstance(schema, dict) or "$ref" in schema:
            return schema
        changed = {key: self._keyword(key, value) for key, value in schema.items()}
        properties = schema.get("properties", {})
        required = schema.get("required")
        if isinstance(required, list) and isinstance(properties, dict):
            changed["required"] = [
                name for name in required if not self._read_only(properties.get(name))
            ]
            if len(changed["required"]) == len(required):
                changed["required"] = required
            elif not changed["required"]:
                del changed["required"]
        is_same = len(changed) == len(schema) and all(
            changed[key] is value for key, value in schema.items()
        )
        return schema if is_same else changed

    def _keyword(self, key: str, value: Any) -> Any:
        if key in _BY_NAME and isinstance(value, dict):
            found = {name: self.restrict(schema) for name, schema in value.items()}
            return value if all(found[name] is value[name] for name in value) else found
        if key in _LISTS and isinstance(value, list):
            restricted = list(map(self.restrict, value))
            is_same = all(new is old for new, old in zip(restricted, value, strict=True))
            return value if is_same else restricted
        return self.restrict(value) if key in _SINGLE else value

    def _read_only(self, schema: Any) -> bool:
        if not isinstance(schema, dict):
            return False
        return schema.get("readOnly") is True or (
            "$ref" in schema and resolve(schema, self._components).get("readOnly") is True
        )
