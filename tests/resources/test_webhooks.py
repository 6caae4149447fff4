"""Webhook endpoints receive the changes of inferred resources."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.cli.program import wait_for
from tests.conftest import running_server
from tests.resources.documents import BEARER, document, json_content, operation, served
from tests.resources.shop import SHOP, create
from tests.webhooks.receiver import Receiver, receiving

MOMENT = datetime(2026, 3, 18, 12, tzinfo=UTC)


def changes(client: httpx.Client, receiver: Receiver) -> list[dict[str, Any]]:
    """Create, change and delete a product; return what the endpoint received."""
    client.post("/_mock/webhook-endpoints", json={"url": receiver.url}).raise_for_status()
    created = create(client)
    client.patch(f"/v1/products/{created['id']}", json={"stock": 3}).raise_for_status()
    client.delete(f"/v1/products/{created['id']}").raise_for_status()
    wait_for(lambda: len(receiver.received) == 3)
    return [request.json for request in receiver.received]


def test_each_change_of_an_item_is_an_event() -> None:
    """Named after the resource, with the item as its data; the same ids by seed."""
    runs = []
    for _ in range(2):
        with (
            receiving() as receiver,
            running_server(spec=SHOP, now=MOMENT) as server,
            server.client(None) as client,
        ):
            client.headers.update(BEARER)
            runs.append(changes(client, receiver))
    first = runs[0]
    assert [event["event"] for event in first] == [
        "product.created",
        "product.updated",
        "product.deleted",
    ]
    assert [event["data"]["stock"] for event in first] == [0, 3, 3]
    assert {event["account_id"] for event in first} == {first[0]["account_id"]}
    assert runs[0] == runs[1]


def test_a_documented_webhook_has_its_own_body(tmp_path: Path) -> None:
    """OpenAPI 3.1 describes the whole body. Other events of the same item come in an envelope."""
    note = {
        "type": "object",
        "required": ["id", "text"],
        "properties": {"id": {"type": "integer", "readOnly": True}, "text": {"type": "string"}},
    }
    told = {
        "type": "object",
        "required": ["kind", "text"],
        "properties": {"kind": {"const": "note"}, "text": {"type": "string"}},
        "additionalProperties": False,
    }
    post = {"requestBody": json_content(told), "responses": {"200": {"description": "Read."}}}
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    sent = json_content(note)
    paths = {
        "/notes": {"post": operation({"201": json_content(note)}, "make", requestBody=sent)},
        "/notes/{id}": {
            "parameters": [key],
            "get": operation({"200": json_content(note)}, "read"),
            "delete": operation({"204": {"description": "Gone."}}, "remove"),
        },
    }
    content = {**document(paths), "openapi": "3.1.0", "webhooks": {"noteCreated": {"post": post}}}
    with receiving() as receiver, served(tmp_path, content) as client:
        client.post("/_mock/webhook-endpoints", json={"url": receiver.url}).raise_for_status()
        made = client.post("/notes", json={"text": "a"}).json()
        client.delete(f"/notes/{made['id']}").raise_for_status()
        wait_for(lambda: len(receiver.received) == 2)
        created, deleted = (request.json for request in receiver.received)
        assert created == {"kind": "note", "text": "a"}
        assert (deleted["event"], deleted["data"]["id"]) == ("note.deleted", made["id"])


def test_a_creation_calls_back_where_it_asks_for_it(tmp_path: Path) -> None:
    """The body of the callback has its schema. Hosts that the user did not name get no request."""
    order = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "callbackUrl": {"type": "string"}},
    }
    told = {
        "type": "object",
        "required": ["id", "state"],
        "properties": {"id": {"type": "integer"}, "state": {"type": "string", "enum": ["paid"]}},
    }
    callback = {"post": {"requestBody": json_content(told), "responses": {"200": {}}}}
    callbacks = {"orderPaid": {"{$request.body#/callbackUrl}?id={$response.body#/id}": callback}}
    paths = {
        "/orders": {
            "post": operation(
                {"201": json_content(order)},
                "make_order",
                requestBody=json_content(order),
                callbacks=callbacks,
            )
        },
        "/orders/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            "get": operation({"200": json_content(order)}),
        },
    }
    with receiving() as receiver, served(tmp_path, document(paths)) as client:
        made = client.post("/orders", json={"callbackUrl": receiver.url}).json()
        wait_for(lambda: len(receiver.received) == 1)
        assert receiver.received[0].json == {"id": made["id"], "state": "paid"}
        assert "X-Mock-Warning" not in client.post("/orders", json={}).headers
        far = client.post("/orders", json={"callbackUrl": "https://far.example.com/x"})
        assert "--allow-webhook-host far.example.com" in far.headers["X-Mock-Warning"]
        assert len(client.get("/_mock/webhook-deliveries").json()["deliveries"]) == 1
