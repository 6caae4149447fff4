"""The store as handlers of a user see it: the items of the caller's account, by resource."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mockserver.resources.account import Account, newest_first
from mockserver.resources.model import Model, Place
from mockserver.resources.store import Store

Json = dict[str, Any]


class Items:
    """The items of one collection. Data that its schema does not allow is not kept."""

    def __init__(self, store: Store, account: Account, place: Place, now: datetime) -> None:
        self._store = store
        self._account = account
        self._place = place
        self._now = now

    def __iter__(self) -> Iterator[Json]:
        """Yield all items, newest first."""
        collection = self._store.collection(self._account, self._place)
        yield from (dict(item.data) for _, item in newest_first(collection))

    def __len__(self) -> int:
        return len(self._store.collection(self._account, self._place).items)

    def __contains__(self, key: object) -> bool:
        return self._store.collection(self._account, self._place).find(str(key)) is not None

    def get(self, key: object) -> Json:
        """Return a copy of an item. Without one, the response is the documented 404."""
        return dict(self._store.find(self._account, self._place, str(key)).data)

    def add(self, **fields: Any) -> Json:
        """Create an item with some fields, and return a copy of it."""
        change = self._store.created(self._account, self._place, fields, self._now)
        self._account.add(self._place.path, change.key, change.item)
        return dict(change.item.data)

    def change(self, key: object, **fields: Any) -> Json:
        """Change some fields of an item, and return a copy of it."""
        found = self._store.found(self._account, self._place, str(key))
        collection = self._store.collection(self._account, self._place)
        change = self._store.changed(self._place, collection, found, fields, self._now, deep=False)
        self._account.add(self._place.path, change.key, change.item)
        return dict(change.item.data)

    def remove(self, key: object) -> None:
        """Delete an item and everything below it."""
        found = self._store.found(self._account, self._place, str(key))
        self._account.remove(self._place.path, found.key)


class Shelves:
    """All resources of the caller's account: ``store["products"]``."""

    def __init__(self, store: Store, model: Model, account: Account, now: datetime) -> None:
        self._store = store
        self._model = model
        self._account = account
        self._now = now

    def __getitem__(self, name: str) -> Items:
        """Return the items of a resource at the top, by its name in ``mockserver resources``."""
        return self.below(name)

    def below(self, name: str, *keys: object) -> Items:
        """Return the items of a resource below others: ``store.below("reviews", product_id)``."""
        resource = self._model.resources.get(name)
        if resource is None or resource.is_singleton:
            known = ", ".join(
                name for name, one in self._model.resources.items() if not one.is_singleton
            )
            raise KeyError(f"there is no resource '{name}'. There are {known}")
        if len(keys) != len(resource.template.parameters):
            names = ", ".join(resource.template.parameters) or "no keys"
            raise KeyError(f"the resource '{name}' is found by {names}")
        place = self._store.place(resource, [str(key) for key in keys])
        return Items(self._store, self._account, place, self._now)
