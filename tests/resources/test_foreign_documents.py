"""Kinds of documents that others publish, each as small as possible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.openapi.contract import Contract
from mockserver.resources.inference import infer
from tests.resources.documents import document, json_content, operation, served

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}


def things(
    thing: Json, parameter: Json, *, sent: Json | None = None, created: Json | None = None
) -> Json:
    """Return a document of things that are created, listed and read."""
    named = {"name": "thing_id", "in": "path", "required": True, "schema": parameter}
    body = {"content": {"application/json": {"schema": sent or {"type": "object"}}}}
    made = operation({"201": created or json_content(thing)}, "make", requestBody=body)
    listed = operation({"200": json_content({"type": "array", "items": thing})}, "list")
    read = operation({"200": json_content(thing), "404": {}}, "read")
    return document(
        {
            "/things": {"get": listed, "post": made},
            "/things/{thing_id}": {"parameters": [named], "get": read},
        }
    )


def an_object(*required: str, **properties: Json) -> Json:
    """Return the schema of an object."""
    return {"type": "object", "properties": properties, "required": list(required)}


def test_a_schema_that_only_a_reference_leads_to_has_the_words_of_its_version(
    tmp_path: Path,
) -> None:
    """``nullable`` means nothing in 3.1, wherever a schema is, so null is never sent."""
    inner = {"type": "string", "nullable": True}
    schemas = {"Thing": {"definitions": {"part": an_object("name", name=inner)}}}
    schema = {"$ref": "#/components/schemas/Thing/definitions/part"}
    paths = {"/thing": {"get": operation({"200": json_content(schema)})}}
    content = document(paths, components={"schemas": schemas}) | {"openapi": "3.1.0"}
    contract = Contract.of(tmp_path / "openapi.yaml", content)
    response = contract.operations["get_thing"].response(200) or {}
    responded = response["content"]["application/json"]["schema"]
    assert contract.follow(responded)["properties"]["name"] == {"type": "string"}


def test_an_object_that_never_fits_ends_after_some_attempts(tmp_path: Path) -> None:
    """Levels of objects that no generated value completes do not multiply each other."""
    level: Json = {"type": "string", "pattern": "^a$"}
    for number in range(9):
        other = an_object("b", b={"type": "integer", "enum": [number]})
        level = an_object("a", a={"anyOf": [level, other]}, c=NUMBER)
    with served(tmp_path, things(level, TEXT)) as client:
        sent: Any = "x"
        for _ in range(9):
            sent = {"a": sent, "c": "x"}
        assert client.post("/things", json=sent, timeout=10).status_code == 201


@pytest.mark.parametrize("media_type", ["*/*", "application/*"])
def test_a_body_of_any_media_type_may_be_json(tmp_path: Path, media_type: str) -> None:
    """JSON is what a client sends that names no media type, or the range itself."""
    content = things(an_object("id", id=NUMBER, name=TEXT), NUMBER)
    schema = an_object("name", name=TEXT)
    post = content["paths"]["/things"]["post"]
    post["requestBody"] = {"required": True, "content": {media_type: {"schema": schema}}}
    with served(tmp_path, content) as client:
        for sent in ("application/json", "application/json; charset=utf-8", media_type):
            headers = {"Content-Type": sent}
            made = client.post("/things", content=b'{"name": "Ada"}', headers=headers)
            assert (made.status_code, made.json()["name"]) == (201, "Ada")
            assert client.post("/things", content=b"{}", headers=headers).status_code == 422
        assert client.post("/things", content=b'{"name": "Ada"}').json()["name"] == "Ada"


def test_media_types_that_differ_in_parameters_share_a_schema(tmp_path: Path) -> None:
    """Some documents have the examples at one of them, and the schema at the other."""
    thing = an_object("id", id=NUMBER)
    shown = {
        "application/json": {"example": {"id": 7}},
        "application/json; charset=utf-8": {"schema": thing},
    }
    with served(tmp_path, things(thing, NUMBER, created={"content": shown})) as client:
        first, second = (client.post("/things", json={}).json()["id"] for _ in range(2))
        assert first != second
        assert client.get(f"/things/{second}").json() == {"id": second}


def test_a_list_in_a_multipart_form_may_have_one_item_of_json(tmp_path: Path) -> None:
    """One part is one item."""
    size = an_object("width", width=NUMBER)
    schema = an_object(sizes={"type": "array", "items": size})
    body = {"content": {"multipart/form-data": {"schema": schema}}}
    post = operation({"200": json_content({})}, requestBody=body)
    with served(tmp_path, document({"/sizes": {"post": post}})) as client:
        for part, status in ((b'{"width": 1}', 200), (b'{"width": "x"}', 422)):
            files = {"sizes": (None, part, "application/json")}
            assert client.post("/sizes", files=files).status_code == status


def test_the_text_of_a_key_is_a_number_if_paths_have_numbers(tmp_path: Path) -> None:
    """An ``id`` may be a text where the path parameter is an integer."""
    with served(tmp_path, things(an_object("id", id=TEXT, name=TEXT), NUMBER)) as client:
        made = client.post("/things", json={"name": "Ada"}).json()
        assert made["id"].isdecimal()
        assert client.get(f"/things/{made['id']}").json() == made


def test_a_number_that_is_a_key_is_whole(tmp_path: Path) -> None:
    """``{"id": 7.0}`` would be no path."""
    created = json_content(an_object(id={"type": "number"}))
    thing = an_object("id", id=TEXT, name=TEXT)
    with served(tmp_path, things(thing, NUMBER, created=created)) as client:
        assert client.post("/things", json={"name": "Ada"}).text.strip('{}"id:').isdecimal()


@pytest.mark.parametrize(
    "parameter", [NUMBER, {"type": "number"}, {"type": "string", "format": "uuid"}]
)
def test_a_name_is_no_key_of_a_path_that_cannot_have_it(tmp_path: Path, parameter: Json) -> None:
    """The name that was sent stays, and ``Location`` names the key."""
    with served(tmp_path, things(an_object(name=TEXT), parameter)) as client:
        made = client.post("/things", json={"name": "Ada"})
        assert made.json() == {"name": "Ada"}
        assert client.get(made.headers["Location"]).json() == {"name": "Ada"}


def test_an_item_may_be_sent_in_an_object_of_any_name(tmp_path: Path) -> None:
    """Most properties of the only object are those of the item."""
    thing = an_object("id", id=NUMBER, title=TEXT, text=TEXT)
    sent = an_object("entity", entity=an_object(title=TEXT, text=TEXT))
    with served(tmp_path, things(thing, NUMBER, sent=sent)) as client:
        made = client.post("/things", json={"entity": {"title": "Ada", "text": "x"}}).json()
        assert (made["title"], made["text"]) == ("Ada", "x")


def test_what_is_sent_wins_over_what_the_path_says(tmp_path: Path) -> None:
    """A new item has the field of the item above that was sent, and that of the path without."""
    thing = an_object("id", id=NUMBER, region=TEXT)
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    made = operation({"201": json_content(thing)}, "make", requestBody=body)
    named = {"name": "region", "in": "path", "required": True, "schema": TEXT}
    paths = {"/regions/{region}/things": {"parameters": [named], "post": made}}
    read = operation({"200": json_content(thing)}, "read")
    key = {"name": "id", "in": "path", "required": True, "schema": NUMBER}
    paths["/regions/{region}/things/{id}"] = {"parameters": [named, key], "get": read}
    with served(tmp_path, document(paths)) as client:
        sent = client.post("/regions/north/things", json={"region": "south"}).json()
        assert sent["region"] == "south"
        assert client.post("/regions/north/things", json={}).json()["region"] == "north"


def test_a_truth_value_is_the_word_of_json_in_a_text(tmp_path: Path) -> None:
    """A form has booleans that some responses describe as text."""
    thing = an_object("id", id=NUMBER, is_new=TEXT)
    sent = an_object(is_new={"type": "boolean"})
    with served(tmp_path, things(thing, NUMBER, sent=sent)) as client:
        assert client.post("/things", json={"is_new": True}).json()["is_new"] == "true"


def listed(item: Json) -> Json:
    """Return the paths of places that nothing changes, and of things below them."""
    parameter = {"name": "place", "in": "path", "required": True, "schema": TEXT}
    thing = json_content(an_object("id", id=NUMBER))
    made = operation({"201": thing}, "make", requestBody={"content": thing["content"]})
    places = json_content({"type": "array", "items": item})
    return {
        "/places": {"get": operation({"200": places}, "list_places")},
        "/places/{place}": {
            "parameters": [parameter],
            "get": operation({"200": json_content(item)}, "read_place"),
        },
        "/places/{place}/things": {"parameters": [parameter], "post": made},
        "/places/{place}/things/{id}": {
            "parameters": [parameter, {"name": "id", "in": "path", "required": True}],
            "get": operation({"200": thing}, "read_thing"),
        },
    }


def test_items_whose_keys_nothing_shows_exist_under_any_key(tmp_path: Path) -> None:
    """Nobody could name one otherwise."""
    with served(tmp_path, document(listed(an_object(size=NUMBER)))) as client:
        assert client.get("/places/any").status_code == 200
        assert client.post("/places/any/things", json={"id": 7}).status_code == 201
        assert client.get("/places/any/things/7").json() == {"id": 7}


@pytest.mark.parametrize("name", ["place", "href"])
def test_items_whose_keys_or_links_a_list_shows_are_a_resource(name: str) -> None:
    """Others do not exist."""
    contract = Contract.of(Path("openapi.yaml"), document(listed(an_object(**{name: TEXT}))))
    assert "places" in infer(contract).resources


def test_parts_of_a_schema_may_describe_the_same_object_together(tmp_path: Path) -> None:
    """Each of them names some of its properties, and none of them forbids the others."""
    limits = an_object(day=an_object(limit=NUMBER))
    counts = an_object("day", day=an_object("count", count=NUMBER))
    schemas = {
        "Limits": limits,
        "Day": {"allOf": [{"$ref": "#/components/schemas/Limits"}, counts]},
    }
    schema = {"$ref": "#/components/schemas/Day"}
    paths = {"/day": {"get": operation({"200": json_content(schema)})}}
    with served(tmp_path, document(paths, components={"schemas": schemas})) as client:
        response = client.get("/day")
        assert response.status_code == 200
        assert isinstance(response.json()["day"]["count"], int)


def test_generated_items_have_links_to_themselves(tmp_path: Path) -> None:
    """The example of a link is that of one item, and no link of the others."""
    link = {"type": "string", "example": "/things/258684937"}
    with served(tmp_path, things(an_object("uri", uri=link, name=TEXT), NUMBER)) as client:
        uris = [thing["uri"] for thing in client.get("/things").json()]
        assert len(set(uris)) == len(uris)
        assert all(client.get(uri).json()["uri"] == uri for uri in uris)


def test_things_of_another_name_below_an_item_are_no_items_of_its_collection() -> None:
    """``/places/{place}/other-places`` is a collection of its own."""
    item = an_object("id", id=NUMBER)
    paths = listed(an_object("size", size=NUMBER))
    made = operation({"201": json_content(item)}, "make_other")
    many = operation({"200": json_content({"type": "array", "items": item})}, "list_others")
    parameters = paths["/places/{place}"]["parameters"]
    paths["/places/{place}/other-places"] = {"parameters": parameters, "get": many, "post": made}
    resources = infer(Contract.of(Path("openapi.yaml"), document(paths))).resources
    assert "places" not in resources


def test_an_item_is_found_by_another_identifier_that_only_it_shows(tmp_path: Path) -> None:
    """A path such as ``/projects/{idOrKey}`` takes both; a deleted one is gone by both."""
    thing = an_object("id", id={"type": "string", "format": "uuid"}, name=TEXT)
    content = things(thing, TEXT)
    path = content["paths"].pop("/things/{thing_id}")
    path["parameters"][0]["name"] = "thing_name"
    path["delete"] = operation({"204": {}, "404": {}}, "delete")
    content["paths"]["/things/{thing_name}"] = path
    with served(tmp_path, content) as client:
        made = client.post("/things", json={"name": "Ada"}).json()
        assert client.get("/things/Ada").json() == made
        assert client.get(f"/things/{made['id']}").json() == made
        assert client.delete(f"/things/{made['id']}").status_code == 204
        assert client.get("/things/Ada").status_code == 404
        assert client.get(f"/things/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("sent", "form", "kept"),
    [
        ("2026-03-15", "date-time", "2026-03-15T00:00:00Z"),
        ("2026-03-15T10:00:00Z", "date", "2026-03-15"),
    ],
)
def test_a_date_is_kept_where_responses_have_its_time(
    tmp_path: Path, sent: str, form: str, kept: str
) -> None:
    """Requests and responses of some APIs differ in this."""
    thing = an_object("id", id=NUMBER, day={"type": "string", "format": form})
    with served(tmp_path, things(thing, NUMBER)) as client:
        assert client.post("/things", json={"day": sent}).json()["day"] == kept
