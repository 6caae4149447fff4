"""What certainly contradicts an earlier response in the lifecycle of a thing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contract_tests.drivers.lifecycle_things import Thing
from contract_tests.drivers.lifecycle_values import Json, differs, is_same_thing
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.distinct_bodies import Body, content_of, is_plain
from contract_tests.openapi.resources import Resource, fields_of, response_schema

_LONG_ID = 12
"""Characters of an id that no two accounts have by chance."""
_MOVES = re.compile(r"updat|modif|access|view|seen|hits|etag|version|request|expire", re.IGNORECASE)
"""Properties that may change with every reading."""


class Judgement:
    """What readings of one resource must show, by its schema."""

    def __init__(self, contract: Contract, resource: Resource) -> None:
        read = resource.read
        schema = response_schema(contract, read) if read is not None else None
        self._fields = dict(fields_of(contract, schema, resource.noun))
        self._is_open = schema is None
        bodies = [
            content_of(contract, operation)
            for operation in (resource.create, resource.update)
            if operation is not None
        ]
        pointers = [body.schema.pointer for body in bodies if body is not None]
        self._has_own_update = len(set(pointers)) > 1
        """Whether the body of a change has a schema of its own: all in it can be changed."""

    def _is_plain(self, name: str) -> bool:
        """Return whether a server is expected to show a property as it was sent."""
        return self._is_open or (name in self._fields and is_plain(name, self._fields[name]))

    def lost(self, thing: Thing, found: Json) -> Iterator[str]:
        """Yield the properties that were sent, and certainly come back otherwise.

        They are free texts and numbers, or the response to the creation has confirmed them.
        """
        for name, sent in thing.body.thing.items():
            place = self._fields.get(name)
            if name == thing.id_name or (place is not None and place.node.get("readOnly")):
                continue
            is_confirmed = name in thing.echo and not differs(sent, thing.echo[name])
            is_shown = name in found or (place is not None and name in thing.echo)
            is_expected = name in thing.body.plain and self._is_plain(name)
            if is_shown and (is_confirmed or is_expected) and differs(sent, found.get(name)):
                yield name

    def without_effect(self, body: Body, before: Json, echo: Json, now: Json) -> list[str]:
        """Return the properties that a change has certainly left as they were.

        All plain properties must be, or the response to the change has confirmed the new value, or
        the body has a schema that is only for changes.
        """
        changed = [name for name, value in body.thing.items() if differs(before.get(name), value)]
        changed = [name for name in changed if name in before and name in now]
        left = [name for name in changed if not differs(before[name], now[name])]
        confirmed = [
            name for name in left if name in echo and not differs(body.thing[name], echo[name])
        ]
        expected = [name for name in changed if name in body.plain and self._is_plain(name)]
        ignored = [name for name in expected if name in left]
        if self._has_own_update or ignored == expected:
            confirmed += [name for name in ignored if name not in confirmed]
        return confirmed

    def not_kept(self, thing: Thing, body: Body, before: Json, now: Json) -> Iterator[str]:
        """Yield the properties that a PATCH has changed without having sent them."""
        for name in sorted(thing.body.plain & before.keys() & now.keys() - body.thing.keys()):
            if self._is_plain(name) and differs(before[name], now[name]):
                yield name


def is_it(thing: Thing, before: Json, found: Json) -> bool:
    """Return whether an object is the very thing, and not another one with the same id."""
    if not found or (thing.id_name and str(found.get(thing.id_name)) != thing.id):
        return False
    sent = [name for name in thing.body.plain if isinstance(thing.body.thing[name], str)]
    if any(name in before for name in sent):
        return is_same_thing(before, found, sent)
    return len(thing.id) >= _LONG_ID


def is_unchanged(before: Json, now: Json) -> bool:
    """Return whether a thing is shown as before: nothing says that it was deleted."""
    names = [name for name in before.keys() & now.keys() if not _MOVES.search(name)]
    return bool(names) and not any(differs(before[name], now[name]) for name in names)


def has_warning(*exchanges: Exchange) -> bool:
    """Return whether a response has a warning: something was not done as it was sent."""
    return any(
        "warning" in name.lower() for exchange in exchanges for name, _ in exchange.response_headers
    )
