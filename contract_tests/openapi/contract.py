"""The contract as the kit reads it: operations, places as JSON pointers, provenance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from posixpath import commonpath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from contract_tests.errors import UsageError
from contract_tests.openapi import provenance
from contract_tests.openapi.document import LEFT_OUT, NO_RESPONSES, in_one_form, is_modern
from contract_tests.openapi.lowering import lowered
from contract_tests.openapi.provenance import Marks, keys_of, unescape
from contract_tests.openapi.reading import check_references, lines_of, read_document
from contract_tests.openapi.security import (
    Carrier,
    Credential,
    carriers_of,
    credential_of,
    is_required,
)

Json = Any
Node = dict[str, Any]
Provenance = provenance.Provenance

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON = "application/json"
CONTROL = "/_mock"
"""Where the mock has its control API."""
ACCEPTED = "x-accepted-by-settings"
"""Marks responses that the settings of a run add to the document."""
_NO_PARAMETERS = frozenset({"accept", "authorization", "content-type"})
"""Headers of which OpenAPI ignores the declaration as a parameter: other parts describe them."""
_REQUIRED = re.compile(r"(?P<schema>.*)/required(?:/(?P<index>[0-9]+))?")
_PARAMETER = re.compile(r"\{([^/{}]+)\}")
_REMEMBERED = 10_000
"""Paths, and pointers, of which the result is remembered."""


@dataclass(frozen=True)
class Place:
    """A node of the document and where it stands; references are followed."""

    pointer: str
    node: Node

    def child(self, *keys: str) -> str:
        """Return the pointer of something within this place; it need not exist."""
        return self.pointer + "".join(f"/{escape(key)}" for key in keys)


@dataclass(frozen=True)
class Operation:
    """One operation: a method on a path."""

    id: str
    method: str
    """In capitals."""
    path: str
    """Below the deployment's URL: the base path of ``servers``, and the template."""
    place: Place
    parameters: tuple[Place, ...]
    body: Place | None
    """The schema of the JSON request body."""
    has_other_body: bool
    """Whether the request has a body of another media type than JSON."""
    body_required: bool
    responses: Mapping[int, Place]
    """The responses of single statuses."""
    other_responses: Mapping[str, Place]
    """``default``, and ranges such as ``4XX``."""
    tags: tuple[str, ...]
    group: str
    secured: bool
    carriers: tuple[Carrier, ...]
    """Where requests carry their key; empty where they carry none of a known kind."""
    _names: tuple[str, ...] = field(repr=False, compare=False)
    _pattern: re.Pattern[str] = field(repr=False, compare=False)

    @property
    def is_read(self) -> bool:
        return self.method in ("GET", "HEAD")

    def response(self, status: int) -> Place | None:
        """Return the declared response of a status; None if the contract has none."""
        for key in (f"{status // 100}XX", "default"):
            if status not in self.responses and key in self.other_responses:
                return self.other_responses[key]
        return self.responses.get(status)

    @property
    def invalid_status(self) -> int:
        """The status with which an invalid request is refused."""
        return 400 if 400 in self.responses and 422 not in self.responses else 422

    @property
    def path_names(self) -> tuple[str, ...]:
        """The names in the path's template; not every document declares them as parameters."""
        return self._names

    def match(self, path: str) -> dict[str, str] | None:
        """Return the path's parameters; None if the path is another one's."""
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        return dict(zip(self._names, map(unquote, found.groups()), strict=True))


_Matches = list[tuple[Operation, dict[str, str]]]


