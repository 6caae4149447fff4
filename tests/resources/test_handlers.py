"""``--handlers FILE.py``: functions of the user serve operations of a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.program import refusal, serving, wait_for
from tests.conftest import running_server
from tests.resources.documents import BEARER
from tests.resources.shop import SHOP, assert_valid, create

HANDLERS = SHOP.with_name("handlers.py")
OPEN = {"id": "", "status": "open"}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with running_server(spec=SHOP, handlers=HANDLERS) as server, server.client(None) as made:
        made.headers.update(BEARER)
        yield made


def cart_of(client: httpx.Client, product: dict[str, Any], quantity: int) -> dict[str, Any]:
    """Create a cart with one product."""
    items = [{"product_id": product["id"], "quantity": quantity}]
    response = client.post("/v1/carts", json={"items": items})
    assert_valid("createCart", response)
    body: dict[str, Any] = response.json()
    return body


def test_a_checkout_reduces_the_stock(client: httpx.Client) -> None:
    """As the example's function says."""
    tea = create(client, stock=5)
    cart = cart_of(client, tea, 2)
    paid = client.post(f"/v1/carts/{cart['id']}/checkout")
    assert_valid("checkoutCart", paid)
    assert paid.json()["status"] == "paid"
    assert client.get(f"/v1/products/{tea['id']}").json()["stock"] == 3
    again = client.post(f"/v1/carts/{cart['id']}/checkout")
    assert again.status_code == 409
    assert_valid("checkoutCart", again)
    assert again.json()["error"]["message"] == "The cart is paid already."


def test_a_refused_request_changes_nothing(client: httpx.Client) -> None:
    """Not even what the function changed before it refused."""
    tea, soap = create(client, stock=5), create(client, name="Soap", stock=0)
    items = [{"product_id": product["id"], "quantity": 1} for product in (tea, soap)]
    cart = client.post("/v1/carts", json={"items": items}).json()
    assert client.post(f"/v1/carts/{cart['id']}/checkout").status_code == 409
    assert client.get(f"/v1/products/{tea['id']}").json()["stock"] == 5


def test_an_item_that_is_not_there_is_the_documented_404(client: httpx.Client) -> None:
    """``get`` raises it."""
    response = client.post("/v1/carts/nothing/checkout")
    assert response.status_code == 404
    assert_valid("checkoutCart", response)


def test_other_operations_are_inferred(client: httpx.Client) -> None:
    """A function replaces its own operation only."""
    tea = create(client)
    assert client.get(f"/v1/products/{tea['id']}").json() == tea
    job = client.post(f"/v1/products/{tea['id']}/archive").json()["job"]
    assert job.startswith(f"archive-{tea['id']}-")


def test_a_body_that_breaks_the_schema_is_completed(tmp_path: Path) -> None:
    """Responses are valid whatever a function returns."""
    path = tmp_path / "handlers.py"
    path.write_text("def getProduct(request):\n    return {'name': 'Tea', 'stock': 'many'}\n")
    with running_server(spec=SHOP, handlers=path) as server, server.client(None) as client:
        response = client.get("/v1/products/1", headers=BEARER)
        assert_valid("getProduct", response)
        assert response.json()["name"] == "Tea"


def test_a_function_that_fails_is_a_500_with_its_line(tmp_path: Path) -> None:
    """And the state is as before."""
    path = tmp_path / "handlers.py"
    path.write_text(
        "def createProduct(store):\n    store['products'].add(name='Tea')\n    return 1 / 0\n"
    )
    with running_server(spec=SHOP, handlers=path) as server, server.client(None) as client:
        client.headers.update(BEARER)
        before = client.get("/v1/products").json()["total"]
        body = {"name": "Tea", "category": "food", "price_cents": 1}
        response = client.post("/v1/products", json=body)
        assert response.status_code == 500
        assert "handlers.py:3: ZeroDivisionError: division by zero" in response.text
        assert client.get("/v1/products").json()["total"] == before


@pytest.mark.parametrize(
    ("result", "what"),
    [
        ("None", "the value (nothing)"),
        ("5", "the value (int)"),
        ("[1]", "the value (list)"),
        ("{'name': 'Tea', 'stock': 'many'}", "'stock'"),
    ],
)
def test_a_result_that_breaks_the_response_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, result: str, what: str
) -> None:
    """The header and the log name the file and the line; the response is valid all the same."""
    path = tmp_path / "handlers.py"
    path.write_text(f"def _own():\n    pass\n\ndef getProduct():\n    return {result}\n")
    with running_server(spec=SHOP, handlers=path) as server, server.client(None) as client:
        response = client.get("/v1/products/1", headers=BEARER)
    assert_valid("getProduct", response)
    expected = f"handlers.py:4: {what} that 'getProduct' returns does not satisfy the response"
    assert response.headers["X-Mock-Warning"].startswith(expected)
    assert expected in caplog.text


