"""Schemas as foldable trees. A shared schema is written out once and linked elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from mockserver.docs import money, types
from mockserver.docs.html_text import inline
from mockserver.docs.model import (
    MISSING,
    Choice,
    Header,
    Json,
    Parameter,
    Property,
    Reference,
    Schema,
    SharedSchema,
)

_MAX_EXAMPLE_LENGTH = 80
_MAX_ANCHOR = 100
_NOT_IN_ANCHOR = re.compile(r"[^\w.]+")
_MAX_DEPTH = 6
"""Shared schemas nested deeper than this get their own section, even if they are used only once."""


@dataclass(frozen=True, slots=True)
class Row:
    """A value: a field, the items of a list, or one of several choices."""

    name: str | None
    anchor: str | None
    required: bool
    type: Markup
    mark: str | None
    """The provenance if it differs from that of the surroundings, or ``type assumed``."""
    description: Markup
    facts: tuple[Markup, ...]
    inner: Tree | None


@dataclass(frozen=True, slots=True)
class Tree:
    """The inner structure of a value. ``anchor`` is set where a shared schema is written out."""

    name: str | None
    anchor: str | None
    provenance: str | None
    description: str | None
    rows: tuple[Row, ...]
    choices: tuple[tuple[str, tuple[Row, ...]], ...]
    facts: tuple[Markup, ...] = ()
    type: Markup = Markup("")  # noqa: RUF009 (it cannot be changed)


class SchemaTrees:
    """Builds the trees of one page in reading order."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._written: set[str] = set()
        self._anchors: set[str] = set()

    def body(self, schema: Schema, inherited: str | None, place: str) -> Row:
        """Return the row of a body, with its fields unless they are written out elsewhere.

        ``place`` is what the anchors of its fields begin with.
        """
        return self._row(None, schema, inherited, 0, place)

    def row(
        self,
        part: Parameter | Header,
        schema: Schema,
        inherited: str | None,
        place: str | None = None,
    ) -> Row:
        """Return the row of a parameter or header, with its own description.

        It has an anchor if there is a ``place``.
        """
        described = self._description(schema, part.description)
        made = self._row(part.name, schema, inherited, 1, place, required=part.required)
        return replace(made, description=described, inner=None)

    def remaining(self) -> Iterator[Tree]:
        """Yield the shared schemas that no operation has written out."""
        for shared in self._reference.schemas.values():
            if shared.name not in self._written and shared.uses != 1:
                yield self._shared(shared, 0)
        for shared in self._reference.schemas.values():
            if shared.name not in self._written:
                yield self._shared(shared, 0)

    # --- trees

    def _shared(self, shared: SharedSchema, depth: int) -> Tree:
        self._written.add(shared.name)
        schema = shared.schema
        tree = self._tree(schema, shared.provenance, depth, shared.name)
        rows = () if tree is None else tree.rows
        choices = () if tree is None else tree.choices
        type = Markup("") if rows else self.type(schema)
        facts = tuple(_facts(schema))
        return Tree(
            shared.name,
            shared.anchor,
            shared.provenance,
            schema.description,
            rows,
            choices,
            facts,
            type,
        )

    def _tree(
        self, schema: Schema, inherited: str | None, depth: int, place: str | None
    ) -> Tree | None:
        """Return the inner structure of a schema, or None if there is nothing to unfold."""
        rows = tuple(self._fields(schema, inherited, depth, place))
        choices = tuple(
            (
                choice.words,
                tuple(self._row(None, option, inherited, depth + 1, place) for option in schemas),
            )
            for choice, schemas in _choices(schema)
        )
        return Tree(None, None, inherited, None, rows, choices) if rows or choices else None

    def _fields(
        self, schema: Schema, inherited: str | None, depth: int, place: str | None
    ) -> Iterator[Row]:
        seen: set[str] = set()
        for part in _parts(schema):
            for property in part.properties:
                if property.name not in seen:
                    seen.add(property.name)
                    yield self._field(property, inherited, depth, place)
            if isinstance(part.additional, Schema):
                yield self._row("*", part.additional, inherited, depth + 1, place)

    def _field(self, field: Property, inherited: str | None, depth: int, place: str | None) -> Row:
        row = self._row(
            field.name, field.schema, inherited, depth + 1, place, required=field.required
        )
        is_marked = row.mark is not None or field.type_mark is None
        return row if is_marked else replace(row, mark=f"type {field.type_mark}")

    def _row(
        self,
        name: str | None,
        schema: Schema,
        inherited: str | None,
        depth: int,
        place: str | None,
        *,
        required: bool = False,
    ) -> Row:
        inside = place if name is None or place is None else f"{place}.{name}"
        anchor = None if name is None or inside is None else self._anchor(inside)
        inner = self._inner(schema, schema.mark or inherited, depth, inside)
        unit = money.unit_of(name, schema)
        return Row(
            name=name,
            anchor=anchor,
            required=required,
            type=self.type(schema, unit, here=inner.name if inner is not None else None),
            mark=schema.mark if schema.mark != inherited else None,
            description=self._description(schema, None),
            facts=tuple(_facts(schema, unit)),
            inner=inner,
        )

    def _anchor(self, preferred: str) -> str:
        """Return a unique anchor, which needs no quotes."""
        preferred = slug(preferred)
        anchor, number = preferred, 1
        while anchor in self._anchors or "." not in anchor:
            number += 1
            anchor = f"{preferred}.{number}"
        self._anchors.add(anchor)
        return anchor

    def _inner(
        self, schema: Schema, inherited: str | None, depth: int, place: str | None
    ) -> Tree | None:
        while schema.name is None and schema.items is not None:
            schema = schema.items
        if schema.name is None:
            return self._tree(schema, inherited, depth, place)
        shared = self._reference.schemas[schema.name]
        is_here = shared.uses == 1 and shared.name not in self._written and depth <= _MAX_DEPTH
        return self._shared(shared, depth) if is_here else None

    def _description(self, schema: Schema, description: str | None) -> Markup:
        """Return a description, or the first paragraph of a plain value that is referred to."""
        text = description or schema.description
        if (
            text is None
            and schema.name is not None
            and not _has_parts(self._reference.follow(schema))
        ):
            text = next(
                (step.description for step in self._reference.chain(schema) if step.description),
                None,
            )
            text = text.strip().partition("\n\n")[0] if text else None
        return inline(text) if text else Markup("")

    # --- types

    def type(self, schema: Schema, unit: str | None = None, here: str | None = None) -> Markup:
        """Return the type in words with bounds, linked unless it is the schema named ``here``.

        Bounds of amounts whose ``unit`` is known are written in dollars too.
        """
        words = self._type(schema, here)
        if types.is_nullable(self._reference, schema):
            words += " or null"
        bounds = schema.bounds if schema.name is None else ()
        amounts = money.bounds(schema, unit) if unit is not None and bounds else ""
        return Markup(", ").join([words, *bounds]) + (f" ({amounts})" if amounts else "")

    def _type(self, schema: Schema, here: str | None) -> Markup:
        if schema.name is not None:
            return self._named(self._reference.schemas[schema.name], here)
        if schema.enum is not None:
            return _enum(schema.enum)
        if schema.items is not None:
            return Markup("array of {}").format(self._type(schema.items, here))
        words = escape(" or ".join(schema.types))
        choices = Markup("; ").join(
            Markup("{} {}").format(
                choice.words,
                Markup(", ").join(self._type(option, here) for option in choice.schemas),
            )
            for choice in schema.choices
        )
        form = Markup(" ({})").format(schema.format) if schema.format else ""
        whole = (
            Markup("{}: {}").format(words, choices)
            if words and choices
            else words or choices or escape(types.ANY)
        )
        return whole + form

    def _named(self, shared: SharedSchema, here: str | None) -> Markup:
        """Return a link to a shared schema.

        A plain type is written before the link. Class ``r`` marks schemas with fields of their own.
        """
        target = self._reference.follow(shared.schema)
        if shared.name == here:
            return escape(shared.name)
        if target.types in (("object",), ()) or target.items is not None:
            return Markup("<a class=r href=#{}>{}</a>").format(shared.anchor, shared.name)
        words = " or ".join(target.types)
        return Markup("{} (<a href=#{}>{}</a>)").format(words, shared.anchor, shared.name)


