"""Values that a schema allows, for documents without examples."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.docs.model import MISSING, Json, Property, Reference, Schema

# Limits of an example. Recursive schemas would otherwise grow exponentially.
_MAX_DEPTH = 2
_MAX_VALUES = 60

_OF_FORMAT = {
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "date-time": "2026-03-14T09:26:53Z",
    "date": "2026-03-14",
    "time": "09:26:53Z",
    "duration": "P1D",
    "email": "jane@example.com",
    "uri": "https://example.com",
    "url": "https://example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "ZXhhbXBsZQ==",
}


def for_request(reference: Reference, schema: Schema | None) -> Json:
    """Return a value to send: required properties, and those with an example."""
    return MISSING if schema is None else _ExampleBuilder(reference, for_request=True).value(schema)


def for_response(reference: Reference, schema: Schema | None) -> Json:
    """Return a value to receive: all properties."""
    return (
        MISSING if schema is None else _ExampleBuilder(reference, for_request=False).value(schema)
    )


def properties_of(reference: Reference, schema: Schema) -> tuple[Property, ...]:
    """Return the properties of an object and its ``allOf`` parts, each name once."""
    found: dict[str, Property] = {}
    for part in parts_of(reference, schema):
        for property in part.properties:
            found.setdefault(property.name, property)
    return tuple(found.values())


def parts_of(reference: Reference, schema: Schema) -> Iterator[Schema]:
    """Yield the schema and all its ``allOf`` parts, each once."""
    pending, seen = [schema], set()
    while pending:
        part = pending.pop(0)
        if part.name is not None:
            if part.name in seen:
                continue
            seen.add(part.name)
            # Siblings of a reference apply too. They come first because they are nearer.
            if part.properties or part.choices:
                yield part
            pending.insert(0, reference.schemas[part.name].schema)
        else:
            yield part
        pending.extend(
            option for choice in part.choices if choice.kind == "allOf" for option in choice.schemas
        )


class _ExampleBuilder:
    """Builds one value within limits of depth and size."""

    def __init__(self, reference: Reference, *, for_request: bool) -> None:
        self._reference = reference
        self._for_request = for_request
        self._value_count = 0

    def value(self, schema: Schema, depth: int = 0) -> Json:
        self._value_count += 1
        declared = [
            value for step in self._reference.chain(schema) for value in _declared_values(step)
        ]
        if declared:
            return declared[0]
        invented = self._invented(self._reference.follow(schema), depth)
        return self._identified(schema, invented) if isinstance(invented, dict) else invented

    def _identified(self, schema: Schema, value: dict[str, Json]) -> Json:
        """Return an object with the value of its discriminator, if it has that property."""
        names = [step.name for step in self._reference.chain(schema) if step.name is not None]
        for part in parts_of(self._reference, schema) if names else ():
            if part.discriminator is not None and part.discriminator.property in value:
                key = part.discriminator.key_of(names[-1])
                return {**value, part.discriminator.property: key}
        return value

    def _invented(self, target: Schema, depth: int) -> Json:
        type = next(
            (part.types[0] for part in parts_of(self._reference, target) if part.types), None
        )
        options = [
            option
            for choice in target.choices
            if choice.kind in ("anyOf", "oneOf")
            for option in choice.schemas
        ]
        if type is None and options:
            value = self.value(options[0], depth + 1) if depth <= _MAX_DEPTH else {}
            return _chosen(target, options[0], value)
        if type == "object":
            return self._object(target, depth)
        return self._array(target, depth) if type == "array" else _scalar(target, type)

    def _object(self, schema: Schema, depth: int) -> Json:
        if depth >= _MAX_DEPTH:
            return {}
        wanted = (
            property
            for property in properties_of(self._reference, schema)
            if self._is_wanted(property)
        )
        return {
            property.name: self.value(property.schema, depth + 1)
            for property in wanted
            if self._value_count < _MAX_VALUES
        }

    def _is_wanted(self, property: Property) -> bool:
        if not self._for_request:
            return not property.schema.write_only
        return not property.schema.read_only and (
            property.required or bool(property.schema.examples)
        )

    def _array(self, schema: Schema, depth: int) -> Json:
        if schema.items is None or depth >= _MAX_DEPTH or self._value_count >= _MAX_VALUES:
            return []
        return [self.value(schema.items, depth + 1)]


def _chosen(target: Schema, option: Schema, value: Json) -> Json:
    """Return a value of a choice, with the discriminator's value for the chosen schema."""
    discriminator = target.discriminator
    if discriminator is None or option.name is None or not isinstance(value, dict):
        return value
    return {**value, discriminator.property: discriminator.key_of(option.name)}


def _declared_values(schema: Schema) -> Iterator[Json]:
    """Yield the values that a schema itself names."""
    yield from schema.examples
    if schema.default is not MISSING and schema.default is not None:
        yield schema.default
    yield from schema.enum or ()


def _scalar(schema: Schema, type: str | None) -> Json:
    match type:
        case "integer":
            return 1 if schema.minimum is None else schema.minimum
        case "number":
            return 1.0 if schema.minimum is None else float(schema.minimum)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _OF_FORMAT.get(schema.format or "", "string")
