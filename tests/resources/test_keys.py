"""Items whose keys are unusual: chosen by the client, huge, or outside what paths allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.cli.program import wait_for
from tests.resources.documents import document, json_content, operation, served
from tests.webhooks.receiver import receiving

HUGE = 10**20
ID = {"type": "integer"}
BOAT = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": ID, "name": {"type": "string"}},
}


def boats(**more: Any) -> dict[str, Any]:
    """Return a document of boats that are created by JSON or a form."""
    content = {kind: {"schema": BOAT} for kind in _KINDS}
    posted = {"required": True, "content": content}
    path = {"name": "boatId", "in": "path", "required": True, "schema": ID}
    boat = json_content(BOAT)
    return document(
        {
            "/boats": {
                "get": operation({"200": json_content({"type": "array", "items": BOAT})}, "list"),
                "post": operation({"201": boat}, "create", requestBody=posted),
                **more,
            },
            "/boats/{boatId}": {
                "parameters": [path],
                "get": operation({"200": boat, "404": {}}, "read"),
            },
        }
    )


_KINDS = ("application/json", "application/x-www-form-urlencoded")


def test_an_integer_beyond_64_bits_is_kept(tmp_path: Path) -> None:
    """A form may have one; it is read back, listed, exported, and sent to webhook endpoints."""
    with receiving() as receiver, served(tmp_path, boats()) as client:
        client.post("/_mock/webhook-endpoints", json={"url": receiver.url}).raise_for_status()
        created = client.post("/boats", data={"id": HUGE, "name": "Ada"})
        assert (created.status_code, created.json()) == (201, {"id": HUGE, "name": "Ada"})
        assert client.get(f"/boats/{HUGE}").json() == created.json()
        assert created.json() in client.get("/boats").json()
        assert str(HUGE) in client.get("/_mock/state").text
        wait_for(lambda: len(receiver.received) == 1)
        assert receiver.received[0].json["data"] == created.json()


ARN = "arn:aws:portal/eu 1/7%2F"
"""A key with slashes, one of which is encoded in the key itself."""


@pytest.mark.parametrize("is_encoded_in_capitals", [True, False])
def test_a_slash_in_a_key_is_percent_encoded(tmp_path: Path, is_encoded_in_capitals: bool) -> None:
    """As encodeURIComponent writes it, and as Location shows it, a key is one segment."""
    content = json.loads(json.dumps(boats()).replace(json.dumps(ID), '{"type": "string"}'))
    encoded = quote(ARN, safe="")
    with served(tmp_path, content) as client:
        created = client.post("/boats", json={"id": ARN, "name": "Ada"})
        assert client.get(created.headers["location"]).json() == created.json()
        path = encoded if is_encoded_in_capitals else encoded.replace("%2F", "%2f")
        assert client.get(f"/boats/{path}").json() == {"id": ARN, "name": "Ada"}
        assert client.get(f"/boats/{quote(ARN)}").status_code == 404


def put(errors: dict[str, Any] | None = None, *, is_bulk: bool = False) -> dict[str, Any]:
    """Return a PUT on the collection, of one boat or of several."""
    content = json_content({"anyOf": [BOAT, {"type": "array", "items": BOAT}]} if is_bulk else BOAT)
    body = {"required": True, **content}
    return {
        "put": operation({"200": json_content(BOAT), **(errors or {})}, "put", requestBody=body)
    }


def test_put_on_a_collection_creates_an_unknown_item(tmp_path: Path) -> None:
    """It changes a known one. The identity is that in the body."""
    with served(tmp_path, boats(**put())) as client:
        for name in ("Ada", "Bea"):
            boat = {"id": 77, "name": name}
            assert client.put("/boats", json=boat).json() == boat
            assert client.get("/boats/77").json() == boat
        assert len(client.get("/boats").json()) == 6


def test_put_on_a_collection_keeps_to_a_documented_404(tmp_path: Path) -> None:
    """The document says what happens to an unknown identity."""
    with served(tmp_path, boats(**put({"404": {}}))) as client:
        assert client.put("/boats", json={"id": 77, "name": "Ada"}).status_code == 404
        assert client.put("/boats", json={"id": 1, "name": "Ada"}).status_code == 200


def test_a_bulk_change_gets_the_response_of_the_schema(tmp_path: Path) -> None:
    """An array of items names no item."""
    with served(tmp_path, boats(**put(is_bulk=True))) as client:
        response = client.put("/boats", json=[{"id": 77, "name": "Ada"}])
        assert response.status_code == 200
        assert response.headers["X-Mock-Source"] == "schema"


def test_an_identity_that_no_path_can_have_is_replaced(tmp_path: Path) -> None:
    """The new item has one that the path parameter allows, and a warning names the field."""
    content = boats()
    content["paths"]["/boats/{boatId}"]["parameters"][0]["schema"] = {**ID, "maximum": 10}
    with served(tmp_path, content) as client:
        created = client.post("/boats", json={"id": 77, "name": "Ada"})
        assert created.json() == {"id": 6, "name": "Ada"}
        assert "'id'" in created.headers["X-Mock-Warning"]
        assert client.get("/boats/6").json() == created.json()
        assert client.post("/boats", json={"id": 9, "name": "Bea"}).json()["id"] == 9


def test_the_key_of_a_removed_item_is_free_where_no_other_is_allowed(tmp_path: Path) -> None:
    """Where others are allowed, no key is given twice."""
    for largest, following in ((100, 7), (6, 6)):
        content = boats()
        item = content["paths"]["/boats/{boatId}"]
        item["parameters"][0]["schema"] = {**ID, "maximum": largest}
        item["delete"] = operation({"204": {}}, "delete")
        with served(tmp_path, content) as client:
            boat = {"id": largest + 1, "name": "Ada"}
            assert client.post("/boats", json=boat).json()["id"] == 6
            assert client.delete("/boats/6").status_code == 204
            assert client.post("/boats", json=boat).json()["id"] == following
