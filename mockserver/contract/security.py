"""The rules of security requirements and of security schemes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.contract.changes import Effect
from mockserver.contract.parts import Node, Pair
from mockserver.contract.rules import Found, missing

_URLS = {
    "authorizationUrl": ("oauth-url-changed", "authorization URL"),
    "tokenUrl": ("oauth-token-url-changed", "token URL"),
}


_Alternatives = Mapping[tuple[str, ...], Mapping[str, Any]]
"""Security requirements by the names of their schemes."""


def requirements(old: Any, new: Any) -> Iterator[Found]:
    """Compare two lists of security requirements. Each of a list suffices."""
    before, after = _alternatives(old), _alternatives(new)
    was_open, is_open = _is_open(before), _is_open(after)
    for names in before:
        if names and names not in after:
            effect = Effect.COMPATIBLE if is_open else Effect.BREAKS
            text = f"{_shown(names)} is not accepted any more by {{it}}"
            if is_open:
                text = f"{_shown(names)} is not required any more by {{it}}"
            yield Found("security-removed", effect, text, "security", in_old=True)
    for names in after:
        if names and names not in before:
            effect = Effect.BREAKS if was_open and not is_open else Effect.COMPATIBLE
            verb = "required" if effect is Effect.BREAKS else "accepted"
            text = f"{_shown(names)} is {verb} now by {{it}}"
            yield Found("security-added", effect, text, "security")
    for names in before:
        if names in after:
            yield from _scopes(before[names], after[names])
    yield from _optional(before, after)


def _alternatives(requirements: Any) -> _Alternatives:
    """Return requirements by the names of their schemes."""
    found = requirements if isinstance(requirements, list) else []
    return {tuple(sorted(entry)): entry for entry in found if isinstance(entry, dict)}


def _is_open(alternatives: _Alternatives) -> bool:
    return not alternatives or () in alternatives


def _optional(before: _Alternatives, after: _Alternatives) -> Iterator[Found]:
    """Compare whether unauthenticated requests are accepted, unless a scheme's sentence says so."""
    was_open, is_open = _is_open(before), _is_open(after)
    if was_open and not is_open and after.keys() <= before.keys():
        text = "authentication is required now by {it}"
        yield Found("security-added", Effect.BREAKS, text, "security")
    elif is_open and not was_open and before.keys() <= after.keys():
        text = "authentication is not required any more by {it}"
        yield Found("security-removed", Effect.COMPATIBLE, text, "security")


def _scopes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Found]:
    for name in old:
        before, after = old[name] or [], new[name] or []
        for scope in missing(after, before):
            text = f"the scope '{scope}' of '{name}' is required now by {{it}}"
            yield Found("security-scope-added", Effect.BREAKS, text, "security")
        for scope in missing(before, after):
            text = f"the scope '{scope}' of '{name}' is not required any more by {{it}}"
            yield Found("security-scope-removed", Effect.COMPATIBLE, text, "security", True)


def _shown(names: tuple[str, ...]) -> str:
    return " with ".join(f"'{name}'" for name in names)


def schemes(pair: Pair) -> Iterator[tuple[str, Found]]:
    """Compare the security schemes of two documents. Yield the name of each that changed."""
    removed, added, kept = pair.get("components").names("securitySchemes")
    text = "the security scheme {it} was"
    for name in removed:
        yield name, Found("removed", Effect.BREAKS, f"{text} removed", "", in_old=True)
    for name in added:
        yield name, Found("added", Effect.COMPATIBLE, f"{text} added", "")
    for name in kept:
        both = pair.get("components", "securitySchemes", name).followed()
        for found in (*_scheme(both.old.object, both.new.object), *_flows(both.get("flows"))):
            yield name, found


def _scheme(old: Node, new: Node) -> Iterator[Found]:
    is_other = old.get("type") != new.get("type")
    for keyword in ("type",) if is_other else ("in", "name", "scheme", "openIdConnectUrl"):
        if old.get(keyword) != new.get(keyword):
            words = f"from '{old.get(keyword)}' to '{new.get(keyword)}'"
            text = f"{keyword} of the security scheme {{it}} was changed {words}"
            yield Found("type-changed", Effect.BREAKS, text, keyword)


def _flows(pair: Pair) -> Iterator[Found]:
    old, new = pair.old.object, pair.new.object
    for name in old.keys() & new.keys():
        yield from _flow(pair.get(name))
    for name in old.keys() ^ new.keys():
        is_removed = name in old
        effect = Effect.BREAKS if is_removed else Effect.COMPATIBLE
        verb = "removed" if is_removed else "added"
        text = f"the flow '{name}' of the security scheme {{it}} was {verb}"
        yield Found(f"oauth-flow-{verb}", effect, text, "flows", is_removed)


def _flow(pair: Pair) -> Iterator[Found]:
    old, new = pair.old.object, pair.new.object
    for keyword, (suffix, name) in _URLS.items():
        if old.get(keyword) != new.get(keyword):
            text = f"the {name} of the security scheme {{it}} was changed"
            yield Found(suffix, Effect.BREAKS, text, "flows")
    before, after = (part.object for part in pair.get("scopes"))
    for scope in before.keys() | after.keys():
        text = f"the scope '{scope}' of the security scheme {{it}} was"
        if scope not in after:
            yield Found("oauth-scope-removed", Effect.BREAKS, f"{text} removed", "flows", True)
        elif scope not in before:
            yield Found("oauth-scope-added", Effect.COMPATIBLE, f"{text} added", "flows")
        elif before[scope] != after[scope]:
            yield Found("oauth-scope-changed", Effect.WORDS, f"{text} described anew", "flows")
