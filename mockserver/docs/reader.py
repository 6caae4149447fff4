"""Reads a document into a reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from mockserver.docs.anchors import Anchors
from mockserver.docs.document import Document, Node
from mockserver.docs.model import (
    LOCATIONS,
    Callback,
    Group,
    Guide,
    Operation,
    Page,
    Parameter,
    Reference,
    Scheme,
    Server,
    StatusResponse,
)
from mockserver.docs.part_reader import PartReader
from mockserver.docs.schema_reader import SchemaReader
from mockserver.docs.story_reader import story_of, synonyms_of
from mockserver.openapi.shape import METHODS

MOCK_URL = "http://127.0.0.1:8080"
"""The address of the mock, which is the base of relative server URLs in samples."""
_ROOT = "/"
"""The URL of the server of a document that names none."""
_AFTER_LETTERS = "\U0010ffff"


def read(document: Document) -> Reference:
    """Return the reference of a document."""
    return _Reader(document).reference()


class _Reader:
    def __init__(self, document: Document) -> None:
        self._root = document.root
        self._document = document
        self._document_provenance: str | None = document.root.get("x-provenance")
        self._anchors = Anchors()
        self._schemas = SchemaReader(document, self._anchors)
        self._parts = PartReader(document, self._schemas, self._anchors)

    def reference(self) -> Reference:
        info = self._root.get("info", {})
        guides = tuple(self._guides())
        servers = tuple(self._servers(self._root))
        schemes = {
            name: self._scheme(name, node)
            for name, node in self._component("securitySchemes").items()
        }
        operations = list(self._operations(schemes))
        return Reference(
            title=info.get("title", "API"),
            version=str(info.get("version", "")),
            description=info.get("description"),
            license=info.get("license", {}).get("name"),
            provenance=info.get("x-provenance", self._document_provenance),
            servers=servers or (Server(_ROOT, None, None),),
            schemes=tuple(schemes.values()),
            guides=guides,
            pages=tuple(self._pages(operations)),
            schemas=self._schemas.shared(),
            responses=self._parts.shared_responses,
            headers=self._parts.shared_headers,
            anchors={
                operation.operation_id: operation.anchor
                for operation in operations
                if operation.operation_id is not None
            },
            story=story_of(self._root, operations),
            synonyms=synonyms_of(self._root),
        )

    def _component(self, kind: str) -> Node:
        found: Node = self._root.get("components", {}).get(kind, {})
        return found

    # --- operations

    def _operations(self, schemes: dict[str, Scheme]) -> Iterator[Operation]:
        """Yield all operations in the order of the document."""
        for path, path_item in self._root.get("paths", {}).items():
            if path.startswith("x-"):
                continue
            item = self._document.follow(path_item)
            for method in item:
                if method in METHODS:
                    yield self._operation(path, method, item, item[method], schemes)

    def _operation(
        self,
        path: str,
        method: str,
        item: Node,
        node: Node,
        schemes: dict[str, Scheme],
        *,
        kind: str = "operation",
    ) -> Operation:
        inherited = node.get("x-provenance", item.get("x-provenance", self._document_provenance))
        operation_id = node.get("operationId")
        servers = [*self._servers(node), *self._servers(item), *self._servers(self._root)]
        return Operation(
            operation_id=operation_id,
            anchor=self._anchors.take(kind, operation_id or f"{method} {path}"),
            method=method.upper(),
            path=path,
            tag=next(iter(node.get("tags", ())), None),
            group=node.get("x-group"),
            summary=node.get("summary", item.get("summary")),
            description=node.get("description", item.get("description")),
            description_mark=node.get("x-description-provenance"),
            deprecated=node.get("deprecated", False),
            parameters=self._parameters(item, node, inherited),
            body=self._parts.body(node["requestBody"], inherited)
            if "requestBody" in node
            else None,
            responses=self._responses(node, inherited),
            security=self._security(node, schemes),
            server=urljoin(MOCK_URL, servers[0].url if servers else _ROOT).rstrip("/"),
            mark=node.get("x-provenance"),
            provenance=inherited,
            # A callback may contain itself, so only one level is read.
            callbacks=tuple(self._callbacks(node, schemes)) if kind == "operation" else (),
        )

    def _responses(self, node: Node, inherited: str | None) -> tuple[StatusResponse, ...]:
        return tuple(
            StatusResponse(status, self._parts.response(response, inherited))
            for status, response in node.get("responses", {}).items()
            if not status.startswith("x-")
        )

    def _callbacks(self, node: Node, schemes: dict[str, Scheme]) -> Iterator[Callback]:
        for name, callback in node.get("callbacks", {}).items():
            for expression, value in self._document.follow(callback).items():
                if expression.startswith("x-"):
                    continue
                item = self._document.follow(value)
                for method in item:
                    if method in METHODS:
                        yield Callback(
                            name,
                            self._operation(
                                expression, method, item, item[method], schemes, kind="callback"
                            ),
                        )

    def _parameters(self, item: Node, node: Node, inherited: str | None) -> tuple[Parameter, ...]:
        """Return the path item's parameters, overridden by those of the operation."""
        found: dict[tuple[str, str], Parameter] = {}
        for declared in [*item.get("parameters", ()), *node.get("parameters", ())]:
            parameter = self._parts.parameter(declared, inherited)
            found[parameter.location, parameter.name] = parameter
        return tuple(
            sorted(found.values(), key=lambda parameter: LOCATIONS.index(parameter.location))
        )

    def _security(self, node: Node, schemes: dict[str, Scheme]) -> tuple[tuple[Scheme, ...], ...]:
        requirements: list[Node] = (
            node["security"] if "security" in node else self._root.get("security", [])
        )
        return tuple(
            tuple(schemes[name] for name in requirement if name in schemes)
            for requirement in requirements
        )

    def _scheme(self, name: str, node: Any) -> Scheme:
        node = self._document.follow(node)
        return Scheme(
            name=name,
            anchor=self._anchors.take("security", name),
            type=node["type"],
            location=node.get("in"),
            parameter=node.get("name"),
            scheme=node.get("scheme"),
            description=node.get("description"),
            mark=node.get("x-provenance"),
        )

    def _servers(self, node: Node) -> Iterator[Server]:
        for server in node.get("servers", ()):
            url = server["url"]
            for name, variable in server.get("variables", {}).items():
                url = url.replace(f"{{{name}}}", variable.get("default", ""))
            yield Server(
                url.rstrip("/") or _ROOT,
                server.get("description"),
                server.get("x-provenance", self._document_provenance),
            )

    # --- pages

    def _tags(self) -> dict[str, Node]:
        return {tag["name"]: tag for tag in self._root.get("tags", ())}

    def _guides(self) -> Iterator[Guide]:
        for name, tag in self._tags().items():
            if tag.get("x-traitTag"):
                provenance = tag.get("x-provenance", self._document_provenance)
                yield Guide(
                    name, self._anchors.take("guide", name), tag.get("description", ""), provenance
                )

    def _pages(self, operations: list[Operation]) -> Iterator[Page]:
        """Yield a page for each tag with operations: declared tags first, then by use."""
        tags = self._tags()
        found = _grouped(operations, lambda operation: operation.tag)
        undeclared = [name for name in found if name not in tags and name is not None]
        for name in [
            *(name for name in (*tags, *undeclared) if name in found),
            *([None] if None in found else []),
        ]:
            tag = tags.get(name, {}) if name is not None else {}
            title = name if name is not None else self._title_without_tag(found)
            yield Page(
                title=title,
                anchor=self._anchors.take("tag", title),
                description=tag.get("description"),
                description_mark=tag.get("x-description-provenance"),
                provenance=tag.get("x-provenance", self._document_provenance),
                groups=tuple(self._groups(found[name])),
                operations=in_published_order(found[name]),
            )

    def _title_without_tag(self, used: Mapping[str | None, object]) -> str:
        title: str = self._root.get("info", {}).get("title", "API") if len(used) == 1 else "Other"
        return title

    def _groups(self, operations: list[Operation]) -> Iterator[Group]:
        for title, own in _grouped(operations, lambda operation: operation.group).items():
            anchor = None if title is None else self._anchors.take("group", title)
            yield Group(title, anchor, in_published_order(own))


def in_published_order(operations: list[Operation]) -> tuple[Operation, ...]:
    """Return operations sorted by path, ``{`` after letters; methods stay in document order."""
    return tuple(
        sorted(operations, key=lambda operation: operation.path.replace("{", _AFTER_LETTERS))
    )


def _grouped(
    operations: list[Operation], key: Callable[[Operation], str | None]
) -> dict[str | None, list[Operation]]:
    found: dict[str | None, list[Operation]] = {}
    for operation in operations:
        found.setdefault(key(operation), []).append(operation)
    return found
