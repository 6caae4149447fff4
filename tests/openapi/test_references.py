"""References within a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.openapi.contract import Contract
from mockserver.openapi.yaml_file import FileError
from tests.resources.documents import document, json_content, operation


def contract_of(tmp_path: Path, reference: str, schemas: dict[str, Any]) -> Contract:
    """Load a document whose only response refers to a schema."""
    path = tmp_path / "openapi.yaml"
    paths = {"/things": {"get": operation({"200": json_content({"$ref": reference})})}}
    path.write_text("# the lines of this file are not looked at\n")
    return Contract.checked(path, document(paths, components={"schemas": schemas}))


def test_a_chain_of_references_is_followed_to_its_end(tmp_path: Path) -> None:
    """A component may be a reference itself."""
    schemas = {"A": {"$ref": "#/components/schemas/B"}, "B": {"type": "integer"}}
    contract = contract_of(tmp_path, "#/components/schemas/A", schemas)
    assert contract.follow({"$ref": "#/components/schemas/A"}) == {"type": "integer"}


def test_a_schema_may_contain_itself(tmp_path: Path) -> None:
    """A tree is described so."""
    node = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/A"}}}
    contract = contract_of(tmp_path, "#/components/schemas/A", {"A": node})
    assert contract.follow({"$ref": "#/components/schemas/A"}) == node


@pytest.mark.parametrize(
    ("reference", "schemas"),
    [
        ("#/components/schemas/A", {}),
        ("#/components/schemas/A/properties/b", {"A": {"type": "object"}}),
        ("#/components/schemas/A", {"A": {"$ref": "#/components/schemas/A"}}),
        (
            "#/components/schemas/A",
            {
                "A": {"$ref": "#/components/schemas/B"},
                "B": {"$ref": "#/components/schemas/A"},
            },
        ),
        ("other.yaml#/A", {}),
        ("https://example.com/a.json", {}),
    ],
    ids=["unknown", "unknown-part", "itself", "circle", "another-file", "a-url"],
)
def test_a_reference_without_a_target_is_refused(
    tmp_path: Path, reference: str, schemas: dict[str, Any]
) -> None:
    """A circle of references has no target either."""
    with pytest.raises(FileError, match="has no target"):
        contract_of(tmp_path, reference, schemas)


def test_a_reference_may_name_an_item_of_a_list(tmp_path: Path) -> None:
    """Bundlers write such references."""
    parameter = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    paths = {
        "/things": {"get": operation({"200": {}}, "list_things", parameters=[parameter])},
        "/others": {
            "get": operation(
                {"200": {}},
                "list_others",
                parameters=[{"$ref": "#/paths/~1things/get/parameters/0"}],
            )
        },
    }
    contract = Contract.checked(tmp_path / "openapi.yaml", document(paths))
    assert contract.operations["list_others"].parameters == [parameter]


def test_a_reference_may_be_percent_encoded(tmp_path: Path) -> None:
    """It is a URI fragment."""
    contract = contract_of(tmp_path, "#/components/schemas/A%20B", {"A B": {"type": "integer"}})
    assert contract.follow({"$ref": "#/components/schemas/A%20B"}) == {"type": "integer"}


def test_a_server_whose_url_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """In one line that names it."""
    paths = {"/things": {"get": operation({"200": {}})}}
    path = tmp_path / "openapi.yaml"
    path.write_text("servers:\n  - url: http://[x\n")
    with pytest.raises(FileError, match=r"openapi.yaml:2: #/servers/0/url"):
        Contract.checked(path, document(paths, servers=[{"url": "http://[x"}]))


@pytest.mark.parametrize("path", ["/things?view=all", "/things/{other}", "x-things"])
def test_what_is_named_of_a_path_that_is_not_served_is_kept(tmp_path: Path, path: str) -> None:
    """Tools that bundle files let one path refer to the parameters and responses of another."""
    parameter = {"name": "size", "in": "query", "schema": {"type": "integer"}}
    response = {"description": "A.", **json_content({"type": "string"})}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    inner = {"operationId": "other", "parameters": [key, parameter], "responses": {"200": response}}
    place = f"#/paths/{path.replace('/', '~1')}/get"
    outer = {
        "operationId": "get_thing",
        "parameters": [key, {"$ref": f"{place}/parameters/1"}],
        "responses": {"200": {"$ref": f"{place}/responses/200"}},
    }
    paths = {"/things/{id}": {"get": outer}, path: {"get": inner}}
    file = tmp_path / "openapi.yaml"
    file.write_text("# the lines of this file are not looked at\n")
    contract = Contract.of(file, document(paths))
    found = contract.operations["get_thing"]
    assert [one["name"] for one in found.parameters] == ["id", "size"]
    assert contract.follow(found.response(200) or {}) == response
