"""The rules of servers and their variables."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.contract.changes import Effect
from mockserver.contract.parts import Node
from mockserver.contract.rules import Found, missing, shown

_FIELD = "servers"
_HERE = {"url": "/"}
"""The server of a document that has none."""


def changes(old: Node, new: Node) -> Iterator[Found]:
    """Compare the servers of two objects."""
    before, after = (
        {str(server.get("url")): server for server in node.get(_FIELD) or (_HERE,)}
        for node in (old, new)
    )
    for url, server in before.items():
        if url in after:
            yield from _server(url, server, after[url])
        else:
            text = f"the server {url} was removed"
            yield Found("removed", Effect.BREAKS, text, _FIELD, in_old=True)
    for url in after:
        if url not in before:
            yield Found("added", Effect.COMPATIBLE, f"the server {url} was added", _FIELD)


def _server(url: str, old: Node, new: Node) -> Iterator[Found]:
    before, after = (server.get("variables") or {} for server in (old, new))
    for name in before.keys() & after.keys():
        it = f"the variable '{name}' of the server {url}"
        for found in _variable(before[name], after[name]):
            yield found._replace(text=found.text.replace("{it}", it))


def _variable(old: Node, new: Node) -> Iterator[Found]:
    defaults = old.get("default"), new.get("default")
    if defaults[0] != defaults[1]:
        words = f"from {shown(defaults[0])} to {shown(defaults[1])}"
        text = f"the default of {{it}} was changed {words}"
        yield Found("variable-default-changed", Effect.BREAKS, text, _FIELD)
    before, after = old.get("enum"), new.get("enum")
    if not isinstance(before, list) or not isinstance(after, list):
        return
    for value in missing(before, after):
        text = f"the value {shown(value)} of {{it}} was removed"
        yield Found("variable-value-removed", Effect.BREAKS, text, _FIELD, in_old=True)
    for value in missing(after, before):
        text = f"the value {shown(value)} of {{it}} was added"
        yield Found("variable-value-added", Effect.COMPATIBLE, text, _FIELD)
