"""Schemas in Markdown for table cells: types in words, facts about values, tables of fields."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mockserver.docs import fields, types
from mockserver.docs.fields import Field
from mockserver.docs.markdown_text import cell, code, link, plain
from mockserver.docs.model import DOCUMENTED, MISSING, Choice, Json, Reference, Schema

_MAX_EXCERPT_LENGTH, _MAX_EXAMPLE_LENGTH = 160, 80


def type_words(reference: Reference, schema: Schema) -> str:
    """Return the type of a value for a table cell, with a link to a shared schema."""
    words = _type_words(reference, schema)
    nullable = types.is_nullable(reference, schema)
    bounds = schema.bounds if schema.name is None else ()
    return ", ".join([f"{words} or null" if nullable else words, *bounds])


def facts(schema: Schema) -> Iterator[str]:
    """Yield further facts about a value, each as a sentence."""
    if schema.pattern is not None:
        yield f"Pattern: {_code(schema.pattern)}."
    if schema.default is not MISSING:
        yield f"Default: {_code(schema.default)}."
    for example in schema.examples[:1]:
        if isinstance(example, str | int | float) and len(str(example)) <= _MAX_EXAMPLE_LENGTH:
            yield f"Example: {_code(example)}."
    if schema.deprecated:
        yield "Deprecated."
    if schema.read_only:
        yield "Only in responses."
    if schema.write_only:
        yield "Only in requests."
    for choice in fields.choices_of(schema):
        if choice.kind == "not":
            yield "Some values are excluded."


def mark(provenance: str | None, inherited: str | None = DOCUMENTED) -> str:
    """Return a mark on a part whose provenance differs from that of its surroundings."""
    return "" if provenance is None or provenance == inherited else f" *{plain(provenance)}*"


def table(reference: Reference, schema: Schema, inherited: str | None) -> list[str]:
    """Return the fields of an object as a table, or nothing if it has none."""
    rows = fields.of(reference, schema)
    if not rows:
        return []
    lines = ["| Field | Type | Required | Description |", "|---|---|---|---|"]
    return [*lines, *(_row(reference, row, inherited) for row in rows), ""]


def described(reference: Reference, schema: Schema, words: str | None = None) -> str:
    """Return a description and facts for a cell.

    A schema without a description borrows the first sentence of the schema that it refers to, if
    that is a plain value. An object is described in its own section.
    """
    text = words or schema.description
    if (
        text is None
        and schema.name is not None
        and not fields.of(reference, reference.follow(schema))
    ):
        text = next(
            (
                _first_sentence(step.description)
                for step in reference.chain(schema)
                if step.description
            ),
            None,
        )
    return " ".join([*([sentence(cell(text))] if text else []), *facts(schema)])


def sentence(text: str) -> str:
    """Return a text ending with punctuation, so that other sentences can follow."""
    return text if text.endswith((".", "!", "?", ":", "`")) or not text else f"{text}."


def _row(reference: Reference, field: Field, inherited: str | None) -> str:
    required = "yes" if field.required else "no"
    name = code(field.path, in_table=True) + mark(field.schema.mark, inherited)
    type = type_words(reference, field.schema) + mark(field.type_mark)
    return f"| {name} | {type} | {required} | {described(reference, field.schema)} |"


def _type_words(reference: Reference, schema: Schema) -> str:
    if schema.name is not None:
        return _named(reference, schema.name)
    if schema.enum is not None:
        return _enum_words(schema.enum)
    if schema.items is not None:
        return f"array of {_type_words(reference, schema.items)}"
    words = " or ".join(schema.types)
    choices = "; ".join(_choice_words(reference, choice) for choice in schema.choices)
    form = f" ({plain(schema.format)})" if schema.format else ""
    return (f"{words}: {choices}" if words and choices else words or choices or types.ANY) + form


def _named(reference: Reference, name: str) -> str:
    """Return a link to a shared schema, after its type if that is a plain one."""
    shared = reference.schemas[name]
    target_link = link(plain(name), shared.anchor)
    target = reference.follow(shared.schema)
    is_plain = target.types not in (("object",), ()) and target.items is None
    return f"{' or '.join(target.types)} ({target_link})" if is_plain else target_link


def _enum_words(values: tuple[Json, ...]) -> str:
    shown = ", ".join(types.blank_words(value) or _code(value) for value in values)
    return f"one of {shown}" if len(values) > 1 else f"always {shown}" if values else "null"


def _choice_words(reference: Reference, choice: Choice) -> str:
    return f"{choice.words} " + ", ".join(
        _type_words(reference, schema) for schema in choice.schemas
    )


def _code(value: Json) -> str:
    return code(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), in_table=True
    )


def _first_sentence(text: str) -> str:
    line = " ".join(text.partition("\n\n")[0].split())
    sentence = line.partition(". ")[0]
    if len(sentence) > _MAX_EXCERPT_LENGTH or sentence.count("`") % 2:
        return ""
    return sentence if sentence.endswith(".") or not sentence else f"{sentence}."
