"""What belongs together in a document: collections, items, singletons, actions, identity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.openapi.contract import Contract
from mockserver.resources.inference import infer
from mockserver.resources.model import Model, Role
from tests.resources.documents import document, json_content, operation

Json = dict[str, Any]


def item(**properties: str) -> Json:
    """Return the schema of an object with properties of some types."""
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
    }


def inferred(paths: Json, **more: Any) -> Model:
    """Return what is inferred from some paths. All path parameters are strings."""
    return infer(Contract.of(Path("document.yaml"), document(paths, **more)))


def responds(schema: Json, name: str, status: str = "200", **more: Any) -> Json:
    """Return an operation that responds with JSON."""
    return operation({status: json_content(schema)}, name, **more)


def empty(name: str) -> Json:
    """Return an operation that responds without a body."""
    return operation({"204": {}}, name)


def takes(schema: Json) -> Json:
    """Return a request body."""
    return json_content(schema)


def roles(model: Model) -> dict[str, tuple[str, Role]]:
    """Return the resource and the role of each operation."""
    return {name: (one.resource, one.role) for name, one in model.operations.items()}


PET = item(id="integer", name="string")
COLLECTION: Json = {
    "/pets": {
        "get": responds({"type": "array", "items": PET}, "list"),
        "post": responds(PET, "create", "201"),
    },
    "/pets/{petId}": {
        "get": responds(PET, "read"),
        "put": responds(PET, "replace"),
        "patch": responds(PET, "merge"),
        "delete": empty("delete"),
    },
}


def test_a_collection_and_its_items() -> None:
    """Each method has its role."""
    model = inferred(COLLECTION)
    assert roles(model) == {name: ("pets", Role(name)) for name in [*Role][:6]}
    assert model.resources["pets"].identity == "id"


@pytest.mark.parametrize(
    ("parameter", "properties", "identity"),
    [
        ("petId", {"id": "integer", "name": "string"}, "id"),
        ("pet_id", {"pet_id": "string", "id": "string"}, "pet_id"),
        ("id", {"uuid": "string", "name": "string"}, "uuid"),
        ("Sid", {"account_sid": "string", "sid": "string"}, "sid"),
        ("pet_gid", {"gid": "string", "name": "string"}, "gid"),
        ("slug", {"id": "integer", "slug": "string"}, "slug"),
        ("username", {"id": "integer", "username": "string"}, "username"),
        ("name", {"name": "string", "size": "integer"}, "name"),
        ("pet", {"id": "string", "name": "string"}, "id"),
        ("key", {"petId": "string", "name": "string"}, "petId"),
        ("petId", {"id": "object", "name": "string"}, "name"),
        ("thing", {"size": "integer"}, None),
    ],
)
def test_the_identity_follows_from_parameter_and_schema(
    parameter: str, properties: dict[str, str], identity: str | None
) -> None:
    """The parameter's own name first, then the usual names of ids, then weaker ones."""
    pet = item(**properties)
    paths = {
        "/pets": {"post": responds(pet, "create", "201")},
        f"/pets/{{{parameter}}}": {"get": responds(pet, "read")},
    }
    assert inferred(paths).resources["pets"].identity == identity


def test_items_in_envelopes() -> None:
    """The object or array that holds items is found by identity and name."""
    page = {
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": PET},
            "errors": {"type": "array", "items": item(code="string")},
        },
    }
    wrapped = {"type": "object", "properties": {"data": PET, "meta": item(took="integer")}}
    paths = {
        "/pets": {
            "get": responds(page, "list"),
            "post": responds(wrapped, "create", requestBody=takes(wrapped)),
        },
        "/pets/{id}": {"get": responds(wrapped, "read")},
    }
    model = inferred(paths)
    ways = {name: one.response.way for name, one in model.operations.items() if one.response}
    assert ways == {"list": ("data",), "create": ("data",), "read": ("data",)}
    assert model.operations["create"].request == ("data",)


def test_an_object_within_an_item_is_no_envelope() -> None:
    """The item itself has an identity."""
    nested = item(id="string", name="string")
    nested["properties"]["owner"] = item(petId="string", id="string")
    paths = {
        "/pets": {"post": responds(nested, "create")},
        "/pets/{petId}": {"get": responds(nested, "read")},
    }
    read = inferred(paths).operations["read"].response
    assert read is not None
    assert read.way == ()


