"""Compares a saved page with a document, or with an older copy, in sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from mockserver.contract import page, page_document, words
from mockserver.contract.changes import (
    Change,
    Direction,
    Effect,
    Severity,
    in_order,
    severity_of,
)
from mockserver.contract.page import Json, Published, Row
from mockserver.contract.page_document import DocumentPage
from mockserver.openapi.problems import Pointer

Place = Callable[[str, str, str], Pointer]
"""Returns the place in a document of an operation, or of a part of it by section and name."""
BREAKING, ADDITIVE, EDITORIAL = Severity.BREAKING, Severity.ADDITIVE, Severity.EDITORIAL
NO_SCHEMA: Json = {"status": "ok"}
"""The response example of an operation that documents no response schema."""


class _Found(NamedTuple):
    kind: str
    severity: Severity
    text: str
    section: str = ""
    name: str = ""


def compare_with_document(saved: Path, document: Path) -> list[Change]:
    """Return what a saved page says that the document does not. Raise FileError."""
    described = page_document.read(document)
    return between(described.operations, page.read(saved), described)


def between(
    old: Sequence[Published], new: Sequence[Published], document: DocumentPage
) -> list[Change]:
    """Return what changed between two pages, with the places to edit in the document."""
    before = {published.key: published for published in old}
    after = {published.key: published for published in new}
    changes = []
    for key in {**before, **after}:
        for found in _operation(key, before.get(key), after.get(key)):
            pointer = document.place(key, found.section, found.name)
            changes.append(
                Change(
                    f"page-{found.kind}",
                    found.severity,
                    found.text,
                    pointer,
                    users=(key,),
                    provenance=document.provenance(pointer),
                )
            )
    places = document.problems.places([change.pointer for change in changes])
    placed = zip(changes, places, strict=True)
    return in_order([replace(change, path=path, line=line) for change, (path, line) in placed])


def _operation(key: str, old: Published | None, new: Published | None) -> Iterator[_Found]:
    if old is None and new is not None:
        text = f"{key} is new: {new.summary or 'without a summary'}."
        yield _Found("operation-added", ADDITIVE, text)
    elif new is None:
        yield _Found("operation-removed", BREAKING, f"{key} is not on the page any more.")
    elif old is not None and old != new:
        if old.summary != new.summary:
            text = f"{key}: the summary was changed {_values(old.summary, new.summary)}."
            yield _Found("summary-changed", EDITORIAL, text, "summary")
        rows = [*_rows(key, old.rows, new.rows)]
        yield from rows
        yield from _request(key, old, new, is_explained=bool(rows))
        yield from _response(key, old.response, new.response)


# -------------------------------------------------------------------------------------- parameters


def _rows(key: str, old: Sequence[Row], new: Sequence[Row]) -> Iterator[_Found]:
    before, after = ({row.name: row for row in rows} for rows in (old, new))
    renamed = dict(_renamed(old, new))
    for name, row in before.items():
        if name in renamed:
            text = f"{key}: the parameter `{name}` is called `{renamed[name]}` now."
            yield _Found("parameter-renamed", BREAKING, text, "row", name)
            yield from _row(key, row, after[renamed[name]])
        elif name not in after:
            text = f"{key}: the parameter `{name}` was removed."
            yield _Found("parameter-removed", BREAKING, text, "row", name)
        else:
            yield from _row(key, row, after[name])
    for name, row in after.items():
        if name not in before and name not in renamed.values():
            word = "required" if row.required else "optional"
            severity = BREAKING if row.required else ADDITIVE
            text = f"{key}: the {word} parameter `{name}` ({row.type}) is new."
            yield _Found("parameter-added", severity, text, "row", name)
    kept = [
        [row.name for row in rows if row.name in before and row.name in after]
        for rows in (old, new)
    ]
    if kept[0] != kept[1]:
        text = f"{key}: the parameters are in another order: {', '.join(kept[1])}."
        yield _Found("parameters-reordered", EDITORIAL, text, "row")


def _renamed(old: Sequence[Row], new: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Yield the rows that have another name and are otherwise the same, at the same position."""
    names = {row.name for row in old}, {row.name for row in new}
    if len(old) != len(new):
        return
    for before, after in zip(old, new, strict=True):
        is_replaced = before.name not in names[1] and after.name not in names[0]
        if is_replaced and (before.type, before.required) == (after.type, after.required):
            yield before.name, after.name


