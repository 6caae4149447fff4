"""An OpenAPI document as the harness reads it: 2.0 to 3.2, one file or many."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import yaml

from benchmarks.documents import swagger
from benchmarks.documents.conversion import NAMES, Conversion, absolute, look_up, normal
from benchmarks.documents.operation import Body, Operation, Parameter, Response, Scheme
from benchmarks.errors import BenchError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_ROOT = "doc:///"
_REPLACED = {"timestamp", "bool", "int"}
"""Scalars that YAML 1.1 and 1.2 read differently."""


@dataclass(slots=True)
class Reading:
    """Operations, base path and validators of one document."""

    version: str
    base_path: str
    operations: list[Operation]
    count: int
    """The number of operations of the document."""
    request: Schemas
    response: Schemas


class Schemas:
    """The schemas of one direction: references followed, values validated."""

    def __init__(self, files: dict[str, Any], *, is_legacy: bool) -> None:
        """Take the converted files by URI."""
        self.files = files
        draft = jsonschema_rs.Draft4 if is_legacy else jsonschema_rs.Draft202012
        self._validator = (
            jsonschema_rs.Draft4Validator if is_legacy else jsonschema_rs.Draft202012Validator
        )
        self._registry = jsonschema_rs.Registry(list(files.items()), draft=draft)
        self._known: dict[str, Any] = {}

    def follow(self, node: Any) -> Any:
        """Return a node with its chain of references followed, or an empty one."""
        for _ in range(20):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
            others = {name: value for name, value in node.items() if name != "$ref"}
            target = look_up(self.files, node["$ref"])
            node = {**target, **others} if isinstance(target, dict) and others else target
        return {}

    def errors(self, schema: Any, value: Any) -> list[str]:
        """Return what is wrong with a value; a schema that cannot be compiled finds nothing."""
        validator = self._compiled(schema)
        if validator is None:
            return []
        return [
            f"{'/'.join(map(str, error.instance_path))}: {error.message}"
            for error in validator.iter_errors(value)
        ]

    def accepts(self, schema: Any, value: Any) -> bool:
        """Return whether a value is valid."""
        validator = self._compiled(schema)
        return validator is None or validator.is_valid(value)

    def _compiled(self, schema: Any) -> Any:
        text = json.dumps(schema, sort_keys=True, default=str)
        if text not in self._known:
            try:
                self._known[text] = self._validator(
                    schema, registry=self._registry, validate_formats=True
                )
            except Exception:
                self._known[text] = None
        return self._known[text]


@dataclass(slots=True)
class _Files:
    """The files of a document, loaded as references need them."""

    folder: Path
    content: dict[str, Any] = field(default_factory=dict)

    def load(self, name: str) -> None:
        uri = _ROOT + name
        if uri in self.content:
            return
        try:
            self.content[uri] = parse(self.folder / name)
        except OSError:
            return
        for reference in _references(self.content[uri]):
            path = absolute(reference, uri).partition("#")[0]
            if path.startswith(_ROOT):
                self.load(path.removeprefix(_ROOT))


def parse(path: Path) -> Any:
    """Return the content of a JSON or YAML file. Raises OSError, BenchError."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        if path.suffix == ".json":
            return json.loads(text)
        return yaml.load(text, _loader())
    except (ValueError, yaml.YAMLError) as error:
        raise BenchError(f"{path.name} cannot be parsed: {error}") from None


@cache
def _loader() -> Any:
    """Return a loader with the scalars of YAML 1.2's JSON schema."""
    resolvers = {
        first: [pair for pair in pairs if pair[0].rpartition(":")[2] not in _REPLACED]
        for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    loader: Any = type("Loader", (yaml.CSafeLoader,), {"yaml_implicit_resolvers": resolvers})
    yaml_bool, yaml_int = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int"
    loader.add_implicit_resolver(yaml_bool, re.compile(r"^(?:true|false)$", re.I), list("tTfF"))
    loader.add_implicit_resolver(yaml_int, re.compile(r"^[-+]?\d+$"), list("-+0123456789"))
    loader.add_constructor(yaml_int, _whole)
    return loader


def _whole(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)))


def read(path: Path) -> Reading:
    """Return a document. Raises BenchError if it is none."""
    files = _Files(path.parent)
    files.load(normal(path.name))
    document = files.content.get(_ROOT + path.name) or {}
    version = str(document.get("openapi") or document.get("swagger") or "")
    if not version:
        raise BenchError(f"{path.name} is no OpenAPI document")
    is_legacy = version.startswith(("2.", "3.0"))
    request, response = (
        Schemas(
            Conversion(files.content, direction, is_legacy=is_legacy).converted(),
            is_legacy=is_legacy,
        )
        for direction in ("request", "response")
    )
    uri = _ROOT + path.name
    maker = swagger.operation if version.startswith("2.") else _operation
    operations = list(_operations(uri, request, response, maker))
    return Reading(version, _base_path(document), operations, len(operations), request, response)