def test_a_result_with_more_or_less_than_the_response_is_no_mistake(tmp_path: Path) -> None:
    """What is missing is generated, and what the schema does not name is left out.

    Times are written as JSON has them.
    """
    path = tmp_path / "handlers.py"
    result = "{'name': 'Tea', 'mine': 1, 'created_at': clock.now}"
    path.write_text(f"def getProduct(clock):\n    return {result}\n")
    with running_server(spec=SHOP, handlers=path) as server, server.client(None) as client:
        assert "X-Mock-Warning" not in client.get("/v1/products/1", headers=BEARER).headers


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("return {'id': object()}", "handlers.py:1: TypeError"),
        ("return {'name': '\\ud800'}", "handlers.py:1: UnicodeEncodeError"),
        ("raise SystemExit(3)", "handlers.py:2: SystemExit: 3"),
        ("return ValueError('no')", "handlers.py:1: ValueError: no"),
    ],
)
def test_other_mistakes_name_the_file_and_the_line(
    tmp_path: Path, statement: str, message: str
) -> None:
    """They are not blamed on the mock."""
    path = tmp_path / "handlers.py"
    path.write_text(f"def getProduct():\n    {statement}\n")
    with running_server(spec=SHOP, handlers=path) as server, server.client(None) as client:
        response = client.get("/v1/products/1", headers=BEARER)
    assert response.status_code == 500
    assert message in response.text
    assert "Please report" not in response.text


def test_a_returned_refusal_is_raised(tmp_path: Path) -> None:
    """``return request.refused(...)`` is as good as ``raise``, and changes nothing."""
    path = tmp_path / "handlers.py"
    text = "    store['products'].add(name='Tea')\n    return request.refused(404, 'Sold out.')\n"
    path.write_text(f"def getProduct(request, store):\n{text}")
    with running_server(spec=SHOP, handlers=path) as server, server.client(None) as client:
        client.headers.update(BEARER)
        before = client.get("/v1/products").json()["total"]
        response = client.get("/v1/products/1")
        assert (response.status_code, "Sold out." in response.text) == (404, True)
        assert client.get("/v1/products").json()["total"] == before


WRONG = [
    ("a syntax error", "def getProduct(:\n    pass\n", ":1: is no valid Python"),
    ("an unknown operation", "\ndef getProdukt():\n    pass\n", ":2: 'getProdukt' is no operation"),
    ("a near name", "def getProdukt():\n    pass\n", "Did you mean 'getProduct'?"),
    ("an unknown argument", "def getProduct(req):\n    pass\n", ":1: 'getProduct' takes 'req'"),
    ("a coroutine", "async def getProduct():\n    pass\n", ":1: 'getProduct' must not be async"),
    ("an exit", "import sys\nsys.exit(0)\n", ":2: fails: SystemExit: 0"),
    ("an error", "import math\nmath.sqrt(-1)\n", ":2: fails: ValueError"),
]


@pytest.mark.parametrize(("what", "text", "message"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path,
    what: str,  # noqa: ARG001 (the id of the test)
    text: str,
    message: str,
) -> None:
    """One line, exit code 2."""
    path = tmp_path / "handlers.py"
    path.write_text(text)
    assert message in refusal("--port", "0", "--spec", SHOP, "--handlers", path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """One line, exit code 2."""
    message = refusal("--port", "0", "--spec", SHOP, "--handlers", tmp_path / "none.py")
    assert "none.py: cannot be read: No such file" in message


def test_handlers_are_for_documents_with_inferred_state() -> None:
    """The Billing API has its own, and without state there is nothing to change."""
    assert "--handlers is for other documents" in refusal("--port", "0", "--handlers", HANDLERS)
    text = refusal("--port", "0", "--spec", SHOP, "--handlers", HANDLERS, "--stateless")
    assert "not for --stateless" in text


def test_a_saved_file_is_reloaded(tmp_path: Path) -> None:
    """With ``--watch``; accounts are kept."""
    path = tmp_path / "handlers.py"
    path.write_text("")
    arguments = ("--spec", SHOP, "--handlers", path, "--watch", "--port", "0")
    with serving(*arguments) as program, program.client() as client:
        client.headers.update(BEARER)
        tea = create(client)
        path.write_text("def archiveProduct():\n    return {'job': 'mine'}\n")
        wait_for(lambda: "Reloaded handlers.py" in program.stdout)
        archived = client.post(f"/v1/products/{tea['id']}/archive")
        assert archived.json() == {"job": "mine"}
