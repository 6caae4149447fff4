"""A contract: an OpenAPI document, loaded and checked once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
from msgspec import Struct

from mockserver.connexion_files import openapi_schema
from mockserver.openapi import references, servers, yaml_file
from mockserver.openapi.request_schemas import RequestSchemas
from mockserver.openapi.schemas import ResponseSchemas, Schema, Validator, compile_schema
from mockserver.openapi.security import Security, compile_security
from mockserver.openapi.yaml_file import FileError

_TEMPLATE = re.compile(r"\{([^/{}]+)\}")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
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
        """The status of a successful response: the lowest 2xx, else the lowest documented one."""
        successes = [status for status in self.statuses if 200 <= status < 300]
        if successes or "2XX" in self.node["responses"] or not self.statuses:
            return successes[0] if successes else 200
        return self.statuses[0]

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
    """An OpenAPI 3.0 document and the file that it was read from."""

    path: Path
    document: Schema

    @classmethod
    def load(cls, path: Path) -> Contract:
        """Load and check a document. Raises FileError, with the line, if it is not OpenAPI 3.0."""
        return cls.checked(path, yaml_file.load(path))

    @classmethod
    def checked(cls, path: Path, document: Any, overlay: Path | None = None) -> Contract:
        """Check a document that was read from ``path``. Raises FileError, with the line.

        ``overlay`` is a file that was merged into the document.
        """
        files = [path] if overlay is None else [path, overlay]
        version = document.get("openapi") if isinstance(document, dict) else None
        if not isinstance(version, str) or not version.startswith("3.0."):
            problem = f"must be an OpenAPI 3.0 document ('openapi: 3.0.3'), but has {version!r}"
            raise FileError(path, _shorten(problem), 1)
        for error in jsonschema_rs.Draft4Validator(openapi_schema()).iter_errors(document):
            raise _error_at(files, error.instance_path, _shorten(error.message))
        references.check(document, lambda *problem: _error_at(files, *problem))
        contract = cls(path, document)
        contract._check_servers()
        contract._check_operations(files)
        return contract

    @cached_property
    def schemas(self) -> Schema:
        """The component schemas, by name."""
        components: Schema = self.document.get("components", {}).get("schemas", {})
        return components

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """All operations by operationId, in the order of the document."""
        return {operation.operation_id: operation for operation in self._operations()}

    @cached_property
    def json(self) -> bytes:
        """The document as JSON."""
        return json.dumps(
            self.document, ensure_ascii=False, separators=(",", ":"), default=str
        ).encode()

    @cached_property
    def _validators(self) -> dict[tuple[bytes, bool], Validator]:
        return {}

    def validator(self, schema: Schema, *, closed: bool = False) -> Validator:
        """Return a compiled schema. Equal schemas, such as those of errors, are compiled once.

        ``closed`` validates responses, which may have only what the contract names. Other schemas
        validate requests.
        """
        key = (orjson.dumps(schema), closed)
        if key not in self._validators:
            components = self.schemas if closed else self._requested
            restricted = schema if closed else self._requested.restrict(schema)
            self._validators[key] = compile_schema(restricted, components, closed=closed)
        return self._validators[key]

    def response_validator(self, schema: Schema) -> Validator:
        """Return a compiled schema of responses that may have what the contract does not name."""
        key = orjson.dumps(schema)
        if key not in self._response_validators:
            self._response_validators[key] = compile_schema(schema, self._responded)
        return self._response_validators[key]

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
            self.validator(media["schema"], closed=True)
            for operation in self.operations.values()
            for callback in operation.node.get("callbacks", {}).values()
            for item in self.follow(callback).values()
            for name, media in item["post"]["requestBody"]["content"].items()
            if is_json(name)
        ]

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
        return tuple(
            prefix
            for prefix in sorted(beginnings)
            if not any(other != prefix and prefix.startswith(other) for other in beginnings)
        )

    def follow(self, node: Schema) -> Schema:
        """Return the node itself, or the node that its ``$ref`` names."""
        while "$ref" in node:
            node = references.target(self.document, node["$ref"])
        return node

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
            for base in self.base_paths(operation):
                item = by_base.setdefault(base, {}).setdefault(operation.route, {})
                item[operation.method] = _routed(operation)
        return [
            {
                "openapi": self.document["openapi"],
                "info": self.document["info"],
                "servers": [{"url": base or "/"}],
                "paths": paths,
            }
            for base, paths in by_base.items()
        ]

    @staticmethod
    def _pattern(path: str) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(path)))

    def _operations(self) -> Iterator[Operation]:
        for path, item in self.document["paths"].items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    node = item[method]
                    parameters = self._parameters([*shared, *node.get("parameters", [])])
                    security = node.get("security", self.document.get("security", []))
                    yield Operation(
                        node.get("operationId", ""), method, path, node, parameters, security
                    )

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
            line = yaml_file.line_of(self.path, ["servers", 0, "url"])
            raise FileError(self.path, f"#/servers/0/url: {error}", line) from None

    def _check_operations(self, files: Sequence[Path]) -> None:
        seen: set[str] = set()
        for operation in self._operations():
            problem = None
            if not operation.operation_id:
                problem = "has no operationId"
            elif operation.operation_id in seen:
                problem = f"has the operationId '{operation.operation_id}' of another operation"
            if problem is not None:
                pointer = ["paths", operation.path, operation.method]
                file, line = yaml_file.place_of(files, pointer)
                title = f"{operation.method.upper()} {operation.path}"
                raise FileError(file, f"{title} {problem}", line)
            seen.add(operation.operation_id)


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


def _error_at(files: Sequence[Path], pointer: Sequence[str | int], problem: str) -> FileError:
    """Return the error of a part of a document, in the file that has this part."""
    file, line = yaml_file.place_of(files, pointer)
    return FileError(file, f"#/{'/'.join(map(str, pointer))}: {problem}", line)


def _shorten(message: str, limit: int = 200) -> str:
    return message if len(message) <= limit else f"{message[:limit]}..."