@dataclass(frozen=True)
class Contract:
    """An OpenAPI document, as one of version 3.0 or 3.1."""

    path: Path
    document: Node
    """The document as it was written, but for 2.0, 3.2 and files that are in one."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Contract, (self.path, self.document)  # what is derived cannot all be pickled

    @cached_property
    def is_modern(self) -> bool:
        """Whether schemas are those of JSON Schema 2020-12."""
        return is_modern(self.document)

    @cached_property
    def lowered(self) -> Node:
        """The document with its schemas in the words of OpenAPI 3.0."""
        found: Node = lowered(self.document) if self.is_modern else self.document
        return found

    @classmethod
    def load(cls, path: Path) -> Contract:
        """Load a document. Raise UsageError, with the line, when it cannot be used."""
        try:
            document = in_one_form(path, read_document(path))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"{path}: {_explain(error)}") from None
        contract = cls(path, document)
        check_references(path, document, contract._target)
        try:
            contract.operations  # noqa: B018 (reads all of it, so that errors show here)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"{path}: {_explain(error)}") from None
        if not contract.operations:
            raise UsageError(f"{path}: has no operations under 'paths'")
        return contract

    @property
    def left_out_paths(self) -> list[str]:
        """The paths of the document that no request can have, such as ``/items#archived``."""
        paths: list[str] = self.document.get(LEFT_OUT, [])
        return paths

    @property
    def without_responses(self) -> list[str]:
        """The operations for which the document names no responses: any response is accepted."""
        return [
            operation.id
            for operation in self.operations.values()
            if any(
                place.node.get("description") == NO_RESPONSES
                for place in operation.other_responses.values()
            )
        ]

    @property
    def title(self) -> str:
        """The API's name."""
        return str((self.document.get("info") or {}).get("title") or "API")

    @cached_property
    def base_path(self) -> str:
        """The path of the first server, without a slash at its end."""
        servers = self.document.get("servers") or [{}]
        url = str(servers[0].get("url") or "")
        for name, variable in (servers[0].get("variables") or {}).items():
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
        return urlsplit(url).path.rstrip("/")

    @property
    def root(self) -> str:
        """The path that all operations have in common; empty if they have none."""
        return commonpath([operation.path for operation in self.operations.values()]).rstrip("/")

    @cached_property
    def credential(self) -> Credential | None:
        """Where requests carry their key; None where no operation needs one."""
        return credential_of(self.document)

    @cached_property
    def text(self) -> str:
        """The text of the file, which is public."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def marks_provenance(self) -> bool:
        """Whether the document says of its parts how well founded they are."""
        return _has_key(self.document, "x-provenance")

    @cached_property
    def fields_of_examples(self) -> frozenset[str]:
        """The names of all fields that the document's examples show."""
        return frozenset(_fields_shown(self.document))

    @cached_property
    def error_fields(self) -> frozenset[str]:
        """The properties that every declared error body must have."""
        errors = [
            place
            for operation in self.operations.values()
            for status, place in (*operation.responses.items(), *operation.other_responses.items())
            if str(status)[0] in "45d" and place.node.get("content")
        ]
        required = [self._required(place) for place in errors]
        return frozenset.intersection(*required) if required else frozenset()

    def _required(self, response: Place) -> frozenset[str]:
        """Return the properties that a JSON body of a response must have."""
        if "schema" not in response.node["content"].get(JSON, {}):
            return frozenset()
        node = self.at(response.child("content", JSON, "schema")).node
        return frozenset(node.get("required", ()))

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """All operations by operationId, in the order of the document."""
        return {each.id: each for each in self._operations()}

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation that a request is for; a HEAD is for the GET of its path."""
        operations = self._of_path(path)
        for wanted in (method, "GET") if method == "HEAD" else (method,):
            for operation, parameters in operations:
                if operation.method == wanted:
                    return operation, dict(parameters)
        return None

    def _of_path(self, path: str) -> _Matches:
        """Return the operations of a path, each with the parameters in it.

        Those of templates are among them only where no concrete path is it. A run asks several
        times about each path, so that paths are remembered.
        """
        found = self._matches.get(path)
        if found is None:
            if len(self._matches) >= _REMEMBERED:
                self._matches.clear()
            found = self._matches[path] = self._found(path)
        return found

    def _found(self, path: str) -> _Matches:
        found = [
            (operation, parameters)
            for operation in self._concrete_first
            if (parameters := operation.match(path)) is not None
        ]
        fewest = found[0][0].path.count("{") if found else 0
        return [match for match in found if match[0].path.count("{") == fewest]

    @cached_property
    def _matches(self) -> dict[str, _Matches]:
        return {}

    @cached_property
    def _places(self) -> dict[str, Place]:
        return {}

    @cached_property
    def _concrete_first(self) -> list[Operation]:
        """The operations, those without parameters in the path before templates that also match."""
        return sorted(self.operations.values(), key=lambda operation: operation.path.count("{"))

    def methods_of(self, path: str) -> list[str]:
        """Return the methods that are declared for a path."""
        return [operation.method for operation, _ in self._of_path(path)]

    def methods_by_template(self, path: str) -> list[set[str]]:
        """Return the methods that are declared for a path, for each template that it fits."""
        found: dict[str, set[str]] = {}
        for operation, _ in self._of_path(path):
            found.setdefault(operation.path, set()).add(operation.method)
        return list(found.values())

    def is_control(self, path: str) -> bool:
        """Return whether a path is the mock's control API: paths of the document are not."""
        if path != CONTROL and not path.startswith(f"{CONTROL}/"):
            return False
        base = self.base_path
        is_below_base = base.startswith(f"{CONTROL}/") and f"{path}/".startswith(f"{base}/")
        return not is_below_base and not self.methods_of(path)

    def at(self, pointer: str) -> Place:
        """Return the place at a pointer, references followed. Raise KeyError if there is none."""
        place = self._places.get(pointer)
        if place is None:
            if len(self._places) >= _REMEMBERED:
                self._places.clear()
            place = self._places[pointer] = self._at(pointer)
        return place

    def _at(self, pointer: str) -> Place:
        node: Any = self.lowered
        where = "#"
        for key in pointer.removeprefix("#").split("/")[1:]:
            node = node[int(key)] if isinstance(node, list) else node[unescape(key)]
            where = f"{where}/{key}"
            if isinstance(node, dict) and isinstance(node.get("$ref"), str):
                place = self.at(node["$ref"])
                where, node = place.pointer, place.node
        return Place(where, node)

    def _target(self, reference: str) -> Any:
        """Return what a reference names. Raise LookupError, TypeError or ValueError without one."""
        node: Any = self.document
        for key in keys_of(reference):
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node

    def provenance(
        self, pointer: str, keyword: str | None = None, name: str | None = None
    ) -> Provenance:
        """Return the provenance of a place: its nearest mark, and that of its keyword if weaker.

        The pointer may end with the keyword. For ``required`` it may be the object's list with the
        name of the property, an entry of that list, or the property. A document without marks is
        documented.
        """
        if not self.marks_provenance:
            return "documented"
        found = _REQUIRED.fullmatch(pointer)
        if found and found["index"]:
            name = str(self.at(pointer).node)
        if found and name is not None:
            pointer, keyword = f"{found['schema']}/properties/{escape(name)}", "required"
        return self._marks.grade(pointer, keyword)

    def provenance_of_status(self, operation: Operation, status: int) -> Provenance:
        """Return how well founded it is that an operation returns a status, declared or not."""
        response = operation.place.child("responses", str(status))
        return self.provenance(response, "status")

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self.document)

    def line_of(self, pointer: str) -> int | None:
        """Return the line of the document in which a place begins."""
        return self._lines(pointer)

    @cached_property
    def _lines(self) -> Callable[[str], int]:
        return lines_of(self.path)

    def _operations(self) -> Iterator[Operation]:
        secured = is_required(self.document.get("security"))
        for path, item in self.lowered["paths"].items():
            for method in METHODS:
                if method in item:
                    yield self._operation(
                        path, method, item[method], item.get("parameters", []), secured
                    )

    def _operation(
        self, path: str, method: str, node: Node, shared: list[Node], secured: bool
    ) -> Operation:
        pointer = f"#/paths/{escape(path)}/{method}"
        pointers = [f"#/paths/{escape(path)}/parameters/{i}" for i in range(len(shared))]
        pointers += [f"{pointer}/parameters/{i}" for i in range(len(node.get("parameters", [])))]
        # The parameters of an operation override those of its path.
        parameters = {
            (place.node["in"], place.node["name"]): place
            for place in map(self._follow, pointers)
            if not is_ignored(place.node)
        }
        body, required = self._body(pointer) if "requestBody" in node else (None, False)
        responses = {
            str(status): self._follow(f"{pointer}/responses/{status}")
            for status in node.get("responses", {})
            if not str(status).startswith("x-")
        }
        return Operation(
            id=node.get("operationId") or f"{method.upper()} {path}",
            method=method.upper(),
            path=self.base_path + path,
            place=Place(pointer, node),
            parameters=tuple(parameters.values()),
            body=body,
            has_other_body="requestBody" in node and body is None,
            body_required=required,
            responses={
                int(status): place for status, place in responses.items() if status.isdigit()
            },
            other_responses={
                status: place for status, place in responses.items() if not status.isdigit()
            },
            tags=tuple(node.get("tags", [])),
            group=str(node.get("x-group", "")),
            secured=is_required(node["security"]) if "security" in node else secured,
            carriers=carriers_of(
                self.document, node.get("security", self.document.get("security"))
            ),
            _names=tuple(_PARAMETER.findall(path)),
            _pattern=_pattern(self.base_path + path),
        )

    def _body(self, pointer: str) -> tuple[Place | None, bool]:
        """Return the schema of an operation's JSON body, and whether a body is required."""
        request = self._follow(f"{pointer}/requestBody")
        body = None
        if "schema" in request.node["content"].get(JSON, {}):
            body = self._follow(request.child("content", JSON, "schema"))
        return body, bool(request.node.get("required", False))

    def _follow(self, pointer: str) -> Place:
        try:
            return self.at(pointer)
        except (KeyError, IndexError, TypeError, RecursionError):
            raise ValueError(f"{pointer}: its '$ref' leads nowhere") from None


