"""XML bodies by the ``xml`` objects of their schemas: names, attributes, lists, prefixes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct, field

from mockserver.engine.coercion import Coercion, Raw, parts_of
from mockserver.engine.errors import Problem
from mockserver.engine.reply import encode
from mockserver.engine.validation import problems
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema

_MAX_DEPTH = 64
_NOT_IN_NAMES = re.compile(r"[^\w.:-]")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class _Element(Struct):
    """One element of a document that was read. Prefixes are dropped."""

    name: str
    attributes: dict[str, str]
    children: list[_Element] = field(default_factory=list)
    text: str = ""


class _Refused(Exception):
    """A document that is not read: why."""


class XmlBody:
    """The XML body of a request, compiled."""

    def __init__(self, schema: Schema, contract: Contract) -> None:
        self._schema = schema
        self._coercion = Coercion([schema], contract)
        self._validator = contract.validator(schema)
        self._shape = XmlShape(contract)

    def read(self, payload: bytes, _: str, _warnings: list[str]) -> tuple[Any, list[Problem]]:
        """Return the value that a document describes, and its violations."""
        try:
            element = _parsed(payload)
        except (ExpatError, _Refused, UnicodeError, ValueError) as error:
            return None, [{"loc": ["body"], "msg": f"XML error: {error}", "type": "xml_invalid"}]
        root = self._shape.required_root(self._schema)
        if root is not None and element.name != root:
            message = f"The root element should be '{root}'"
            return None, [{"loc": ["body"], "msg": message, "type": "xml_invalid"}]
        value = self._coercion.best(self._shape.raw(element, self._schema))
        if self._validator.is_valid(value):
            return value, []
        return None, list(problems(self._validator, value, ["body"], parsed=True))


def encode_xml(value: Any, schema: Schema, contract: Contract) -> bytes:
    """Return a value of a schema as an XML document."""
    shape = XmlShape(contract)
    name = shape.root_name(schema)
    return (_DECLARATION + "".join(shape.written(value, schema, name))).encode()


class XmlShape:
    """What the schemas of a contract say about elements and attributes."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    # ----------------------------------------------------------------------------- schemas

    def root_name(self, schema: Schema) -> str:
        """Return the name of a document's root: by the schema, else that of its component."""
        given = self._xml(schema)
        component = str(schema.get("$ref", "")).rpartition("/")[2]
        named = next((part["title"] for part in self._parts(schema) if "title" in part), "root")
        return self._prefixed(given, given.get("name") or component or _name(named))

    def required_root(self, schema: Schema) -> str | None:
        """Return the local name of a document's root; None if the schema names none."""
        if not self._xml(schema).get("name") and "$ref" not in schema:
            return None
        return _local(self.root_name(schema))

    def _parts(self, schema: Schema) -> list[Schema]:
        return parts_of([schema], self._contract)

    def _xml(self, schema: Schema) -> Schema:
        """Return the ``xml`` object of a schema."""
        for part in self._parts(schema):
            if isinstance(part.get("xml"), dict):
                found: Schema = part["xml"]
                return found
        return {}

    def _properties(self, schema: Schema) -> dict[str, Schema]:
        properties: dict[str, Schema] = {}
        for part in self._parts(schema):
            for name, property in part.get("properties", {}).items():
                properties.setdefault(name, property if isinstance(property, dict) else {})
        return properties

    def _items(self, schema: Schema) -> Schema | None:
        """Return the schema of the items of a list; None for anything else."""
        for part in self._parts(schema):
            if part.get("type") == "array" or "items" in part:
                items: Schema = part.get("items", {})
                return items
        return None

    def _others(self, schema: Schema) -> Schema:
        for part in self._parts(schema):
            if isinstance(part.get("additionalProperties"), dict):
                others: Schema = part["additionalProperties"]
                return others
        return {}

    @staticmethod
    def _prefixed(xml: Schema, name: str) -> str:
        return f"{xml['prefix']}:{name}" if xml.get("prefix") else name

    # ----------------------------------------------------------------------------- writing

    def written(self, value: Any, schema: Schema, name: str) -> Iterator[str]:
        """Yield an element of a name."""
        properties = self._properties(schema)
        attributes, inner = [self._namespace(schema)], list[str]()
        if isinstance(value, dict):
            for key, item in value.items():
                property = properties.get(key) or self._others(schema)
                xml = self._xml(property)
                if xml.get("attribute") and not isinstance(item, dict | list):
                    named = self._prefixed(xml, xml.get("name") or _name(key))
                    attributes.append(f" {named}={quoteattr(_text(item))}")
                elif item is not None:
                    inner += self._property(key, item, property)
        elif isinstance(value, list):
            items = self._items(schema) or {}
            for item in value:
                inner += self.written(item, items, self._item_name(items, "item"))
        else:
            inner.append(escape(_text(value)))
        yield f"<{name}{''.join(attributes)}>{''.join(inner)}</{name}>"

    def _property(self, key: str, value: Any, schema: Schema) -> Iterator[str]:
        """Yield the elements of a property."""
        xml = self._xml(schema)
        own = self._prefixed(xml, xml.get("name") or _name(key))
        if not isinstance(value, list):
            yield from self.written(value, schema, own)
            return
        items = self._items(schema) or {}
        if not xml.get("wrapped"):
            for item in value:
                yield from self.written(item, items, self._item_name(items, _name(key)))
            return
        yield f"<{own}{self._namespace(schema)}>"
        for item in value:
            yield from self.written(item, items, self._item_name(items, own))
        yield f"</{own}>"

    def _item_name(self, items: Schema, default: str) -> str:
        xml = self._xml(items)
        if not xml.get("name"):
            component = str(items.get("$ref", "")).rpartition("/")[2]
            return component if component and default == "item" else default
        return self._prefixed(xml, xml["name"])

    def _namespace(self, schema: Schema) -> str:
        xml = self._xml(schema)
        if not xml.get("namespace"):
            return ""
        prefix = f":{xml['prefix']}" if xml.get("prefix") else ""
        return f" xmlns{prefix}={quoteattr(str(xml['namespace']))}"

    # ----------------------------------------------------------------------------- reading

    def raw(self, element: _Element, schema: Schema) -> Raw:
        """Return what an element describes: texts, lists, and objects of them."""
        items = self._items(schema)
        if items is not None:
            return [self.raw(child, items) for child in element.children]
        properties = self._properties(schema)
        if not properties and not element.children and not element.attributes:
            kinds = Coercion([schema], self._contract).kinds
            return {} if kinds == {"object"} and not element.text.strip() else element.text
        return self._object(element, schema, properties)

    def _object(
        self, element: _Element, schema: Schema, properties: dict[str, Schema]
    ) -> dict[str, Raw]:
        found: dict[str, Raw] = {}
        known: set[str] = set()
        for key, property in properties.items():
            xml = self._xml(property)
            name = xml.get("name") or _name(key)
            items = self._items(property)
            if items is not None and not xml.get("wrapped"):
                name = self._xml(items).get("name") or _name(key)
            known.add(name)
            if xml.get("attribute"):
                if name in element.attributes:
                    found[key] = element.attributes[name]
                continue
            children = [child for child in element.children if child.name == name]
            if children and items is not None and not xml.get("wrapped"):
                found[key] = [self.raw(child, items) for child in children]
            elif children:
                found[key] = self.raw(children[0], property)
        others = self._others(schema)
        for child in element.children:
            if child.name not in known:
                found[child.name] = self.raw(child, others)
        return found


def _name(key: str) -> str:
    """Return a property's name as that of an element."""
    name = _NOT_IN_NAMES.sub("_", key)
    return name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", value)
    return "" if value is None else encode(value).decode()


def _parsed(payload: bytes) -> _Element:
    """Return the root of a document. Raise _Refused or ExpatError.

    Documents with a DOCTYPE are refused: entities could make them grow.
    """
    parser = ParserCreate()
    roots: list[_Element] = []
    stack: list[_Element] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(stack) >= _MAX_DEPTH:
            raise _Refused("nested too deeply")
        plain = {
            _local(key): value for key, value in attributes.items() if not key.startswith("xmlns")
        }
        element = _Element(_local(name), plain)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    def refuse(*_: Any) -> None:
        raise _Refused("a DOCTYPE is not accepted")

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    parser.Parse(payload, True)
    return roots[0]


def _local(name: str) -> str:
    return name.rpartition(":")[2]