def _row(key: str, old: Row, new: Row) -> Iterator[_Found]:
    start = f"{key}: the parameter `{new.name}`"
    if old.type != new.type:
        text = f"{start} has another type: {old.type} became {new.type}."
        severity = ADDITIVE if _allows(new.type, old.type) else BREAKING
        yield _Found("parameter-type-changed", severity, text, "row", old.name)
    if old.required != new.required:
        severity, word = (BREAKING, "required") if new.required else (ADDITIVE, "optional")
        yield _Found(
            f"parameter-became-{word}", severity, f"{start} is {word} now.", "row", old.name
        )
    if old.default != new.default:
        text = f"{start} has another default: {_values(old.default, new.default)}."
        yield _Found("parameter-default-changed", BREAKING, text, "row", old.name)
    is_named = (old.description, new.description) == (old.name, new.name)
    if old.description != new.description and not is_named:
        yield _described(start, old, new)


def _allows(wide: str, narrow: str) -> bool:
    """Return whether a type of the page allows all values of another one."""
    if narrow.startswith('"'):
        listed = {*narrow.split(" | ")}
        return wide == "string" or (wide[:1] == '"' and listed <= {*wide.split(" | ")})
    return (narrow, wide) == ("integer", "number")


def _described(start: str, old: Row, new: Row) -> _Found:
    """Return the change of a description, which may state bounds or list values."""
    values = f"{_values(old.description, new.description)}."
    effect = words.change(old.description, new.description)
    if effect is None:
        text = f"{start} is described anew: {values}"
        return _Found("parameter-description-changed", EDITORIAL, text, "row", old.name)
    severity, suffix = severity_of(effect, Direction.REQUEST), _STATED[effect]
    remark = "; compare it by hand" if effect is Effect.UNKNOWN else ""
    text = f"{start}: what the description states about values {suffix}{remark}: {values}"
    return _Found(f"parameter-words-{suffix.split()[-1]}", severity, text, "row", old.name)


_STATED = {
    Effect.NARROWS: "was narrowed",
    Effect.WIDENS: "was widened",
    Effect.INCOMPARABLE: "was changed",
    Effect.UNKNOWN: "may have changed",
}


# ---------------------------------------------------------------------------------------- examples


def _request(key: str, old: Published, new: Published, *, is_explained: bool) -> Iterator[_Found]:
    """Compare request examples. What they take from changed rows is not reported again."""
    if old.request_url != new.request_url and not is_explained:
        text = f"{key}: the URL of the request example was changed to {new.request_url}."
        yield _Found("request-url-changed", EDITORIAL, text)
    if old.request_body != new.request_body and not is_explained:
        text = f"{key}: the body of the request example was changed to {_shown(new.request_body)}."
        yield _Found("request-example-changed", EDITORIAL, text, "requestBody")


def _response(key: str, old: Json, new: Json) -> Iterator[_Found]:
    if old == new and [*old] == [*new]:
        return
    if NO_SCHEMA in (old, new):
        is_new = old == NO_SCHEMA
        text = f"{key}: the response has {'a' if is_new else 'no'} documented schema now."
        severity = ADDITIVE if is_new else BREAKING
        yield _Found("response-schema-changed", severity, text, "responses")
        if not is_new:
            return
        old = {}
    removed = [name for name in old if name not in new]
    added = [name for name in new if name not in old]
    renamed = {
        before: after
        for before, after in zip(removed, added, strict=False)
        if len(removed) == len(added)
        and [*old].index(before) == [*new].index(after)
        and old[before] == new[after]
    }
    yield from _properties(key, old, new, renamed)
    order = [[name for name in found if name in old and name in new] for found in (old, new)]
    if order[0] != order[1]:
        text = f"{key}: the response properties are in another order: {', '.join(order[1])}."
        yield _Found("response-reordered", EDITORIAL, text, "response")


def _properties(key: str, old: Json, new: Json, renamed: dict[str, str]) -> Iterator[_Found]:
    start = f"{key}: the response property"
    for name, value in old.items():
        if name in renamed:
            text = f"{start} `{name}` is called `{renamed[name]}` now."
            yield _Found("response-property-renamed", BREAKING, text, "response", name)
        elif name not in new:
            text = f"{start} `{name}` was removed."
            yield _Found("response-property-removed", BREAKING, text, "response", name)
        elif value != new[name] or type(value) is not type(new[name]):
            text = f"{start} `{name}` has another example: {_values(value, new[name])}."
            yield _Found("response-example-changed", BREAKING, text, "response", name)
    for name in new:
        if name not in old and name not in renamed.values():
            text = f"{start} `{name}` is new, with the example {_shown(new[name])}."
            yield _Found("response-property-added", ADDITIVE, text, "response", name)


def _values(old: Any, new: Any) -> str:
    return f"from {_shown(old)} to {_shown(new)}"


def _shown(value: Any) -> str:
    text = "none" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:100]}..."
