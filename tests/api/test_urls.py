"""URLs in responses lead to the host that the caller used."""

from __future__ import annotations

from tests.api.account import Account
from tests.api.raw import request, send
from tests.conftest import API, RunningServer


def test_urls_in_answers_are_where_the_caller_is(account: Account) -> None:
    """By the host that was asked, so that they work through a tunnel or another name."""
    for host in ("localhost:8080", "mock.test", "[::1]:9000"):
        session = account.call(
            "POST", "deposit", json={"amount_cents": 5_000}, headers={"Host": host}
        ).json()
        assert session["url"] == f"http://{host}/checkout/{session['session_id']}"
        [invoice] = account.call(
            "GET", "invoices", params={"limit": 1}, headers={"Host": host}
        ).json()["invoices"]
        assert invoice["hosted_invoice_url"] == f"http://{host}/invoices/{invoice['id']}"


def test_a_host_of_nonsense_is_in_no_url(frozen_server: RunningServer) -> None:
    """Then it is the server's own address."""
    for host in (b'"><script>', b"a b", b"a/b", b"user@evil.example", b""):
        response = send(frozen_server, request("POST", f"{API}/portal".encode(), host=host))
        assert response is not None
        if response.status == 200:
            assert response.json()["url"].startswith(frozen_server.url)
