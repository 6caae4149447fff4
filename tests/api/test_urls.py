"""URLs in responses use the host that the caller used."""

from __future__ import annotations

from tests.api.account import Account
from tests.api.raw import request, send
from tests.conftest import API, RunningServer, ServerFactory


def test_urls_use_the_requested_host(account: Account) -> None:
    """They work through a tunnel or under another name."""
    for host in ("localhost:8080", "mock.test", "[::1]:9000"):
        session = account.call(
            "POST", "deposit", json={"amount_cents": 5_000}, headers={"Host": host}
        ).json()
        assert session["url"] == f"http://{host}/checkout/{session['session_id']}"
        [invoice] = account.call(
            "GET", "invoices", params={"limit": 1}, headers={"Host": host}
        ).json()["invoices"]
        assert invoice["hosted_invoice_url"] == f"http://{host}/invoices/{invoice['id']}"


def test_an_invalid_host_is_in_no_url(frozen_server: RunningServer) -> None:
    """The server's own address is used."""
    for host in (b'"><script>', b"a b", b"a/b", b"user@evil.example", b""):
        response = send(frozen_server, request("POST", f"{API}/portal".encode(), host=host))
        assert response is not None
        if response.status == 200:
            assert response.json()["url"].startswith(frozen_server.url)


def test_urls_lead_through_a_proxy_on_this_machine(account: Account) -> None:
    """Forwarded headers of other machines are ignored: see ``tests/edge``."""
    forwarded = {"X-Forwarded-Host": "mock.test:8443", "X-Forwarded-Proto": "https"}
    session = account.call("POST", "portal", headers=forwarded).json()
    assert session["url"].startswith("https://mock.test:8443/portal/")
    script = account.client.get("/_mock/stripe.js", headers=forwarded).text
    assert '"origin":"https://mock.test:8443"' in script


def test_the_public_url_is_in_all_urls(make_server: ServerFactory) -> None:
    """Neither the host nor the headers of a proxy replace it."""
    url = "https://public.test"
    headers = {"Host": "mock.test", "X-Forwarded-Host": "proxy.test"}
    with make_server(public_url=url).client("sk_test_default") as client:
        client.headers.update(headers)
        assert client.post(f"{API}/portal").json()["url"].startswith(f"{url}/portal/")
        deposit = client.post(f"{API}/deposit", json={"amount_cents": 5_000}).json()
        assert deposit["url"] == f"{url}/checkout/{deposit['session_id']}"
        [invoice] = client.get(f"{API}/invoices", params={"limit": 1}).json()["invoices"]
        assert invoice["hosted_invoice_url"] == f"{url}/invoices/{invoice['id']}"
        assert f'"origin":"{url}"' in client.get("/_mock/stripe.js").text
