"""Swagger 2.0 documents become OpenAPI 3.0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.openapi import official
from mockserver.openapi.contract import Contract

SWAGGER = r"""
swagger: "2.0"
info: {title: Pets, version: 1.0.0}
host: api.example.com
basePath: /v2
schemes: [https, http]
consumes: [application/json]
produces: [application/json]
securityDefinitions:
  basicAuth: {type: basic}
  oauth: {type: oauth2, flow: accessCode, authorizationUrl: "https://a.test/auth",
    tokenUrl: "https://a.test/token", scopes: {read: r}}
  key: {type: apiKey, in: header, name: X-Key}
paths:
  /pets/{id}:
    parameters:
      - {name: id, in: path, required: true, type: integer, format: int64}
    get:
      parameters:
        - name: tags
          in: query
          type: array
          items: {type: string}
          collectionFormat: pipes
      responses:
        200:
          description: ok
          schema: {$ref: "#/definitions/Pet"}
          headers: {X-Rate: {type: integer}}
        default: {description: bad, schema: {type: object}}
    put:
      operationId: putPet
      parameters:
        - $ref: "#/parameters/PetBody"
      responses:
        200: {$ref: "#/responses/Pet"}
  /upload:
    post:
      consumes: [multipart/form-data]
      parameters:
        - {name: file, in: formData, type: file, required: true}
        - {name: note, in: formData, type: string}
      responses:
        201: {description: created, schema: {type: object}, examples: {application/json: {ok: 1}}}
  /report:
    get:
      produces: [application/pdf]
      responses:
        200: {description: pdf, schema: {type: file}}
parameters:
  PetBody: {name: body, in: body, required: true, schema: {$ref: "#/definitions/Pet"}}
responses:
  Pet: {description: a pet, schema: {$ref: "#/definitions/Pet"}}
definitions:
  Pet:
    type: object
    required: [id, name]
    discriminator: kind
    properties:
      id: {type: integer, format: int64}
      name: {type: string, x-nullable: true}
      kind: {type: string}
      tag: {type: string, pattern: "[\\w-.]+"}
"""


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    path = tmp_path / "swagger.yaml"
    path.write_text(SWAGGER)
    return Contract.load(path)


def node_of(contract: Contract, method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = contract.document["paths"][path][method]
    return found


def test_the_result_is_valid_openapi_3_0(contract: Contract) -> None:
    """The official schema accepts it, and all operations are served below the base path."""
    assert contract.document["openapi"] == "3.0.3"
    assert list(official.errors(contract.document, "3.0")) == []
    assert contract.base_path == "/v2"
    assert len(contract.operations) == 4


def test_warnings_have_the_lines_of_the_file(contract: Contract) -> None:
    """A definition has become a component, but its place is that of the file."""
    lines = SWAGGER.splitlines()
    found = [line for _, line, warning in contract.problems.lines() if "pattern" in str(warning)]
    assert found == [next(at for at, line in enumerate(lines, 1) if "pattern" in line)]


def test_parameters_have_schemas_and_styles(contract: Contract) -> None:
    """``collectionFormat`` becomes a style."""
    (tags,) = node_of(contract, "get", "/pets/{id}")["parameters"]
    assert (tags["style"], tags["explode"]) == ("pipeDelimited", False)
    assert tags["schema"] == {"type": "array", "items": {"type": "string"}}


def test_bodies_are_content(contract: Contract) -> None:
    """A body has the types that are consumed; fields of a form are an object, files are binary."""
    body = node_of(contract, "put", "/pets/{id}")["requestBody"]
    pet = {"$ref": "#/components/schemas/Pet"}
    assert body == {"content": {"application/json": {"schema": pet}}, "required": True}
    form = node_of(contract, "post", "/upload")["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"] == {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "note": {"type": "string"},
        },
        "required": ["file"],
    }


def test_responses_have_content_headers_and_examples(contract: Contract) -> None:
    """Each type that is produced has the schema."""
    response = node_of(contract, "get", "/pets/{id}")["responses"]["200"]
    assert response["headers"] == {"X-Rate": {"schema": {"type": "integer"}}}
    created = node_of(contract, "post", "/upload")["responses"]["201"]["content"]
    assert created["application/json"]["example"] == {"ok": 1}
    report = node_of(contract, "get", "/report")["responses"]["200"]["content"]
    assert report == {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}


def test_schemas_are_those_of_3_0(contract: Contract) -> None:
    """A discriminator is an object, and ``x-nullable`` counts."""
    pet = contract.schemas["Pet"]
    assert pet["discriminator"] == {"propertyName": "kind"}
    assert pet["properties"]["name"] == {"type": "string", "nullable": True}
    validator = contract.validator({"$ref": "#/components/schemas/Pet"})
    assert validator.is_valid({"id": 1, "name": None})


def test_security_schemes_are_those_of_3_0(contract: Contract) -> None:
    """``basic`` is a scheme of HTTP, and the flows of OAuth have their names of 3.0."""
    schemes = contract.security_schemes
    assert schemes["basicAuth"] == {"type": "http", "scheme": "basic"}
    assert schemes["key"] == {"type": "apiKey", "in": "header", "name": "X-Key"}
    assert schemes["oauth"]["flows"] == {
        "authorizationCode": {
            "authorizationUrl": "https://a.test/auth",
            "tokenUrl": "https://a.test/token",
            "scopes": {"read": "r"},
        }
    }
