"""The array of problems that an error has in many documents: of objects, or of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from mockserver.engine.coercion import Coercion
from mockserver.engine.errors import PreferenceRefused, Problem, Refusal
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema
from mockserver.resources.minimal_value import minimal_value, schema_parts

_MAX_DEPTH = 3
_ARRAYS = frozenset(
    {
        *("error", "errors", "detail", "details", "message", "messages", "problems", "reasons"),
        *(
            "violations",
            "issues",
            "description",
            "descriptions",
            "error_messages",
            "non_field_errors",
        ),
    }
)
"""Names of arrays of texts that hold sentences, or of objects around such arrays."""
_FIELDS = (
    *("field", "fieldName", "field_name", "loc", "location", "path", "pointer", "property"),
    *("param", "parameter", "instancePath", "source"),
)
"""Names of properties that hold the place of a problem, as a list or as a text."""
_TYPES = ("type", "code", "error_code", "errorCode", "kind", "keyword")
"""Names of properties that hold the type of a problem."""
_STATUS_PLACES: dict[int, list[str | int]] = {
    401: ["header"],
    404: ["path"],
    405: ["method"],
    406: ["header", "accept"],
    415: ["header", "content-type"],
}
"""Where the problem is, by status. It is the body for other statuses."""


def problems_of(refusal: Refusal) -> list[Problem]:
    """Return the problems of a refusal. A sentence is a single problem."""
    if not isinstance(refusal.detail, str):
        return refusal.detail
    place = _STATUS_PLACES.get(refusal.status, ["body"])
    if isinstance(refusal, PreferenceRefused):
        place = ["header", "prefer"]
    return [{"loc": place, "msg": refusal.detail, "type": "value_error"}]


class Entries(NamedTuple):
    """An array of problems in the schema of an error."""

    way: tuple[str, ...]
    """The names of the properties that lead to it."""
    schemas: tuple[Schema, ...]
    """The schema of the body, and of each property on the way."""
    items: Schema
    sentences: Sequence[str]
    """Names of properties of an item that may hold the sentence; empty for an array of texts."""

    def placed(self, draft: Any, entries: list[Any], contract: Contract) -> Any:
        """Return a body with the entries."""
        if not self.way:
            return entries
        body = deepcopy(draft) if isinstance(draft, dict) else {}
        target = body
        for name, schema in zip(self.way[:-1], self.schemas[1:], strict=False):
            if not isinstance(target.get(name), dict):
                made = minimal_value(schema, contract)
                target[name] = made if isinstance(made, dict) else {}
            target = target[name]
        target[self.way[-1]] = entries
        return body

    def entry(self, problem: Problem, text: str, status: int, contract: Contract) -> Any:
        """Return the item for a problem; ``text`` is the problem with its place."""
        if not self.sentences:
            return text
        place = [str(part) for part in problem["loc"]]
        properties = _properties(self.items, contract)
        made = minimal_value(self.items, contract)
        item = dict(made) if isinstance(made, dict) else {}
        field = ".".join(place[1:] or place)
        has_place = not properties.keys().isdisjoint(_FIELDS)
        for names, values in (
            (self.sentences, [problem["msg"] if has_place else text]),
            (_TYPES, [problem["type"], status, str(status)]),
            (("status", "statusCode", "status_code"), [status, str(status)]),
            (_FIELDS, [problem["loc"], place, field]),
        ):
            for name in filter(properties.__contains__, names):
                is_valid = contract.validator(properties[name], closed=True).is_valid
                if (value := next(filter(is_valid, values), None)) is not None:
                    item[name] = value
                    if names is self.sentences:
                        break
        return item


def entries_in(schema: Schema, contract: Contract, sentences: Sequence[str]) -> Entries | None:
    """Return the outermost array of problems of an error's schema; None if it has none.

    ``sentences`` are names of properties that hold a sentence.
    """
    found = list(_arrays(schema, contract, sentences))
    return min(found, key=lambda entries: (not entries.sentences, len(entries.way)), default=None)


def _arrays(
    schema: Schema,
    contract: Contract,
    sentences: Sequence[str],
    way: tuple[str, ...] = (),
    schemas: tuple[Schema, ...] = (),
) -> Iterator[Entries]:
    kinds, schemas = Coercion([schema], contract).kinds, (*schemas, schema)
    if "array" in kinds:
        items = next(_items(schema, contract), None)
        if items is None:
            return
        names = list(_texts(items, contract, sentences))
        is_texts = "string" in Coercion([items], contract).kinds
        if names or (is_texts and not _ARRAYS.isdisjoint(way)):
            yield Entries(way, schemas, items, names)
    elif len(way) < _MAX_DEPTH:
        for name, property in _properties(schema, contract).items():
            yield from _arrays(property, contract, sentences, (*way, name), schemas)


def _items(schema: Schema, contract: Contract) -> Iterator[Schema]:
    for part in schema_parts(schema, contract):
        if isinstance(part.get("items"), dict):
            yield part["items"]


def _properties(schema: Schema, contract: Contract) -> dict[str, Schema]:
    properties: dict[str, Schema] = {}
    for part in reversed(schema_parts(schema, contract)):
        properties |= part.get("properties", {})
    return {name: found for name, found in properties.items() if isinstance(found, dict)}


def _texts(schema: Schema, contract: Contract, names: Iterable[str]) -> Iterator[str]:
    """Yield the names of an object's properties that are texts, out of some names."""
    properties = _properties(schema, contract)
    for name in names:
        if name in properties and "string" in Coercion([properties[name]], contract).kinds:
            yield name
