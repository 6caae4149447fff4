"""Reads the schema objects of a document into schemas of the model, each shared schema once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from mockserver.docs import bounds
from mockserver.docs.anchors import Anchors
from mockserver.docs.document import Document, Node, Pointer, pointer_of, reference_of
from mockserver.docs.model import (
    MISSING,
    Choice,
    Discriminator,
    Property,
    Schema,
    SharedSchema,
)

_COMPONENTS: Pointer = ("components", "schemas")
_KINDS: tuple[Literal["allOf", "anyOf", "oneOf"], ...] = ("allOf", "anyOf", "oneOf")
_NULL = Schema(types=("null",))
_STRUCTURAL = frozenset(
    {"types", "enum", "properties", "items", "additional", "choices", "name", "format", "pattern"}
)


class SchemaReader:
    """Reads schema objects. A reference becomes the name of a shared schema, read later."""

    def __init__(self, document: Document, anchors: Anchors) -> None:
        self._document = document
        self._anchors = anchors
        self._names: dict[Pointer, str] = {}
        self._used_names: set[str] = set()
        self._uses: Counter[str] = Counter()
        for name in document.root.get("components", {}).get("schemas", {}):
            self._name((*_COMPONENTS, name))

    def read(self, node: Any) -> Schema:
        """Return a schema from a schema object, or from true or false."""
        if isinstance(node, bool):
            return Schema() if node else Schema(choices=(Choice("not", (Schema(),)),))
        reference = reference_of(node)
        name = None
        if reference is not None:
            name = self._name(pointer_of(reference))
            self._uses[name] += 1
        return _simplified(self._facts(node, name))

    def shared(self) -> dict[str, SharedSchema]:
        """Return all shared schemas by name: components first, then other targets of references."""
        schemas: dict[str, Schema] = {}
        # Reading a schema may find references to schemas that are not components.
        while len(schemas) < len(self._names):
            for pointer, name in list(self._names.items()):
                if name not in schemas:
                    schemas[name] = self.read(self._document.at(pointer))
        whole = self._document.root.get("x-provenance")
        return {
            name: SharedSchema(
                name,
                self._anchors.take("schema", name),
                schema,
                schema.mark or whole,
                self._uses.get(name, 0),
            )
            for name, schema in schemas.items()
        }

    def _name(self, pointer: Pointer) -> str:
        """Return the name of the shared schema at a pointer."""
        if pointer not in self._names:
            preferred = (
                str(pointer[-1]) if pointer[:-1] == _COMPONENTS else _name_from_pointer(pointer)
            )
            name, number = preferred, 1
            while name in self._used_names:
                number += 1
                name = f"{preferred} ({number})"
            self._used_names.add(name)
            self._names[pointer] = name
        return self._names[pointer]

    def _facts(self, node: Node, name: str | None) -> Schema:
        types = _types(node)
        enum = (node["const"],) if "const" in node else node.get("enum")
        return Schema(
            name=name,
            types=tuple(type for type in types if type != "null") or types,
            nullable=bool(node.get("nullable"))
            or (len(types) > 1 and "null" in types)
            or None in (enum or ()),
            title=node.get("title"),
            description=node.get("description"),
            description_mark=node.get("x-description-provenance"),
            mark=node.get("x-provenance"),
            format=node.get("format"),
            bounds=bounds.in_words(node),
            minimum=bounds.minimum(node),
            maximum=bounds.maximum(node),
            unit=node["x-unit"] if isinstance(node.get("x-unit"), str) else None,
            pattern=node.get("pattern"),
            enum=None if enum is None else tuple(value for value in enum if value is not None),
            default=node.get("default", MISSING),
            examples=tuple([node["example"]] if "example" in node else node.get("examples", ())),
            deprecated=node.get("deprecated", False),
            read_only=node.get("readOnly", False),
            write_only=node.get("writeOnly", False),
            properties=tuple(self._properties(node)),
            items=self.read(node["items"]) if "items" in node else None,
            additional=self._additional(node),
            choices=tuple(self._choices(node)),
            discriminator=_discriminator(node),
        )

    def _properties(self, node: Node) -> Iterator[Property]:
        required = frozenset(node.get("required", ()))
        lists = node.get("x-assumed-keywords")
        names = lists.get("type") if isinstance(lists, dict) else None
        assumed = names if isinstance(names, list) else ()
        for name, schema in node.get("properties", {}).items():
            type_mark = "assumed" if name in assumed else None
            yield Property(name, name in required, self.read(schema), type_mark)

    def _additional(self, node: Node) -> Schema | bool | None:
        additional = node.get("additionalProperties")
        return (
            additional
            if additional is None or isinstance(additional, bool)
            else self.read(additional)
        )

    def _choices(self, node: Node) -> Iterator[Choice]:
        for kind in _KINDS:
            if node.get(kind):
                yield Choice(kind, tuple(self.read(option) for option in node[kind]))
        if "not" in node:
            yield Choice("not", (self.read(node["not"]),))


def _discriminator(node: Node) -> Discriminator | None:
    found = node.get("discriminator")
    if not isinstance(found, dict) or not isinstance(found.get("propertyName"), str):
        return None
    mapping = found.get("mapping")
    keys = mapping.items() if isinstance(mapping, dict) else ()
    named = tuple((str(target).rpartition("/")[2], key) for key, target in reversed([*keys]))
    return Discriminator(found["propertyName"], named)


def _types(node: Node) -> tuple[str, ...]:
    """Return the types that a schema names, or the type that its keywords imply."""
    declared = node.get("type")
    if declared is not None:
        return tuple(
            name
            for name in ([declared] if isinstance(declared, str) else declared)
            if isinstance(name, str)
        )
    if "properties" in node or "additionalProperties" in node:
        return ("object",)
    return ("array",) if "items" in node else ()


def _name_from_pointer(pointer: Pointer) -> str:
    """Return a name for a schema outside the components: its path without common words."""
    noise = {"components", "schemas", "properties", "paths", "schema", "content"}
    return ".".join(str(part) for part in pointer if part not in noise) or "schema"


def _simplified(schema: Schema) -> Schema:
    """Return the schema with a null choice as ``nullable``, and without choices of one schema."""
    choices: list[Choice] = []
    nullable = schema.nullable
    for choice in schema.choices:
        rest = tuple(option for option in choice.schemas if not _is_null(option))
        if choice.kind in ("anyOf", "oneOf") and rest and len(rest) < len(choice.schemas):
            nullable = True
            choices.append(replace(choice, schemas=rest))
        else:
            choices.append(choice)
    schema = replace(schema, choices=tuple(choices), nullable=nullable)
    if (
        len(choices) == 1
        and choices[0].kind != "not"
        and len(choices[0].schemas) == 1
        and _is_wrapper(schema)
    ):
        return _merged(schema, choices[0].schemas[0])
    return schema


def _is_null(schema: Schema) -> bool:
    return schema.types == _NULL.types or (schema.enum == () and schema.nullable)


def _is_wrapper(schema: Schema) -> bool:
    """Return whether a schema constrains its value only by its choices."""
    declared = (getattr(schema, name) for name in _STRUCTURAL - {"choices", "types"})
    return not any(declared) and schema.bounds == () and schema.types in ((), ("object",))


def _merged(outer: Schema, inner: Schema) -> Schema:
    """Return the inner schema with the annotations of the outer one."""
    return replace(
        inner,
        nullable=outer.nullable or inner.nullable,
        title=outer.title or inner.title,
        description=outer.description or inner.description,
        description_mark=outer.description_mark if outer.description else inner.description_mark,
        mark=outer.mark or inner.mark,
        default=inner.default if outer.default is MISSING else outer.default,
        examples=outer.examples or inner.examples,
        deprecated=outer.deprecated or inner.deprecated,
        read_only=outer.read_only or inner.read_only,
        write_only=outer.write_only or inner.write_only,
    )
