"""Documents that say little of their responses, or say it in unusual ways: state holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.resources.documents import document, json_content, operation, served

Json = dict[str, Any]
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
BODY = {"required": True, **json_content({"type": "object", "properties": {"name": TEXT}})}


def of(**properties: Json) -> Json:
    """Return the schema of an object."""
    return {"type": "object", "properties": properties}


def array(items: Json) -> Json:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


PET = of(id=NUMBER, name=TEXT)


def parameter(name: str, schema: Json = TEXT) -> Json:
    """Return a path parameter."""
    return {"name": name, "in": "path", "required": True, "schema": schema}


def responds(schema: Json | None, status: str = "200", **more: Any) -> Json:
    """Return an operation that responds with JSON, or without a body."""
    content = json_content(schema) if schema is not None else {}
    return {"responses": operation({status: content})["responses"], **more}


def pets(
    *,
    created: Json | None = PET,
    read: Json | None = PET,
    listed: Json | None = None,
    body: Json = BODY,
    key: Json = NUMBER,
) -> Json:
    """Return a document of pets with some responses."""
    return document(
        {
            "/pets": {
                "get": responds(listed or array(PET)),
                "post": responds(created, requestBody=body),
            },
            "/pets/{petId}": {
                "parameters": [parameter("petId", key)],
                "get": responds(read),
                "delete": responds(None, "204"),
            },
        }
    )


@pytest.mark.parametrize(
    ("created", "way"),
    [
        (NUMBER, ()),
        (array(PET), (0, "id")),
        (of(pets=array(PET), total=NUMBER), ("pets", 0, "id")),
        (of(data=of(pet=PET)), ("data", "pet", "id")),
        (of(id=NUMBER), ("id",)),
        (of(code=NUMBER, errors=TEXT, warnings=TEXT, status=TEXT, pet=PET), ("pet", "id")),
    ],
)
def test_the_response_to_a_creation_shows_the_key_wherever_it_has_room(
    tmp_path: Path, created: Json, way: tuple[Any, ...]
) -> None:
    """A bare key, a list of one, and an item in envelopes are followed by the item itself."""
    with served(tmp_path, pets(created=created)) as client:
        key = client.post("/pets", json={"name": "Ada"}).json()
        for part in way:
            key = key[part]
        assert client.get(f"/pets/{key}").json() == {"id": key, "name": "Ada"}
        assert {"id": key, "name": "Ada"} in client.get("/pets").json()
        assert client.delete(f"/pets/{key}").status_code == 204
        assert client.get(f"/pets/{key}").status_code == 404


@pytest.mark.parametrize("created", [None, of(success={"type": "boolean"})])
def test_a_creation_that_shows_no_key_has_a_location(tmp_path: Path, created: Json | None) -> None:
    """Whatever its status is: a client could not know the key otherwise."""
    with served(tmp_path, pets(created=created)) as client:
        first, second = (client.post("/pets", json={"name": name}) for name in ("Ada", "Bob"))
        assert first.headers["Location"] != second.headers["Location"]
        assert client.get(first.headers["Location"]).json()["name"] == "Ada"


def test_a_creation_that_shows_the_key_has_a_location_with_a_201_only(tmp_path: Path) -> None:
    """RFC 9110 gives the header no meaning beside a 200."""
    with served(tmp_path, pets()) as client:
        assert "Location" not in client.post("/pets", json={"name": "Ada"}).headers


@pytest.mark.parametrize("read", [array(PET), of(pets=array(PET))])
def test_an_item_may_be_read_in_an_array(tmp_path: Path, read: Json) -> None:
    """The array has the one item."""
    with served(tmp_path, pets(read=read)) as client:
        key = client.post("/pets", json={"name": "Ada"}).json()["id"]
        found = client.get(f"/pets/{key}").json()
        assert (found if isinstance(found, list) else found["pets"]) == [{"id": key, "name": "Ada"}]


def test_a_list_with_the_schema_of_one_item_shows_the_newest(tmp_path: Path) -> None:
    """No more is valid: the document forgot the array."""
    with served(tmp_path, pets(listed=PET)) as client:
        for name in ("Ada", "Bob"):
            created = client.post("/pets", json={"name": name}).json()
            assert client.get("/pets").json() == created


def test_a_list_of_bare_keys_has_those_of_the_items(tmp_path: Path) -> None:
    """Strings and integers cannot be objects."""
    with served(tmp_path, pets(listed=of(pets=array(TEXT)))) as client:
        key = client.post("/pets", json={"name": "Ada"}).json()["id"]
        keys = client.get("/pets").json()["pets"]
        assert str(key) == keys[0]
        assert all(client.get(f"/pets/{key}").status_code == 200 for key in keys)


def test_examples_without_a_schema_describe_responses(tmp_path: Path) -> None:
    """The contradictory ids of the examples are replaced by that of the item."""
    pet = {"data": {"id": 7, "name": "Rex", "tags": ["red"], "age": 3}, "status": "ok"}
    content = pets(created={}, read={}, listed={})
    for path, method, example in (
        ("/pets", "get", {"data": [pet["data"]], "status": "ok"}),
        ("/pets", "post", {**pet, "data": {"id": 5, "name": "Max"}}),
        ("/pets/{petId}", "get", pet),
    ):
        media = content["paths"][path][method]["responses"]["200"]["content"]["application/json"]
        del media["schema"]
        media["example"] = example
    with served(tmp_path, content) as client:
        first, second = (client.post("/pets", json={"name": name}) for name in ("Ada", "Bob"))
        key = first.json()["data"]["id"]
        assert key != second.json()["data"]["id"]
        assert client.get(f"/pets/{key}").json()["data"]["name"] == "Ada"
        assert client.get("/pets/7").json() == pet
        assert key in [item["id"] for item in client.get("/pets").json()["data"]]
        # A type in an example is no promise.
        odd = client.post("/pets", json={"name": "Cid", "age": "old"}).json()["data"]
        assert client.get(f"/pets/{odd['id']}").json()["data"]["age"] == "old"


def test_an_example_adds_nothing_to_a_schema_that_says_something(tmp_path: Path) -> None:
    """The response has to satisfy the schema: here it requires a field."""
    content = pets()
    media = content["paths"]["/pets"]["post"]["responses"]["200"]["content"]["application/json"]
    media.update(schema={"type": "object", "required": ["code"]}, example={"id": 7})
    with served(tmp_path, content) as client:
        assert "code" in client.post("/pets", json={"name": "Ada"}).json()


def test_responses_without_schema_and_example_show_the_item(tmp_path: Path) -> None:
    """Its key is its ``id``."""
    with served(tmp_path, pets(created={}, read={}, listed=array({}))) as client:
        created = client.post("/pets", json={"name": "Ada"}).json()
        assert client.get(f"/pets/{created['id']}").json() == created
        assert created in client.get("/pets").json()


def test_an_array_of_items_in_a_request_creates_each(tmp_path: Path) -> None:
    """The array may be in an envelope."""
    body = {"required": True, **json_content(of(pets=array(PET), owner=TEXT))}
    with served(tmp_path, pets(created=of(pets=array(PET)), body=body)) as client:
        sent = {"pets": [{"name": "Ada"}, {"name": "Bob"}]}
        created = client.post("/pets", json=sent).json()["pets"]
        assert [pet["name"] for pet in created] == ["Ada", "Bob"]
        assert [client.get(f"/pets/{pet['id']}").json() for pet in created] == created


@pytest.mark.parametrize(
    ("item", "listed"),
    [(of(name=TEXT), of(id=TEXT, name=TEXT)), (of(petUuid=TEXT, name=TEXT),) * 2],
)
def test_a_sure_identity_comes_before_a_name(tmp_path: Path, item: Json, listed: Json) -> None:
    """That of a list or a creation is the key of items that show no more than a name."""
    content = pets(created=listed, read=item, listed=array(listed), key=TEXT)
    content["paths"]["/pets/{id}"] = content["paths"].pop("/pets/{petId}")
    content["paths"]["/pets/{id}"]["parameters"] = [parameter("id")]
    with served(tmp_path, content) as client:
        created = client.post("/pets", json={"name": "Ada"}).json()
        key = created[next(iter(listed["properties"]))]
        assert client.get(f"/pets/{key}").json()["name"] == "Ada"


def test_the_last_words_of_a_parameter_name_an_identity(tmp_path: Path) -> None:
    """``user_id`` is the key of ``{client_user_id}``."""
    user = of(user_id=NUMBER, name=TEXT)
    content = document(
        {
            "/accounts": {"post": responds(user, requestBody=BODY)},
            "/accounts/{client_user_id}": {
                "parameters": [parameter("client_user_id", NUMBER)],
                "get": responds(user),
            },
        }
    )
    with served(tmp_path, content) as client:
        created = client.post("/accounts", json={"name": "Ada"}).json()
        assert client.get(f"/accounts/{created['user_id']}").json() == created


def below(path: str, item: Json, key: str = "id") -> Json:
    """Return the paths of a collection."""
    above = [parameter(part[1:-1]) for part in path.split("/") if part.startswith("{")]
    return {
        path: {
            "parameters": above,
            "get": responds(array(item)),
            "post": responds(item, "201", requestBody=BODY),
        },
        f"{path}/{{{key}}}": {
            "parameters": [*above, parameter(key)],
            "get": responds(item),
            "delete": responds(None, "204"),
        },
    }


NOTE = of(id=TEXT, name=TEXT)


def test_an_item_has_one_list_below_it_by_whatever_identifier(tmp_path: Path) -> None:
    """The path of a child may name its parent by another identifier than the parent's path."""
    shop = of(id=TEXT, slug=TEXT, name=TEXT)
    content = document({**below("/shops", shop, "slug"), **below("/shops/{slug}/notes", NOTE)})
    with served(tmp_path, content) as client:
        created = client.post("/shops", json={"name": "Ada"}).json()
        note = client.post(f"/shops/{created['id']}/notes", json={"name": "Hi"}).json()
        for name in (created["id"], created["slug"]):
            assert client.get(f"/shops/{name}/notes").json() == [note]
        assert client.post("/shops/unknown/notes", json={"name": "Hi"}).status_code == 404


