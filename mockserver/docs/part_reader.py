"""Reads the parts of operations: parameters, bodies, responses, headers, examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.docs.anchors import Anchors
from mockserver.docs.document import Document, Node, Pointer, pointer_of, reference_of
from mockserver.docs.model import Body, Example, Header, Link, Media, Parameter, Response, Schema
from mockserver.docs.schema_reader import SchemaReader


class PartReader:
    """Reads the parts of operations. A shared response or header becomes one object."""

    def __init__(self, document: Document, schemas: SchemaReader, anchors: Anchors) -> None:
        self._document = document
        self._schemas = schemas
        self._anchors = anchors
        self._responses: dict[Pointer, Response] = {}
        self._headers: dict[tuple[Pointer, str], Header] = {}

    @property
    def shared_responses(self) -> tuple[Response, ...]:
        return tuple(
            response for response in self._responses.values() if response.anchor is not None
        )

    @property
    def shared_headers(self) -> tuple[Header, ...]:
        return tuple(self._headers.values())

    def parameter(self, node: Any, inherited: str | None) -> Parameter:
        node = self._document.follow(node)
        media: Node = next(iter(node.get("content", {}).values()), {})
        schema = node.get("schema", media.get("schema"))
        location = node["in"]
        return Parameter(
            name=node["name"],
            location=location,
            required=node.get("required", False) or location == "path",
            description=node.get("description"),
            description_mark=node.get("x-description-provenance"),
            schema=Schema() if schema is None else self._schemas.read(schema),
            examples=self._examples(node) or self._examples(media),
            explode=node.get("explode", location in ("query", "cookie")),
            deprecated=node.get("deprecated", False),
            mark=node.get("x-provenance"),
            provenance=node.get("x-provenance", inherited),
        )

    def body(self, node: Any, inherited: str | None) -> Body:
        node = self._document.follow(node)
        inherited = node.get("x-provenance", inherited)
        return Body(
            required=node.get("required", False),
            description=node.get("description"),
            media=self._content(node, inherited),
            mark=node.get("x-provenance"),
            provenance=inherited,
        )

    def response(self, node: Any, inherited: str | None) -> Response:
        """Return a response. A shared one keeps its component's provenance wherever it is used."""
        reference = reference_of(node)
        if reference is None:
            return self._response(node, inherited, None)
        pointer = self._last_pointer(reference)
        if pointer not in self._responses:
            name = str(pointer[-1]) if pointer[:-1] == ("components", "responses") else None
            self._responses[pointer] = self._response(
                self._document.at(pointer), self._document_provenance, name
            )
        return self._responses[pointer]

    def _response(self, node: Node, inherited: str | None, name: str | None) -> Response:
        inherited = node.get("x-provenance", inherited)
        return Response(
            name=name,
            anchor=None if name is None else self._anchors.take("response", name),
            description=node.get("description", ""),
            headers=tuple(
                self._header(name, header, inherited)
                for name, header in node.get("headers", {}).items()
            ),
            media=self._content(node, inherited),
            links=tuple(self._links(node)),
            mark=node.get("x-provenance"),
            provenance=inherited,
        )

    def _header(self, name: str, node: Any, inherited: str | None) -> Header:
        reference = reference_of(node)
        if reference is None:
            return self._read_header(name, node, inherited, None)
        key = (self._last_pointer(reference), name)
        if key not in self._headers:
            anchor = self._anchors.take("header", name)
            self._headers[key] = self._read_header(
                name, self._document.at(key[0]), self._document_provenance, anchor
            )
        return self._headers[key]

    def _read_header(
        self, name: str, node: Node, inherited: str | None, anchor: str | None
    ) -> Header:
        return Header(
            name=name,
            anchor=anchor,
            required=node.get("required", False),
            description=node.get("description"),
            schema=self._schemas.read(node["schema"]) if "schema" in node else None,
            examples=self._examples(node),
            deprecated=node.get("deprecated", False),
            mark=node.get("x-provenance"),
            provenance=node.get("x-provenance", inherited),
        )

    def _content(self, node: Node, inherited: str | None) -> tuple[Media, ...]:
        return tuple(
            Media(
                type=type,
                schema=self._schemas.read(media["schema"]) if "schema" in media else None,
                examples=self._examples(media),
                mark=media.get("x-provenance"),
                provenance=media.get("x-provenance", inherited),
            )
            for type, media in (
                (type, self._document.follow(media))
                for type, media in node.get("content", {}).items()
            )
        )

    def _examples(self, node: Node) -> tuple[Example, ...]:
        """Return the examples of a body, parameter or header, except external ones."""
        if "example" in node:
            return (Example(None, None, None, node["example"]),)
        named = (
            (name, self._document.follow(example))
            for name, example in node.get("examples", {}).items()
        )
        return tuple(
            Example(name, example.get("summary"), example.get("description"), example["value"])
            for name, example in named
            if "value" in example
        )

    def _links(self, node: Node) -> Iterator[Link]:
        for name, link in node.get("links", {}).items():
            target = self._document.follow(link)
            yield Link(
                name,
                target.get("description"),
                target.get("operationId"),
                target.get("x-provenance"),
            )

    def _last_pointer(self, reference: str) -> Pointer:
        """Return the pointer of the final target, through references to references."""
        pointer = pointer_of(reference)
        while (following := reference_of(self._document.at(pointer))) is not None:
            pointer = pointer_of(following)
        return pointer

    @property
    def _document_provenance(self) -> str | None:
        mark: str | None = self._document.root.get("x-provenance")
        return mark
