"""The state that is inferred from a document: what is created is read, listed, changed, deleted."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.resources import account as account_module
from tests.cli.program import serving, wait_for
from tests.conftest import RunningServer, running_server
from tests.resources.documents import BEARER, document, json_content, operation, served
from tests.resources.shop import SHOP, TEA, assert_valid, create

MOMENT = datetime(2026, 3, 18, 12, tzinfo=UTC)
OTHER = {"Authorization": "Bearer another-token"}
EXAMPLE = "/v1/products/prod_7Hk2Lm9Qx4"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server(spec=SHOP, now=MOMENT) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    """A client with a token. The mock is reset before each test."""
    with server.client(None) as made:
        made.post("/_mock/reset").raise_for_status()
        made.headers.update(BEARER)
        yield made


def names(client: httpx.Client, **params: Any) -> list[str]:
    """Return the names of the listed products."""
    response = client.get("/v1/products", params=params)
    assert_valid("listProducts", response)
    return [product["name"] for product in response.json()["data"]]


def test_what_is_created_is_read_back(client: httpx.Client) -> None:
    """With everything that was sent, an id, and the times of the mock's clock."""
    created = create(client, stock=7, description="Green")
    assert created | {**TEA, "stock": 7, "description": "Green"} == created
    assert created["id"].startswith("prod_")
    assert created["created_at"] == created["updated_at"] == "2026-03-18T12:00:00.000Z"
    response = client.get(f"/v1/products/{created['id']}")
    assert_valid("getProduct", response)
    assert response.json() == created


def test_a_creation_names_its_location(client: httpx.Client) -> None:
    """It is the path of the new item."""
    response = client.post("/v1/products", json=TEA)
    assert response.headers["Location"] == f"/v1/products/{response.json()['id']}"
    assert client.get(response.headers["Location"]).json() == response.json()


def test_read_only_and_write_only_fields(client: httpx.Client) -> None:
    """Read-only fields that are sent are ignored; write-only ones never come back."""
    created = create(client, supplier_code="s-1")
    assert "supplier_code" not in created
    review = client.post(
        f"/v1/products/{created['id']}/reviews",
        json={"id": 99, "product_id": "mine", "stars": 4, "text": "Good"},
    ).json()
    assert review == {"id": 1, "product_id": created["id"], "stars": 4, "text": "Good"}


def test_defaults_of_the_document_are_used(client: httpx.Client) -> None:
    """Those of the request and those of the response."""
    assert create(client)["stock"] == 0
    cart = client.post("/v1/carts", json={"items": [{"product_id": "a", "quantity": 1}]}).json()
    assert cart["status"] == "open"


def test_a_collection_starts_with_examples_and_generated_items(client: httpx.Client) -> None:
    """The documented example, and five more, each an hour older than the next."""
    listed = client.get("/v1/products").json()
    assert listed["total"] == 6
    assert listed["data"][-1]["name"] == "Green tea"
    assert client.get(EXAMPLE).json()["created_at"] == "2026-01-15T09:30:00Z"
    assert listed["data"][0]["created_at"] == "2026-03-18T11:00:00.000Z"


def test_the_number_of_first_items_is_chosen() -> None:
    """``--items 0`` leaves the examples alone."""
    with running_server(spec=SHOP, items=0) as empty, empty.client(None) as client:
        assert client.get("/v1/products", headers=BEARER).json()["total"] == 1


def test_an_unknown_item_is_the_documented_404(client: httpx.Client) -> None:
    """On a new account, too, and for every operation on it."""
    for operation_id, method, path in [
        ("getProduct", "GET", "/v1/products/nothing"),
        ("updateProduct", "PATCH", "/v1/products/nothing"),
        ("deleteProduct", "DELETE", "/v1/products/nothing"),
        ("archiveProduct", "POST", "/v1/products/nothing/archive"),
        ("listReviews", "GET", "/v1/products/nothing/reviews"),
        ("getReview", "GET", f"{EXAMPLE}/reviews/999"),
        ("checkoutCart", "POST", "/v1/carts/nothing/checkout"),
    ]:
        response = client.request(method, path, json={} if method == "PATCH" else None)
        assert response.status_code == 404, operation_id
        assert_valid(operation_id, response)


def test_a_change_changes_what_was_sent(client: httpx.Client) -> None:
    """PATCH leaves the rest alone; the time of the update is that of the clock."""
    created = create(client, description="Green")
    client.post("/_mock/clock/advance", json={"days": 1}).raise_for_status()
    response = client.patch(f"/v1/products/{created['id']}", json={"stock": 3})
    assert_valid("updateProduct", response)
    expected = {**created, "stock": 3, "updated_at": "2026-03-19T12:00:00.000Z"}
    assert response.json() == expected
    assert client.get(f"/v1/products/{created['id']}").json() == expected


def test_null_removes_a_field(client: httpx.Client) -> None:
    """Where the response does not allow null, the field is left out."""
    created = create(client, description="Green")
    changed = client.patch(f"/v1/products/{created['id']}", json={"description": None}).json()
    assert "description" not in changed
    assert "description" not in client.get(f"/v1/products/{created['id']}").json()


