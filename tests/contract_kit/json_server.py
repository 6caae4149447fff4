"""An HTTP server for tests, in front of a function that replies with JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

Reply = tuple[int, Any, dict[str, str]]
"""Status, value and headers. None is no body."""


class Service(Protocol):
    """What replies to requests."""

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        """Return the reply to a request. Names of headers are in lower case."""


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def respond(self) -> None:
            length = self.headers.get("content-length") or "0"
            body = self.rfile.read(int(length)) if length.isdigit() else b""
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, value, more = service.reply(self.command, self.path, headers, body)
            data = b"" if value is None else json.dumps(value).encode()
            self.send_response(status)
            for name, text in more.items():
                self.send_header(name, text)
            if data:
                self.send_header("Content-Type", "application/json")
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"):
        setattr(Handler, f"do_{method}", Handler.respond)
    return Handler


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """Serve until the end of the block; yield the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
