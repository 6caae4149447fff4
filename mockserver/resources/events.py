"""Events of changes, for webhook endpoints: ``product.created``, or a name of the document."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from msgspec import Struct

from mockserver.resources.account import Account, Json
from mockserver.resources.model import Resource
from mockserver.resources.words import plain, singular


class Verb(StrEnum):
    """What happened to an item."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


_WORDS = {
    Verb.CREATED: ("created", "create", "new", "added", "placed"),
    Verb.UPDATED: ("updated", "update", "changed", "modified"),
    Verb.DELETED: ("deleted", "delete", "removed", "cancelled", "canceled"),
}


class Change(Struct, frozen=True):
    """An item was created, updated or deleted."""

    id: str
    type: str
    created_at: datetime
    data: Json
    url: str | None = None
    is_whole: bool = False


def change(account: Account, kind: str, moment: datetime, data: Json, seed: int) -> Change:
    """Return the next event of an account, and count it."""
    account.events += 1
    text = f"{seed}/{account.id}/{account.events}"
    digest = blake2b(text.encode(), digest_size=12).hexdigest()
    return Change(f"evt_{digest}", kind, moment, data)


def type_of(resource: Resource, verb: Verb, documented: Iterable[str]) -> str:
    """Return the type of an event: the name of a documented webhook that fits, else our own."""
    noun = singular(resource.template.segments[-1])
    fitting = {noun + word for word in _WORDS[verb]} | {word + noun for word in _WORDS[verb]}
    own = f"{noun}.{verb}"
    return next((name for name in documented if plain(name) in fitting), own)