def escape(key: str) -> str:
    """Return a key as a part of a JSON pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def _pattern(path: str) -> re.Pattern[str]:
    """Return the pattern of the paths that a template is for."""
    parts = _PARAMETER.split(path)  # text and names in turn
    return re.compile(
        "".join("([^/]+)" if index % 2 else _literal(part) for index, part in enumerate(parts))
    )


def _literal(text: str) -> str:
    """Return the pattern of the fixed part of a path, as it is written or percent-encoded."""
    encoded = quote(text, safe="/:;,=@$&+!*'()~%")
    plain = re.escape(text)
    return plain if encoded == text else f"(?:{plain}|{re.escape(encoded)})"


def _fields_shown(node: Any, *, is_shown: bool = False) -> Iterator[str]:
    """Yield the names of the fields in the examples of a node."""
    if isinstance(node, list):
        for item in node:
            yield from _fields_shown(item, is_shown=is_shown)
    elif isinstance(node, dict):
        for name, value in node.items():
            if is_shown:
                yield name
            yield from _fields_shown(value, is_shown=is_shown or name in ("example", "examples"))


def _has_key(node: Any, key: str) -> bool:
    if isinstance(node, dict):
        return key in node or any(_has_key(value, key) for value in node.values())
    return isinstance(node, list) and any(_has_key(value, key) for value in node)


def is_ignored(parameter: Node) -> bool:
    """Return whether OpenAPI ignores the declaration of a parameter."""
    return parameter["in"] == "header" and parameter["name"].lower() in _NO_PARAMETERS


def _explain(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"misses '{error.args[0]}', which an OpenAPI document must have"
    return (
        str(error) if isinstance(error, ValueError) else f"is no valid OpenAPI document ({error})"
    )