def sampled(operations: list[Operation], most: int, seed: int) -> list[Operation]:
    """Return some of the operations in the order of the document, a simple GET first."""
    chosen = operations
    if len(operations) > most:
        numbers = sorted(random.Random(seed).sample(range(len(operations)), most))
        chosen = [operations[number] for number in numbers]
    first = next((found for found in operations if found.is_simple), None)
    return [first, *(found for found in chosen if found is not first)] if first else chosen


def _operations(uri: str, request: Schemas, response: Schemas, maker: Any) -> Any:
    """Yield the operations, without those whose path no client can send."""
    root, replies = request.files[uri], response.files[uri]
    for path, item in (root.get("paths") or {}).items():
        node, reply = request.follow(item), response.follow(replies["paths"][path])
        for method in METHODS if "#" not in path and "?" not in path else ():
            if isinstance(node, dict) and isinstance(node.get(method), dict):
                yield maker(root, (path, method), (node, reply), (request, response))


def _operation(
    root: Any, where: tuple[str, str], nodes: tuple[Any, Any], both: tuple[Schemas, Schemas]
) -> Operation:
    path, method = where
    request, response = both
    node = nodes[0][method]
    found: dict[tuple[str, str], Parameter] = {}
    for entry in [*(nodes[0].get("parameters") or []), *(node.get("parameters") or [])]:
        parameter = _parameter(request.follow(entry), request)
        if parameter is not None:
            found[parameter.name, parameter.location] = parameter
    body = request.follow(node.get("requestBody")) if node.get("requestBody") else None
    return Operation(
        method.upper(),
        path,
        list(found.values()),
        _body(body),
        {
            str(status): _response(response.follow(entry))
            for status, entry in (nodes[1][method].get("responses") or {}).items()
        },
        _security(root, node, request),
    )


def _parameter(node: Any, schemas: Schemas) -> Parameter | None:
    if not isinstance(node, dict) or "name" not in node or "in" not in node:
        return None
    location = node["in"]
    style = node.get("style") or ("form" if location in {"query", "cookie"} else "simple")
    content = node.get("content")
    schema = next(iter(content.values())).get("schema", {}) if content else node.get("schema", {})
    return Parameter(
        str(node["name"]),
        location,
        node.get("required") is True or location == "path",
        schema,
        "json" if content else style,
        bool(node.get("explode", style == "form")),
        schemas.follow(node).get("example"),
    )


def _body(node: Any) -> Body | None:
    if not isinstance(node, dict):
        return None
    content = {
        str(media): (entry or {}).get("schema", {}) for media, entry in node["content"].items()
    }
    encodings = {
        str(media): (entry or {}).get("encoding", {}) for media, entry in node["content"].items()
    }
    return Body(node.get("required") is True, content, encodings)


def _response(node: Any) -> Response:
    content = node.get("content") if isinstance(node, dict) else None
    return Response(
        {str(media): (entry or {}).get("schema") for media, entry in (content or {}).items()}
    )


def _security(root: Any, node: Any, schemas: Schemas) -> list[list[Scheme]]:
    known = (root.get("components") or {}).get("securitySchemes") or {}
    requirements = node.get("security", root.get("security"))
    return [
        [_scheme(schemas.follow(known.get(name) or {})) for name in requirement]
        for requirement in requirements or []
    ]


def _scheme(node: dict[str, Any]) -> Scheme:
    kind = str(node.get("type", ""))
    if kind == "apiKey":
        return Scheme("key", node.get("in", "header"), node.get("name", ""))
    if kind == "http":
        return Scheme("basic" if str(node.get("scheme")).lower() == "basic" else "bearer")
    return Scheme("none" if kind == "mutualTLS" else "bearer")


def _base_path(document: dict[str, Any]) -> str:
    if "swagger" in document:
        return str(document.get("basePath") or "").rstrip("/")
    server = next(iter(document.get("servers") or []), None) or {}
    url = str(server.get("url", ""))
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    return urlsplit(url).path.rstrip("/")


def _references(node: Any, keyword: str = "") -> Any:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and keyword not in NAMES:
            yield reference
        for name, value in node.items():
            yield from _references(value, str(name))
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
