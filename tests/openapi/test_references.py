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