def test_what_is_deleted_is_gone(client: httpx.Client) -> None:
    """From the list, too, with everything below it."""
    created = create(client)
    path = f"/v1/products/{created['id']}"
    client.post(f"{path}/reviews", json={"stars": 4, "text": "Good", "id": 1, "product_id": ""})
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404
    assert client.get(f"{path}/reviews").status_code == 404
    assert "Tea" not in names(client)


def test_items_below_another_are_its_own(client: httpx.Client) -> None:
    """The reviews of a new product are empty; those of another product are not shown."""
    tea, soap = create(client), create(client, name="Soap")
    path = f"/v1/products/{tea['id']}/reviews"
    assert client.get(path).json() == []
    sent = {"stars": 5, "text": "Good", "id": 1, "product_id": ""}
    review = client.post(path, json=sent).json()
    assert client.get(path).json() == [review]
    assert client.get(f"{path}/{review['id']}").json() == review
    assert client.get(f"/v1/products/{soap['id']}/reviews").json() == []


def test_an_action_leaves_the_item_alone(client: httpx.Client) -> None:
    """Its response comes from the schema; that of an item's schema is the item."""
    created = create(client)
    response = client.post(f"/v1/products/{created['id']}/archive")
    assert (response.status_code, response.headers["X-Mock-Source"]) == (202, "schema")
    assert client.get(f"/v1/products/{created['id']}").json() == created
    cart = client.post("/v1/carts", json={"items": [{"product_id": "a", "quantity": 1}]}).json()
    assert client.post(f"/v1/carts/{cart['id']}/checkout").json() == cart


def test_a_singleton_keeps_what_was_put(client: httpx.Client) -> None:
    """It exists from the start."""
    assert_valid("getSettings", client.get("/v1/settings"))
    sent = {"currency": "USD", "opening_hours": "9 to 5"}
    assert client.put("/v1/settings", json=sent).json() == sent
    assert client.get("/v1/settings").json() == sent


def test_lists_are_newest_first_and_have_pages(client: httpx.Client) -> None:
    """``limit`` and ``offset``; the total and ``has_more`` agree with them."""
    create(client, name="First")
    create(client, name="Second")
    assert names(client, limit=2) == ["Second", "First"]
    page = client.get("/v1/products", params={"limit": 7, "offset": 0}).json()
    assert (page["total"], page["has_more"]) == (8, True)
    rest = client.get("/v1/products", params={"limit": 7, "offset": 7}).json()
    assert [product["name"] for product in rest["data"]] == ["Green tea"]
    assert rest["has_more"] is False


def test_a_parameter_with_the_name_of_a_property_filters(client: httpx.Client) -> None:
    """Only what has this value is listed and counted."""
    create(client, name="Tulips", category="garden")
    listed = client.get("/v1/products", params={"category": "garden"}).json()
    assert {product["category"] for product in listed["data"]} == {"garden"}
    assert listed["total"] == len(listed["data"])


def test_each_token_has_an_account(client: httpx.Client) -> None:
    """Another token sees none of it, and starts with items of its own."""
    created = create(client)
    path = f"/v1/products/{created['id']}"
    assert client.get(path, headers=OTHER).status_code == 404
    assert client.get("/v1/products", headers=OTHER).json()["total"] == 6


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Ids, times and generated fields come from seed, clock and requests."""

    def run(seed: int) -> list[bytes]:
        with (
            running_server(spec=SHOP, now=MOMENT, seed=seed) as fresh,
            fresh.client(None) as client,
        ):
            client.headers.update(BEARER)
            created = client.post("/v1/products", json=TEA)
            path = f"/v1/products/{created.json()['id']}"
            listed = client.get("/v1/products")
            return [created.content, listed.content, client.get(path).content]

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_a_collection_is_bounded(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest item makes room for a new one, and a warning says so."""
    monkeypatch.setattr(account_module, "MAX_ITEMS", 6)
    client.get("/v1/products")
    response = client.post("/v1/products", json=TEA)
    assert "its oldest item was removed" in response.headers["X-Mock-Warning"]
    assert client.get(EXAMPLE).status_code == 404
    assert client.get("/v1/products").json()["total"] == 6


def test_accounts_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """The least recently used one is evicted with its state, and the log says so."""
    with running_server(spec=SHOP, max_accounts=1) as small, small.client(None) as client:
        created = client.post("/v1/products", json=TEA, headers=BEARER).json()
        client.get("/v1/products", headers=OTHER)
        path = f"/v1/products/{created['id']}"
        assert client.get(path, headers=BEARER).status_code == 404
    assert "was evicted with its state" in caplog.text


def test_without_state_responses_are_samples() -> None:
    """``--stateless``: every operation is served from examples and schemas."""
    with running_server(spec=SHOP, stateless=True) as samples, samples.client(None) as client:
        client.headers.update(BEARER)
        created = client.post("/v1/products", json=TEA)
        assert created.headers["X-Mock-Source"] == "schema"
        assert client.get("/v1/products/anything").status_code == 200
        assert client.get("/_mock/health").json()["accounts"] == 0
        assert client.get("/_mock/state").json() == {}


