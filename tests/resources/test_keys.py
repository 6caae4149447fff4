"""Items whose keys are unusual: chosen by the client, huge, or outside what paths allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
