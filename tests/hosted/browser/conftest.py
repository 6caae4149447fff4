"""A browser, a mock with a frozen clock, and a shop that sends payers to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.browser import Open
from tests.conftest import API, NOON, RunningServer, running_server

__all__ = ["Open", "Opener", "Shop", "tab_to"]

Opener = Callable[..., str]


class _Shop(BaseHTTPRequestHandler):
    """The shop's pages: every path shows itself, and /elsewhere redirects to another origin."""

    def do_GET(self) -> None:
        name = self.headers["Host"]
        if self.path.startswith("/elsewhere"):
            self.send_response(303)
            self.send_header("Location", f"http://127.0.0.1:{name.rpartition(':')[2]}/arrived")
            self.end_headers()
            return
        pages = self.server.pages  # type: ignore[attr-defined]
        text = pages.get(self.path, f"<title>Shop</title><h1>{self.path}</h1>")
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


class Shop:
    """A web site of another origin, with another host name, so that requests are cross-site."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://localhost:{server.server_port}"
        self.pages: dict[str, str] = {}
        server.pages = self.pages  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def shop_server() -> Iterator[ThreadingHTTPServer]:
    """The server of all shops."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def shop(shop_server: ThreadingHTTPServer) -> Shop:
    """A shop without pages."""
    return Shop(shop_server)


@pytest.fixture(scope="package")
def mock() -> Iterator[RunningServer]:
    """A mock with a frozen clock."""
    with running_server(now=NOON) as running:
        yield running


@pytest.fixture
def account(mock: RunningServer, key: str) -> Iterator[httpx.Client]:
    """A new account, a copy of the default persona, with a Visa card and a balance."""
    with mock.client(key) as client:
        yield client


@pytest.fixture
def deposit(account: httpx.Client, shop: Shop) -> Opener:
    """Open a deposit of $50 that leads back to the shop, and return its URL."""

    def opened(**more: Any) -> str:
        urls = {
            "success_url": f"{shop.url}/done?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{shop.url}/cancelled",
        }
        response = account.post(f"{API}/deposit", json={"amount_cents": 5000, **urls, **more})
        return str(response.raise_for_status().json()["url"])

    return opened


def tab_to(page: Any, testid: str) -> None:
    """Press Tab until the element has the focus, and check that the focus is visible."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(":focus").get_attribute("data-testid") == testid:
            outline = page.locator(":focus").evaluate("each => getComputedStyle(each).outlineStyle")
            assert outline != "none", f"the focus on {testid} cannot be seen"
            return
    raise AssertionError(f"{testid} is not reached by the keyboard")
