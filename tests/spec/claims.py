"""What the published page states, and what the contract marks documented, as comparable claims.

A claim is that a keyword of a part of an operation is documented. The keyword `name` stands for the
part itself. The provenance is read by the contract kit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from contract_tests.openapi.contract import JSON, Contract, Operation, Place

from .contract import SPEC, Json
from .published import NOTHING_PUBLISHED, Published, Row

RANGE = re.compile(r"\(\$(\d+)-\$(\d+)\)")
"""A range of amounts in dollars within a description of the page."""

# Keywords that restrict nothing, or hold other schemas.
_NO_CLAIMS = {"description", "title", "example", "properties", "required", "$ref"}
_SUBSCHEMAS = ("items", "additionalProperties")


class Claim(NamedTuple):
    """A documented keyword of a part of an operation."""

    operation: str
    """Method and path."""
    part: str
    """`body/code`, `query/limit`, `response/total`, `response/entries[]/id`, `status 200`."""
    keyword: str


# ----------------------------------------------------------------------------------------- the page


def proved(published: Published) -> set[Claim]:
    """Return what the page states about an operation."""
    found = {
        Claim(published.key, part, keyword)
        for part, keywords in _parts(published)
        for keyword in keywords
    }
    if any(row.required for row in _body_rows(published)):
        found.add(Claim(published.key, "body", "required"))
    return found


def _parts(published: Published) -> Iterator[tuple[str, set[str]]]:
    """Yield each part that the page shows, with the keywords that are stated there."""
    body = _body_rows(published)
    for row in published.rows:
        yield (f"body/{row.name}" if row in body else row.name), _stated(row)
    if published.response != NOTHING_PUBLISHED:
        for name, value in published.response.items():
            type_is_shown = not isinstance(value, str)
            yield f"response/{name}", {"name", "required", *(["type"] if type_is_shown else [])}


def _body_rows(published: Published) -> list[Row]:
    """Return the rows of body properties: a GET and a DELETE have none."""
    has_body = published.method in ("POST", "PUT")
    in_path = re.findall(r"{(.*?)}", published.path)
    return [row for row in published.rows if has_body and row.name not in in_path]


def _stated(row: Row) -> set[str]:
    keywords = {"name", "type", "required"}
    keywords |= {"enum"} if row.type.startswith('"') else set()
    keywords |= {"default"} if row.default is not None else set()
    keywords |= {"minimum", "maximum"} if RANGE.search(row.description) else set()
    return keywords


# ------------------------------------------------------------------------------------- the contract


def claimed(document: Json = SPEC) -> set[Claim]:
    """Return what a contract marks documented, in all operations."""
    contract = Contract(Path("openapi.yaml"), document)
    return {claim for op in contract.operations.values() for claim in _Claims(contract, op).all()}


@dataclass(frozen=True)
class _Claims:
    """The claims of one operation."""

    contract: Contract
    operation: Operation

    @property
    def key(self) -> str:
        return f"{self.operation.method} {self.operation.path}"

    def all(self) -> Iterator[Claim]:
        for parameter in self.operation.parameters:
            yield from self._parameter(parameter)
        if self.operation.body is not None:
            request = self.operation.place.child("requestBody")
            yield from self._claim("body", request, "required")
            yield from self._properties("body", self.operation.body.pointer)
        for status, response in self.operation.responses.items():
            if self.contract.provenance_of_status(self.operation, status) == "documented":
                yield Claim(self.key, f"status {status}", "status")
            name = "response" if status == 200 else f"response {status}"
            for header in response.node.get("headers", {}):
                yield from self._claim(f"{name}, {header}", response.child("headers", header))
            if JSON in response.node.get("content", {}):
                schema = response.child("content", JSON, "schema")
                yield from self._properties(name, schema)

    def _parameter(self, parameter: Place) -> Iterator[Claim]:
        yield from self._claim(parameter.node["name"], parameter.pointer)
        yield from self._claim(parameter.node["name"], parameter.pointer, "required")
        yield from self._schema(parameter.node["name"], parameter.child("schema"))

    def _properties(self, part: str, pointer: str) -> Iterator[Claim]:
        for name in self.contract.at(pointer).node.get("properties", {}):
            place = f"{pointer}/properties/{name}"
            yield from self._claim(f"{part}/{name}", place)
            yield from self._claim(f"{part}/{name}", place, "required")
            yield from self._schema(f"{part}/{name}", place)

    def _schema(self, part: str, pointer: str) -> Iterator[Claim]:
        node = self.contract.at(pointer).node
        for keyword in node.keys() - _NO_CLAIMS:
            if not keyword.startswith("x-"):
                yield from self._claim(part, f"{pointer}/{keyword}", keyword)
        yield from self._properties(part, pointer)
        for keyword in node.keys() & _SUBSCHEMAS:
            yield from self._properties(f"{part}[]", f"{pointer}/{keyword}")

    def _claim(self, part: str, pointer: str, keyword: str | None = None) -> Iterator[Claim]:
        if self.contract.provenance(pointer, keyword) == "documented":
            yield Claim(self.key, part, keyword or "name")
