"""The ways to the reference page, and the contract as it is served."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from mockserver import packaged
from mockserver.openapi.contract import Contract
from tests.conftest import ServerFactory


@pytest.fixture
def visitor(client: httpx.Client) -> httpx.Client:
    """A browser: it sends no key."""
    del client.headers["X-API-Key"]
    return client


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/docs", "/docs/guides/"),
        ("/docs/", "/docs/guides/"),
        ("/llms.txt", "/docs/llms.txt"),
        ("/llms-full.txt", "/docs/llms-full.txt"),
        ("/", "/_mock/"),
    ],
)
def test_short_addresses_lead_to_pages(visitor: httpx.Client, path: str, page: str) -> None:
    """The printed URL leads to the workbench, ``/docs`` to the guides."""
    response = visitor.get(path)
    assert 300 <= response.status_code < 400
    assert response.headers["location"] == page
    assert visitor.get(response.headers["location"]).status_code == 200


@pytest.mark.parametrize("page", ["reference/create_deposit.md", "llms.txt", "reference.md"])
def test_served_markdown_names_this_mock_only(visitor: httpx.Client, page: str) -> None:
    """A program that follows the page sends nothing to production."""
    text = visitor.get(f"/docs/{page}").text
    assert str(visitor.base_url).rstrip("/") in text
    assert "https://api.alterlab.io" not in text


def test_the_served_contract_has_this_mock_as_its_only_server(
    visitor: httpx.Client, contract: Contract
) -> None:
    """Requests of the docs stay on this machine; everything else is unchanged."""
    served = visitor.get("/openapi.json")
    assert served.headers["content-type"] == "application/json"
    document = served.json()
    assert [server["url"] for server in document.pop("servers")] == ["/"]
    assert document == {name: part for name, part in contract.document.items() if name != "servers"}
    assert list(document) == [name for name in contract.document if name != "servers"]


def test_the_contract_is_served_as_a_file(visitor: httpx.Client) -> None:
    """It has the bytes of the file, with comments and order."""
    served = visitor.get("/openapi.yaml")
    assert served.headers["content-type"].startswith("application/yaml")
    assert served.content == packaged.spec().read_bytes()


def test_the_contract_of_the_user_is_served(make_server: ServerFactory, tmp_path: Path) -> None:
    """--spec applies to the docs too."""
    mine = tmp_path / "mine.yaml"
    text = packaged.spec().read_text()
    mine.write_text(text.replace("title: AlterLab Billing API", "title: Mine", 1))
    with make_server(spec=mine).client(None) as visitor:
        assert visitor.get("/openapi.json").json()["info"]["title"] == "Mine"
        assert "title: Mine" in visitor.get("/openapi.yaml").text


@pytest.mark.parametrize(
    "path",
    [
        "/docs/static/swagger-ui.css",
        "/docs/nothing",
        "/docs/guides/nothing",
        "/docs/guides/nothing.md",
        "/docs/guides/../../spec/openapi.yaml",
        "/docs/reference/nothing.md",
        "/checkout",
        "/favicon.ico",
    ],
)
def test_unknown_files_are_404(visitor: httpx.Client, path: str) -> None:
    """The error has the usual body."""
    response = visitor.get(path)
    assert response.status_code == 404
    assert set(response.json()) == {"detail"}


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/docs/reference",
        "/docs/guides/quickstart",
        "/docs/llms.txt",
        "/openapi.json",
        "/openapi.yaml",
    ],
)
def test_the_docs_are_read_only(visitor: httpx.Client, path: str) -> None:
    """Other methods are 405 with ``Allow``."""
    response = visitor.post(path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert "GET" in response.json()["detail"]


def test_a_page_accepts_no_form(visitor: httpx.Client) -> None:
    """A POST to a page is 405."""
    for path in ("/checkout/cs_test_nothing", "/portal/bps_nothing", "/invoices/nothing"):
        response = visitor.post(path)
        assert (response.status_code, set(response.headers["allow"].split(", "))) == (
            405,
            {"GET", "HEAD"},
        )
