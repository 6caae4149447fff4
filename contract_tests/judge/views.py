"""The readings of one account that nothing can have changed since, and pages put together."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.http.exchange import Exchange
from contract_tests.judge.violation import Json, Response, Violation
from contract_tests.openapi.lists import ListOperation

MAX_VIEWS = 60
MAX_BYTES = 8_000_000
"""Bodies of all readings together. The oldest readings are forgotten beyond it."""


def is_oldest_first(entries: list[Json]) -> bool:
    """Return whether entries are sorted by ``created_at``, oldest first.

    The order of a list is assumed, so rules about neighbours must hold in either one.
    """
    if len(entries) < 2 or _created(entries[0]) >= _created(entries[-1]):
        return False
    times = list(map(_created, entries))
    return times == sorted(times)


def _created(entry: Json) -> str:
    return str(entry.get("created_at"))


def newest_first(entries: list[Json]) -> list[Json]:
    """Return the entries of a list, newest first."""
    return entries[::-1] if is_oldest_first(entries) else entries


Shown = tuple[str, Violation]
"""A violation, and the operation whose response shows it."""


@dataclass(frozen=True)
class View:
    """One reading."""

    operation: str
    key: str
    """Everything that was asked, as text."""
    params: Json
    body: Json
    exchange: Exchange


class Views:
    """The newest reading for each operation and its parameters."""

    def __init__(self, lists: Mapping[str, ListOperation]) -> None:
        self.lists = lists
        self._views: dict[tuple[str, str], View] = {}

    def put(self, response: Response) -> View | None:
        """Take in a reading. Return the earlier one with the same parameters, if there is one."""
        operation = response.operation.id
        key = json.dumps([response.params, _sent(response.exchange)], sort_keys=True, default=str)
        before = self._views.pop((operation, key), None)
        self._views[operation, key] = View(
            operation, key, response.params, response.body, response.exchange
        )
        while len(self._views) > 1 and not self._fit():
            del self._views[next(iter(self._views))]
        return before

    def _fit(self) -> bool:
        size = sum(len(view.exchange.response_body) for view in self._views.values())
        return len(self._views) <= MAX_VIEWS and size <= MAX_BYTES

    def keep(self, still_holds: Callable[[View], bool]) -> None:
        """Keep the readings that still hold, and forget the others."""
        self._views = {key: view for key, view in self._views.items() if still_holds(view)}

    def checkpoint(self) -> dict[tuple[str, str], View]:
        """Return the readings, for ``restore``."""
        return dict(self._views)

    def restore(self, checkpoint: dict[tuple[str, str], View]) -> None:
        """Restore the readings of a checkpoint."""
        self._views = checkpoint

    def __iter__(self) -> Iterator[View]:
        return iter(self._views.values())

    def of(self, names: Container[str]) -> list[View]:
        """Return the readings of these operations."""
        return [view for view in self._views.values() if view.operation in names]

    @property
    def latest(self) -> View | None:
        """The last reading of all."""
        return next(reversed(self._views.values()), None)

    def has(self, names: tuple[str, ...]) -> bool:
        return set(names) <= {view.operation for view in self._views.values()}

    def find(self, name: str) -> Json | None:
        """Return the newest reading of an operation; None if there is none."""
        views = reversed(self._views.values())
        return next((view.body for view in views if view.operation == name), None)

    def newest(self, name: str) -> Json:
        """Return the newest reading of an operation. Raise KeyError if there is none."""
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found

    # ----------------------------------------------------------------------------------- of a list

    def head(self, name: str) -> Json | None:
        """Return the first page of a list, unfiltered; None if it was not read."""
        listed = self.lists[name]
        for view in reversed(list(self._unfiltered(name))):
            if listed.start(view.params) == 0:
                return view.body
        return None

    def whole(self, name: str) -> list[Json] | None:
        """Return all entries of a list, newest first; None unless all its pages were read."""
        entries = self.as_listed(name)
        return None if entries is None else newest_first(entries)

    def as_listed(self, name: str) -> list[Json] | None:
        """Return all entries of a list in its order; None unless all its pages were read."""
        listed = self.lists[name]
        starts: dict[int, list[Json]] = {}
        total = None
        for view in self._unfiltered(name):
            start = listed.start(view.params)
            if len(view.body[listed.field]) > len(starts.get(start, [])):
                starts[start] = view.body[listed.field]
            total = view.body["total"]
        entries: list[Json] = []
        while len(entries) in starts and starts[len(entries)]:
            entries += starts[len(entries)]
        return entries if total is not None and len(entries) >= total else None

    def pages(self, name: str) -> Iterator[tuple[int, list[Json], int]]:
        """Yield the start, the entries and the total of each page that was read."""
        listed = self.lists[name]
        for view in self._unfiltered(name):
            yield listed.start(view.params), view.body[listed.field], view.body["total"]

    def filtered(self, name: str) -> Iterator[tuple[dict[str, Any], int, Json]]:
        """Yield the filters, the start and the body of each filtered page."""
        listed = self.lists[name]
        for view in self._views.values():
            if view.operation == name and listed.is_filtered(view.params):
                filters = {parameter: view.params.get(parameter) for parameter in listed.filters}
                wanted = {
                    parameter: value for parameter, value in filters.items() if value is not None
                }
                yield wanted, listed.start(view.params), view.body

    def _unfiltered(self, name: str) -> Iterator[View]:
        listed = self.lists[name]
        for view in self._views.values():
            if view.operation == name and not listed.is_filtered(view.params):
                yield view


@dataclass(frozen=True)
class Relation:
    """A rule between views of one account, when nothing was changed between their readings."""

    views: tuple[str, ...]
    """It is checked when one of these is read and all of them are there."""
    check: Callable[[Views], Iterator[Shown]]


def _sent(exchange: Exchange) -> Any:
    try:
        return exchange.sent if exchange.request_body else None
    except ValueError:
        return None
