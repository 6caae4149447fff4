"""URLs in responses use the host that the caller used."""

from __future__ import annotations

from tests.api.account import Account
from tests.api.raw import request, send
from tests.conftest import API, RunningServer


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
