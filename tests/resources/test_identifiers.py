"""Which identifiers lead to an item, and which names of properties are identifiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.openapi.contract import Contract
from mockserver.resources.inference import infer
from tests.resources.documents import document, json_content, operation, served

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}


def things(
    parameter: str,
    properties: dict[str, Any],
    *,
    schema: dict[str, Any] | None = None,
    created: dict[str, Any] | None = None,
    sent: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a document of things with some properties, whose path has a parameter."""
    thing = {"type": "object", "properties": properties}
    listed = {"type": "array", "items": thing}
    named = {"name": parameter, "in": "path", "required": True, "schema": schema or TEXT}
    body = json_content(sent or thing)
    paths = {
        "/things": {
            "get": operation({"200": json_content(listed)}, "list_things"),
            "post": operation(
                {"201": json_content(created or thing)}, "make_thing", requestBody=body
            ),
        },
        f"/things/{{{parameter}}}": {
            "parameters": [named],
            "get": operation({"200": json_content(thing)}),
            "put": operation({"200": json_content(thing)}, "put_thing", requestBody=body),
            "delete": operation({"204": {}}, "delete_thing"),
        },
    }
    return document(paths)


@pytest.mark.parametrize(
    ("parameter", "properties", "identity"),
    [
        ("thing_ip", {"ip": TEXT, "name": TEXT}, "ip"),
        ("file_sha", {"sha": TEXT, "name": TEXT}, "sha"),
        ("name", {"rule_name": TEXT, "enabled": {"type": "boolean"}}, "rule_name"),
        ("thing_number", {"id": NUMBER, "number": NUMBER}, "number"),
    ],
)
def test_an_identity_is_named_like_its_parameter(
    parameter: str, properties: dict[str, Any], identity: str
) -> None:
    """The last word of a parameter's name is the name of the property, or ends it."""
    model = infer(Contract.of(Path("openapi.yaml"), things(parameter, properties)))
    assert model.resources["things"].identity == identity


def test_an_item_is_read_by_each_of_its_identifiers(tmp_path: Path) -> None:
    """A client may take ``id`` where the path means ``number``."""
    content = things("thing_number", {"id": NUMBER, "number": NUMBER, "title": TEXT})
    with served(tmp_path, content) as client:
        made = client.post("/things", json={"title": "a"}).json()
        assert made["id"] == made["number"]
        assert client.get(f"/things/{made['id']}").json() == made


@pytest.mark.parametrize("field", ["id", "thing_id"])
def test_only_the_creation_may_show_the_identifier(tmp_path: Path, field: str) -> None:
    """What is read later need not have it."""
    created = {"type": "object", "properties": {field: TEXT}}
    with served(tmp_path, things("thing_id", {"state": TEXT}, created=created)) as client:
        made = client.post("/things", json={"state": "new"}).json()
        assert client.get(f"/things/{made[field]}").json() == {"state": "new"}


def test_only_the_request_may_have_the_identifier(tmp_path: Path) -> None:
    """A field of the body that is named like the parameter is the key."""
    sent = {"type": "object", "properties": {"thing_id": TEXT, "state": TEXT}}
    with served(tmp_path, things("thing_id", {"state": TEXT}, sent=sent)) as client:
        client.post("/things", json={"thing_id": "mine", "state": "new"})
        assert client.get("/things/mine").json() == {"state": "new"}


def test_a_key_is_one_that_the_path_allows(tmp_path: Path) -> None:
    """A property that no path can have is no key, and a link leads to the item."""
    content = things(
        "thing_key",
        {"token": {"type": "string", "pattern": "^tok_[a-z]+$"}, "uri": TEXT},
        schema={"type": "string", "pattern": "^[0-9a-f]{24}$"},
    )
    with served(tmp_path, content) as client:
        made = client.post("/things", json={})
        assert made.headers["Location"] == made.json()["uri"]
        assert client.get(made.json()["uri"]).json() == made.json()


def test_a_renamed_item_is_found_by_both_names(tmp_path: Path) -> None:
    """Its path stays valid, until it is deleted by either name."""
    with served(tmp_path, things("name", {"name": TEXT, "size": NUMBER})) as client:
        client.post("/things", json={"name": "a", "size": 1})
        client.post("/things", json={"name": "taken"})
        renamed = client.put("/things/a", json={"name": "b", "size": 2})
        assert renamed.json() == {"name": "b", "size": 2}
        assert client.get("/things/a").json() == client.get("/things/b").json() == renamed.json()
        assert client.put("/things/b", json={"name": "taken"}).json()["name"] == "b"
        assert [thing["name"] for thing in client.get("/things").json()].count("b") == 1
        assert client.delete("/things/b").status_code == 204
        assert client.get("/things/a").status_code == client.get("/things/b").status_code == 404


def test_an_array_creates_each_of_its_items(tmp_path: Path) -> None:
    """The response shows them, and the list contains them."""
    properties = {"id": NUMBER, "name": TEXT}
    many = {"type": "array", "items": {"type": "object", "properties": properties}}
    content = things("id", properties, sent=many, created=many)
    with served(tmp_path, content) as client:
        made = client.post("/things", json=[{"name": "a"}, {"name": "b"}]).json()
        assert [thing["name"] for thing in made] == ["a", "b"]
        assert client.get(f"/things/{made[1]['id']}").json() == made[1]
        assert made[0] in client.get("/things").json()


def test_a_reference_is_no_envelope_where_lists_show_the_whole(tmp_path: Path) -> None:
    """Its id is the key of the item, as that of a file is the key of a template."""
    file = {"type": "object", "properties": {"id": TEXT, "type": TEXT}}
    content = things("thing_id", {"file": {"$ref": "#/components/schemas/File"}})
    content["components"] = {
        "schemas": {
            "File": file,
            "Thing": {
                "type": "object",
                "properties": {"file": {"$ref": "#/components/schemas/File"}, "note": TEXT},
            },
        }
    }
    thing = {"$ref": "#/components/schemas/Thing"}
    item = content["paths"]["/things/{thing_id}"]
    item["get"]["responses"]["200"] |= json_content(thing)
    many = {"type": "array", "items": thing}
    content["paths"]["/things"]["get"]["responses"]["200"] |= json_content(many)
    with served(tmp_path, content) as client:
        client.post("/things", json={"file": {"id": "f1", "type": "file"}})
        expected = {"file": {"id": "f1", "type": "file"}}
        assert client.get("/things/f1").json() == expected
        assert expected in client.get("/things").json()


def test_an_operation_without_a_documented_success_succeeds(tmp_path: Path) -> None:
    """The 200 has no body, because nothing says what it contains."""
    content = things("id", {"id": NUMBER, "name": TEXT})
    content["paths"]["/things/{id}"]["delete"]["responses"] = {
        "404": {"description": "There is no such thing."}
    }
    with served(tmp_path, content) as client:
        item = f"/things/{client.post('/things', json={'name': 'a'}).json()['id']}"
        response = client.delete(item)
        assert (response.status_code, response.content) == (200, b"")
        assert client.get(item).status_code == 404
