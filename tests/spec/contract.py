"""Reading the contract: operations, references, schemas and provenance, for the tests beside this file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
SPEC: Json = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8"))

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


@dataclass(frozen=True)
class Operation:
    """One operation as it stands in the contract."""

    method: str
    path: str
    node: Json

    @property
    def id(self) -> str:
        return str(self.node["operationId"])

    @property
    def parameters(self) -> list[Json]:
        return [resolve(parameter) for parameter in self.node.get("parameters", [])]

    @property
    def body(self) -> Json | None:
        """The media type object of the JSON request body."""
        request = self.node.get("requestBody")
        return request["content"]["application/json"] if request else None

    @property
    def success(self) -> Json:
        """The media type object of the 200's JSON body."""
        media: Json = self.node["responses"]["200"]["content"]["application/json"]
        return media

    @property
    def response_schema(self) -> Json:
        return resolve(self.success["schema"])

    @property
    def responses(self) -> dict[str, Json]:
        return {status: resolve(response) for status, response in self.node["responses"].items()}

    @property
    def links(self) -> dict[str, Json]:
        return {
            name: resolve(link)
            for name, link in self.node["responses"]["200"].get("links", {}).items()
        }


def operations() -> list[Operation]:
    return [
        Operation(method, path, node)
        for path, item in SPEC["paths"].items()
        for method, node in item.items()
        if method in METHODS
    ]


def resolve(node: Json) -> Json:
    """What a node is, or what it refers to."""
    while "$ref" in node:
        target: Any = SPEC
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def provenance(*path: Json) -> str:
    """The grade of the last node: its own mark, or that of the nearest node before it, or the document's."""
    marks = [node["x-provenance"] for node in (SPEC, *path) if "x-provenance" in node]
    return str(marks[-1])


def nodes(node: Any = SPEC, where: str = "#") -> Iterator[tuple[str, Json]]:
    """Every mapping of the contract with its place, examples' values left out."""
    if isinstance(node, dict):
        yield where, node
        for key, value in node.items():
            if key not in ("example", "examples"):
                yield from nodes(value, f"{where}/{str(key).replace('/', '~1')}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nodes(value, f"{where}/{index}")


def schemas() -> Iterator[tuple[str, Json]]:
    """Every schema of the contract with its place: the components, those of parameters and headers, and all within."""
    for where, node in nodes():
        if "schema" in node and "/properties" not in where:
            yield from _subschemas(node["schema"], f"{where}/schema")
    for name, schema in SPEC["components"]["schemas"].items():
        yield from _subschemas(schema, f"#/components/schemas/{name}")


def _subschemas(schema: Json, where: str) -> Iterator[tuple[str, Json]]:
    yield where, schema
    for name, prop in schema.get("properties", {}).items():
        yield from _subschemas(prop, f"{where}/properties/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _subschemas(schema[key], f"{where}/{key}")
    for index, option in enumerate(schema.get("anyOf", [])):
        yield from _subschemas(option, f"{where}/anyOf/{index}")
