"""Relations between the pages of any list that the contract declares.

They apply to a new list from its first day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise

from contract_tests.judge.views import Relation, Shown, Views, is_oldest_first
from contract_tests.judge.violation import Violation, moment
from contract_tests.openapi.lists import ListOperation


def list_relations(lists: Mapping[str, ListOperation]) -> list[Relation]:
    """Return the relations between the pages of every list."""
    checks: tuple[Callable[[ListOperation, Views], Iterator[Shown]], ...] = (
        pages_fit_together,
        pages_are_in_order,
        filters_pick_all,
    )
    return [
        Relation((listed.id,), partial(check, listed))
        for check in checks
        for listed in lists.values()
    ]


def pages_fit_together(listed: ListOperation, views: Views) -> Iterator[Shown]:
    """Check that pages agree about positions and the total, and that no entry is on two pages."""
    positions: dict[int, str] = {}
    places: dict[str, int] = {}
    totals = set()
    for start, entries, total in views.pages(listed.id):
        totals.add(total)
        for index, entry in enumerate(entries, start):
            known = positions.setdefault(index, entry["id"])
            place = places.setdefault(entry["id"], index)
            if known != entry["id"]:
                got = f"{entry['id']} on another page"
                yield _shown(listed, f"/{listed.field}", "position", f"{known} at {index}", got)
                return
            if place != index:
                got = f"at {place} and at {index}"
                yield _shown(listed, f"/{listed.field}", "overlap", f"{entry['id']} once", got)
                return
    if len(totals) > 1:
        got = " and ".join(map(str, sorted(totals)))
        yield _shown(listed, "/total", "agree", "one total on all pages", got)


def pages_are_in_order(listed: ListOperation, views: Views) -> Iterator[Shown]:
    """Check that the order continues from page to page."""
    if "created_at" not in listed.properties or listed.position is None:
        return
    pages = sorted(views.pages(listed.id), key=lambda page: page[0])
    if any(is_oldest_first(entries) for _, entries, _ in pages):
        return  # the rule of one page reports it
    times = [moment(entry["created_at"]) for entry in views.as_listed(listed.id) or []]
    if any(after > before for before, after in pairwise(times)):
        where = f"/{listed.field}/*/created_at"
        yield (
            listed.id,
            Violation("order", where, "newest_first", "newest first", "a newer entry later"),
        )


def filters_pick_all(listed: ListOperation, views: Views) -> Iterator[Shown]:
    """Check that a filtered list has all entries that match, and that its total counts them."""
    if not listed.filters:
        return
    entries = views.as_listed(listed.id)
    if entries is None:
        return
    for filters, start, body in views.filtered(listed.id):
        wanted = ", ".join(map(str, filters.values()))
        matching = [
            entry["id"]
            for entry in entries
            if all(entry[name] == value for name, value in filters.items())
        ]
        shown = [entry["id"] for entry in body[listed.field]]
        if body["total"] != len(matching):
            got = f"{body['total']} of {wanted}"
            yield _shown(listed, "/total", "filter", str(len(matching)), got)
        elif shown != matching[start : start + len(shown)]:
            expected = f"every {wanted} from {start}"
            yield _shown(listed, f"/{listed.field}", "filter", expected, "others, or not all")


def _shown(listed: ListOperation, where: str, rule: str, expected: str, got: str) -> Shown:
    return listed.id, Violation("pagination", where, rule, expected, got)