def slug(text: str) -> str:
    """Return a text as part of an anchor, which needs no quotes."""
    return _NOT_IN_ANCHOR.sub("-", text).strip("-.")[:_MAX_ANCHOR] or "field"


def code(value: Json) -> Markup:
    """Return a JSON value as code, text without its quotes."""
    return Markup("<code>{}</code>").format(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    )


def _parts(schema: Schema) -> Iterator[Schema]:
    """Yield the schema and its inline ``allOf`` parts. Shared parts are linked, not copied."""
    yield schema
    for choice in schema.choices:
        if choice.kind == "allOf":
            for option in choice.schemas:
                if option.name is None:
                    yield from _parts(option)


def _choices(schema: Schema) -> Iterator[tuple[Choice, list[Schema]]]:
    """Yield the choices that a list of fields does not show, with schemas worth a row."""
    for part in _parts(schema):
        for choice in part.choices:
            is_all = choice.kind == "allOf"
            schemas = [option for option in choice.schemas if option.name is not None or not is_all]
            if any(_has_parts(option) or option.description for option in schemas):
                yield choice, schemas


def _has_parts(schema: Schema) -> bool:
    return schema.name is not None or bool(
        schema.properties or schema.items or schema.choices or schema.additional
    )


def _enum(values: tuple[Json, ...]) -> Markup:
    shown = Markup(", ").join(types.blank_words(value) or code(value) for value in values)
    return (
        (Markup("one of ") if len(values) > 1 else Markup("always ")) + shown
        if values
        else Markup("null")
    )


def _facts(schema: Schema, unit: str | None = None) -> Iterator[Markup]:
    """Yield further facts about a value."""
    if schema.pattern is not None:
        yield Markup("Pattern: {}").format(code(schema.pattern))
    if schema.default is not MISSING:
        amount = money.dollars(schema.default, unit) if unit is not None else ""
        shown = f" ({amount})" if amount else ""
        yield Markup("Default: {}{}").format(code(schema.default), shown)
    for example in schema.examples[:1]:
        if isinstance(example, str | int | float) and len(str(example)) <= _MAX_EXAMPLE_LENGTH:
            yield Markup("Example: {}").format(code(example))
    if schema.deprecated:
        yield Markup("Deprecated")
    if schema.read_only:
        yield Markup("Only in responses")
    if schema.write_only:
        yield Markup("Only in requests")
    if any(choice.kind == "not" for choice in schema.choices):
        yield Markup("Some values are excluded")
