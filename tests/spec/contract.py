"""Reads the contract for the tests of this folder: operations, references, schemas, provenance."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
SPEC: Json = yaml.load(
    (ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
)

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


@dataclass(frozen=True)
class Operation:
    """One operation of the contract."""

    method: str
    path: str
    item: Json
    """The path item, whose parameters and provenance the operation inherits."""
    node: Json

    @property
    def key(self) -> str:
        """Method and path, as the published page writes them."""
        return f"{self.method.upper()} {self.path}"

    @property
    def id(self) -> str:
        return str(self.node["operationId"])

    @property
    def parameters(self) -> list[Json]:
        """The parameters of the operation and those of its path item that it does not replace."""
        nodes = [*self.item.get("parameters", []), *self.node.get("parameters", [])]
        resolved = [resolve(node) for node in nodes]
        return list({(node["in"], node["name"]): node for node in resolved}.values())

    @property
    def body(self) -> Json | None:
        """The media type object of the JSON request body."""
        request = self.node.get("requestBody")
        return json_of(request) if request else None

    @property
    def success(self) -> Json:
        """The media type object of the 200's JSON body."""
        media = json_of(self.responses.get("200", {}))
        assert media is not None, f"{self.key} has no 200 with a JSON body"
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
            for name, link in self.responses.get("200", {}).get("links", {}).items()
        }

    def provenance(self, *path: Json) -> str:
        """Return the provenance of the last node of a path from the operation into its parts."""
        return provenance(self.item, self.node, *path)

    def is_documented(self, *path: Json) -> bool:
        """Return whether a part of the operation, or without a path the operation, is published."""
        return self.provenance(*path) == "documented"


def operations(document: Json = SPEC) -> list[Operation]:
    """Return the operations of a document, in its order."""
    return [
        Operation(method, path, item, node)
        for path, item in document["paths"].items()
        for method, node in item.items()
        if method in METHODS
    ]


def json_of(node: Json) -> Json | None:
    """Return the JSON media type object of a request body or response, or None."""
    media: Json | None = node.get("content", {}).get("application/json")
    return media


def reference_of(node: Json) -> str | None:
    """Return the reference of a node, which a property has in an `allOf` beside its description."""
    found = node.get("$ref") or node.get("allOf", [{}])[0].get("$ref")
    return found and str(found)


def resolve(node: Json) -> Json:
    """Follow the references of a node."""
    while reference := reference_of(node):
        target: Any = SPEC
        for key in reference.removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def provenance(*path: Json) -> str:
    """Return the provenance of the last node of a path.

    It is the node's own mark, else that of the nearest node before it, else the document's.
    """
    marks = [node["x-provenance"] for node in (SPEC, *path) if "x-provenance" in node]
    return str(marks[-1])


def nodes(node: Any = SPEC, where: str = "#") -> Iterator[tuple[str, Json]]:
    """Yield every mapping of the contract with its location, except examples' values."""
    if isinstance(node, dict):
        yield where, node
        for key, value in node.items():
            if key not in ("example", "examples"):
                yield from nodes(value, f"{where}/{str(key).replace('/', '~1')}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nodes(value, f"{where}/{index}")


def schemas() -> Iterator[tuple[str, Json]]:
    """Yield every schema with its location: components, parameters, headers, and subschemas."""
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
