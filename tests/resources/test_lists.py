"""Lists of inferred resources: pages by several conventions, envelopes, order, filters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.resources.documents import document, json_content, operation, served

Json = dict[str, Any]
DOG: Json = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "owner": {"type": "object", "properties": {"id": {"type": "string"}}},
        "good": {"type": "boolean"},
    },
    "additionalProperties": False,
}
NEW = {**DOG, "required": ["name"]}
ARRAY: Json = {"type": "array", "items": DOG}
STRING, INTEGER, BOOLEAN = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
NULLABLE = {"type": "string", "nullable": True}


def page(**fields: Json) -> Json:
    """Return the schema of a page, whose other fields are all required."""
    return {"type": "object", "required": [*fields], "properties": {**fields, "data": ARRAY}}


@contextmanager
def dogs(
    folder: Path,
    schema: Json,
    parameters: list[str],
    example: Any = None,
    kind: Json | None = None,
    **response: Any,
) -> Iterator[httpx.Client]:
    """Serve five dogs, named a to e, the newest last. ``kind`` is the schema of the parameters."""
    query = [{"name": name, "in": "query", "schema": kind or {}} for name in parameters]
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    content = json_content(schema) if example is None else json_content(schema, example=example)
    paths = {
        "/dogs": {
            "get": operation({"200": {**content, **response}}, "list", parameters=query),
            "post": operation({"201": json_content(DOG)}, "create", requestBody=json_content(NEW)),
        },
        "/dogs/{id}": {"get": operation({"200": json_content(DOG)}), "parameters": [key]},
    }
    with served(folder, document(paths), items=0) as client:
        for index, name in enumerate("abcde"):
            body = {
                "name": name,
                "tags": [name, "dog"],
                "owner": {"id": f"o{index % 2}"},
                "good": index < 2,
            }
            client.post("/dogs", json=body).raise_for_status()
        yield client


def names(items: list[Json]) -> str:
    """Return the names of some dogs."""
    return "".join(item["name"] for item in items)


@pytest.mark.parametrize(
    ("parameters", "query", "expected"),
    [
        ([], "", "edcba"),
        (["limit"], "limit=2", "ed"),
        (["limit", "offset"], "limit=2&offset=1", "dc"),
        (["$top", "$skip"], "$top=2&$skip=3", "ba"),
        (["page", "per_page"], "page=2&per_page=2", "cb"),
        (["pageNumber", "pageSize"], "pageNumber=3&pageSize=2", "a"),
        (["page", "limit"], "page=9&limit=2", ""),
        (["starting_after", "limit"], "starting_after=4&limit=2", "cb"),
        (["ending_before", "limit"], "ending_before=3&limit=1", "d"),
        (["cursor", "limit"], "cursor=3&limit=1", "b"),
        (["page_token", "page_size"], "page_token=4&page_size=5", "a"),
        (["cursor"], "cursor=unreadable", "edcba"),
        (["order"], "order=asc", "abcde"),
        (["sort_order"], "sort_order=DESC", "edcba"),
        (["name"], "name=c", "c"),
        (["tags"], "tags=dog", "edcba"),
        (["tag"], "tag=b", "b"),
        (["good"], "good=true", "ba"),
        (["owner"], "owner=o1", "db"),
        (["color"], "color=red", "edcba"),
    ],
)
def test_parameters_select_by_their_names(
    tmp_path: Path, parameters: list[str], query: str, expected: str
) -> None:
    """Newest first; a parameter of an unknown name changes nothing."""
    with dogs(tmp_path, ARRAY, parameters) as client:
        assert names(client.get(f"/dogs?{query}").json()) == expected


def test_an_offset_may_count_from_one(tmp_path: Path) -> None:
    """Its schema says so by its minimum, or by its default."""
    schema = {"type": "integer", "minimum": 1, "default": 1}
    with dogs(tmp_path, ARRAY, ["startIndex"], kind=schema) as client:
        assert names(client.get("/dogs").json()) == "edcba"
        assert names(client.get("/dogs?startIndex=2").json()) == "dcba"


def test_fields_beside_the_list_agree_with_it(tmp_path: Path) -> None:
    """Totals, numbers of pages, and whether there are more."""
    schema = page(
        total=INTEGER, totalPages=INTEGER, page=INTEGER, per_page=INTEGER, has_more=BOOLEAN
    )
    with dogs(tmp_path, schema, ["page", "per_page"]) as client:
        body = client.get("/dogs?page=2&per_page=2").json()
        assert names(body.pop("data")) == "cb"
        assert body == {"total": 5, "totalPages": 3, "page": 2, "per_page": 2, "has_more": True}
        assert client.get("/dogs?page=3&per_page=2").json()["has_more"] is False


@pytest.mark.parametrize(
    ("field", "parameters"),
    [
        ("next_cursor", ["cursor", "limit"]),
        ("next_page_token", ["page_token", "limit"]),
        ("nextToken", ["nextToken", "limit"]),
        ("next_cursor", ["starting_after", "limit"]),
    ],
)
@pytest.mark.parametrize("kind", [STRING, NULLABLE])
def test_a_cursor_leads_through_the_whole_list(
    tmp_path: Path, field: str, parameters: list[str], kind: Json
) -> None:
    """The last page has no further one: null, or else an empty text."""
    with dogs(tmp_path, page(**{field: kind}), parameters) as client:
        seen, cursor = "", None
        for _ in range(3):
            params = {"limit": "2"} | ({parameters[0]: cursor} if cursor else {})
            body = client.get("/dogs", params=params).json()
            seen += names(body["data"])
            cursor = body[field]
        assert seen == "edcba"
        assert not cursor


def test_an_optional_cursor_is_left_out_at_the_end(tmp_path: Path) -> None:
    """Clients stop when it is missing."""
    schema = {"type": "object", "properties": {"next_cursor": STRING, "data": ARRAY}}
    with dogs(tmp_path, schema, ["cursor", "limit"]) as client:
        assert "next_cursor" not in client.get("/dogs?limit=5").json()


def test_fields_in_an_object_of_their_own(tmp_path: Path) -> None:
    """``pagination``, ``meta`` and ``links`` are filled like the envelope itself."""
    meta = {"type": "object", "required": ["count"], "properties": {"count": INTEGER}}
    links = {"type": "object", "required": ["next"], "properties": {"next": NULLABLE}}
    with dogs(tmp_path, page(meta=meta, links=links), ["limit", "offset"]) as client:
        body = client.get("/dogs?limit=2").json()
        assert body["meta"]["count"] == 5
        assert body["links"]["next"] == "/dogs?limit=2&offset=2"
        following = client.get(body["links"]["next"]).json()
        assert names(following["data"]) == "cb"
        assert client.get("/dogs?offset=4").json()["links"]["next"] is None


def test_documented_headers_lead_on(tmp_path: Path) -> None:
    """``Link`` names the next page, and ``X-Total-Count`` the total."""
    headers = {"Link": {"schema": STRING}, "X-Total-Count": {"schema": INTEGER}}
    with dogs(tmp_path, ARRAY, ["page", "per_page"], headers=headers) as client:
        response = client.get("/dogs?per_page=3")
        assert response.headers["Link"] == '</dogs?per_page=3&page=2>; rel="next"'
        assert response.headers["X-Total-Count"] == "5"
        assert "Link" not in client.get("/dogs?per_page=3&page=2").headers


def test_an_example_shows_the_order(tmp_path: Path) -> None:
    """Where it shows the oldest first, lists are so."""
    properties: Json = DOG["properties"]
    dated = {**DOG, "properties": {**properties, "created_at": STRING}}
    example = [
        {"id": 1, "name": "x", "created_at": "2026-01-01"},
        {"id": 2, "name": "y", "created_at": "2026-01-02"},
    ]
    schema = {"type": "array", "items": dated}
    with dogs(tmp_path, schema, [], example) as client:
        listed = names(client.get("/dogs").json())
        assert listed.endswith("abcde")


def test_a_list_that_must_have_items_is_never_empty(tmp_path: Path) -> None:
    """Its schema decides, also where a filter leaves nothing."""
    with dogs(tmp_path, {**ARRAY, "minItems": 1}, ["name"]) as client:
        assert len(client.get("/dogs?name=nobody").json()) >= 1


def test_a_page_has_no_errors(tmp_path: Path) -> None:
    """Optional fields that nothing is known of are left out of a page."""
    errors = {"type": "array", "items": {"type": "object"}}
    schema = {
        "type": "object",
        "properties": {"data": ARRAY, "errors": errors, "next_cursor": STRING},
    }
    with dogs(tmp_path, schema, ["cursor"]) as client:
        assert client.get("/dogs").json().keys() == {"data"}


def test_the_array_of_a_general_envelope_holds_what_a_later_part_says(tmp_path: Path) -> None:
    """``allOf`` often begins with an envelope of any objects."""
    thing = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    data = {"type": "array", "items": thing}
    envelope = {"properties": {"data": {"type": "array", "items": {"type": "object"}}}}
    listed = {"type": "object", "allOf": [envelope, {"properties": {"data": data}}]}
    key = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    content = document(
        {
            "/things": {
                "get": operation({"200": json_content(listed)}, "list"),
                "post": operation({"201": json_content(thing)}, "create"),
            },
            "/things/{id}": {
                "get": operation({"200": json_content(thing)}, "read", parameters=key)
            },
        }
    )
    with served(tmp_path, content) as client:
        created = client.post("/things").json()
        assert created in client.get("/things").json()["data"]


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        (["skip"], "skip=2147483648"),
        (["offset"], "offset=9223372036854775807"),
        (["page"], "page=99999999999999999999999"),
        (["page", "limit"], f"page={'9' * 5_000}&limit=2"),
        (["cursor"], "cursor=99999999999"),
        (["limit"], "limit=0"),
    ],
)
def test_a_page_beyond_the_list_is_empty(tmp_path: Path, parameters: list[str], query: str) -> None:
    """However large the number is; so is a page of no items."""
    with dogs(tmp_path, ARRAY, parameters) as client:
        response = client.get(f"/dogs?{query}")
        assert response.json() == []
        assert "X-Mock-Warning" not in response.headers


def test_an_empty_page_leads_nowhere(tmp_path: Path) -> None:
    """Otherwise, its next page would be the same."""
    links = {"type": "object", "required": ["next"], "properties": {"next": NULLABLE}}
    schema = page(links=links, pages=INTEGER)
    with dogs(tmp_path, schema, ["limit", "offset"]) as client:
        assert client.get("/dogs?limit=0").json()["links"]["next"] is None


@pytest.mark.parametrize("query", ["limit=-1", "cursor=garbage", "after=garbage", "before=garbage"])
def test_a_paging_parameter_that_is_not_understood_is_a_warning(tmp_path: Path, query: str) -> None:
    """It selects the default."""
    name = query.split("=", maxsplit=1)[0]
    with dogs(tmp_path, ARRAY, [name]) as client:
        response = client.get(f"/dogs?{query}")
        assert names(response.json()) == "edcba"
        expected = f"The value of '{name}' was not understood: it selects the default."
        assert response.headers["X-Mock-Warning"] == expected


@pytest.mark.parametrize("status", ["400", "422"])
def test_an_unknown_cursor_is_the_documented_refusal(tmp_path: Path, status: str) -> None:
    """Where one is documented."""
    listed = operation(
        {"200": json_content(ARRAY), status: {}},
        "list",
        parameters=[{"name": "cursor", "in": "query", "schema": STRING}],
    )
    made = operation({"201": json_content(DOG)}, "create", requestBody=json_content(NEW))
    with served(tmp_path, document({"/dogs": {"get": listed, "post": made}})) as client:
        assert client.get("/dogs?cursor=garbage").status_code == int(status)
        assert client.get("/dogs?cursor=2").status_code == 200


@pytest.mark.parametrize(
    ("names", "query", "expected"),
    [
        (["sort"], "sort=age", "acb"),
        (["sort"], "sort=-age", "bca"),
        (["order_by"], "order_by=age desc,name", "bca"),
        (["sortBy", "order"], "sortBy=age&order=desc", "bca"),
        (["sort"], "sort=age:asc", "acb"),
        (["sort"], "sort=asc", "abc"),
        (["sort"], "sort=popularity", "cba"),
    ],
)
def test_a_list_is_sorted_by_a_property(
    tmp_path: Path, names: list[str], query: str, expected: str
) -> None:
    """A value that names no property is warned of, and the list keeps its order."""
    dog = {"type": "object", "properties": {"id": STRING, "name": STRING, "age": INTEGER}}
    parameters = [{"name": name, "in": "query", "schema": STRING} for name in names]
    many = json_content({"type": "array", "items": dog})
    content = document(
        {
            "/dogs": {
                "get": operation({"200": many}, "list_dogs", parameters=parameters),
                "post": operation(
                    {"201": json_content(dog)}, "make_dog", requestBody=json_content(dog)
                ),
            },
            "/dogs/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": STRING}],
                "get": operation({"200": json_content(dog)}),
            },
        }
    )
    with served(tmp_path, content, items=0) as client:
        for name, age in (("a", 1), ("b", 10), ("c", 9)):
            client.post("/dogs", json={"name": name, "age": age})
        response = client.get(f"/dogs?{query}")
        assert "".join(dog["name"] for dog in response.json()) == expected
        assert ("X-Mock-Warning" in response.headers) == ("popularity" in query)
