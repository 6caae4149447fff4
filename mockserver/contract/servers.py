"""The rules of servers and their variables."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.contract.changes import Effect
from mockserver.contract.parts import Node
from mockserver.contract.rules import Found, missing, shown

_FIELD = "servers"


def changes(url: str, old: Node, new: Node | None) -> Iterator[Found]:
    """Compare a server with the one that has the same URL, if there is one."""
    if new is None:
        text = f"the server {url} was removed"
        yield Found("removed", Effect.BREAKS, text, _FIELD, in_old=True)
        return
    before, after = (server.get("variables") or {} for server in (old, new))
    for name in before.keys() & after.keys():
        for found in _variable(before[name], after[name]):
            it = f"the variable '{name}' of the server {url}"
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
