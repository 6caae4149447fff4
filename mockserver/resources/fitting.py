"""Lays given data over a generated valid value, so that the result is valid, always."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from mockserver.generator import Generator, Maker, NoValue
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema, Validator
from mockserver.resources.identity import Way
from mockserver.resources.shapes import Shapes
from mockserver.resources.words import plain

_VARIANTS = 6
"""The number of generated values that are tried below the data: some exclude parts of it."""
_REFERENCES = frozenset({"id", "gid", "uuid", "guid", "sid", "key"})
_MAX_DEPTH = 12


class Unfit(Exception):
    """No valid value exists, as far as the generator knows."""


class Fitted(NamedTuple):
    """A valid value, and the names of the given fields that it could not take."""

    value: Any
    lost: list[str]


class _Spot(NamedTuple):
    """A place in a value: what selects its generated values, its name, and how deep it is."""

    key: object
    name: str = ""
    depth: int = 0

    def below(self, part: str | int) -> _Spot:
        """Return the place of a field or an item."""
        name = f"{self.name}.{part}" if self.name else str(part)
        return _Spot((self.key, part), name, self.depth + 1)


class Fitting:
    """Fits data to the response schemas of one document. It is pure: equal input, equal output."""

    def __init__(self, contract: Contract, generator: Generator) -> None:
        self.shapes = Shapes(contract.follow)
        self._contract = contract
        self._generator = generator
        self._validators: dict[int, tuple[Schema, Validator]] = {}
        self._makers: dict[int, tuple[Schema, Maker | None]] = {}

    def validator(self, schema: Schema) -> Validator:
        """Return the validator of responses of a schema."""
        known = self._validators.get(id(schema))
        if known is None:
            compiled = self._contract.validator(schema, closed=True)
            known = self._validators[id(schema)] = (schema, compiled)
        return known[1]

    def is_valid(self, schema: Schema, value: Any) -> bool:
        """Return whether a response may contain a value."""
        return self.validator(schema).is_valid(value)

    def generated(self, schema: Schema, key: object) -> Any:
        """Return a generated value. Raises Unfit if there is none."""
        known = self._makers.get(id(schema))
        if known is None:
            try:
                maker: Maker | None = self._generator.compile(schema)
            except NoValue:
                maker = None
            known = self._makers[id(schema)] = (schema, maker)
        if known[1] is None:
            raise Unfit
        return known[1].make(key)

    def fit(self, schema: Schema, given: Any, key: object) -> Fitted:
        """Return a valid value that contains as much of the given data as the schema allows.

        What is missing comes from a generated value; equal keys get equal ones. Raises Unfit.
        """
        return self._fit(schema, given, _Spot(key))

    def restricted(self, schema: Schema, value: Any, depth: int = 0) -> Any:
        """Return a value without the properties that a response may not have."""
        if depth > _MAX_DEPTH:
            return value
        shape = self.shapes.of(schema)
        if isinstance(value, dict):
            properties = shape.properties
            return {
                name: self.restricted(properties.get(name, {}), part, depth + 1)
                for name, part in value.items()
                if name in properties or shape.is_open
            }
        if isinstance(value, list) and shape.items:
            return [self.restricted(shape.items, item, depth + 1) for item in value]
        return value

    def _fit(self, schema: Schema, given: Any, spot: _Spot) -> Fitted:
        value = self.restricted(schema, given)
        if self.is_valid(schema, value):
            return Fitted(value, [])
        fitted = self._fit_parts(schema, value, spot) if spot.depth < _MAX_DEPTH else None
        if fitted is not None:
            return fitted
        lost = [spot.name] if given is not None else []
        return Fitted(self.generated(schema, spot.key), lost)

    def _fit_parts(self, schema: Schema, value: Any, spot: _Spot) -> Fitted | None:
        """Fit the parts of a value, or convert it; None if that is not possible."""
        shape = self.shapes.of(schema)
        if isinstance(value, dict):
            return self._fit_object(schema, value, spot) if shape.is_object else None
        if isinstance(value, list):
            items = shape.items
            return self._fit_array(schema, items, value, spot) if items is not None else None
        if shape.is_object and value is not None:
            return self._fit_reference(schema, value, spot.key)
        converted = _converted(value, shape.types)
        if converted is not None and self.is_valid(schema, converted):
            return Fitted(converted, [])
        return None

    def _fit_object(self, schema: Schema, given: dict[str, Any], spot: _Spot) -> Fitted:
        """Lay an object over several generated ones, and return the best result."""
        best: Fitted | None = None
        for variant in range(_VARIANTS):
            base = self.generated(schema, (spot.key, variant) if variant else spot.key)
            if not isinstance(base, dict):
                continue
            found = self._laid(schema, base, given, spot)
            if not found.lost:
                return found
            if best is None or len(found.lost) < len(best.lost):
                best = found
        return best or Fitted(self.generated(schema, spot.key), [spot.name])

    def _laid(
        self, schema: Schema, base: dict[str, Any], given: dict[str, Any], spot: _Spot
    ) -> Fitted:
        """Lay an object over a valid one: as a whole, else property by property."""
        whole = {**base, **given}
        if self.is_valid(schema, whole):
            return Fitted(whole, [])
        properties = self.shapes.of(schema).properties
        parts: dict[str, Any] = {}
        lost: list[str] = []
        for field, value in given.items():
            below = spot.below(field)
            if field not in properties:
                parts[field] = value
                continue
            try:
                fitted = self._fit(properties[field], value, below)
            except Unfit:
                lost.append(below.name)
                continue
            if below.name not in fitted.lost:
                parts[field] = fitted.value
            lost += fitted.lost
        whole = {**base, **parts}
        if self.is_valid(schema, whole):
            return Fitted(_without(whole, self._absent(schema, whole, given, parts)), lost)
        kept, dropped = self._one_by_one(schema, base, parts)
        return Fitted(kept, lost + [spot.below(field).name for field in dropped])

    def _absent(
        self, schema: Schema, whole: dict[str, Any], given: dict[str, Any], parts: dict[str, Any]
    ) -> set[str]:
        """Return the properties that are given as null, are not nullable, and may be left out."""
        absent = {
            name for name, value in given.items() if value is None and parts.get(name) is not None
        }
        return absent if absent and self.is_valid(schema, _without(whole, absent)) else set()

    def _one_by_one(
        self, schema: Schema, base: dict[str, Any], parts: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        """Add properties one by one, as long as the object stays valid."""
        value = dict(base)
        left = list(parts)
        for _ in range(2):  # some are possible only beside others
            dropped = []
            for name in left:
                changed = {**value, name: parts[name]}
                if self.is_valid(schema, changed):
                    value = changed
                else:
                    dropped.append(name)
            left = dropped
        return value, left

    def _fit_array(self, schema: Schema, items: Schema, given: list[Any], spot: _Spot) -> Fitted:
        """Fit the items of an array one by one."""
        value, lost = [], []
        for index, item in enumerate(given):
            fitted = self._fit(items, item, spot.below(index))
            value.append(fitted.value)
            lost += fitted.lost
        if self.is_valid(schema, value):
            return Fitted(value, lost)
        return Fitted(self.generated(schema, spot.key), [spot.name])

    def _fit_reference(self, schema: Schema, given: Any, key: object) -> Fitted | None:
        """Return an object for the id of one, where responses contain it and requests name it."""
        base = self.generated(schema, key)
        if not isinstance(base, dict):
            return None
        for name in self.shapes.of(schema).properties:
            if plain(name) in _REFERENCES:
                whole = {**base, name: given}
                if self.is_valid(schema, whole):
                    return Fitted(whole, [])
        return None


def put_at(way: Way, value: Any) -> Any:
    """Return a body that holds a value at a place."""
    for name in reversed(way):
        value = {name: value}
    return value


def part_at(way: Way, body: Any) -> Any:
    """Return the part of a body at a place; None if it is not there."""
    for name in way:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _without(value: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    left_out = set(names)
    return {name: part for name, part in value.items() if name not in left_out}


def _converted(value: Any, types: set[str]) -> Any:
    """Return a scalar as the type of a schema, where forms and paths have only text."""
    if value is None:
        return "" if "string" in types else None
    if not isinstance(value, str):
        return str(value) if "string" in types else None
    with suppress(ValueError):
        if "integer" in types:
            return int(value)
        if "number" in types:
            return float(value)
    return {"true": True, "false": False}.get(value.lower()) if "boolean" in types else None
