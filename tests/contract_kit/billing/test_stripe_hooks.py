"""The example of hooks for Stripe's test mode, against a stub of Stripe."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import pytest

from contract_tests.billing.adapters import HOOKS
from contract_tests.hooks.hook import HookFailed, Hooks
from contract_tests.hooks.python_file import HookFile
from tests.contract_kit.program import PROJECT

EXAMPLE = PROJECT / "examples" / "hooks" / "stripe_test_mode.py"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGE = b"""<!doctype html><form method="post">
<input id="email" name="email"><input id="cardNumber" name="card"><input id="cardExpiry">
<input id="cardCvc"><input id="billingName">
<button data-testid="hosted-payment-submit-button">Pay</button></form>"""


@dataclass
class Stripe:
    """The state of the stub."""

    url: str = ""
    livemode: bool = False
    sessions: dict[str, str] = field(default_factory=dict)
    """The status of each session."""
    frozen_time: int = 1_800_000_000
    keys: set[str] = field(default_factory=set)

    def reply(self, method: str, path: str, fields: dict[str, str]) -> tuple[int, Any]:
        """Return the status and the body of a response; bytes are a page."""
        if path.startswith("pay/"):
            if method == "POST" and fields["card"] == "4242424242424242":
                self.sessions[path.removeprefix("pay/")] = "complete"
            return 200, PAGE
        if path.startswith("v1/test_helpers/test_clocks/clock_1"):
            self.frozen_time = int(fields.get("frozen_time", self.frozen_time))
            return 200, {"status": "ready", "frozen_time": self.frozen_time}
        id = path.removeprefix("v1/checkout/sessions/").removesuffix("/expire")
        if id not in self.sessions:
            return 404, {"error": {"message": f"No such checkout session: {id}"}}
        if path.endswith("/expire"):
            self.sessions[id] = "expired"
        paid = "paid" if self.sessions[id] == "complete" else "unpaid"
        return 200, {
            "status": self.sessions[id],
            "payment_status": paid,
            "livemode": self.livemode,
            "url": f"{self.url}/pay/{id}",
        }


@pytest.fixture
def stripe() -> Iterator[Stripe]:
    state = Stripe(sessions={"cs_test_1": "open"})

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            fields = dict(parse_qsl(self.rfile.read(length).decode()))
            state.keys.add(self.headers.get("authorization", ""))
            path = urlsplit(self.path).path.lstrip("/")
            status, body = state.reply(self.command, path, fields)
            self.send_response(status)
            page = isinstance(body, bytes)
            self.send_header("Content-Type", "text/html" if page else "application/json")
            self.end_headers()
            self.wfile.write(body if page else json.dumps(body).encode())

        do_GET = do_POST = respond

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def hooks(stripe: Stripe) -> Iterator[Hooks]:
    variables = {
        "STRIPE_API": stripe.url,
        "STRIPE_TEST_KEY": "sk_test_stub",
        "STRIPE_TEST_CLOCK": "clock_1",
        "STRIPE_PATIENCE": "20",
        "CHROMIUM": CHROMIUM or "",
        "CHROMIUM_FLAGS": "--no-sandbox --disable-gpu --disable-dev-shm-usage",
    }
    with mock.patch.dict(os.environ, variables):
        loaded = Hooks([HookFile(EXAMPLE, HOOKS)], HOOKS)
    yield loaded
    loaded.close()


def test_it_offers_payments_and_a_clock(hooks: Hooks) -> None:
    """Its functions have the names and parameters of hooks."""
    assert hooks.names == {"pay", "decline", "expire", "now", "advance"}


def test_a_session_expires_once(hooks: Hooks, stripe: Stripe) -> None:
    """An expired session is neither expired nor paid again, and no page is opened."""
    assert hooks.call("expire", session="cs_test_1") is True
    assert hooks.call("expire", session="cs_test_1") is False
    assert hooks.call("pay", session="cs_test_1") is False
    assert stripe.keys == {"Bearer sk_test_stub"}


def test_a_test_clock_is_advanced(hooks: Hooks, stripe: Stripe) -> None:
    """The time is that of the clock."""
    moment = datetime(2030, 1, 31, 12, tzinfo=UTC)
    hooks.call("advance", to=moment)
    assert stripe.frozen_time == moment.timestamp()
    assert datetime.fromisoformat(hooks.call("now")) == moment


def test_an_error_of_stripe_is_one_line(hooks: Hooks) -> None:
    """Status, path and Stripe's message are in it, and no key."""
    with pytest.raises(HookFailed) as failed:
        hooks.call("pay", session="cs_test_unknown")
    assert "Stripe: 404 for GET checkout/sessions/cs_test_unknown: No such" in str(failed.value)
    assert "sk_test_stub" not in str(failed.value)


def test_the_live_mode_is_refused(hooks: Hooks, stripe: Stripe) -> None:
    """A session that would charge somebody is not touched."""
    stripe.livemode = True
    with pytest.raises(HookFailed, match="is of the live mode"):
        hooks.call("pay", session="cs_test_1")
    assert stripe.sessions == {"cs_test_1": "open"}


def test_a_live_key_is_refused() -> None:
    """Nothing is sent with it."""
    with mock.patch.dict(os.environ, {"STRIPE_TEST_KEY": "sk_live_stub"}):
        loaded = Hooks([HookFile(EXAMPLE, HOOKS)], HOOKS)
    with pytest.raises(HookFailed, match="set STRIPE_TEST_KEY to a key of Stripe's test mode"):
        loaded.call("expire", session="cs_test_1")
    loaded.close()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_page_is_paid_by_a_browser(hooks: Hooks, stripe: Stripe) -> None:
    """A good card pays the session once; a declined one leaves it open."""
    pytest.importorskip("playwright")
    assert hooks.call("decline", session="cs_test_1") is False
    assert stripe.sessions == {"cs_test_1": "open"}
    assert hooks.call("pay", session="cs_test_1") is True
    assert stripe.sessions == {"cs_test_1": "complete"}
    assert hooks.call("pay", session="cs_test_1") is False
