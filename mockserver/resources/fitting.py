"""Lays given data over a generated valid value, so that the result is valid, always."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T|$)")
_MAX_DEPTH = 12
_MAX_BASES = 400
"""The number of generated values that one fit may try: levels that fail multiply each other."""


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
    base: Any = None
    """The valid value that is there already, if there is one."""
    is_sparse: bool = False
    """Whether to add no more than what is required."""
    is_change: bool = False
    """Whether the valid value is the one before a change."""
    attempts: Iterator[int] = iter(())
    """What is left of the generated values that may be tried, shared by all places of a value."""

    def below(self, part: str | int, base: Any = None) -> _Spot:
        """Return the place of a field or an item."""
        name = f"{self.name}.{part}" if self.name else str(part)
        key, depth = (self.key, part), self.depth + 1
        return _Spot(key, name, depth, base, self.is_sparse, self.is_change, self.attempts)


class Fitting:
    """Fits data to the response schemas of one document. It is pure: equal input, equal output."""

    def __init__(self, contract: Contract, generator: Generator) -> None:
        self.shapes = Shapes(contract.follow)
        self._contract = contract
        self._generator = generator
        self._validators: dict[object, tuple[Schema, Validator]] = {}
        self._makers: dict[object, tuple[Schema, Maker | None]] = {}
        self._around: dict[tuple[object, Way], Schema] = {}

    def validator(self, schema: Schema) -> Validator:
        """Return the validator of responses of a schema."""
        key = _key(schema)
        known = self._validators.get(key)
        if known is None:
            compiled = self._contract.validator(schema, closed=True)
            # The schema is kept, so that no other gets the same identity.
            known = self._validators[key] = (schema, compiled)
        return known[1]

    def is_valid(self, schema: Schema, value: Any) -> bool:
        """Return whether a response may contain a value."""
        return self.validator(schema).is_valid(value)

    def is_text_of(self, schema: Schema, text: str) -> bool:
        """Return whether a text is a value of a schema, as in a path."""
        converted = _converted(text, self.shapes.of(schema).types)
        return self.is_valid(schema, text) or self.is_valid(schema, converted)

    def generated(self, schema: Schema, key: object) -> Any:
        """Return a generated value. Raises Unfit if there is none."""
        place = _key(schema)
        known = self._makers.get(place)
        if known is None:
            known = self._makers[place] = (schema, self._maker(schema))
        if known[1] is None:
            raise Unfit
        return known[1].make(key)

    def _maker(self, schema: Schema) -> Maker | None:
        """Return the maker of a schema; None if nothing is valid."""
        with suppress(NoValue):
            return self._generator.compile_small(schema)
        return None

    def fit(
        self,
        schema: Schema,
        given: Any,
        key: object,
        *,
        is_sparse: bool = False,
        base: Any = None,
    ) -> Fitted:
        """Return a valid value that contains as much of the given data as the schema allows.

        What is missing comes from ``base``, the value before a change, else from a generated value;
        equal keys get equal ones. If ``is_sparse``, only what is required is added. Raises Unfit.
        """
        whole = _Spot(key, "", 0, base, is_sparse, base is not None, iter(range(_MAX_BASES)))
        fitted = self._fit(schema, given, whole)
        if fitted is None:
            return Fitted(self.generated(schema, key), [""])
        return fitted

    def unfit_parts(self, schema: Schema | None, given: Any, key: object) -> list[str]:
        """Return the names of the given fields that a schema does not allow; "" is the whole."""
        if schema is None or self.is_valid(schema, self.restricted(schema, given)):
            return []
        try:
            fitted = self.fit(schema, given, key)
        except Unfit:
            return []
        return fitted.lost if type(fitted.value) is type(given) else [""]

    def fit_around(self, schema: Schema, way: Way, given: Any, key: object) -> Fitted:
        """Return a valid envelope of a value that is valid already. Raises Unfit.

        The envelope is generated without the value, because large documents have large schemas.
        Only what is required is added to what is given.
        """
        if not way:
            return self.fit(schema, given, key)
        if isinstance(given, dict):
            names = [name for name in self.shapes.of(schema).properties if name in given]
            given = {name: given[name] for name in dict.fromkeys([*names, *given])}
        if self.is_valid(schema, given):
            return Fitted(given, [])
        place = (_key(schema), way)
        around = self._around.get(place)
        if around is None:
            around = self._around[place] = self._without_part(schema, way)
        if around:
            try:
                base = self.generated(around, key)
            except Unfit:
                base = None
            required = self.shapes.of(schema).required
            if isinstance(base, dict):
                base = {name: part for name, part in base.items() if name in required}
            attempts = iter(range(_MAX_BASES))
            whole = _Spot(key, base=base, is_sparse=True, attempts=attempts)
            fitted = self._fit(schema, given, whole)
            if fitted is not None and self.is_valid(schema, fitted.value):
                return fitted
        return self.fit(schema, given, key, is_sparse=True)

    def _without_part(self, schema: Schema, way: Way) -> Schema:
        """Return a schema that says nothing of one part; empty if that is not possible."""
        resolved = self._contract.follow(schema)
        properties = resolved.get("properties", {})
        if way[0] not in properties:
            return {}
        inner = self._without_part(properties[way[0]], way[1:]) if len(way) > 1 else {}
        return {**resolved, "properties": {**properties, way[0]: inner}}

    def restricted(self, schema: Schema, value: Any, depth: int = 0) -> Any:
        """Return a value without the properties that a response may not have."""
        if depth > _MAX_DEPTH:
            return value
        shape = self.shapes.of(schema)
        if isinstance(value, dict):
            properties = shape.properties
            others = [name for name in value if name not in properties]
            # In the order of the schema, as people expect it.
            names = [name for name in properties if name in value]
            return {
                name: self.restricted(properties.get(name, {}), value[name], depth + 1)
                for name in (*names, *(others if shape.is_open else ()))
            }
        if isinstance(value, list) and shape.items:
            return [self.restricted(shape.items, item, depth + 1) for item in value]
        return value

    def _fit(self, schema: Schema, given: Any, spot: _Spot) -> Fitted | None:
        """Return a valid value; None if nothing of the given one fits."""
        if self.is_valid(schema, given):  # what was valid before is so in most cases
            return Fitted(given, [])
        value = self.restricted(schema, given)
        if self.is_valid(schema, value):
            return Fitted(value, [])
        return self._fit_parts(schema, value, spot) if spot.depth < _MAX_DEPTH else None

    def _fit_parts(self, schema: Schema, value: Any, spot: _Spot) -> Fitted | None:
        """Fit the parts of a value, or convert it; None if that is not possible."""
        shape = self.shapes.of(schema)
        if isinstance(value, dict):
            return self._fit_object(schema, value, spot) if shape.is_object else None
        if isinstance(value, list):
            items = shape.items
            return self._fit_array(schema, items, value, spot) if items is not None else None
        if shape.types == {"array"} and value is not None:
            # A form has one field for a list of one.
            return self._fit(schema, [value], spot.below(0, spot.base))
        if shape.is_object and value is not None:
            return self._fit_reference(schema, value, spot)
        converted = _time_as(value, shape.format) or _converted(value, shape.types)
        is_fit = converted is not None and self.is_valid(schema, converted)
        return Fitted(converted, []) if is_fit else None

    def _fit_object(self, schema: Schema, given: dict[str, Any], spot: _Spot) -> Fitted | None:
        """Lay an object over several valid ones, and return the best result."""
        best: Fitted | None = None
        for base in self._bases(schema, spot):
            found = self._laid(schema, base, given, spot)
            if not found.lost and self.is_valid(schema, found.value):
                return found
            is_better = best is None or len(found.lost) < len(best.lost)
            if is_better and self.is_valid(schema, found.value):
                best = found
        return best

    def _bases(self, schema: Schema, spot: _Spot) -> Iterator[dict[str, Any]]:
        """Yield valid objects: the one that is there already, then generated ones.

        Where only what is required is to be added, the required parts of each come first.
        """
        required = self.shapes.of(schema).required if spot.is_sparse else set()
        if isinstance(spot.base, dict):
            yield spot.base
        for variant in range(_VARIANTS):
            if next(spot.attempts, None) is None:
                return
            base = self.generated(schema, (spot.key, variant) if variant else spot.key)
            if isinstance(base, dict):
                if spot.is_sparse:
                    yield {name: part for name, part in base.items() if name in required}
                yield base

    def _laid(
        self, schema: Schema, base: dict[str, Any], given: dict[str, Any], spot: _Spot
    ) -> Fitted:
        """Lay an object over a valid one: as a whole, else property by property."""
        whole = {**base, **given}
        if self.is_valid(schema, whole):
            return Fitted(whole, [])
        properties = self.shapes.of(schema).properties
        old = spot.base if spot.is_change and isinstance(spot.base, dict) else {}
        kept = self.shapes.of(schema).required & old.keys()
        parts: dict[str, Any] = {}
        lost: list[str] = []
        for field, value in given.items():
            below = spot.below(field, old.get(field, base.get(field)))
            if field not in properties:
                parts[field] = value
                continue
            fitted = self._fitted_part(properties[field], value, below, is_kept=field in kept)
            if fitted is not None:
                parts[field] = fitted.value
            lost += [below.name] if fitted is None else fitted.lost
        whole = {**base, **parts}
        absent = self._absent(schema, whole, given, parts)
        left_out = {spot.below(field).name for field in absent}
        lost = [name for name in lost if name not in left_out]
        if absent or self.is_valid(schema, whole):
            return Fitted(_without(whole, absent), lost)
        value, dropped = self._one_by_one(schema, base, parts)
        return Fitted(value, lost + [spot.below(field).name for field in dropped])

    def _fitted_part(
        self, schema: Schema, value: Any, spot: _Spot, *, is_kept: bool
    ) -> Fitted | None:
        """Return a fitted property; None if nothing fits.

        ``is_kept`` are required properties that have a value already. A null that the schema does
        not allow leaves it.
        """
        if is_kept and value is None and not self.is_valid(schema, None):
            return None
        try:
            return self._fit(schema, value, spot)
        except Unfit:
            return None

    def _absent(
        self, schema: Schema, whole: dict[str, Any], given: dict[str, Any], parts: dict[str, Any]
    ) -> set[str]:
        """Return the properties that are given as null, are not nullable, and may be left out."""
        nulls = {name for name, value in given.items() if value is None}
        absent = {name for name in nulls if parts.get(name, "") is not None}
        for names in (absent, absent - self.shapes.of(schema).required):
            if names and self.is_valid(schema, _without(whole, names)):
                return names
        return set()

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

    def _fit_array(
        self, schema: Schema, items: Schema, given: list[Any], spot: _Spot
    ) -> Fitted | None:
        """Fit the items of an array one by one."""
        value: list[Any] = []
        lost: list[str] = []
        base = spot.base[0] if isinstance(spot.base, list) and spot.base else None
        for index, item in enumerate(given):
            fitted = self._fit(items, item, spot.below(index, base))
            if fitted is None:
                return None
            value.append(fitted.value)
            lost += fitted.lost
        return Fitted(value, lost) if self.is_valid(schema, value) else None

    def _fit_reference(self, schema: Schema, given: Any, spot: _Spot) -> Fitted | None:
        """Return an object for the id of one, where responses contain it and requests name it."""
        names = [name for name in self.shapes.of(schema).properties if plain(name) in _REFERENCES]
        for base in self._bases(schema, spot) if names else ():
            for name in names:
                whole = {**base, name: given}
                if self.is_valid(schema, whole):
                    return Fitted(whole, [])
        return None


def _key(schema: Schema) -> object:
    """Return what equal schemas share: the reference, else the identity."""
    return schema["$ref"] if schema.keys() == {"$ref"} else id(schema)


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


def _time_as(value: Any, wanted: str | None) -> str | None:
    """Return a date as its midnight, and a time as its date; None for other values."""
    if not isinstance(value, str) or _DATE.match(value) is None:
        return None
    return {"date-time": f"{value[:10]}T00:00:00Z", "date": value[:10]}.get(wanted or "")


def _converted(value: Any, types: set[str]) -> Any:
    """Return a scalar as the type of a schema, where forms and paths have only text."""
    if value is None:
        return "" if "string" in types else None
    if isinstance(value, bool):
        return str(value).lower() if "string" in types else None
    if not isinstance(value, str):
        return str(value) if "string" in types else None
    with suppress(ValueError):
        if "integer" in types or ("number" in types and value.isdecimal()):
            return int(value)
        if "number" in types:
            return float(value)
    return {"true": True, "false": False}.get(value.lower()) if "boolean" in types else None
