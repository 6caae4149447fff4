"""Pages of documents as other people write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.docs import pages, values
from mockserver.docs.document import Document
from mockserver.docs.formats import FORMATS
from mockserver.docs.html_text import prose
from mockserver.docs.options import Options
from mockserver.docs.reader import read

CAT = {
    "allOf": [
        {"$ref": "#/components/schemas/Pet"},
        {"type": "object", "properties": {"lives": {"type": "integer"}}},
    ]
}
PET = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"type": "string"}},
    "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}},
}


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"$ref": "#/components/schemas/Cat"}, "cat"),
        (
            {
                "oneOf": [
                    {"$ref": "#/components/schemas/Dog"},
                    {"$ref": "#/components/schemas/Cat"},
                ],
                "discriminator": {"propertyName": "kind"},
            },
            "Dog",
        ),
    ],
)
def test_a_sample_has_the_value_of_its_discriminator(schema: dict[str, Any], kind: str) -> None:
    """It is that of the mapping, or else the name of the schema."""
    dog = {"type": "object", "properties": {"kind": {"type": "string"}}}
    schemas = {"Cat": CAT, "Pet": PET, "Dog": dog, "Wanted": schema}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "A", "version": "1"},
        "paths": {},
        "components": {"schemas": schemas},
    }
    reference = read(Document.of(document))
    value = values.for_response(reference, reference.schemas["Wanted"].schema)
    assert value["kind"] == kind


def test_blank_values_are_shown_in_words(tmp_path: Path) -> None:
    """Nothing could be seen of them."""
    content = {"application/json": {"schema": {"enum": ["", " ", "   ", "a"]}}}
    operation = {
        "operationId": "get_a",
        "responses": {"200": {"description": "A.", "content": content}},
    }
    path = tmp_path / "openapi.json"
    document = {"openapi": "3.0.3", "info": {"title": "A", "version": "1"}}
    path.write_text(json.dumps({**document, "paths": {"/a": {"get": operation}}}))
    made = pages.make(path, list(FORMATS), Options())
    for name in ("reference.md", "reference.html"):
        assert "an empty text, a space, 3 spaces, " in made[name]


def test_a_heading_may_have_an_id() -> None:
    """Links within a description lead to it."""
    assert prose("# Errors {#errors}\n\n[See](#errors)", 3) == (
        '<h3 id="errors">Errors</h3>\n<p><a href="#errors">See</a></p>'
    )


@pytest.mark.parametrize("version", ["2.0", "3.1.0", "3.2.0"])
def test_pages_of_every_version(tmp_path: Path, version: str) -> None:
    """The pages are made of the form in which the mock reads a document."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    head: dict[str, Any] = {"swagger": version} if version == "2.0" else {"openapi": version}
    response: dict[str, Any] = {"description": "A."}
    response |= (
        {"schema": schema}
        if version == "2.0"
        else {"content": {"application/json": {"schema": schema}}}
    )
    operation = {"summary": "Get it", "operationId": "get_a", "responses": {"200": response}}
    path = tmp_path / "openapi.json"
    info = {"title": "A", "version": "1"}
    path.write_text(json.dumps({**head, "info": info, "paths": {"/a": {"get": operation}}}))
    warnings: list[str] = []
    made = pages.make(path, list(FORMATS), Options(), warnings.append)
    assert warnings == []
    assert "Get it" in made["reference.md"]
    assert "`a`" in made["reference.md"]