def test_collections_of_one_name_are_two_resources(tmp_path: Path) -> None:
    """Also where the longer path comes first in the document."""
    content = document({**below("/shops/{shop}/notes", NOTE), **below("/notes", NOTE)})
    with served(tmp_path, content) as client:
        for path in ("/shops/1/notes", "/notes"):
            created = client.post(path, json={"name": "Hi"}).json()
            assert client.get(f"{path}/{created['id']}").json() == created
            others = {"/shops/1/notes": "/notes", "/notes": "/shops/1/notes"}
            assert client.get(f"{others[path]}/{created['id']}").status_code == 404


def test_a_key_is_a_number_if_paths_below_it_say_so(tmp_path: Path) -> None:
    """A child could not be reached otherwise."""
    content = document({**below("/shops", NOTE, "shop"), **below("/shops/{shop}/notes", NOTE)})
    number = [parameter("shop", NUMBER)]
    content["paths"]["/shops/{shop}/notes"]["parameters"] = number
    with served(tmp_path, content) as client:
        key = client.post("/shops", json={"name": "Ada"}).json()["id"]
        assert client.post(f"/shops/{key}/notes", json={"name": "Hi"}).status_code == 201


def test_a_parent_whose_key_nothing_shows_may_have_any(tmp_path: Path) -> None:
    """Nobody could name it otherwise."""
    nameless = of(color=TEXT)
    content = document(below("/shops/{shop}/notes", NOTE))
    content["paths"]["/shops"] = {"get": responds(array(nameless))}
    content["paths"]["/shops/{shop}"] = {
        "parameters": [parameter("shop")],
        "patch": responds(nameless, requestBody=BODY),
        "get": responds(nameless),
    }
    with served(tmp_path, content) as client:
        created = client.post("/shops/mine/notes", json={"name": "Hi"})
        assert created.status_code == 201
        assert created.json() in client.get("/shops/mine/notes").json()


