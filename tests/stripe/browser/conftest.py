"""A shop with pages for Stripe.js, on another origin than the mock, in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.browser import ROOT, Open, Seen, axe, browser, judged, open_page
from tests.conftest import API, NOON, RunningServer, running_server
from tests.outside.tools import run

__all__ = ["axe", "browser", "open_page"]

TOOLS = ROOT / "tools" / "stripe"

STRICT = (
    "default-src 'none'; script-src 'self' {stripe}; connect-src {mock}; frame-src {mock}; "
    "style-src 'self'; base-uri 'none'; "
    "require-trusted-types-for 'script'"
)
"""The policy of a strict shop: two origins, no inline style, no text that becomes HTML."""

OF_PAGES = ("region", "landmark-one-main", "page-has-heading-one")
"""Rules of axe-core that apply to whole pages, and not to their frames."""
WHOLE = ("Secure payment input frame", "Secure card payment input frame")
FRAMES = {
    "number": (*WHOLE, "Secure card number input frame"),
    "expiry": (*WHOLE, "Secure expiration date input frame"),
    "cvc": (*WHOLE, "Secure CVC input frame"),
}
"""The titles of the frames that may have a field."""

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; color: CanvasText; background: Canvas; }
main { max-width: 30rem; margin: 0 auto; padding: 16px; }
button { font: inherit; margin-top: 16px; padding: 8px 16px; }
label.outer { display: block; margin-top: 8px; }
.StripeElement { margin: 8px 0; }
.boxed { border: 1px solid GrayText; border-radius: 6px; padding: 10px 12px; }
.StripeElement--focus { outline: 2px solid Highlight; }
"""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/style.css">{tag}<script defer src="/{bundle}.js"></script></head>
<body><main><h1>Save a card</h1>{content}</main></body></html>
"""

FORMS = {
    "react": '<div id="root"></div>',
    "split": """<form><label class="outer" for="number">Card number</label>
<div id="number" class="boxed"></div>
<label class="outer" for="expiry">Expires</label><div id="expiry" class="boxed"></div>
<label class="outer" for="cvc">Security code</label><div id="cvc" class="boxed"></div>
<button>Save card</button><p role="status" id="result"></p></form>""",
    "card": """<form><label class="outer" for="element">Credit or debit card</label>
<div id="element" class="boxed"></div>
<p id="problem"></p><button>Save card</button><p role="status" id="result"></p></form>""",
    "payment": """<form><div id="element"></div><button>Save card</button>
<p role="status" id="result"></p></form>""",
}


def _installed() -> Path:
    """Return the folder of Stripe's packages and the bundler; skip without them, but not in CI."""
    if not (TOOLS / "node_modules" / "@stripe").exists():
        if shutil.which("npm") is None or os.environ.get("CI"):
            reason = "Stripe's packages are not installed: npm ci in tools/stripe, with Node.js"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
        subprocess.run(["npm", "ci", "--silent"], cwd=TOOLS, check=True, timeout=300)
    return TOOLS / "node_modules" / ".bin"


@pytest.fixture(scope="session")
def node_programs() -> Path:
    """The folder with ``tsc`` and ``esbuild``."""
    return _installed()


