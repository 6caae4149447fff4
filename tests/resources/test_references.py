"""Fields that name items of other resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver.resources import account as account_module
from tests.conftest import running_server
from tests.resources.documents import BEARER, document, json_content, operation, served
from tests.resources.shop import SHOP, create

Json = dict[str, Any]
NUMBER: Json = {"type": "integer"}


def test_references_in_lists_of_objects_are_checked() -> None:
    """``--check-references`` names the place of the unknown id."""
    with running_server(spec=SHOP, check_references=True) as server, server.client(None) as client:
        client.headers.update(BEARER)
        items = [{"product_id": create(client)["id"], "quantity": 1}]
        assert client.post("/v1/carts", json={"items": items}).status_code == 201
        items.append({"product_id": "zzz", "quantity": 1})
        refused = client.post("/v1/carts", json={"items": items})
        assert refused.status_code == 422
        assert "products" in refused.text


@pytest.fixture
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Orders refer to users, and users to orders."""
    paths: Json = {}
    for name, reference in (("users", "order_id"), ("orders", "userId")):
        fields = {"id": NUMBER, reference: NUMBER}
        schema: Json = {"type": "object", "required": [*fields], "properties": fields}
        listed = json_content({"type": "array", "items": schema})
        paths[f"/{name}"] = {"get": operation({"200": listed}, f"list_{name}")}
        read = operation({"200": json_content(schema)}, f"get_{name}")
        key = {"name": "id", "in": "path", "required": True, "schema": NUMBER}
        paths[f"/{name}/{{id}}"] = {"get": read, "parameters": [key]}
    with served(tmp_path_factory.mktemp("orders"), document(paths)) as made:
        yield made


def test_generated_items_refer_to_items_that_exist(client: httpx.Client) -> None:
    """Each to another one."""
    orders = client.get("/orders").json()
    assert sorted(order["userId"] for order in orders) == [1, 2, 3, 4, 5]
    assert client.get(f"/users/{orders[0]['userId']}").status_code == 200


def test_references_are_made_beyond_the_bound_of_collections(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Near it, no collection is opened for a reference only."""
    monkeypatch.setattr(account_module, "MAX_COLLECTIONS", 1)
    assert client.get("/orders").status_code == 200
    assert client.get("/users").status_code == 200
