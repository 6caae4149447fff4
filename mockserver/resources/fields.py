"""Values that the mock gives to the fields of an item: ids, times, references to other items."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from mockserver.openapi.schemas import Schema
from mockserver.resources.shapes import Shape, Shapes
from mockserver.resources.words import plain, singular, slug, stem

_CREATED = frozenset(
    {
        *("created", "createdat", "createdon", "createddate", "createdtime", "creationdate"),
        *("createtime", "datecreated", "datecreatedutc", "creationtime", "createdatetime"),
        *("insertedat", "createdatetimeutc", "createddateutc", "timecreated", "addedat"),
    }
)
_UPDATED = frozenset(
    {
        *("updated", "updatedat", "updatedon", "updateddate", "updatedtime", "updatetime"),
        *("dateupdated", "modified", "modifiedat", "modifiedon", "modifieddate", "lastmodified"),
        *("lastupdated", "lastupdatedat", "lastmodifiedat", "datemodified", "changedat"),
        *("updateddateutc", "timeupdated", "lastmodifieddate", "lastmodifiedtime"),
    }
)
_IDS = frozenset({"id", "uuid", "guid", "gid", "sid", "iid", "number", "index", "identifier"})
"""Plain names of properties that identify an item, also beside another one that does."""
_LINKS = frozenset({"uri", "href", "self", "selflink", "resourceuri"})
_SLUGS = frozenset({"slug", "handle", "permalink"})
_TITLES = ("title", "name", "subject", "label", "displayname")
_PEOPLE = frozenset({"user", "account", "member", "person", "customer", "profile", "owner"})
"""Plain nouns of items that own others."""
_OWNERS = ("ownerid", "owneruuid", "authorid", "creatorid", "userid", "createdby", "createdbyid")
"""Plain names of properties that name the owner of an item."""
_MILLISECONDS = 10_000_000_000
"""Numbers above it are milliseconds since 1970, not seconds."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TOKEN = _LETTERS + "0123456789"
_TOKEN_LENGTH = 20
_PREFIX = re.compile(r"[A-Za-z]{2,8}[_-]")


def times(
    shapes: Shapes, schema: Schema, moment: datetime, *, is_new: bool
) -> dict[str, str | int]:
    """Return the fields of an item that say when it was created and updated."""
    found: dict[str, str | int] = {}
    for name, property in shapes.of(schema).properties.items():
        word = plain(name)
        if word in _UPDATED or (is_new and word in _CREATED):
            value = time_as(shapes.of(property), moment)
            if value is not None:
                found[name] = value
    return found


def time_names(names: Iterable[str]) -> set[str]:
    """Return the names of fields that say when an item was created and updated."""
    return {name for name in names if plain(name) in _CREATED | _UPDATED}


def time_as(shape: Shape, moment: datetime) -> str | int | None:
    """Return a moment in the form of a schema; None if it has no form of a time."""
    if "string" in shape.types:
        if shape.format == "date":
            return moment.date().isoformat()
        if shape.format in (None, "date-time") and shape.first("enum") is None:
            return moment.isoformat(timespec="milliseconds")[:-6] + "Z"
    if shape.types & {"integer", "number"}:
        seconds = int(moment.timestamp())
        example = shape.first("example")
        largest = example if isinstance(example, int) else 0
        return seconds * 1_000 if largest > _MILLISECONDS else seconds
    return None


class Wanted(NamedTuple):
    """A key that an item needs."""

    name: str
    """The name of the field."""
    shape: Shape
    data: Mapping[str, Any]
    """The other fields of the item."""
    number: int
    """The number of the key in its collection, from 1."""
    is_number: bool
    """Whether the key is a number, or the text of one."""


def new_key(wanted: Wanted, random: Random, is_free: Callable[[Any], bool]) -> Any:
    """Return a key that the schema allows and no other item has; None if there is none."""
    number = wanted.number
    if wanted.is_number:
        # Keys of removed items are given again only where the schema allows no others.
        numbers = chain(range(number, number + 1_000), range(1, number))
        kind = str if "string" in wanted.shape.types else int
        return next((key for key in map(kind, numbers) if is_free(key)), None)
    for _ in range(8):
        for key in _texts(wanted.shape, wanted.name, wanted.data, random):
            if is_free(key):
                return key
    return None


