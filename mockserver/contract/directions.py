"""Which schemas of a document describe what a client sends, and which what it receives."""

from __future__ import annotations

from typing import Any

from mockserver.contract.rewriting import Node, parts, target
from mockserver.openapi.shape import Kind

_SENT = frozenset({"parameters", "requestBody"})
_RECEIVED = frozenset({"responses"})
_TURNED = frozenset({"callbacks"})


def received_only(document: Node) -> frozenset[int]:
    """Return the ``id`` of each schema that describes only what clients receive.

    In a callback and in a webhook, clients receive the request and send the response.
    """
    directions = _Directions(document)
    for field, is_sent in (("paths", True), ("webhooks", False)):
        for item in (document.get(field) or {}).values():
            directions.follow(item, Kind("path item"), is_sent, is_sent)
    return frozenset(directions.found[False] - directions.found[True])


class _Directions:
    """The schemas of a document by direction: sent, or received."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self._seen: set[tuple[int, bool]] = set()
        self.found: dict[bool, set[int]] = {True: set(), False: set()}

    def follow(self, node: Any, kind: Kind, is_sent: bool, requests_are_sent: bool) -> None:
        """Record an object and everything within it."""
        waiting = [(node, kind, is_sent, requests_are_sent)]
        while waiting:
            node, kind, is_sent, requests_are_sent = waiting.pop()
            node = target(self._document, node) if isinstance(node, dict) else {}
            if (id(node), is_sent) in self._seen:
                continue
            self._seen.add((id(node), is_sent))
            if kind.name == "schema":
                self.found[is_sent].add(id(node))
            for part, inner, field in parts(node, kind):
                turned = requests_are_sent != (field in _TURNED)
                sent = is_sent
                if kind.name in ("operation", "path item") and field in _SENT | _RECEIVED:
                    sent = turned == (field in _SENT)
                waiting.append((part, inner, sent, turned))
