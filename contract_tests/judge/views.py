"""The newest readings of one account, and pages put together."""

from __future__ import annotations

import json
from collections.abc import Iterator

from contract_tests.judge.answer import Fault, Json
from contract_tests.judge.tracker import Tracker, View

Told = tuple[str, Fault]
"""A fault, and the operation whose answer shows it."""


class Views:
    """The newest reading of each operation, and pages put together."""

    def __init__(self, tracker: Tracker) -> None:
        self._views = list(tracker.views.values())

    def has(self, names: tuple[str, ...]) -> bool:
        return set(names) <= {view.operation for view in self._views}

    def newest(self, name: str) -> Json:
        return next(view for view in reversed(self._views) if view.operation == name).body

    def head(self, name: str) -> Json | None:
        """The first page of a list, unfiltered; None if it was not read."""
        for view in reversed(self._views):
            params = _params(view)
            is_first = not params.get("offset") and params.get("page", 1) == 1
            if view.operation == name and is_first and params.get("reference_type") is None:
                return view.body
        return None

    def whole(self, name: str, field: str) -> list[Json] | None:
        """All entries of a list, if all pages of it were read; newest first."""
        starts: dict[int, list[Json]] = {}
        total = None
        for view in self._views:
            params = _params(view)
            if view.operation == name and params.get("reference_type") is None:
                size = params.get("limit") or params.get("per_page") or 0
                start = params.get("offset", (params.get("page", 1) - 1) * size)
                if len(view.body[field]) > len(starts.get(start, [])):
                    starts[start] = view.body[field]
                total = view.body["total"]
        entries: list[Json] = []
        while len(entries) in starts and starts[len(entries)]:
            entries += starts[len(entries)]
        return entries if total is not None and len(entries) >= total else None

    def pages(self, name: str, field: str) -> Iterator[tuple[int, list[Json], int]]:
        """Each page that was read: where it starts, its entries, how many there are in all."""
        for view in self._views:
            params = _params(view)
            if view.operation == name and params.get("reference_type") is None:
                size = params.get("limit") or params.get("per_page") or 0
                yield (
                    params.get("offset", (params.get("page", 1) - 1) * size),
                    view.body[field],
                    view.body["total"],
                )

    def filtered(self, name: str) -> Iterator[tuple[str, int, Json]]:
        """Pages by ``reference_type``: which, where the page starts, the page."""
        for view in self._views:
            params = _params(view)
            if view.operation == name and params.get("reference_type") is not None:
                yield params["reference_type"], params.get("offset", 0), view.body


def _params(view: View) -> Json:
    params: Json = json.loads(view.params)[0]
    return params
