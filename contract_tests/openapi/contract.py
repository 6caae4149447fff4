"""The contract as the kit reads it: operations, places in the document as JSON pointers, and their provenance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import yaml

from contract_tests.errors import UsageError

Json = Any
Node = dict[str, Any]
Provenance = Literal["documented", "observed", "assumed"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON = "application/json"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]
    """Leaves times as the text that they are."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own name)
        first: [each for each in resolvers if each[0] != _TIMESTAMP]
        for first, resolvers in _BASE.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Place:
    """A node of the document and where it stands; references are followed."""

    pointer: str
    node: Node

    def child(self, *keys: str) -> str:
        """The pointer of something within; it need not exist."""
        return self.pointer + "".join(f"/{escape(key)}" for key in keys)


@dataclass(frozen=True)
class Operation:
    """One operation: a method on a path."""

    id: str
    method: str
    """In capitals."""
    path: str
    place: Place
    parameters: tuple[Place, ...]
    body: Place | None
    """The schema of the JSON request body."""
    body_required: bool
    responses: Mapping[int, Place]
    tags: tuple[str, ...]
    group: str
    secured: bool
    _pattern: re.Pattern[str] = field(repr=False, compare=False)

    @property
    def is_read(self) -> bool:
        return self.method in ("GET", "HEAD")

    @property
    def path_names(self) -> tuple[str, ...]:
        return tuple(each.node["name"] for each in self.parameters if each.node["in"] == "path")

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, if this is its path."""
        found = self._pattern.fullmatch(path)
        return (
            {name: unquote(value) for name, value in found.groupdict().items()} if found else None
        )


@dataclass(frozen=True)
class Contract:
    """An OpenAPI 3.0 document."""

    path: Path
    document: Node

    @classmethod
    def load(cls, path: Path) -> Contract:
        """Load a document. Raises UsageError, with the line, when it cannot be used."""
        document = _read(path)
        version = document.get("openapi") if isinstance(document, dict) else None
        if not isinstance(version, str) or not version.startswith("3.0"):
            raise UsageError(
                f"{path}: is no OpenAPI 3.0 document: it has no line such as 'openapi: 3.0.3'"
            )
        contract = cls(path, document)
        try:
            contract.operations  # noqa: B018 (reads all of it once, so that a broken one is found here)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"{path}: {_explain(error)}") from None
        if not contract.operations:
            raise UsageError(f"{path}: has no operations under 'paths'")
        return contract

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """All operations by operationId, in the order of the document."""
        return {each.id: each for each in self._operations()}

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation that a request is for; a HEAD is for the GET of its path."""
        wanted = "GET" if method == "HEAD" else method
        for operation in self.operations.values():
            if operation.method == wanted and (found := operation.match(path)) is not None:
                return operation, found
        return None

    def methods_of(self, path: str) -> list[str]:
        """The methods that some operation has on a path."""
        return [each.method for each in self.operations.values() if each.match(path) is not None]

    def at(self, pointer: str) -> Place:
        """What stands at a pointer, references followed. Raises KeyError when nothing does."""
        node: Any = self.document
        where = "#"
        for key in pointer.removeprefix("#").split("/")[1:]:
            node = node[int(key)] if isinstance(node, list) else node[unescape(key)]
            where = f"{where}/{key}"
            if isinstance(node, dict) and isinstance(node.get("$ref"), str):
                place = self.at(node["$ref"])
                where, node = place.pointer, place.node
        return Place(where, node)

    def provenance(self, pointer: str) -> Provenance:
        """The mark of a place: its own, or that of the nearest place around it."""
        node: Any = self.document
        mark: Provenance = node.get("x-provenance", "assumed")
        for key in pointer.removeprefix("#").split("/")[1:]:
            try:
                node = node[int(key)] if isinstance(node, list) else node[unescape(key)]
            except (KeyError, IndexError, ValueError, TypeError):
                break
            if isinstance(node, dict):
                mark = node.get("x-provenance", mark)
        return mark

    def line_of(self, pointer: str) -> int | None:
        """The line of the document in which a place begins."""
        node = self._tree
        line = node.start_mark.line
        for key in pointer.removeprefix("#").split("/")[1:]:
            found = _step(node, unescape(key))
            if found is None:
                break
            mark, node = found
            line = mark
        return line + 1

    @cached_property
    def _tree(self) -> yaml.Node:
        tree = yaml.compose(self.path.read_text(encoding="utf-8"), Loader=_Loader)
        return tree if tree is not None else yaml.ScalarNode("", "")

    def _operations(self) -> Iterator[Operation]:
        secured = bool(self.document.get("security"))
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield self._operation(
                        path, method, item[method], item.get("parameters", []), secured
                    )

    def _operation(
        self, path: str, method: str, node: Node, shared: list[Node], secured: bool
    ) -> Operation:
        pointer = f"#/paths/{escape(path)}/{method}"
        parameters = [
            self._follow(f"#/paths/{escape(path)}/parameters/{i}") for i in range(len(shared))
        ]
        parameters += [
            self._follow(f"{pointer}/parameters/{i}")
            for i in range(len(node.get("parameters", [])))
        ]
        body = None
        required = False
        if "requestBody" in node:
            request = self._follow(f"{pointer}/requestBody")
            required = bool(request.node.get("required", False))
            if JSON in request.node["content"]:
                body = self._follow(request.child("content", JSON, "schema"))
        return Operation(
            id=node.get("operationId") or f"{method.upper()} {path}",
            method=method.upper(),
            path=path,
            place=Place(pointer, node),
            parameters=tuple(parameters),
            body=body,
            body_required=required,
            responses={
                int(status): self._follow(f"{pointer}/responses/{status}")
                for status in node["responses"]
                if str(status).isdigit()
            },
            tags=tuple(node.get("tags", [])),
            group=str(node.get("x-group", "")),
            secured=bool(node.get("security", secured)),
            _pattern=re.compile(re.sub(r"\\\{([^/]+?)\\\}", r"(?P<\1>[^/]+)", re.escape(path))),
        )

    def _follow(self, pointer: str) -> Place:
        try:
            return self.at(pointer)
        except (KeyError, IndexError, TypeError, RecursionError):
            raise ValueError(f"{pointer}: its '$ref' leads nowhere") from None


def escape(key: str) -> str:
    """A key as a part of a JSON pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (derived from the safe loader)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"{path}{line}: is not valid YAML ({error.problem})") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: is not valid YAML ({str(error).splitlines()[0]})") from None


def _explain(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"misses '{error.args[0]}', which an OpenAPI document must have"
    return (
        str(error) if isinstance(error, ValueError) else f"is no valid OpenAPI document ({error})"
    )


def _step(node: yaml.Node, key: str) -> tuple[int, yaml.Node] | None:
    """The line and the node of a key (or index) within a node."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if str(name.value) == key:
                return name.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        value = node.value[int(key)]
        return value.start_mark.line, value
    return None
