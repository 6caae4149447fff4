"""A contract: an OpenAPI document, loaded and checked once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct, field

from mockserver.json_bytes import kept
from mockserver.openapi import normal_form, paths, reader, references, servers
from mockserver.openapi.problems import Problems
from mockserver.openapi.reader import Reading
from mockserver.openapi.request_schemas import RequestSchemas
from mockserver.openapi.schemas import (
    DRAFT_4,
    Components,
    Dialect,
    ResponseSchemas,
    Schema,
    Validator,
    compile_schema,
)
from mockserver.openapi.security import Security, compile_security

_TEMPLATE = paths.TEMPLATE
METHODS = paths.METHODS
_ROUTED_METHODS = frozenset(METHODS) - {"query"}
"""The methods that Connexion routes."""
JSON = "application/json"


def is_json(media_type: str) -> bool:
    """Return whether bodies of a media type are JSON documents."""
    name = media_type.partition(";")[0].strip().lower()
    return name == JSON or name.endswith("+json")


class Operation(Struct, frozen=True, dict=True):
    """One operation of a contract: a method on a path."""

    operation_id: str
    method: str
    path: str
    node: Schema
    """The operation object of the document."""
    parameters: list[Schema]
    """Parameter objects without references, those of the path item included."""
    security: list[Schema]
    """Its security requirements, or those of the whole document."""

    @cached_property
    def path_names(self) -> list[str]:
        """The names of the path parameters, in the order of the path."""
        return _TEMPLATE.findall(self.path)

    @cached_property
    def route(self) -> str:
        """The path as routers understand it: its parameters have simple names."""
        numbers = count()
        return _TEMPLATE.sub(lambda _: f"{{{route_name(next(numbers))}}}", self.path)

    @property
    def request_body(self) -> Schema | None:
        """The request body object; None if the operation has none."""
        return self.node.get("requestBody")

    @property
    def statuses(self) -> list[int]:
        """The statuses that are documented by number, ascending."""
        return sorted(int(status) for status in self.node["responses"] if str(status).isdigit())

    @property
    def success(self) -> int:
        """The status of a successful response: the lowest 2xx, else the lowest 3xx, else a 200.

        A 200 that is not documented has no body, because nothing says what it contains.
        """
        found = [status for status in self.statuses if 200 <= status < 300]
        if not found and "2XX" not in self.node["responses"]:
            found = [status for status in self.statuses if 300 <= status < 400]
        return found[0] if found else 200

    def response(self, status: int) -> Schema | None:
        """Return the response object of a status, of its class (``4XX``), or ``default``.

        It may be a reference. It is None if the status is not documented.
        """
        responses: Schema = self.node["responses"]
        response: Schema | None = (
            responses.get(str(status))
            or responses.get(f"{status // 100}XX")
            or responses.get("default")
        )
        return response


class Contract(Struct, frozen=True, dict=True):
    """An OpenAPI document in the form that is served, and the file that it was read from."""

    path: Path
    document: Schema
    problems: Problems = field(default_factory=lambda: Problems([]))
    """What was wrong with the document."""
    dialect: Dialect = DRAFT_4
    files: tuple[Path, ...] = ()
    """All files that were read, the document itself first."""

    @classmethod
    def load(cls, path: Path, *, allow_remote: bool = False) -> Contract:
        """Load a document. Raise FileError, with the line, if it cannot be served.

        ``allow_remote`` lets its references lead to other servers.
        """
        return cls._of(path, reader.read(path, allow_remote=allow_remote))

    @classmethod
    def checked(cls, path: Path, document: Any, overlay: Path | None = None) -> Contract:
        """Check a document that was read from ``path``. Raise FileError for whatever is wrong.

        ``overlay`` is a file that was merged into the document.
        """
        problems = Problems([path] if overlay is None else [path, overlay], is_strict=True)
        return cls._of(path, reader.interpret(document, problems))

    @classmethod
    def of(cls, path: Path, document: Any) -> Contract:
        """Return the contract of a document as ``load`` does, if it has been read already."""
        return cls._of(path, reader.interpret(document, Problems([path])))

    @classmethod
    def _of(cls, path: Path, reading: Reading) -> Contract:
        contract = cls(path, reading.document, reading.problems, reading.dialect, reading.files)
        contract._check_servers()
        return contract

    def require_correct(self) -> None:
        """Raise FileError with the first warning, if there is one."""
        for warning in self.problems.warnings[:1]:
            raise self.problems.error(warning.pointer, warning.problem)

    @cached_property
    def schemas(self) -> Components:
        """The component schemas, by name."""
        components = self.document.get("components", {}).get("schemas", {})
        return Components(components, self.dialect, self._response_schemas)

    def _response_schemas(self) -> Iterator[Schema]:
        """Yield the schemas of the JSON bodies of all responses."""
        for operation in self.operations.values():
            for response in operation.node["responses"].values():
                for name, media in self.follow(response).get("content", {}).items():
                    if is_json(name):
                        yield media.get("schema", {})

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """All operations by operationId, in the order of the document."""
        return {operation.operation_id: operation for operation in self._operations()}

    @cached_property
    def json(self) -> bytes:
        """The document as JSON."""
        return json.dumps(
            self.published, ensure_ascii=False, separators=(",", ":"), default=str
        ).encode()

    @property
    def published(self) -> Schema:
        """The document in the language of its version."""
        is_plain = self.dialect is DRAFT_4
        published: Schema = self.document if is_plain else normal_form.published(self.document)
        return published

    def validator(self, schema: Schema, *, closed: bool = False) -> Validator:
        """Return a compiled schema. Equal schemas, such as those of errors, are compiled once.

        ``closed`` validates responses, which may have only what the contract names. Other schemas
        validate requests.
        """
        if closed:
            return self.schemas.validator(schema, closed=True)
        key = kept(orjson.dumps(schema))
        if key not in self._request_validators:
            restricted = self._requested.restrict(schema)
            self._request_validators[key] = compile_schema(restricted, self._requested)
        return self._request_validators[key]

    def response_validator(self, schema: Schema) -> Validator:
        """Return a compiled schema of responses that may have what the contract does not name."""
        key = kept(orjson.dumps(schema))
        if key not in self._response_validators:
            self._response_validators[key] = compile_schema(schema, self._responded)
        return self._response_validators[key]

    @cached_property
    def _request_validators(self) -> dict[bytes, Validator]:
        return {}

    @cached_property
    def _response_validators(self) -> dict[bytes, Validator]:
        return {}

    @cached_property
    def _responded(self) -> ResponseSchemas:
        """The component schemas as they apply to responses."""
        return ResponseSchemas(self.schemas, closed=False)

    @cached_property
    def _requested(self) -> RequestSchemas:
        """The component schemas as they apply to requests."""
        return RequestSchemas(self.schemas)

    @cached_property
    def callback_validators(self) -> list[Validator]:
        """The compiled schemas of the JSON bodies of all callbacks."""
        return [
            self.validator(media.get("schema", {}), closed=True)
            for operation in self.operations.values()
            for callback in operation.node.get("callbacks", {}).values()
            for item in self.follow(callback).values()
            for name, media in self._sent_content(item)
            if is_json(name)
        ]

    def _sent_content(self, item: Any) -> Iterator[tuple[str, Schema]]:
        """Yield the media types and objects of what a callback sends."""
        item = self.follow(item) if isinstance(item, dict) else {}
        for method in item.keys() & set(METHODS):
            body = self.follow(item[method].get("requestBody", {}))
            yield from body.get("content", {}).items()

    @cached_property
    def security_schemes(self) -> dict[str, Schema]:
        """The security schemes by name."""
        schemes: Schema = self.document.get("components", {}).get("securitySchemes", {})
        return {name: self.follow(scheme) for name, scheme in schemes.items()}

    def security(self, operation: Operation) -> Security:
        """Return the compiled security requirements of an operation."""
        return compile_security(operation.security, self.security_schemes)

    @cached_property
    def any_scheme(self) -> Security:
        """The requirement of one of the document's schemes, or of none."""
        alternatives: list[Schema] = [{name: []} for name in self.security_schemes]
        return compile_security(alternatives, self.security_schemes).optional

    @cached_property
    def base_path(self) -> str:
        """The path of the first server, below which all operations are served."""
        return servers.base_path((self.document.get("servers") or [{"url": "/"}])[0])

    def base_paths(self, operation: Operation) -> list[str]:
        """Return the paths of all servers of an operation.

        Those of the document are among them: clients often have one base URL for all operations.
        """
        item = self.document["paths"].get(operation.path, {})
        for node in (operation.node, item):
            if node.get("servers"):
                own = servers.base_paths(node["servers"])
                return list(dict.fromkeys([*own, *self._base_paths]))
        return self._base_paths

    @cached_property
    def _base_paths(self) -> list[str]:
        return servers.base_paths(self.document.get("servers", []))

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """The beginnings of all paths, each up to its first segment or its first parameter."""
        beginnings = {
            f"/{first.partition('{')[0]}" if "{" in first or not rest else f"/{first}/"
            for operation in self.operations.values()
            for path in (base + operation.path for base in self.base_paths(operation))
            for first, _, rest in [path.removeprefix("/").partition("/")]
        }
        shortest: list[str] = []
        for prefix in sorted(beginnings):  # what begins with another follows it
            if not shortest or not prefix.startswith(shortest[-1]):
                shortest.append(prefix)
        return tuple(shortest)

    def follow(self, node: Schema) -> Schema:
        """Return the node itself, or the node that its ``$ref`` names."""
        return references.follow(self.document, node)

    def allowed_methods(self, path: str) -> list[str]:
        """Return the methods that operations have on a path. HEAD is allowed wherever GET is."""
        path = path.removeprefix(self.base_path)
        methods = [
            operation.method.upper()
            for operation in self.operations.values()
            if self._pattern(operation.path).fullmatch(path)
        ]
        return [*methods, "HEAD"] if "GET" in methods else methods

    def for_routing(self) -> list[Schema]:
        """Return the part of the document that Connexion needs for routing, by base path.

        Connexion validates and resolves all that it is given, in interpreted Python and for a
        quarter of a second. This document has already been validated by the same schema, compiled.
        """
        by_base: dict[str, Schema] = {self.base_path: {}}
        for operation in self.operations.values():
            if operation.method not in _ROUTED_METHODS:
                continue
            for base in self.base_paths(operation):
                item = by_base.setdefault(base, {}).setdefault(operation.route, {})
                item[operation.method] = _routed(operation)
        return [
            {
                "openapi": "3.0.3",
                "info": {"title": "API", "version": "1"},
                "servers": [{"url": base or "/"}],
                "paths": items,
            }
            for base, items in by_base.items()
        ]

    @staticmethod
    def _pattern(path: str) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(path)))

    def _operations(self) -> Iterator[Operation]:
        for path, method, item, node in paths.operations(self.document):
            parameters = self._parameters(
                [*item.get("parameters", []), *node.get("parameters", [])]
            )
            security = node.get("security", self.document.get("security")) or []
            yield Operation(node["operationId"], method, path, node, parameters, security)

    def _parameters(self, declared: list[Schema]) -> list[Schema]:
        """Return parameters with their references followed.

        A parameter of the operation replaces one of the same place and name of its path.
        """
        followed = [self.follow(parameter) for parameter in declared]
        return list({(item.get("in"), item.get("name")): item for item in followed}.values())

    def _check_servers(self) -> None:
        try:
            self.base_path  # noqa: B018 (reads it, so that an error shows here)
        except ValueError as error:
            raise self.problems.error(["servers", 0, "url"], str(error)) from None


def route_name(index: int) -> str:
    """Return the name of a path parameter in routes, where its own may be no identifier."""
    return f"p{index}"


def _routed(operation: Operation) -> Schema:
    """Return the part of an operation that Connexion needs."""
    names = map(route_name, range(len(operation.path_names)))
    return {
        "operationId": operation.operation_id,
        "parameters": list(map(_path_parameter, names)),
        "responses": {"200": {"description": ""}},
    }


def _path_parameter(name: str) -> Schema:
    """Return a path parameter that matches any text.

    A value that does not satisfy its schema is then a 422 and not the 404 of an unknown path.
    """
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
