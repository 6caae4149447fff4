"""Names of media types: which belong together, and how one differs from another."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.contract.changes import Effect
from mockserver.contract.rules import Found


def is_text(name: str) -> bool:
    """Return whether values of a media type are sent as text, so that types are not visible."""
    essence = _essence(name)
    return not (essence == "application/json" or essence.endswith("+json"))


def matched(old: list[str], new: list[str]) -> Iterator[tuple[str | None, str | None]]:
    """Yield the media types that belong together, and those that have no partner."""
    yield from ((name, name) for name in old if name in new)
    gone = [name for name in old if name not in new]
    left = [name for name in new if name not in old]
    for name in gone:
        partner = next((other for other in left if _is_variant(name, other)), None)
        if partner is not None:
            left.remove(partner)
        yield name, partner
    yield from ((None, name) for name in left)


def name_change(old: str, new: str) -> Iterator[Found]:
    """Compare the names of two media types that belong together."""
    if old == new:
        return
    text = f"the media type '{old}' of {{it}} was changed to '{new}'"
    if _without_charset(old) == _without_charset(new):
        yield Found("media-type-charset-changed", Effect.COMPATIBLE, text, "")
    elif _covers(new, old):
        yield Found("media-type-name-generalized", Effect.WIDENS, text, "")
    elif _covers(old, new):
        # A client that accepts the former name only does not accept the new one.
        effect = Effect.NARROWS if "*" in old else Effect.BREAKS
        yield Found("media-type-name-specialized", effect, text, "")
    else:
        yield Found("media-type-name-changed", Effect.INCOMPARABLE, text, "")


def _without_charset(name: str) -> list[str]:
    """Return the parts of a name. JSON and most other texts are in UTF-8 in any case."""
    parts = [part.strip().lower() for part in name.split(";")]
    return [part for part in parts if not part.startswith("charset=")]


def _essence(name: str) -> str:
    return name.partition(";")[0].strip().lower()


def _is_variant(name: str, other: str) -> bool:
    """Return whether two names differ in parameters or suffix only, or one covers the other."""
    return _essence(name) == _essence(other) or _covers(name, other) or _covers(other, name)


def _covers(wide: str, narrow: str) -> bool:
    """Return whether a range such as ``application/*`` contains a media type.

    ``application/json`` contains ``application/problem+json``, which is JSON as well.
    """
    outer, inner = _essence(wide), _essence(narrow)
    if outer == inner:
        return False
    kind, _, subtype = outer.partition("/")
    inner_kind, _, inner_subtype = inner.partition("/")
    if outer == "*/*" or (subtype == "*" and kind == inner_kind):
        return True
    return kind == inner_kind and inner_subtype.endswith(f"+{subtype}")
