"""Bodies of forms: urlencoded, and multipart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from mockserver.engine.coercion import Coercion, Raw
from mockserver.engine.errors import Problem
from mockserver.engine.parameters import MISSING, QueryReader
from mockserver.engine.styles import RawQuery, decode, raw_query
from mockserver.engine.validation import problems
from mockserver.openapi.contract import Contract, is_json
from mockserver.openapi.schemas import Schema

_BOUNDARY = re.compile(r'boundary="?([^";,]{1,200})"?', re.IGNORECASE)
_NAME = re.compile(r'\bname="((?:[^"\\]|\\.)*)"|\bname=([^;\s]+)', re.IGNORECASE)
_MAX_PARTS = 1_000


class Checked:
    """A value that was read from text, and is validated as a body."""

    def __init__(self, schema: Schema, contract: Contract) -> None:
        self.coercion = Coercion([schema], contract)
        self._validator = contract.validator(schema)

    @property
    def is_scalar(self) -> bool:
        """Whether the schema describes neither a list nor an object."""
        return self.coercion.kinds.isdisjoint({"array", "object"})

    def read(self, raw: Raw) -> tuple[Any, list[Problem]]:
        """Return a value of the schema's types, and its violations."""
        return self.check(self.coercion.best(raw))

    def check(self, value: Any) -> tuple[Any, list[Problem]]:
        """Return a value and its violations."""
        if self._validator.is_valid(value):
            return value, []
        return None, list(problems(self._validator, value, ["body"], parsed=True))


class FormBody:
    """A urlencoded form."""

    def __init__(self, schema: Schema, encoding: Mapping[str, Schema], contract: Contract) -> None:
        self._checked = Checked(schema, contract)
        coercion = self._checked.coercion
        self._readers = {
            name: _field_reader(name, coercion.schema_of(name), encoding.get(name, {}), contract)
            for name in sorted(coercion.property_names)
        }

    def read(self, payload: bytes, _: str, _warnings: list[str]) -> tuple[Any, list[Problem]]:
        """Return the fields by name, and their violations."""
        raw = raw_query(payload)
        found = {name: read(raw) for name, read in self._readers.items()}
        value = {name: given for name, given in found.items() if given is not MISSING}
        value |= {
            name: self._checked.coercion.of_property(name).best(_texts(values))
            for name, values in raw.items()
            if name.partition("[")[0] not in self._readers and name not in self._readers
        }
        return self._checked.check(value)


def _texts(values: list[str]) -> Raw:
    texts = list(map(decode, values))
    return texts[0] if len(texts) == 1 else texts


def _field_reader(
    name: str, schema: Schema, encoding: Schema, contract: Contract
) -> Callable[[RawQuery], Any]:
    """Return a function that reads a field.

    Lists and objects are written in the style of the ``encoding``. Without one, their keys are in
    brackets, or objects are JSON.
    """
    field = {"name": name, "in": "query", "schema": schema}
    if is_json(encoding.get("contentType", "")):
        field = {**field, "content": {"application/json": {"schema": schema}}}
    kinds = Coercion([schema], contract).kinds
    styles: list[Schema] = [{key: encoding[key] for key in ("style", "explode") if key in encoding}]
    if not styles[0] and "object" in kinds:
        styles = [{"style": "deepObject"}]
    elif not styles[0] and "array" in kinds:
        styles.append({"style": "deepObject"})
    readers = [QueryReader([{**field, **style}], contract) for style in styles]

    def read(raw: RawQuery) -> Any:
        values = (reader.read(raw) for reader in readers)
        return next((found[name] for found in values if found), MISSING)

    return read


class MultipartBody:
    """A form of several parts, which may be files."""

    def __init__(self, schema: Schema, encoding: Mapping[str, Schema], contract: Contract) -> None:
        self._checked = Checked(schema, contract)
        self._json = {
            name for name, node in encoding.items() if is_json(node.get("contentType", ""))
        }

    def read(
        self, payload: bytes, content_type: str, _warnings: list[str]
    ) -> tuple[Any, list[Problem]]:
        """Return the parts by name, and their violations. Files are texts of their bytes."""
        if not content_type.lower().startswith("multipart/form-data"):
            return payload, []
        boundary = _BOUNDARY.search(content_type)
        parts = _parts_of(payload, boundary[1].encode("latin-1")) if boundary else None
        if parts is None:
            problem = "The body is not of the parts that its Content-Type announces"
            return None, [{"loc": ["body"], "msg": problem, "type": "value_error"}]
        values: dict[str, list[Any]] = {}
        for part in parts:
            values.setdefault(self._name_of(part), []).append(self._value_of(part))
        return self._checked.check(
            {name: self._property(name, found) for name, found in values.items()}
        )

    def _property(self, name: str, found: list[Any]) -> Any:
        """Return the value of the parts of one name. A list may have one item that is JSON."""
        coercion = self._checked.coercion.of_property(name)
        is_item = coercion.kinds == {"array"} and isinstance(found[0], dict)
        return coercion.best(found if len(found) > 1 or is_item else found[0])

    def _name_of(self, part: _Part) -> str:
        plain = part.name.removesuffix("[]")
        return plain if plain in self._checked.coercion.property_names else part.name

    def _value_of(self, part: _Part) -> Any:
        if is_json(part.media_type) or part.name in self._json:
            try:
                return orjson.loads(part.content)
            except orjson.JSONDecodeError:
                pass
        try:
            return part.content.decode()
        except UnicodeDecodeError:
            return part.content.decode("latin-1")


class _Part(NamedTuple):
    """One part of a multipart body."""

    name: str
    media_type: str
    content: bytes


def _parts_of(payload: bytes, boundary: bytes) -> list[_Part] | None:
    """Return the parts of a body; None if it does not have the boundaries of RFC 2046."""
    pieces = (b"\r\n" + payload).split(b"\r\n--" + boundary, _MAX_PARTS)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        return None
    parts: list[_Part] = []
    for piece in pieces[1:-1]:
        head, separator, content = piece.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(map(_header, head.decode("utf-8", "replace").split("\r\n")))
        name = _NAME.search(headers.get("content-disposition", ""))
        if not separator or name is None:
            return None
        text = name[1] if name[1] is not None else name[2]
        parts.append(_Part(text, headers.get("content-type", ""), content))
    return parts


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()