def test_collections_below_items() -> None:
    """Their parent is the resource of the item."""
    paths = {
        **COLLECTION,
        "/pets/{petId}/visits": {"post": responds(item(id="integer"), "create_visit")},
        "/pets/{petId}/visits/{visitId}": {"get": responds(item(id="integer"), "read_visit")},
    }
    visits = inferred(paths).resources["visits"]
    assert (visits.parent, visits.above) == ("pets", ("pets",))
    assert str(visits.template) == "/pets/{petId}/visits"


def test_a_list_below_another_item_shows_items_of_a_resource() -> None:
    """It is linked, and has no resource of its own."""
    paths = {
        **COLLECTION,
        "/owners/{owner}/pets": {
            "get": responds({"type": "array", "items": PET}, "list_of_owner"),
            "post": responds(PET, "create_of_owner"),
        },
    }
    model = inferred(paths)
    assert list(model.resources) == ["pets"]
    assert model.operations["create_of_owner"].role is Role.CREATE
    assert str(model.operations["list_of_owner"].link) == "/owners/{owner}/pets"


def test_singletons() -> None:
    """A GET of an object beside a PUT or PATCH, at the top and below an item."""
    settings = item(color="string")
    paths = {
        **COLLECTION,
        "/settings": {"get": responds(settings, "get"), "patch": responds(settings, "change")},
        "/pets/{petId}/diet": {"get": responds(settings, "diet"), "put": empty("put_diet")},
        "/status": {"get": responds(settings, "status")},
    }
    model = inferred(paths)
    assert model.resources["settings"].is_singleton
    assert model.resources["diet"].parent == "pets"
    assert "status" not in model.operations


def test_actions_below_items() -> None:
    """Their response is the item only if it has the item's own schema."""
    schemas = {"Pet": PET}
    pet = {"$ref": "#/components/schemas/Pet"}
    paths = {
        "/pets": {"post": responds(pet, "create")},
        "/pets/{id}": {"get": responds(pet, "read")},
        "/pets/{id}/feed": {"post": responds(pet, "feed")},
        "/pets/{id}/photo": {"post": responds(item(url="string"), "photo")},
        "/pets/{id}:sell": {"post": responds(pet, "sell")},
    }
    model = inferred(paths, components={"schemas": schemas})
    assert {name for name, (_, role) in roles(model).items() if role is Role.ACT} == {
        *("feed", "photo", "sell"),
    }
    assert model.operations["feed"].response is not None
    assert model.operations["photo"].response is None


def test_creations_and_searches_by_name() -> None:
    """``POST /pets/create`` creates, ``POST /pets/search`` lists, an upsert creates by key."""
    page = {"type": "object", "properties": {"pets": {"type": "array", "items": PET}}}
    paths = {
        "/pets/create": {"post": responds(PET, "make", requestBody=takes(PET))},
        "/pets/search": {
            "post": responds(page, "search", requestBody=takes(item(limit="integer")))
        },
        "/pets/{id}": {"get": responds(PET, "read"), "post": responds(PET, "upsertPet")},
    }
    assert roles(inferred(paths)) == {
        "make": ("pets", Role.CREATE),
        "search": ("pets", Role.LIST),
        "read": ("pets", Role.READ),
        "upsertPet": ("pets", Role.REPLACE),
    }


def test_items_that_cannot_come_to_be_are_no_resource() -> None:
    """A GET by id alone is served from examples and schemas."""
    assert inferred({"/pets/{id}": {"get": responds(PET, "read")}}).resources == {}


def test_endings_and_slashes_of_paths_do_not_count() -> None:
    """``/pets.json`` and ``/pets/{id}.json`` belong together, as do paths that end in a slash."""
    for ending in (".json", "/"):
        paths = {
            f"/pets{ending}": {"post": responds(PET, "create")},
            f"/pets/{{id}}{ending}": {"get": responds(PET, "read")},
        }
        assert set(roles(inferred(paths)).values()) == {("pets", Role.CREATE), ("pets", Role.READ)}


def test_the_document_corrects_what_is_inferred() -> None:
    """``x-mock-resource`` leaves operations out, or gives a name and an identity."""
    path = {**COLLECTION["/pets"], "x-mock-resource": {"name": "animals", "id": "name"}}
    put = {**COLLECTION["/pets/{petId}"]["put"], "x-mock-resource": False}
    model = inferred({"/pets": path, "/pets/{petId}": {**COLLECTION["/pets/{petId}"], "put": put}})
    assert model.resources["animals"].identity == "name"
    assert "replace" not in model.operations