def test_a_list_below_items_that_nobody_knows_has_the_first_items(tmp_path: Path) -> None:
    """Where no operation is for accounts, any account has them."""
    content = document(below("/notes", NOTE))
    content["paths"]["/accounts/{account}/notes"] = {
        "parameters": [parameter("account")],
        "get": responds(array(NOTE)),
        "post": responds(NOTE, "201", requestBody=BODY),
    }
    with served(tmp_path, content) as client:
        first = client.get("/accounts/1/notes").json()
        assert first
        assert first == client.get("/notes").json()
        client.post("/accounts/1/notes", json={"name": "Hi"})
        assert len(client.get("/accounts/1/notes").json()) == len(first) + 1
        assert client.get("/accounts/2/notes").json() == first


def test_a_list_below_a_parameter_is_a_collection_and_no_item(tmp_path: Path) -> None:
    """``/flags/{project}`` lists what ``/flags/{project}/{flag}`` reads."""
    listed = of(items=array(NOTE))
    content = document(below("/flags/{project}", NOTE, "flag"))
    content["paths"]["/flags/{project}"]["get"] = responds(listed)
    with served(tmp_path, content) as client:
        created = client.post("/flags/any", json={"name": "Hi"})
        assert created.status_code == 201
        assert created.json() in client.get("/flags/any").json()["items"]


def test_a_link_in_the_response_to_a_creation_leads_to_the_item(tmp_path: Path) -> None:
    """Also where it is all that the response shows."""
    with served(tmp_path, pets(created=of(href=TEXT))) as client:
        link = client.post("/pets", json={"name": "Ada"}).json()["href"]
        assert client.get(link).json()["name"] == "Ada"


def test_the_items_of_a_general_envelope_may_be_objects_without_fields(tmp_path: Path) -> None:
    """A later part of the composition says which fields they have."""
    general = of(items=array(of()), total=NUMBER)
    listed = {"allOf": [general, of(items=array(PET))]}
    with served(tmp_path, pets(listed=listed)) as client:
        created = client.post("/pets", json={"name": "Ada"}).json()
        assert client.get("/pets").json()["items"][0] == created
