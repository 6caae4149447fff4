"""No URL that the API returns is dead."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from tests.conftest import API, NOON, RunningServer, running_server

PERSONAS = [
    persona.key for persona in fixtures.load(packaged.fixtures()).personas.values() if persona.key
]
ORGANIZATION = next(
    persona.organization_id
    for persona in fixtures.load(packaged.fixtures()).personas.values()
    if persona.organization_id
)
URLS = {"success_url": "https://shop.example.com/done", "cancel_url": "https://shop.example.com"}


@pytest.fixture(scope="module")
def world() -> Iterator[RunningServer]:
    """A server with untouched personas."""
    with running_server(now=NOON) as running:
        yield running


def addresses(client: httpx.Client, headers: dict[str, str]) -> Iterator[str]:
    """Return every URL that the operations return to an account."""
    for path, body in (
        ("deposit", {"amount_cents": 5000, **URLS}),
        ("checkout", {"price_id": "price_growth_monthly", "mode": "subscription", **URLS}),
        ("checkout", {"price_id": "price_credits_25", "mode": "payment", **URLS}),
        ("portal", None),
    ):
        response = client.post(f"{API}/{path}", json=body)
        assert response.status_code == 200, response.text
        yield response.json()["url"]
        client.post("/_mock/clock/advance", json={"seconds": 60}).raise_for_status()
    response = client.get(f"{API}/invoices", params={"limit": 100}, headers=headers)
    assert response.status_code == 200, response.text
    yield from (invoice["hosted_invoice_url"] for invoice in response.json()["invoices"])


@pytest.mark.parametrize("key", PERSONAS)
def test_every_address_of_a_persona_is_a_page(world: RunningServer, key: str) -> None:
    """Checkouts, portals and invoices, also the organization's, are HTML pages with 200."""
    headers = {"X-Organization-Id": ORGANIZATION} if key.startswith("sk_test_org_") else {}
    with world.client(key) as client, world.client(None) as visitor:
        found = list(addresses(client, headers))
        assert len(found) == len(set(found)) >= 4
        for address in found:
            assert address.startswith(f"{world.url}/")
            page = visitor.get(address)
            assert (page.status_code, page.headers["content-type"]) == (
                200,
                "text/html; charset=utf-8",
            ), address


def test_personas_with_a_past_have_invoices(world: RunningServer) -> None:
    """The test above does not pass on empty lists."""
    with world.client("sk_test_power_user") as client:
        assert client.get(f"{API}/invoices").json()["total"] > 20
    with world.client("sk_test_org_member") as client:
        headers = {"X-Organization-Id": ORGANIZATION}
        assert client.get(f"{API}/invoices", headers=headers).json()["total"] > 2


def test_urls_use_the_requested_host(world: RunningServer) -> None:
    """Behind a proxy or in a container the links work too."""
    with world.client("sk_test_named") as client:
        port = httpx.URL(world.url).port
        response = client.post(f"{API}/portal", headers={"Host": f"localhost:{port}"})
        assert response.json()["url"].startswith(f"http://localhost:{port}/portal/")


@pytest.mark.parametrize(
    "host", ["evil.example/<script>", "a b", "user@evil.example", "x" * 300, "evil.example?", ""]
)
def test_an_invalid_host_is_not_repeated(world: RunningServer, host: str) -> None:
    """The URL then has the server's printed address."""
    with world.client("sk_test_named") as client:
        response = client.post(f"{API}/portal", headers={"Host": host})
        assert response.status_code in (200, 400)
        if response.status_code == 200:
            assert response.json()["url"].startswith(f"{world.url}/portal/")