def test_a_value_that_the_response_does_not_allow_is_not_kept(tmp_path: Path) -> None:
    """The generated value stays, and a warning names the field."""
    sent = {"type": "object", "properties": {"size": {"type": "integer"}}}
    item = {
        "type": "object",
        "required": ["id", "size"],
        "properties": {"id": {"type": "integer"}, "size": {"type": "string", "enum": ["s", "m"]}},
    }
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {
        "/shirts": {
            "post": operation({"201": json_content(item)}, "create", requestBody=json_content(sent))
        },
        "/shirts/{id}": {"get": operation({"200": json_content(item)}), "parameters": [parameter]},
    }
    with served(tmp_path, document(paths)) as client:
        response = client.post("/shirts", json={"size": 40})
        assert response.json()["size"] in ("s", "m")
        assert "'size'" in response.headers["X-Mock-Warning"]
        assert client.get(f"/shirts/{response.json()['id']}").json() == response.json()


def test_references_are_checked_on_demand(tmp_path: Path) -> None:
    """``--check-references``: the id of another resource must exist where its name says so."""
    names = {"name": {"type": "string"}, "toy_id": {"type": "string"}}
    dog = {"type": "object", "properties": {"id": {"type": "string"}, **names}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths: dict[str, Any] = {}
    for name in ("dogs", "toys"):
        body = json_content(dog)
        create = operation({"201": body}, f"create_{name}", requestBody=json_content(dog))
        read = operation({"200": body}, f"get_{name}")
        paths |= {f"/{name}": {"post": create}, f"/{name}/{{id}}": {"get": read}}
        paths[f"/{name}/{{id}}"]["parameters"] = [parameter]
    with served(tmp_path, document(paths), check_references=True) as client:
        refused = client.post("/dogs", json={"toy_id": "ball"})
        assert refused.status_code == 422
        assert "toys" in refused.text
        client.post("/toys", json={"id": "ball"}).raise_for_status()
        assert client.post("/dogs", json={"toy_id": "ball"}).status_code == 201
    with served(tmp_path, document(paths)) as client:
        assert client.post("/dogs", json={"toy_id": "ball"}).status_code == 201


@pytest.mark.slow
def test_the_state_file_keeps_the_items(tmp_path: Path) -> None:
    """Beyond the end of the program, with its snapshots."""
    file = tmp_path / "state.zip"
    arguments = ("--spec", SHOP, "--port", "0", "--state", file)
    with serving(*arguments) as program, program.client() as client:
        client.headers.update(BEARER)
        created = create(client)
        client.post("/_mock/snapshots", json={"name": "one"}).raise_for_status()
        client.delete(f"/v1/products/{created['id']}").raise_for_status()
        program.end(signal.SIGINT)
    with serving(*arguments) as program, program.client() as client:
        client.headers.update(BEARER)
        assert client.get(f"/v1/products/{created['id']}").status_code == 404
        client.post("/_mock/snapshots/one/restore").raise_for_status()
        assert client.get(f"/v1/products/{created['id']}").json() == created


def test_a_reload_keeps_the_items(tmp_path: Path) -> None:
    """A new field of the schema is filled in for items that lack it."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP.read_text())
    with serving("--spec", path, "--port", "0", "--watch") as program, program.client() as client:
        client.headers.update(BEARER)
        created = create(client)
        more = SHOP.read_text().replace(
            "required: [id, name, category, price_cents, stock,",
            "required: [id, weight, name, category, price_cents, stock,",
        )
        more = more.replace(
            "        id: { type: string, readOnly: true, example: prod_7Hk2Lm9Qx4 }",
            "        id: { type: string, readOnly: true, example: prod_7Hk2Lm9Qx4 }\n"
            "        weight: { type: integer, minimum: 5, maximum: 9 }",
        )
        path.write_text(more)
        wait_for(lambda: "Reloaded shop.yaml" in program.stdout)
        shown = client.get(f"/v1/products/{created['id']}").json()
        assert 5 <= shown.pop("weight") <= 9
        assert shown == created


def test_callers_of_an_open_api_share_an_account(tmp_path: Path) -> None:
    """Without security schemes, the state is exported without credentials, too."""
    thing = {"type": "object", "properties": {"id": {"type": "integer"}}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {
        "/things": {"post": operation({"201": json_content(thing)}, "create")},
        "/things/{id}": {"get": operation({"200": json_content(thing)}), "parameters": [parameter]},
    }
    with served(tmp_path, document(paths), items=0) as client:
        created = client.post("/things", headers=BEARER).json()
        assert client.get(f"/things/{created['id']}", headers=OTHER).json() == created
        state = client.get("/_mock/state").raise_for_status().json()
        assert list(state["collections"]["/things"]["items"]) == [str(created["id"])]
