"""Schemas of the contract as compiled validators, with places on both sides."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind

from contract_tests.openapi.contract import Contract, Json, Node, Place, escape
from contract_tests.openapi.conversion import CHOICES, convert, opened
from contract_tests.openapi.files import FILES
from contract_tests.openapi.provenance import keys_of, unescape

_Validator = jsonschema_rs.Draft4Validator | jsonschema_rs.Draft202012Validator
MAX_UNKNOWN = 300
"""Undeclared fields of one object that are reported."""
MAX_FIELDS = 1_000
"""Undeclared fields of one object that are searched for what is wrong."""
MANY_SCHEMAS = 40
"""A validator that reaches as many shared schemas is large."""
MAX_LARGE = 24
"""Large validators that are kept, of what is no body."""
_SHARED = "#/components/schemas/"
_PART = re.compile(r"(.*?)(?:/allOf/\d+)+/[^/]+")
"""The way from a schema to a keyword of a part of it."""
_INDEX = re.compile(r"/\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class Breach:
    """One way in which a value breaks a schema."""

    where: str
    """JSON pointer into the value."""
    spec: str
    """JSON pointer of the keyword in the contract."""
    keyword: str
    message: str
    value: Json
    via: str = ""
    """JSON pointer of the keyword or the missing property by way of the references that lead there.

    ``Contract.provenance`` needs it: a property that refers to a shared schema has a mark too.
    """


@dataclass(frozen=True)
class _Compiled:
    """A validator of one schema, or of many as properties, of which one has this name."""

    validator: _Validator
    name: str = ""

    def is_valid(self, value: Json) -> bool:
        return self.validator.is_valid({self.name: value} if self.name else value)

    def breaches(self, root: str, value: Json) -> Iterator[Breach]:
        for error in self.validator.iter_errors({self.name: value} if self.name else value):
            yield from _breaches(error, root, 1 if self.name else 0)


class Schemas:
    """Validators for schemas of one contract, each compiled when it is first used."""

    def __init__(
        self, contract: Contract, formats: Mapping[str, Callable[[str], bool]] | None = None
    ) -> None:
        self._contract = contract
        self._formats = dict(formats or {})
        self._compiled: dict[tuple[str, bool], _Validator] = {}
        self._large: dict[tuple[str, bool], _Validator] = {}
        """Validators of up to 10 MB each, the least recently used first."""
        self._draft: type[_Validator] = (
            jsonschema_rs.Draft202012Validator
            if contract.is_modern
            else jsonschema_rs.Draft4Validator
        )

    def breaches(self, pointer: str, value: Json) -> Iterator[Breach]:
        """Yield every breach of a schema. Undeclared fields have the keyword ``unknown_field``."""
        compiled = self._compiled_schema(pointer)
        try:
            found = [] if compiled.is_valid(value) else self._found(compiled, pointer, value)
        except (
            UnicodeEncodeError
        ):  # half a surrogate pair, which JSON can write and the validator cannot read
            readable = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
            value = json.loads(readable)
            found = self._found(compiled, pointer, value)
        if any(breach.keyword in CHOICES for breach in found):
            found = self._without_closed_choices(pointer, value, found)
        for breach in found:
            if not (breach.value is None and self._may_be_null(breach)):
                yield breach

    def _found(self, compiled: _Compiled, pointer: str, value: Json) -> list[Breach]:
        """Return what is wrong with a value.

        Each error holds a copy of the object it is about. Without most undeclared fields of a large
        object, what is wrong with it fits into memory.
        """
        breaches = compiled.breaches(pointer, self._with_fewer_fields(value))
        return list(breaches) or list(compiled.breaches(pointer, value))

    def _with_fewer_fields(self, value: Json) -> Json:
        """Return a value with at most ``MAX_FIELDS`` undeclared fields in each object."""
        if isinstance(value, list):
            return [self._with_fewer_fields(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) > MAX_FIELDS:
            others = (name for name in value if name not in self._declared)
            kept = self._declared.union(islice(others, MAX_FIELDS))
            value = {name: item for name, item in value.items() if name in kept}
        return {name: self._with_fewer_fields(item) for name, item in value.items()}

    @cached_property
    def _declared(self) -> frozenset[str]:
        """The names of the fields that any schema declares or requires."""
        return frozenset(_fields_in(self._contract.document))

    def _without_closed_choices(
        self, pointer: str, value: Json, found: list[Breach]
    ) -> list[Breach]:
        """Return the breaches; a choice that only undeclared fields break is ``unknown_field``."""
        still = self._compiled_schema(pointer, is_open=True).breaches(pointer, value)
        broken = {(breach.where, breach.keyword) for breach in still}
        return [
            breach
            if breach.keyword not in CHOICES or (breach.where, breach.keyword) in broken
            else replace(breach, keyword="unknown_field")
            for breach in found
        ]

    def _may_be_null(self, breach: Breach) -> bool:
        """Return whether ``nullable`` beside an ``allOf`` without a type allows a null.

        The text of OpenAPI 3.0 forbids it, and nobody writes it with another meaning.
        """
        found = _PART.fullmatch(breach.via)
        if found is None or breach.keyword in ("required", "unknown_field"):
            return False
        node = self.node(found[1])
        return node.get("nullable") is True and "type" not in node

    def accepts(self, pointer: str, value: Json) -> bool:
        """Return whether a value is valid; undeclared fields are."""
        return all(breach.keyword == "unknown_field" for breach in self.breaches(pointer, value))

    def node(self, pointer: str) -> Any:
        """Return the node at a pointer: a schema, or the value of a keyword."""
        return self._contract.at(pointer).node

    def place(self, pointer: str) -> Place:
        """Return the place at a pointer, references followed."""
        return self._contract.at(pointer)

    def _compiled_schema(self, pointer: str, *, is_open: bool = False) -> _Compiled:
        """Return a compiled schema; an open one accepts undeclared fields."""
        bodies = self._open_bodies if is_open else self._bodies
        name = self._body_names.get(self._contract.at(pointer).pointer)
        if bodies is not None and name is not None:
            return _Compiled(bodies, name)
        return _Compiled(self._validator(pointer, is_open=is_open))

    @cached_property
    def _body_names(self) -> dict[str, str]:
        """Names of the schemas of all bodies, by their places."""
        places = dict.fromkeys(place.pointer for place in _bodies(self._contract))
        return {place: str(number) for number, place in enumerate(places)}

    @cached_property
    def _bodies(self) -> _Validator | None:
        return self._bodies_together(is_open=False)

    @cached_property
    def _open_bodies(self) -> _Validator | None:
        return self._bodies_together(is_open=True)

    def _bodies_together(self, *, is_open: bool) -> _Validator | None:
        """Compile the schemas of all bodies as one, so that they share what they refer to.

        One by one they take 10 MB and 50 ms each in a document of 800 shared schemas; 450 of them
        together take 17 MB and 50 ms. Return nothing if one of them cannot be compiled.
        """
        properties = {name: self._converted(place) for place, name in self._body_names.items()}
        schema = {"properties": properties, "components": {"schemas": self._all_components}}
        try:
            return self._compile({**schema, FILES: self._files}, is_open=is_open)
        except (jsonschema_rs.ValidationError, ValueError):
            return None

    def _validator(self, pointer: str, *, is_open: bool) -> _Validator:
        """Return the validator of one schema; large ones are dropped after a while."""
        key = pointer, is_open
        validator = self._compiled.get(key) or self._large.pop(key, None)
        if validator is None:
            schema = self._converted(pointer)
            needed = self._needed(schema)
            schema = {**schema, "components": {"schemas": needed}, FILES: self._files}
            validator = self._compile(schema, is_open=is_open)
            if len(needed) < MANY_SCHEMAS:
                self._compiled[key] = validator
        if key not in self._compiled:
            self._large[key] = validator
            if len(self._large) > MAX_LARGE:
                del self._large[next(iter(self._large))]
        return validator

    def _converted(self, pointer: str) -> Node:
        node = self._written(pointer)
        converted: Node = convert(node, is_open="allOf" in node)
        return converted

    def _compile(self, schema: Node, *, is_open: bool) -> _Validator:
        return self._draft(
            opened(schema) if is_open else schema, validate_formats=True, formats=self._formats
        )

    def _written(self, pointer: str) -> Node:
        """Return a schema as it was written, which need not be in the words of 3.0."""
        node: Any = self._contract.document
        for key in keys_of(self._contract.at(pointer).pointer):
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node if isinstance(node, dict) else {}

    def _needed(self, schema: Json) -> Json:
        """Return the shared schemas that a schema and the other files lead to."""
        found: dict[str, Json] = {}
        left = [*_names_in(schema), *self._names_in_files]
        while left:
            name = left.pop()
            if name not in found:
                found[name] = self._components.get(name, {})
                left += self._names.get(name, [])
        return found

    @cached_property
    def _all_components(self) -> dict[str, Json]:
        """All shared schemas; those that are missing in the document allow any value."""
        wanted: dict[str, Json] = {name: {} for name in _names_in(self._contract.document)}
        return {**wanted, **self._components}

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        """The shared schemas that each shared schema refers to."""
        return {name: list(_names_in(schema)) for name, schema in self._components.items()}

    @cached_property
    def _names_in_files(self) -> list[str]:
        return list(_names_in(self._files))

    @cached_property
    def _files(self) -> Json:
        return convert(self._contract.document.get(FILES, {}), is_open=True)

    @cached_property
    def _components(self) -> Json:
        schemas = self._contract.document.get("components", {}).get("schemas", {})
        joined = set(_joined(self._contract.document))
        left = list(joined)
        while left:  # a part may be nothing but a reference to another schema
            schema = schemas.get(unescape(left.pop().removeprefix(_SHARED)))
            target = schema.get("$ref") if isinstance(schema, dict) else None
            if isinstance(target, str) and target not in joined:
                joined.add(target)
                left.append(target)
        return {
            name: convert(schema, is_open=f"#/components/schemas/{name}" in joined)
            for name, schema in schemas.items()
        }


def generalised(pointer: str) -> str:
    """Return a pointer with ``*`` for each position in a list: the place in every entry."""
    return _INDEX.sub("/*", pointer)


def _bodies(contract: Contract) -> Iterator[Place]:
    """Yield the places of the schemas of all bodies."""
    for operation in contract.operations.values():
        if operation.body is not None:
            yield operation.body
        for response in operation.responses.values():
            for media_type in response.node.get("content", {}):
                content = contract.at(response.child("content", media_type))
                if "schema" in content.node:
                    yield contract.at(content.child("schema"))


def _names_in(node: Any) -> Iterator[str]:
    """Yield the names of the shared schemas that a node refers to."""
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(_SHARED):
            yield unescape(reference.removeprefix(_SHARED).partition("/")[0])
        for value in node.values():
            yield from _names_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from _names_in(value)


def _fields_in(node: Any) -> Iterator[str]:
    """Yield the names of the fields that the schemas in a node declare or require."""
    if isinstance(node, dict):
        for key in ("properties", "required"):
            fields = node.get(key)
            if isinstance(fields, dict | list):
                yield from (name for name in fields if isinstance(name, str))
        for value in node.values():
            yield from _fields_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from _fields_in(value)


def _breaches(error: jsonschema_rs.ValidationError, root: str, depth: int) -> Iterator[Breach]:
    """Yield the breaches of an error, below so many properties that only we put there."""
    where = "".join(f"/{escape(str(part))}" for part in error.instance_path[depth:])
    path = [str(part) for part in error.schema_path]
    is_shared = path[:1] == ["components"]
    spec = "#" if is_shared else root
    spec += "".join(f"/{escape(part)}" for part in (path if is_shared else path[2 * depth :]))
    steps = [str(part) for part in error.evaluation_path if part != "$ref"][2 * depth :]
    via = root + "".join(f"/{escape(part)}" for part in steps)
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        instance = error.instance  # converted at each access
        for name in kind.unexpected[:MAX_UNKNOWN]:
            value = instance[name] if isinstance(instance, dict) else None
            parent = spec.removesuffix("/additionalProperties")
            yield Breach(
                f"{where}/{escape(name)}",
                parent,
                "unknown_field",
                f"'{name}' is not in the contract",
                value,
                via.removesuffix("/additionalProperties"),
            )
    elif isinstance(kind, ValidationErrorKind.Required):
        owner = spec.removesuffix("/required")
        name = str(kind.property)
        yield Breach(
            f"{where}/{escape(name)}",
            f"{owner}/properties/{escape(name)}",
            "required",
            f"'{name}' is missing",
            None,
            f"{via.removesuffix('/required')}/properties/{escape(name)}",
        )
    else:
        yield Breach(where, spec, kind.name, error.message, error.instance, via)


def _joined(node: Any, *, is_part: bool = False) -> Iterator[str]:
    """Yield the references in every ``allOf``."""
    if isinstance(node, dict):
        if is_part and isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for key, value in node.items():
            yield from _joined(value, is_part=key == "allOf")
    elif isinstance(node, list):
        for value in node:
            yield from _joined(value, is_part=is_part)
