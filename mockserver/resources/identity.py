"""Finds the property that identifies an item, and the object or array that holds items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mockserver.openapi.schemas import Schema
from mockserver.resources.shapes import Shapes
from mockserver.resources.words import id_suffix, plain, singular, stem, tails

Way = tuple[str, ...]
"""The properties that lead from a body to a part of it."""

_USUAL = ("id", "uuid", "gid", "guid", "sid", "key", "identifier")
_WEAK = ("slug", "name", "code", "number", "username", "login", "handle", "token")
SURE = 2
"""From this certainty on, a name alone says that a property identifies an item."""
_MAX_ENVELOPE = 4
"""The number of properties of an object that may be an envelope of any name."""
_ENVELOPES = frozenset(
    {"data", "item", "result", "resource", "payload", "response", "attributes", "embedded"}
)
_LISTS = frozenset(
    {"data", "items", "results", "values", "records", "entries", "content", "list", "rows", "hits"}
)


class Identity(NamedTuple):
    """The property that identifies an item, and how sure that is: from 1 to 4."""

    property: str
    certainty: int


class Held(NamedTuple):
    """A part of a body that is an item, or an array of items."""

    way: Way
    schema: Schema
    """The schema of an item."""
    identity: Identity | None
    is_array: bool = False


def identity(shapes: Shapes, schema: Schema, parameter: str, noun: str) -> Identity | None:
    """Return the identity of an item; None if no property identifies it.

    ``parameter`` is the name of the path parameter, ``noun`` the plain singular of the collection.
    """
    word, suffix = plain(parameter), id_suffix(parameter)
    certainty = {word: 4, **{noun + end: 3 for end in ("id", "uuid", "gid", "sid")}}
    if word != noun:
        certainty.setdefault(suffix, 3)
    *longer, last = tails(parameter) or [word]
    for tail in longer:
        certainty.setdefault(tail, 3)
    certainty.setdefault(last, 3 if word != noun else 2)
    for usual in _USUAL:
        certainty.setdefault(usual, 2)
    for weak in _WEAK:
        certainty.setdefault(weak, 1)
        certainty.setdefault(noun + weak, 1)
    certainty.pop("", None)
    best: Identity | None = None
    for name, property in shapes.of(schema).properties.items():
        found = certainty.get(plain(name), 0)
        better = best is None or found > best.certainty
        if found and better and shapes.of(property).is_scalar:
            best = Identity(name, found)
    return best


def alike(shapes: Shapes, schema: Schema, parameter: str) -> Identity | None:
    """Return the property that is named like a path parameter: ``rule_name`` for ``name``."""
    word = plain(parameter)
    for name, property in shapes.of(schema).properties.items():
        if len(word) > 1 and plain(name).endswith(word) and shapes.of(property).is_scalar:
            return Identity(name, 1)
    return None


def item(shapes: Shapes, schema: Schema, parameter: str, noun: str) -> Held | None:
    """Return the item in a body: the body itself, an object in envelopes, or one in an array."""
    shape = shapes.of(schema)
    if not shape.types and not shape.properties:
        return Held((), schema, None)
    if not shape.is_object:
        listed = array(shapes, schema, parameter, noun) if shape.items is not None else None
        has_objects = listed is not None and shapes.of(listed.schema).is_object
        return listed if has_objects else None
    best = _enveloped(shapes, schema, parameter, noun)
    if best.identity is None and best.way:
        inner = _enveloped(shapes, best.schema, parameter, noun)
        if inner.identity is not None:
            return inner._replace(way=(*best.way, *inner.way))
    if best.identity is None and len(shape.properties) <= _MAX_ENVELOPE:
        listed = array(shapes, schema, parameter, noun)
        is_named = listed is not None and _is_of_noun(listed.way[-1], noun)
        if listed is not None and listed.identity is not None and is_named:
            return listed
    return best


def _enveloped(shapes: Shapes, schema: Schema, parameter: str, noun: str) -> Held:
    """Return the item in an object: the object itself, or a property of it."""
    shape = shapes.of(schema)
    whole = identity(shapes, schema, parameter, noun)
    best, score = Held((), schema, whole), 2.0 * whole.certainty + 1 if whole is not None else 0.0
    is_small = len(shape.properties) <= _MAX_ENVELOPE
    if whole is not None and whole.certainty >= SURE and not is_small:
        return best
    is_envelope_likely = score < 2 * SURE and is_small
    for name, property in shape.properties.items():
        is_envelope = plain(name) in _ENVELOPES or plain(name) in (noun, stem(parameter))
        if not (is_envelope or is_envelope_likely) or not shapes.of(property).is_object:
            continue
        found = identity(shapes, property, parameter, noun)
        certainty = 2.0 * found.certainty if found is not None else 0.0
        bonus = 1.5 if is_envelope and (certainty or len(shape.properties) == 1) else 0.0
        if certainty + bonus > score:
            best, score = Held((name,), property, found), certainty + bonus
    return best


def _is_of_noun(name: str, noun: str) -> bool:
    """Return whether a name says that a property holds the items of a collection."""
    return plain(name) in _LISTS or singular(name) == noun


def array(shapes: Shapes, schema: Schema, parameter: str, noun: str) -> Held | None:
    """Return the array of items in a body: the body itself, or an array in an envelope."""
    best: Held | None = None
    score = -1.0
    for way, items in _arrays(shapes, schema, ()):
        found = identity(shapes, items, parameter, noun)
        bonus = 1.5 if way and _is_of_noun(way[-1], noun) else 0.0
        certainty = (2.0 * found.certainty if found is not None else 0.0) + bonus - len(way) / 10
        if not way:
            return Held(way, items, found, is_array=True)
        if certainty > score:
            best, score = Held(way, items, found, is_array=True), certainty
    return best


def _arrays(shapes: Shapes, schema: Schema, way: Way) -> Iterator[tuple[Way, Schema]]:
    shape = shapes.of(schema)
    if "object" not in shape.types and shape.items is not None:
        yield way, shape.items
        return
    for name, property in shape.properties.items():
        inner = shapes.of(property)
        if "object" not in inner.types and inner.items is not None:
            yield (*way, name), inner.items
        elif not way and inner.is_object and plain(name) in _ENVELOPES | _LISTS:
            yield from _arrays(shapes, property, (name,))