def identifiers(
    shapes: Shapes, schema: Schema, noun: str, parameter: str
) -> Iterator[tuple[str, Schema]]:
    """Yield the properties that may hold the key of an item.

    An item that has an ``id`` beside its ``number`` can then be read by either of them.
    """
    names = _IDS | {plain(parameter), *(noun + end for end in ("id", "uuid", "number"))}
    for name, property in shapes.of(schema).properties.items():
        if plain(name) in names and shapes.of(property).is_scalar:
            yield name, property


def links(shapes: Shapes, schema: Schema, path: str) -> dict[str, str]:
    """Return the properties that hold the path of the item itself."""
    return {
        name: path
        for name, property in shapes.of(schema).properties.items()
        if plain(name) in _LINKS
        and "string" in shapes.of(property).types
        and shapes.of(property).format is None
    }


def references(
    shapes: Shapes, schema: Schema, params: Mapping[str, Any], nouns: Mapping[str, str]
) -> dict[str, Any]:
    """Return the fields of an item that name the items above it, by the values of its path.

    ``nouns`` are the plain singulars of the collections that path parameters select from.
    """
    words = {plain(name): value for name, value in params.items()}
    for name, noun in nouns.items():
        if name in params:
            words.setdefault(noun + "id", params[name])
            if stem(name) != plain(name):
                words.setdefault(stem(name) + "id", params[name])
    named = _named(shapes, schema, words)
    people = [name for name, noun in nouns.items() if noun in _PEOPLE and name in params]
    if named or not people:
        return named
    return _named(shapes, schema, dict.fromkeys(_OWNERS, params[people[-1]]))


def _named(shapes: Shapes, schema: Schema, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the properties with some plain names."""
    return {
        name: words[plain(name)]
        for name, property in shapes.of(schema).properties.items()
        if plain(name) in words and shapes.of(property).is_scalar
    }


def noun_of(segment: str) -> str:
    """Return the plain singular of the name of a collection."""
    return singular(segment)


def earlier(moment: datetime, index: int, count: int) -> datetime:
    """Return the time at which one of several first items was created: an hour apart."""
    return moment - timedelta(hours=count - index)


def _texts(shape: Shape, name: str, data: Mapping[str, Any], random: Random) -> list[str]:
    """Return texts that may be keys, the best first."""
    uuid = str(UUID(int=random.getrandbits(128), version=4))
    token = "".join(random.choices(_TOKEN, k=_TOKEN_LENGTH))
    if shape.format == "uuid" or plain(name) in ("uuid", "guid"):
        return [uuid]
    texts = []
    if plain(name) in _SLUGS and (title := _title(data)):
        texts += [title, f"{title}-{token[:6]}"]
    example = shape.first("example")
    if isinstance(example, str) and example:
        texts.append(_like(example, random))
    longest = shape.first("maxLength")
    if isinstance(longest, int) and longest < _TOKEN_LENGTH:
        token = token[: max(longest, 0)]
    return [*texts, token, uuid, str(random.randrange(10**15, 10**16))]


def _title(data: Mapping[str, Any]) -> str:
    words = {plain(name): value for name, value in data.items() if isinstance(value, str)}
    return next((slug(words[title]) for title in _TITLES if title in words), "")


def _like(example: str, random: Random) -> str:
    """Return a text of the form of an example: a digit for a digit, a letter for a letter."""
    prefix = match[0] if (match := _PREFIX.match(example)) else ""
    letters: list[str] = []
    for letter in example[len(prefix) :]:
        if letter.isascii() and letter.isdigit():
            letters.append(random.choice("123456789" if not letters else "0123456789"))
        elif letter.isascii() and letter.isalpha():
            hexadecimal = re.fullmatch(r"[0-9a-fA-F-]+", example) is not None
            drawn = random.choice("abcdef" if hexadecimal else _LETTERS)
            letters.append(drawn.upper() if letter.isupper() else drawn)
        else:
            letters.append(letter)
    return prefix + "".join(letters)