@pytest.fixture(scope="session")
def bundles(node_programs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The shop's scripts, bundled with Stripe's packages from npm."""
    place = tmp_path_factory.mktemp("bundles")
    sources = [TOOLS / "pages" / name for name in ("plain.ts", "react.tsx")]
    options = [
        "--bundle",
        "--format=iife",
        "--jsx=automatic",
        '--define:process.env.NODE_ENV="development"',
    ]
    run(
        [node_programs / "esbuild", *sources, *options, f"--outdir={place}", "--log-level=error"],
        cwd=TOOLS,
        within=60,
    )
    return {path.name: path.read_bytes() for path in place.glob("*.js")}


@pytest.fixture(scope="session")
def mock() -> Iterator[RunningServer]:
    """A mock with a frozen clock, by which cards expire."""
    with running_server(now=NOON) as running:
        yield running


@pytest.fixture(scope="session")
def shop_url(bundles: dict[str, bytes], mock: RunningServer) -> Iterator[str]:
    """The shop's address."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path == "/style.css":
                self._send(STYLE.encode(), "text/css")
            elif path.lstrip("/") in bundles:
                self._send(bundles[path.lstrip("/")], "text/javascript")
            elif path == "/favicon.ico":
                self._send(b"", "image/x-icon")
            elif path == "/done":
                self._send(
                    b"<!doctype html><html lang=en><title>Done</title><main><h1>Done</h1></main>",
                    "text/html",
                )
            else:
                self._page(path.strip("/"), query)

        def _page(self, name: str, query: str) -> None:
            bundle, _, form = name.partition("-")
            tag = (
                "" if "untagged" in query else f'<script src="{mock.url}/_mock/stripe.js"></script>'
            )
            stripe = "https://js.stripe.com" if "untagged" in query else mock.url
            content = FORMS.get(form or bundle, FORMS["card"])
            policy = STRICT.format(stripe=stripe, mock=mock.url)
            if "untagged" in query:  # the loader of Stripe's script does not support trusted types
                policy = policy.partition("; require")[0]
            self._send(
                PAGE.format(tag=tag, bundle=bundle, content=content).encode(), "text/html", policy
            )

        def _send(self, body: bytes, media_type: str, policy: str | None = None) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"{media_type}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if policy is not None:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@dataclass
class Shop:
    """One page of the shop in the browser, and the account behind it."""

    seen: Seen
    mock: RunningServer
    key: str
    secret: str

    @property
    def page(self) -> Any:
        return self.seen.page

    def field(self, name: str) -> Any:
        """Return the locator of a field, in the frame of its element."""
        frames = ", ".join(f'iframe[title="{title}"]' for title in FRAMES.get(name, WHOLE))
        return self.page.frame_locator(frames).get_by_test_id(f"stripe-{name}")

    @property
    def bank(self) -> Any:
        """The page of the bank, in a frame of the frame over the page."""
        over = self.page.frame_locator('iframe[src*="three-ds-2-challenge"]')
        return over.frame_locator('iframe[name="stripe-challenge-frame"]')

    def fill(
        self,
        number: str = "4242424242424242",
        expiry: str = "12 / 34",
        cvc: str = "123",
        postal: str = "",
    ) -> None:
        """Type a card."""
        self.field("number").fill(number)
        self.field("expiry").fill(expiry)
        self.field("cvc").fill(cvc)
        if postal:
            self.field("postal").fill(postal)

    def judged(self, axe: str) -> list[tuple[str, str, list[str]]]:
        """Return axe-core's violations in the page and in each frame."""
        return [
            violation
            for frame in self.page.frames
            for violation in judged(frame, axe)
            if frame is self.page.main_frame or violation[0] not in OF_PAGES
        ]

    @property
    def focused(self) -> str:
        """The test id of the focused element, in the innermost frame that has the focus."""
        script = "() => document.hasFocus() && document.activeElement?.dataset.testid"
        ids = [frame.evaluate(script) for frame in self.page.frames]
        return next((str(id) for id in reversed(ids) if id), "")

    def save(self) -> None:
        self.page.get_by_role("button", name="Save card").click()

    def finish_challenge(self, outcome: str) -> None:
        """Pass or fail 3-D Secure."""
        self.bank.get_by_test_id(f"stripe-challenge-{outcome}").click()

    def must_show(self, text: str) -> None:
        """Check that the page shows a result that starts with the text."""
        begins = "text => document.querySelector('#result')?.textContent.startsWith(text)"
        try:
            self.page.wait_for_function(begins, arg=text, timeout=5_000)
        except Exception:
            pytest.fail(f"the page says {self.result!r}, and not {text!r}; {self.seen.complaints}")

    @property
    def result(self) -> str:
        text: str = self.page.locator("#result").text_content()
        return text

    def do(self, script: str, *, on: str = "shop") -> Any:
        """Evaluate an expression about ``shop`` (stripe, elements, events, secret).

        An error that is thrown becomes its text. Frames get 50 ms to follow.
        """
        wrapped = (
            f"async () => "
            f"{{ try {{ return await ({script}); }} catch (error) {{ return String(error); }} "
            f"finally {{ await new Promise((resolve) => setTimeout(resolve, 50)); }} }}"
        )
        return self.page.evaluate(wrapped.replace("shop.", f"window.{on}."))

    def intent(self) -> dict[str, Any]:
        """Return the setup intent."""
        with self.mock.client(None) as client:
            id = self.secret.partition("_secret_")[0]
            response = client.post(
                f"/_mock/stripe/v1/setup_intents/{id}", json={"client_secret": self.secret}
            )
            body: dict[str, Any] = json.loads(response.text)
            return body

    def cards(self) -> list[dict[str, Any]]:
        """Return the account's cards, newest first."""
        with self.mock.client(self.key) as client:
            cards: list[dict[str, Any]] = client.get(f"{API}/payment-methods").json()[
                "payment_methods"
            ]
            return cards


Visit = Callable[..., Shop]


@pytest.fixture
def visit(open_page: Open, shop_url: str, mock: RunningServer) -> Visit:
    """Open a page of the shop with a new setup intent: ``visit("plain-card", kind="card")``."""

    def visited(
        name: str,
        *,
        width: int = 480,
        scheme: str = "light",
        secret: str | None = None,
        **asked: str,
    ) -> Shop:
        key = f"sk_test_{uuid.uuid4().hex}"
        with mock.client(key) as client:
            made = (
                client.post(f"{API}/setup-intent").json()["client_secret"]
                if secret is None
                else secret
            )
        query = urlencode({"mock": mock.url, "key": key, "secret": made, **asked})
        seen = open_page(f"{shop_url}/{name}?{query}", width=width, scheme=scheme)
        return Shop(seen, mock, key, made)

    return visited
