"""A small proxy that may terminate TLS and rewrite ``Host``, in threads of this process."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server"}


@dataclass
class Proxy:
    """A running proxy. ``upstream`` is the host and port to forward to."""

    url: str
    upstream: str = ""


def certificate(folder: Path) -> Path:
    """Return a new self-signed certificate, with its key in the same file."""
    path, key = folder / "proxy.pem", folder / "proxy.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-subj", "/CN=proxy", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-days", "2", "-keyout", str(key), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    path.write_text(path.read_text() + key.read_text())
    return path


@contextmanager
def proxying(
    *, tls: Path | None = None, rewrites_host: bool = False, tells: bool = True
) -> Iterator[Proxy]:
    """Run a proxy until the end of the block. It ``tells`` by X-Forwarded headers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            host = self.headers["Host"]
            headers = {name: self.headers[name] for name in self.headers if name != "Host"}
            headers["Host"] = proxy.upstream if rewrites_host else host
            if tells:
                headers["X-Forwarded-Host"] = host
                headers["X-Forwarded-Proto"] = "https" if tls else "http"
                headers["X-Forwarded-For"] = str(self.client_address[0])
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection = HTTPConnection(proxy.upstream, timeout=10)
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in _HOP | {"content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_OPTIONS = _forward

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    proxy = Proxy(f"{'https' if tls else 'http'}://localhost:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
