"""The mock of the shop of ``examples/any-document``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from mockserver.openapi.contract import JSON, Contract

SHOP = Path(__file__).resolve().parent.parent.parent / "examples" / "any-document" / "openapi.yaml"
CONTRACT = Contract.load(SHOP)
NOW = "2026-03-18T12:00:00Z"
TEA = {"name": "Tea", "category": "food", "price_cents": 300}


def assert_valid(operation_id: str, response: httpx.Response) -> None:
    """The response is documented, and its body satisfies its schema."""
    operation = CONTRACT.operations[operation_id]
    documented = CONTRACT.follow(operation.response(response.status_code) or {})
    assert documented, response.text
    if "content" not in documented:
        assert response.content == b""
        return
    schema = documented["content"][JSON]["schema"]
    assert CONTRACT.validator(schema, closed=True).is_valid(response.json()), response.text


def create(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Create a product."""
    response = client.post("/v1/products", json={**TEA, **fields})
    assert response.status_code == 201, response.text
    assert_valid("createProduct", response)
    body: dict[str, Any] = response.json()
    return body
