"""Serves the lists of resources: filters, order, pages, and the fields beside the items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from mockserver.engine.errors import Headers
from mockserver.openapi.contract import Contract, Operation
from mockserver.resources.account import Collection, newest_first
from mockserver.resources.envelope import Envelope
from mockserver.resources.examples import is_oldest_first
from mockserver.resources.filters import filters_of, is_value, matches, refers
from mockserver.resources.fitting import Fitting, Unfit, put_at
from mockserver.resources.model import Part, Resource, Served
from mockserver.resources.order import Entry, Order, order_of, ordered
from mockserver.resources.paging import Page, names_of, next_params, page_of
from mockserver.resources.places import request_schema
from mockserver.resources.replies import Documented
from mockserver.resources.shown_items import shown_item
from mockserver.resources.words import plain, singular


class Lists:
    """One list operation, compiled."""

    def __init__(
        self, contract: Contract, operation: Operation, served: Served, resource: Resource
    ) -> None:
        self._contract = contract
        self._operation = operation
        self._served = served
        self._resource = resource
        self._parameters = [*operation.parameters, *_in_body(contract, operation)]
        self._names = names_of(self._parameters)
        self._body_names = {item["name"] for item in _in_body(contract, operation)}
        self._is_oldest_first = is_oldest_first(contract, operation, served)
        self._part = served.response or Part((), {}, is_array=True)

    def select(
        self, fitting: Fitting, collection: Collection, params: Mapping[str, Any], query: bytes
    ) -> list[Entry]:
        """Return the items that the filters of a request leave, in order."""
        filters = filters_of(self._parameters, fitting.shapes.of(self._resource.schema))
        sent = {name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)}
        sent |= self._body_names & params.keys()
        wanted = {
            property: params[name]
            for name, property in filters.items()
            if name in sent and is_value(params.get(name))
        }
        entries = list(newest_first(collection))
        if wanted:
            entries = [entry for entry in entries if matches(entry[1].data, wanted)]
        order = self.order(fitting, params)
        is_ascending = self._is_oldest_first if order.is_ascending is None else order.is_ascending
        return ordered(entries[::-1] if is_ascending else entries, order)

    def order(self, fitting: Fitting, params: Mapping[str, Any]) -> Order:
        """Return the order that a request asks for."""
        names = list(fitting.shapes.of(self._resource.schema).properties)
        return order_of(self._parameters, params, names)

    def linked(
        self, entries: list[Entry], path: str, values: list[str], *, has_parents: bool
    ) -> list[Entry]:
        """Return the items that were created below another one, or that name it.

        Unless ``has_parents``, nobody knows the items above: the first items are below any of them.
        """
        if self._served.link is None:
            return entries
        words = [segment for segment in self._served.link.segments[:-2] if segment != "{}"]
        noun, key = singular(words[-1]) if words else "", values[-1] if values else ""
        return [
            entry
            for entry in entries
            if path in entry[1].links
            or (noun and refers(entry[1].data, noun, key))
            or (entry[1].is_seeded and not has_parents)
        ]

    def page(self, entries: list[Entry], params: Mapping[str, Any]) -> Page:
        """Return the page that a request selects."""
        return page_of(self._names, params, [key for key, _ in entries])

    def is_token(self, name: str) -> bool:
        """Return whether a parameter takes cursors that a page before gave."""
        return name == self._names.token

    def body(
        self,
        fitting: Fitting,
        documented: Documented,
        entries: list[Entry],
        page: Page,
        target: tuple[str, bytes],
    ) -> tuple[Any, Headers]:
        """Return the body of a page, and its headers. ``target`` is the path with the query.

        Raises Unfit if the body can show one item only, and there is none.
        """
        shown: Any = [
            shown_item(fitting, self._part.schema, self._resource, key, item.data)
            for key, item in entries[page.start : page.end]
        ]
        if not self._part.is_array:
            if not shown:
                raise Unfit
            shown = shown[0]
        urls = self._urls(page, *target)
        headers: Headers = []
        if "link" in documented.headers and "next" in urls:
            headers.append((b"link", f'<{urls["next"]}>; rel="next"'.encode("latin-1", "replace")))
        headers += self._counts(documented, page)
        if not self._part.way or documented.schema is None:
            return shown, headers
        noun = singular(self._resource.template.segments[-1])
        envelope = Envelope(fitting.shapes, self._names, page, urls)
        fields = envelope.fields(documented.schema, noun)
        return _joined(fields, put_at(self._part.way, shown)), headers

    def _counts(self, documented: Documented, page: Page) -> Headers:
        """Return the documented headers that hold the total."""
        return [
            (name.encode("latin-1", "replace"), str(page.total).encode())
            for name in documented.headers
            if plain(name) in ("xtotalcount", "xtotal", "totalcount", "xcount", "xpaginationtotal")
        ]

    def _urls(self, page: Page, path: str, query: bytes) -> dict[str, str]:
        urls = {"this": path}
        further = next_params(self._names, page)
        if further is not None:
            pairs = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
            urls["next"] = f"{path}?{urlencode({**pairs, **further})}"
        return urls


def _in_body(contract: Contract, operation: Operation) -> list[dict[str, Any]]:
    """Return the fields of the body of a search as if they were parameters."""
    schema = contract.follow(request_schema(contract, operation) or {})
    properties = schema.get("properties", {})
    return [
        {"name": name, "in": "query", "schema": contract.follow(property)}
        for name, property in properties.items()
        if isinstance(property, dict)
    ]


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return two objects merged, with nested ones merged too."""
    joined = dict(one)
    for name, value in other.items():
        old = joined.get(name)
        both = isinstance(old, dict) and isinstance(value, dict)
        joined[name] = _joined(old, value) if both and old is not None else value
    return joined
