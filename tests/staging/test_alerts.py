"""Usage alerts reach their webhook, signed, and are sent again after an error."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import pytest

from tests.staging.probe import Probe

_Received = Queue[tuple[bytes, str]]


class _Receiver(HTTPServer):
    """A receiver that fails once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: _Received = Queue()
        self.statuses = iter([500, 204, 204])


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.put((body, self.headers["X-Alterlab-Signature"]))
        self.send_response(next(self.server.statuses))
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[_Receiver]:
    """Run a receiver of webhooks."""
    server = _Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_alert_is_signed_and_sent_again(
    deployment: Callable[..., Probe], receiver: _Receiver
) -> None:
    """An alert that met an error comes a second time, and its signature is right."""
    probe = deployment()
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    probe.call("PUT", "/usage-alerts", {"webhook_url": url})
    projection = probe.get("/cost-projection")
    requests = projection["credits_allocated"] * 8 // 10 - projection["credits_used"]
    probe.call("POST", "/internal/usage", {"type": "light", "requests": requests})
    first, second = (receiver.received.get(timeout=20) for _ in range(2))
    assert first == second
    body, signature = second
    webhooks = probe.get("/internal/webhooks")
    right = hmac.new(webhooks["secret"].encode(), body, hashlib.sha256).hexdigest()
    assert signature == f"sha256={right}"
    assert json.loads(body)["data"]["threshold"] == 75
    deadline = time.monotonic() + 10
    while [item["status"] for item in probe.site.deliveries] != [500, 204]:
        assert time.monotonic() < deadline
