"""The parts of an account that are put back: its settings and its things, read and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.http.redaction import Keyring
from contract_tests.knowledge import CollectionPart, Knowledge, SettingsPart
from contract_tests.openapi.contract import Contract, Operation, Place
from contract_tests.openapi.schemas import Schemas

Json = dict[str, Any]


class Unusable(ValueError):
    """A part of an account that could not be put back as it is, and why."""


@dataclass(frozen=True)
class Reader:
    """Reads accounts of one deployment."""

    contract: Contract
    keyring: Keyring
    knowledge: Knowledge

    @property
    def settings(self) -> dict[str, SettingsPart]:
        """The settings that accounts have by this contract, under the operations that show them."""
        known, settings = self.contract.operations, self.knowledge.safety.settings
        return {part.read: part for part in settings if {part.read, part.write} <= known.keys()}

    @property
    def collection(self) -> CollectionPart | None:
        """The things that accounts have by this contract."""
        part = self.knowledge.safety.collection
        is_there = part is not None and {part.read, part.remove} <= self.contract.operations.keys()
        return part if is_there else None

    @property
    def parts(self) -> list[str]:
        """The operations that show what is put back."""
        return [*self.settings, *([self.collection.read] if self.collection else [])]

    def write_of(self, part: str) -> str:
        """Return the operation that puts a part back."""
        if self.collection is not None and part == self.collection.read:
            return self.collection.remove
        return self.settings[part].write

    def touched(self, operation: Operation | None) -> set[str]:
        """Return the parts that a request may change: all for an unknown operation."""
        changes = self.knowledge.effects.changes
        changed = changes.get(operation.id) if operation is not None else None
        return set(self.parts) if changed is None else set(changed).intersection(self.parts)

    def read(self, client: Client, part: str, before: Json | None = None) -> Json:
        """Return a part as it is now: all that can be set. Raise Unusable.

        A setting that was shown before may be left out when it is null.
        """
        response = client.call(part)
        if response.status != 200 or not response.object:
            got = response.status or response.error
            raise Unusable(f"{self._where(part)} responds with {got}, so nobody knows what it was")
        is_collection = self.collection is not None and part == self.collection.read
        state = (
            self.things(response) if is_collection else self._settings(part, response, before or {})
        )
        if self._is_secret(json.dumps(state)):
            where = self._where(part)
            raise Unusable(f"{where} shows what looks like a secret, which is not written down")
        return state

    def owner(self, client: Client) -> str | None:
        """Return the id of the account's owner, if it is shown."""
        if self.knowledge.safety.owner is None:
            return None
        operation, name = self.knowledge.safety.owner
        found = client.call(operation).object.get(name) if operation in self.parts else None
        return found if isinstance(found, str) and not self._is_secret(found) else None

    def things(self, response: Exchange) -> Json:
        """Return the things that a response lists. Raise Unusable."""
        part = self.collection
        if part is None:
            raise Unusable("accounts have no such things")
        listed = response.object.get(part.field)
        if not isinstance(listed, list) or not all(isinstance(thing, Mapping) for thing in listed):
            raise Unusable(f"the list of {part.title} is none")
        names = ("id", part.outer_name)
        things = [{name: thing.get(name) for name in names} for thing in listed]
        if not all(isinstance(value, str) for thing in things for value in thing.values()):
            raise Unusable(f"a {part.noun} in the list has no id")
        default = response.object.get(part.default_field)
        return {part.title: things, "default": default if isinstance(default, str) else None}

    def ids(self, state: Json) -> dict[str, str]:
        """Return the ids of things, each with its name outside of the API."""
        part = self.collection
        things = state.get(part.title, ()) if part is not None else ()
        return {thing["id"]: thing[part.outer_name] for thing in things} if part is not None else {}

    def differences(self, part: str, before: Json, now: Json) -> Iterator[str]:
        """Yield a line for each change; of things only for the default, and those that are gone."""
        if self.collection is None or part != self.collection.read:
            for name, value in before.items():
                if now.get(name) != value:
                    is_now, was = json.dumps(now.get(name)), json.dumps(value)
                    yield f"{self.settings[part].title}: '{name}' is {is_now}, and was {was}"
            return
        noun = self.collection.noun
        for id, name in self.ids(before).items():
            if id not in self.ids(now):
                yield f"{noun} {id} ({name}) is gone"
        if now["default"] != before["default"] and before[self.collection.title]:
            yield f"the default {noun} is {now['default']}, and was {before['default']}"

    def _settings(self, part: str, response: Exchange, before: Json) -> Json:
        body = self.contract.operations[self.settings[part].write].body
        names = body.node.get("properties", {}) if body is not None else {}
        shown = response.object
        nullable = {name for name in before if self._may_be_null(body, name)}
        missing = [name for name in names if name not in shown and name not in nullable]
        where = self._where(part)
        if missing:
            raise Unusable(f"{where} does not show '{missing[0]}', so it could not be put back")
        state = {name: shown.get(name) for name in names}
        if body is not None and not Schemas(self.contract).accepts(body.pointer, state):
            raise Unusable(
                f"what {where} shows is not what a PUT takes, so it could not be put back"
            )
        return state

    def _may_be_null(self, body: Place | None, name: str) -> bool:
        """Return whether a setting may be null, so that a reading may leave it out."""
        if body is None:
            return False
        return bool(self.contract.at(body.child("properties", name)).node.get("nullable"))

    def _is_secret(self, text: str) -> bool:
        return self.keyring.text(text) != text

    def _where(self, part: str) -> str:
        return f"GET {self.contract.operations[part].path}"
