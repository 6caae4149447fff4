"""Edits that vendors make, on a small shop: what is reported was written down before it was run."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.contract.comparison import compare
from mockserver.contract.lifecycle import Policy

Json = dict[str, Any]
TODAY = Policy(date(2026, 12, 1))

SHOP = """\
openapi: 3.0.3
info: {title: Shop, version: 1.4.0}
servers: [{url: https://api.shop.example/v1}]
tags: [{name: orders, description: Orders.}]
security: [{key: []}]
paths:
  /orders:
    get:
      operationId: list_orders
      tags: [orders]
      security: [{oauth: [orders.read]}]
      parameters:
        - {name: status, in: query, schema: {$ref: '#/components/schemas/Status'}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100, default: 20}}
        - {name: ids, in: query, schema: {type: array, maxItems: 50, items: {type: string}}}
      responses:
        '200':
          description: A page of orders.
          headers: {X-Total: {schema: {type: integer}}}
          content:
            application/json:
              schema:
                type: object
                required: [data, has_more]
                properties:
                  data: {type: array, items: {$ref: '#/components/schemas/Order'}}
                  has_more: {type: boolean}
        '401': {$ref: '#/components/responses/Unauthorized'}
    post:
      operationId: create_order
      tags: [orders]
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/NewOrder'}
      responses:
        '201':
          description: The order.
          content:
            application/json: {schema: {$ref: '#/components/schemas/Order'}}
          links: {get: {operationId: get_order, parameters: {order_id: $response.body#/id}}}
        '401': {$ref: '#/components/responses/Unauthorized'}
  /orders/{order_id}:
    parameters:
      - {name: order_id, in: path, required: true, schema: {type: string}}
    get:
      operationId: get_order
      tags: [orders]
      responses:
        '200':
          description: The order.
          content:
            application/json: {schema: {$ref: '#/components/schemas/Order'}}
        '404': {description: No such order.}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
    oauth:
      type: oauth2
      flows:
        clientCredentials:
          tokenUrl: https://shop.example/token
          scopes: {orders.read: Read., orders.write: Write.}
  responses:
    Unauthorized:
      description: No key.
      content:
        application/json: {schema: {$ref: '#/components/schemas/Error'}}
  schemas:
    Status: {type: string, enum: [open, paid, shipped]}
    Error: {type: object, required: [code], properties: {code: {type: string}}}
    Money:
      type: object
      required: [amount, currency]
      properties:
        amount: {type: integer, minimum: 0}
        currency: {type: string, pattern: '^[A-Z]{3}$'}
    Card:
      type: object
      required: [kind, number]
      properties: {kind: {type: string}, number: {type: string}}
    Bank:
      type: object
      required: [kind, iban]
      properties: {kind: {type: string}, iban: {type: string}}
    Payment:
      oneOf: [{$ref: '#/components/schemas/Card'}, {$ref: '#/components/schemas/Bank'}]
      discriminator:
        propertyName: kind
        mapping: {card: '#/components/schemas/Card', bank: '#/components/schemas/Bank'}
    NewOrder:
      type: object
      required: [items]
      properties:
        items: {type: array, minItems: 1, maxItems: 100, items: {type: string}}
        note: {type: string, maxLength: 500}
        gift: {type: boolean, default: false}
        payment: {$ref: '#/components/schemas/Payment'}
        total: {allOf: [{$ref: '#/components/schemas/Money'}], description: The total.}
    Order:
      type: object
      required: [id, status, total]
      properties:
        id: {type: string, readOnly: true}
        status: {$ref: '#/components/schemas/Status'}
        total: {allOf: [{$ref: '#/components/schemas/Money'}], description: The total.}
        shipping: {allOf: [{$ref: '#/components/schemas/Money'}], description: Its costs.}
        note: {type: string, nullable: true}
"""

Edit = Callable[[Json], object]
B, A, E = "breaking", "additive", "editorial"


def schemas(document: Json) -> Json:
    """Return the component schemas."""
    found: Json = document["components"]["schemas"]
    return found


def properties(document: Json, name: str) -> Json:
    """Return the properties of a component schema."""
    found: Json = schemas(document)[name]["properties"]
    return found


def operation(document: Json, key: str) -> Json:
    """Return an operation, such as ``get /orders``."""
    method, path = key.split()
    found: Json = document["paths"][path][method]
    return found


def content(document: Json, key: str, status: str) -> Json:
    """Return the content of a response."""
    found: Json = operation(document, key)["responses"][status]["content"]
    return found


def rename(node: Json, old: str, new: str) -> None:
    """Rename a key, in place and in order."""
    pairs = [(new if key == old else key, value) for key, value in node.items()]
    node.clear()
    node.update(pairs)


def rename_path_parameter(document: Json) -> None:
    """Call the parameter of a path something else."""
    rename(document["paths"], "/orders/{order_id}", "/orders/{id}")
    document["paths"]["/orders/{id}"]["parameters"][0]["name"] = "id"


def rename_component(document: Json) -> None:
    """Call the schema of errors something else."""
    rename(schemas(document), "Error", "Problem")
    schema = {"$ref": "#/components/schemas/Problem"}
    unauthorized = document["components"]["responses"]["Unauthorized"]
    unauthorized["content"]["application/json"]["schema"] = schema


def into_one_of(document: Json) -> None:
    """Accept a text for money, too."""
    schemas(document)["NewOrder"]["properties"]["note"] = {
        "oneOf": [{"type": "string", "maxLength": 500}, {"type": "object"}]
    }


def parameter(document: Json, name: str) -> Json:
    """Return a parameter of the list of orders."""
    parameters: list[Json] = operation(document, "get /orders")["parameters"]
    (found,) = [entry for entry in parameters if entry["name"] == name]
    return found


def append(key: str, **fields: Any) -> Edit:
    """Return an edit that adds a parameter."""
    return lambda document: operation(document, key).setdefault("parameters", []).append(fields)


def at(*way: str, **changed: Any) -> Edit:
    """Return an edit that changes the fields of an object; None removes one."""

    def edit(document: Json) -> None:
        node: Any = document
        for key in way:
            node = node[key]
        for name, value in changed.items():
            node[name] = value
            if value is None:
                del node[name]

    return edit


S = ("components", "schemas")
ORDER, NEW, MONEY = (*S, "Order"), (*S, "NewOrder"), (*S, "Money")
TEXT = {"type": "string"}
EDITS: dict[str, tuple[Edit, list[tuple[str, str]]]] = {
    "a response property is renamed": (
        lambda document: rename(properties(document, "Order"), "note", "remark"),
        [(B, "`note` of `Order` was removed"), (A, "`remark` of `Order` was added")],
    ),
    "a required header is added to a request": (
        append("post /orders", name="X-Tenant", **{"in": "header"}, required=True, schema=TEXT),
        [(B, "header parameter `X-Tenant` was added (required)")],
    ),
    "an optional header is added to a request": (
        append("post /orders", name="X-Trace", **{"in": "header"}, schema=TEXT),
        [(A, "header parameter `X-Trace` was added (optional)")],
    ),
    "a new 409": (
        lambda document: operation(document, "post /orders")["responses"].update(
            {"409": {"description": "Twice."}}
        ),
        [(A, "response 409 was added")],
    ),
    "a pattern is narrowed": (
        at(*MONEY, "properties", "currency", pattern="^(EUR|USD)$"),
        [(B, "pattern of the request property"), (B, "pattern of the response property")],
    ),
    "a property accepts a choice": (into_one_of, [(A, "oneOf of several schemas")]),
    "a scope is required in addition": (
        at("paths", "/orders", "get", security=[{"oauth": ["orders.read", "orders.write"]}]),
        [(B, "scope 'orders.write'")],
    ),
    "an operation is deprecated": (
        at("paths", "/orders/{order_id}", "get", deprecated=True),
        [(A, "was deprecated")],
    ),
    "the server moves": (
        at(servers=[{"url": "https://api.shop.example/v2"}]),
        [(B, "/v1 was removed"), (A, "/v2 was added")],
    ),
    "a response property becomes optional": (
        at(*ORDER, required=["id", "status"]),
        [(B, "`total` of `Order` became optional")],
    ),
    "a request property becomes required": (
        at(*NEW, required=["items", "note"]),
        [(B, "`note` of `NewOrder` became required")],
    ),
    "a default of a query parameter changes": (
        lambda document: parameter(document, "limit")["schema"].update(default=50),
        [(B, "from 20 to 50")],
    ),
    "the bounds of a list change": (
        at(*NEW, "properties", "items", minItems=0, maxItems=50),
        [(B, "maxItems"), (A, "minItems")],
    ),
    "a request body is closed": (
        at(*NEW, additionalProperties=False),
        [(B, "may not have other properties any more")],
    ),
    "a way to pay is added to the discriminator": (
        at(
            *(*S, "Payment", "discriminator", "mapping"),
            visa="#/components/schemas/Card",
        ),
        [(A, "value 'visa' was added to the discriminator")],
    ),
    "a path parameter is renamed": (
        rename_path_parameter,
        [(E, "`order_id` was renamed `id`")],
    ),
    "a second content type of a response": (
        lambda document: content(document, "get /orders", "200").update({"text/csv": {}}),
        [(A, "'text/csv' was added")],
    ),
    "the content type of a response is replaced": (
        lambda document: rename(
            content(document, "get /orders", "200"), "application/json", "application/hal+json"
        ),
        [(B, "application/hal+json")],
    ),
    "an enum that is used both ways grows": (
        at(*S, "Status", enum=["open", "paid", "shipped", "lost"]),
        [(B, '"lost" was added'), (A, '"lost" was added')],
    ),
    "the minimum of a shared component rises": (
        at(*MONEY, "properties", "amount", minimum=1),
        [(B, "minimum of the request property"), (A, "minimum of the response property")],
    ),
    "the same minimum in other words": (
        at(*NEW, "properties", "note", minLength=0),
        [],
    ),
    "a tag more, a link less, a new version": (
        lambda document: (
            document["info"].update(version="1.5.0"),
            operation(document, "post /orders")["tags"].append("new"),
            operation(document, "post /orders")["responses"]["201"].pop("links"),
        ),
        [(E, "version was changed"), (E, "tag 'new'"), (E, "link `get`")],
    ),
    "a response property may be null": (
        at(*ORDER, "properties", "status", **{"$ref": None}, type="string", nullable=True),
        [(B, "may be null now"), (B, "no longer restricted")],
    ),
    "a property of requests is typed anew": (
        at(*NEW, "properties", "gift", type="string"),
        [(B, "from boolean to string")],
    ),
    "an operation is removed": (
        lambda document: document["paths"]["/orders"].pop("get"),
        [(B, "GET /orders was removed")],
    ),
    "authentication is dropped": (
        at("paths", "/orders/{order_id}", "get", security=[]),
        [(A, "is not required any more")],
    ),
    "a parameter is sent in another style": (
        lambda document: parameter(document, "ids").update(explode=False),
        [(B, "Explode")],
    ),
    "a parameter says its default style": (
        lambda document: parameter(document, "ids").update(style="form", explode=True),
        [],
    ),
    "a component is renamed": (rename_component, [(E, "`Error` was removed")]),
    "a header of a response is dropped": (
        lambda document: operation(document, "get /orders")["responses"]["200"].pop("headers"),
        [(B, "`X-Total` was removed")],
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_has_its_verdict(name: str, tmp_path: Path) -> None:
    """Each sentence has its severity, and nothing else is reported."""
    edit, expected = EDITS[name]
    old: Json = yaml.safe_load(SHOP)
    new = deepcopy(old)
    edit(new)
    paths = tmp_path / "old.yaml", tmp_path / "new.yaml"
    for path, document in zip(paths, (old, new), strict=True):
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    found = [change for change in compare(*paths, TODAY) if change.kind[:11] != "api-version"]
    if "version" in name:
        found = compare(*paths, TODAY)
    assert sorted(change.severity for change in found) == sorted(word for word, _ in expected)
    for severity, part in expected:
        assert [change for change in found if change.severity == severity and part in change.text]
