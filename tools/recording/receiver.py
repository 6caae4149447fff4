"""A receiver of webhooks on this machine."""

from __future__ import annotations

import hmac
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.recording.caller import Json, Log
from tools.recording.server import free_port

DIGITS = "11111"
"""What stands for the receiver's port in a recording."""


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps every request by its path; ``/status/503/...`` is answered with 503."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{port}"
        self.received: dict[str, list[Json]] = {}
        self._lock = threading.Lock()

    def keep(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Keep a request."""
        with self._lock:
            shown = {"method": method, "headers": [list(header) for header in headers]}
            self.received.setdefault(path, []).append({**shown, "body": body})

    def facts(self, log: Log, secrets: dict[str, str]) -> Json:
        """Return what came, by path, and whether each signature is that of the path's secret."""
        with self._lock:
            return {
                path: [_fact(request, log, secrets.get(path)) for request in requests]
                for path, requests in sorted(self.received.items())
            }


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Keep the request and respond as its path says."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        assert isinstance(self.server, Receiver)
        self.server.keep(self.command, self.path, list(self.headers.items()), body)
        parts = self.path.split("/")
        self.send_response(int(parts[2]) if parts[1] == "status" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


def _fact(request: Json, log: Log, secret: str | None) -> Json:
    body: bytes = request["body"]
    headers = [[name, log.text(value)] for name, value in request["headers"]]
    signature = next((value for name, value in headers if "signature" in name.lower()), "")
    fact: Json = {"method": request["method"], "headers": headers, "body": log.body(body)}
    if secret is not None:
        expected = "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()
        fact["signature is genuine"] = hmac.compare_digest(expected, signature)
    return fact


@contextmanager
def receiving(log: Log) -> Iterator[Receiver]:
    """Yield a receiver on a free port, until the end of the block."""
    port = free_port()
    log.ports[port] = DIGITS
    with Receiver(port) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()
