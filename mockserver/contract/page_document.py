"""The published page that a document describes, and the place of each of its parts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from mockserver.contract.page import Published, Row
from mockserver.contract.parts import Part, merged
from mockserver.contract.provenance import nearest
from mockserver.docs import published as rules
from mockserver.docs import reader as docs_reader
from mockserver.docs.document import Document
from mockserver.docs.model import DOCUMENTED, Operation
from mockserver.openapi import reader
from mockserver.openapi.problems import Pointer, Problems
from mockserver.openapi.yaml_file import FileError

_URL = re.compile(r"curl -X \S+ (\S+)")
_DATA = re.compile(r"-d '(.*)'$", re.DOTALL)
_JSON = "application/json"


class DocumentPage(Struct, frozen=True):
    """What a document says about a page."""

    root: Part
    problems: Problems
    operations: Sequence[Published]

    def place(self, key: str, section: str = "", name: str = "") -> Pointer:
        """Return the place of an operation, of a row of its table, or of a response property."""
        method, _, path = key.partition(" ")
        operation = self.root.get("paths", path, method.lower())
        if operation.node is None:
            return ("paths", path) if self.root.get("paths", path).object else ("paths",)
        if section == "row":
            return self._row(operation, path, name)
        if section == "response":
            response = _first(operation.get("responses"))
            return _property(response, name)
        return operation.place(section) if section in operation.object else operation.at

    def _row(self, operation: Part, path: str, name: str) -> Pointer:
        for owner in (operation, self.root.get("paths", path)):
            for index in range(len(owner.object.get("parameters") or ())):
                part = owner.get("parameters", index).followed()
                if part.object.get("name") == name:
                    return part.at
        body = operation.get("requestBody").followed()
        if body.object:
            return _property(body, name)
        return operation.place("parameters") if "parameters" in operation.object else operation.at

    def provenance(self, pointer: Pointer) -> str | None:
        """Return the provenance that the document marks at a place."""
        return nearest(self.root.object, pointer)[0]


def read(path: Path) -> DocumentPage:
    """Return the page that a document describes. Raise FileError."""
    reading = reader.read(path)
    try:
        reference = docs_reader.read(Document.read(reading))
        published = rules.Published(reference)
        operations = [
            _published(published, operation)
            for operation in reference.operations
            if operation.provenance in (None, DOCUMENTED)
        ]
    except RecursionError:
        raise FileError(path, "is nested too deeply") from None
    root = Part(reading.document, reading.document, ())
    return DocumentPage(root, reading.problems, operations)


def _published(page: rules.Published, operation: Operation) -> Published:
    curl = page.curl(operation)
    url, data = _URL.search(curl), _DATA.search(curl)
    response = page.response(operation)
    return Published(
        operation.method,
        operation.path,
        operation.summary or "",
        tuple(
            Row(row.name, row.type, row.required, row.description, row.default)
            for row in page.rows(operation)
        ),
        url[1] if url else "",
        json.loads(data[1].replace("'\\''", "'")) if data else None,
        response if isinstance(response, dict) else {"": response},
    )


def _first(responses: Part) -> Part:
    """Return the success response."""
    statuses = sorted(status for status in responses.object if status[:1] == "2")
    return responses.get(statuses[0]).followed() if statuses else responses


def _property(message: Part, name: str) -> Pointer:
    """Return the place of a property of a body, or of the object that could have it."""
    content = message.get("content")
    media = next((name for name in content.object if name == _JSON), None)
    media = media or next(iter(content.object), None)
    if media is None:
        return message.at
    schema = merged(content.get(media, "schema"))
    if name in schema.get("properties").object:
        return schema.place("properties", name)
    return schema.place("properties") if "properties" in schema.object else schema.at
