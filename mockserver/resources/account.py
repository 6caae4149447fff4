"""The state of one account as plain data: collections of items, and singletons. It is pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

MAX_ITEMS = 10_000
"""The number of items of one collection. Beyond it, the oldest item is removed."""
MAX_COLLECTIONS = 10_000
"""The number of collections and singletons of one account. Beyond it, the oldest is removed."""

Json = dict[str, Any]
Kind = Literal["main", "guest", "other"]
"""A main caller has credentials of the main scheme. A guest calls an operation without it."""


class Item(Struct):
    """One item of a collection."""

    data: Json
    """What is known of it. Each response shows what its schema names."""
    links: list[str] = field(default_factory=list)
    """The paths below other items by which it was created."""
    is_seeded: bool = False
    """Whether it comes from the document and not from a request."""


class Collection(Struct):
    """The items of one collection by key, oldest first."""

    items: dict[str, Item] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    """Keys by the names that items got later. An item can be read by its old name, too."""

    def find(self, key: str) -> Item | None:
        """Return an item; None if it is gone or never existed."""
        return self.items.get(self.key_of(key))

    def key_of(self, name: str) -> str:
        """Return the key of the item of a name, or the name if there is none."""
        return name if name in self.items else self.renamed.get(name, name)


class Account(Struct):
    """All that one caller created, changed and deleted."""

    id: str
    opened_at: datetime
    collections: dict[str, Collection] = field(default_factory=dict)
    """By path, such as ``/users/7/posts``."""
    singletons: dict[str, Json | None] = field(default_factory=dict)
    """By path. None is a deleted one."""
    made: dict[str, int] = field(default_factory=dict)
    """The number of keys that were made, by resource. Items of different parents share no key
    either, and none is given twice while the schema allows others."""
    events: int = 0
    """The number of events so far."""
    caller: Kind = "other"
    """The kind of its callers."""

    def add(self, place: str, key: str, item: Item) -> str | None:
        """Add an item, or replace one. Return the key of the item that had to go for it."""
        items = self.collections[place].items
        removed = None
        if key not in items and len(items) >= MAX_ITEMS:
            removed = next(iter(items))
            self.remove(place, removed)
        items[key] = item
        return removed

    def rename(self, place: str, key: str, name: Any) -> None:
        """Let an item be found by a name that differs from its key, and no more by one before."""
        renamed = self.collections[place].renamed
        for old in [old for old, target in renamed.items() if target == key]:
            del renamed[old]
        if isinstance(name, str) and name != key:
            renamed[name] = key

    def remove(self, place: str, key: str) -> None:
        """Remove an item and all collections and singletons below it."""
        self.rename(place, key, None)
        del self.collections[place].items[key]
        below = f"{place}/{key}/"
        for parts in (self.collections, self.singletons):
            for name in [name for name in parts if name.startswith(below)]:
                del parts[name]

    @property
    def is_crowded(self) -> bool:
        """Whether it has half of the collections that it may have."""
        return len(self.collections) >= MAX_COLLECTIONS // 2

    def open(self, place: str, collection: Collection) -> Collection:
        """Add a collection. The oldest one is removed where there are too many."""
        if len(self.collections) >= MAX_COLLECTIONS:
            del self.collections[next(iter(self.collections))]
        self.collections[place] = collection
        return collection

    def keep(self, place: str, data: Json | None) -> None:
        """Keep a singleton. The oldest one is removed where there are too many."""
        if place not in self.singletons and len(self.singletons) >= MAX_COLLECTIONS:
            del self.singletons[next(iter(self.singletons))]
        self.singletons[place] = data


def newest_first(collection: Collection) -> Iterator[tuple[str, Item]]:
    """Yield keys and items, newest first."""
    yield from reversed(collection.items.items())
