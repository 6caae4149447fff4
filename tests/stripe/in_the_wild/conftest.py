"""One mock, one browser and one shop for tests that address Stripe's elements as others do.

The shop's dev server forwards ``/_mock/stripe`` to the mock, as Vite's and webpack's proxies do, so
a page may load the stand-in from its own origin or from the mock's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.browser import axe, browser
from tests.conftest import API, NOON, RunningServer, running_server

__all__ = ["axe", "browser"]

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<script src="{stripe}/_mock/stripe.js"></script></head>
<body><main><h1>Save a card</h1><form id="payment-form">
<div id="payment-element"></div>
<div id="card-element" data-testid="card-box"></div>
<div id="card-number"></div><div id="card-expiry"></div><div id="card-cvc"></div>
<button id="submit">Pay now</button></form><p id="result" role="status"></p></main>
<script src="/shop.js"></script></body></html>
"""

SCRIPT = """
const asked = new URLSearchParams(location.search);
const [kind, secret] = [asked.get("kind"), asked.get("secret")];
const stripe = Stripe("pk_test_wild");
const locale = asked.get("locale") ?? "en";
const elements = stripe.elements(
  ["payment", "contact"].includes(kind) ? { clientSecret: secret, locale } : { locale },
);
const show = (text) => { document.querySelector("#result").textContent = text; };
let card;
if (kind === "contact") {
  elements.create("linkAuthentication").mount("#card-number");
  elements.create("address", { mode: "billing" }).mount("#card-element");
}
if (kind === "expressCheckout") elements.create(kind).mount("#card-element");
if (["payment", "contact"].includes(kind)) elements.create("payment").mount("#payment-element");
if (kind === "card") { card = elements.create("card"); card.mount("#card-element"); }
if (kind === "split") {
  card = elements.create("cardNumber");
  card.mount("#card-number");
  elements.create("cardExpiry").mount("#card-expiry");
  elements.create("cardCvc").mount("#card-cvc");
}
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (kind === "contact") {
    const { error, paymentMethod } = await stripe.createPaymentMethod({ elements });
    const { complete } = await elements.getElement("address").getValue();
    const { name, email, address } = paymentMethod?.billing_details ?? {};
    show(error ? error.message : `${name}, ${address.line1}, ${email}, ${complete}`);
    return;
  }
  const { error, setupIntent } = card
    ? await stripe.confirmCardSetup(secret, { payment_method: { card } })
    : await stripe.confirmSetup({ elements, redirect: "if_required" });
  show(error ? error.message : setupIntent.status);
});
"""


@dataclass(frozen=True)
class Wild:
    """A page of the shop, or a hosted page, and where they are."""

    page: Any
    mock: RunningServer
    shop: str

    def open(self, kind: str, *, proxied: bool = False, **more: str) -> Any:
        """Open the shop with an element of a kind, and a new setup intent."""
        with self.mock.client(f"sk_test_{uuid.uuid4().hex}") as client:
            secret = client.post(f"{API}/setup-intent").json()["client_secret"]
        query = {"kind": kind, "secret": secret, "stripe": "" if proxied else self.mock.url}
        self.page.goto(f"{self.shop}/?{urlencode(query | more)}")
        return self.page

    def checkout(self, **more: Any) -> Any:
        """Open the hosted checkout of a deposit, at Stripe's path."""
        with self.mock.client(f"sk_test_{uuid.uuid4().hex}") as client:
            body = {"amount_cents": 5000, "success_url": f"{self.shop}/success", **more}
            url = client.post(f"{API}/deposit", json=body).json()["url"]
        self.page.goto(url.replace("/checkout/", "/c/pay/"))
        return self.page

    def subscription(self) -> Any:
        """Open the hosted checkout of a plan."""
        with self.mock.client(f"sk_test_{uuid.uuid4().hex}") as client:
            urls = {"success_url": f"{self.shop}/success", "cancel_url": f"{self.shop}/"}
            body = {"price_id": "price_growth_monthly", **urls}
            self.page.goto(client.post(f"{API}/checkout", json=body).json()["url"])
        return self.page

    def portal(self) -> Any:
        """Open the portal of an account with a plan, cards and invoices."""
        with self.mock.client("sk_test_subscriber") as client:
            self.page.goto(client.post(f"{API}/portal").json()["url"])
        return self.page

    def must_succeed(self) -> None:
        """Check that the shop shows that the card was saved."""
        self.must_show("succeeded")

    def must_show(self, text: str) -> None:
        """Check that the shop shows a result with the text."""
        script = "text => document.querySelector('#result').textContent.includes(text)"
        self.page.wait_for_function(script, arg=text)

    def must_be_paid(self) -> None:
        """Check that the hosted checkout went back to the shop."""
        self.page.wait_for_url(f"{self.shop}/success")


@pytest.fixture(scope="session")
def wild_mock() -> Iterator[RunningServer]:
    """The mock of this folder."""
    with running_server(now=NOON) as running:
        yield running


@pytest.fixture(scope="session")
def shop_origin(wild_mock: RunningServer) -> Iterator[str]:
    """The address of the shop, whose dev server forwards to the mock."""
    forward = httpx.Client(base_url=wild_mock.url, trust_env=False)
    headers_on = ("content-type", "content-security-policy", "cross-origin-embedder-policy")

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path.startswith("/_mock/stripe"):
                self._forward("GET", b"")
            elif url.path == "/shop.js":
                self._send(200, SCRIPT.encode(), {"content-type": "text/javascript"})
            else:
                stripe = parse_qs(url.query).get("stripe", [""])[0]
                page = PAGE.format(stripe=stripe).encode()
                self._send(200, page, {"content-type": "text/html"})

        def do_POST(self) -> None:
            self._forward("POST", self.rfile.read(int(self.headers["Content-Length"])))

        def _forward(self, method: str, body: bytes) -> None:
            sent = {"content-type": self.headers.get("Content-Type", "")}
            response = forward.request(method, self.path, content=body, headers=sent)
            kept = {name: response.headers[name] for name in headers_on if name in response.headers}
            self._send(response.status_code, response.content, kept)

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)
    forward.close()


@pytest.fixture(scope="session")
def context(browser: Any) -> Iterator[Any]:
    """The browser context of this folder."""
    made = browser.new_context()
    made.set_default_timeout(5_000)
    yield made
    made.close()


@pytest.fixture
def wild(context: Any, wild_mock: RunningServer, shop_origin: str) -> Iterator[Wild]:
    """A new tab."""
    page = context.new_page()
    yield Wild(page, wild_mock, shop_origin)
    page.close()


Style = Callable[[Any], None]
