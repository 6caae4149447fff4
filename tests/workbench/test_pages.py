"""The page and its files."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.conftest import NOON, ServerFactory

ASSETS = Path(__file__).parents[2] / "mockserver" / "workbench" / "assets"
NOTES = Path(__file__).parents[1] / "data" / "notes.yaml"


def test_the_page_has_a_strict_policy(client: httpx.Client) -> None:
    """Scripts and styles come from the mock only, and no site can frame the page."""
    response = client.get("/_mock/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"


def test_the_page_names_no_other_origin(client: httpx.Client) -> None:
    """Neither do its files."""
    page = client.get("/_mock/").text
    names = {*(path.name for path in ASSETS.glob("*.js")), "workbench.css", "billing.js"}
    for name in names:
        response = client.get(f"/_mock/workbench/{name}")
        assert response.status_code == 200, name
        page += response.text
    found = set(re.findall(r"https?://[\w.:-]+", page))
    assert found == {"http://www.w3.org", "http://127.0.0.1:3000"}


def test_the_page_holds_no_key(client: httpx.Client) -> None:
    """It is served to everybody: what it shows comes from the control API."""
    client.get("/api/v1/billing/balance")
    assert "sk_test_" not in client.get("/_mock/").text


@pytest.mark.parametrize("name", ["x.js", "../pages.py", "workbench.html", "%2e%2e%2fpages.py"])
def test_only_files_of_the_page_are_served(client: httpx.Client, name: str) -> None:
    """Everything else is a 404."""
    assert client.get(f"/_mock/workbench/{name}").status_code == 404


@pytest.mark.parametrize(("path", "page"), [("/_mock", "/_mock/"), ("/", "/_mock/")])
def test_short_addresses_lead_to_the_page(client: httpx.Client, path: str, page: str) -> None:
    """The address that the terminal prints is enough."""
    assert client.get(path).headers["location"] == page


def test_the_control_prefix_moves_the_page(make_server: ServerFactory) -> None:
    """Its files and its requests move with it."""
    with make_server(now=NOON, control_prefix="/_ctl").client(None) as mock:
        assert mock.get("/").status_code == 404
        assert mock.get("/_ctl").headers["location"] == "/_ctl/"
        assert "&#34;prefix&#34;:&#34;/_ctl&#34;" in mock.get("/_ctl/").text
        assert mock.get("/_ctl/workbench/workbench.js").status_code == 200
        assert mock.get("/_mock/").status_code == 404


def test_another_document_has_the_page_without_billing(make_server: ServerFactory) -> None:
    """Nothing of billing is loaded."""
    with make_server(spec=NOTES).client(None) as mock:
        page = mock.get("/_mock/").text
        assert "billing.js" not in page
        assert mock.get("/_mock/workbench/billing.js").status_code == 404


def test_a_closed_control_api_still_has_the_page(make_server: ServerFactory) -> None:
    """The page asks for the token; its requests need it."""
    with make_server(now=NOON, control_token="open-sesame").client(None) as mock:
        assert mock.get("/_mock/").status_code == 200
        assert mock.get("/_mock/accounts").status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_is_only_read(client: httpx.Client, method: str) -> None:
    """Other methods are refused."""
    assert client.request(method, "/_mock/").status_code in (404, 405)


def test_no_module_builds_markup() -> None:
    """What was recorded becomes text nodes, never HTML."""
    billing = ASSETS.parents[1] / "billing" / "workbench" / "billing.js"
    for path in [*ASSETS.glob("*.js"), billing]:
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", source)
