"""The server with one fault, as an app and as a process."""

from __future__ import annotations

import gc
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from starlette.types import ASGIApp

from mockserver import app, packaged
from mockserver.server.http_server import HttpServer
from mockserver.server.request_reader import Head
from mockserver.server.routes import Route, parse
from mockserver.settings import Settings
from tests.mutants.fault import Fault, planted

HOST = "127.0.0.1"


@contextmanager
def faulty_app(
    fault: Fault | None,
    *,
    now: datetime | None = None,
    seed: int = 1,
    public_url: str | None = None,
) -> Iterator[ASGIApp]:
    """Yield an app with a fault, for use within the block; None is the correct one."""
    settings = Settings(
        spec=packaged.spec(), fixtures=packaged.fixtures(), host=HOST, now=now, seed=seed
    )
    with planted(fault) as wrap:
        built = app.build(settings, public_url=public_url)
        yield wrap(built.app, built.contract)


def listen(port: int) -> socket.socket:
    """Return a listening socket; port 0 picks a free one. Raises OSError."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen()
    return listener


def serve(fault: Fault | None, listener: socket.socket, *, now: datetime | None, seed: int) -> None:
    """Serve until a signal ends it, and print the URL when it is ready."""
    # The errors of a faulty mock are expected.
    logging.basicConfig(level="CRITICAL")
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    with faulty_app(fault, now=now, seed=seed, public_url=url) as faulty:
        gc.freeze()
        gc.enable()
        on_ready = partial(print, url, flush=True)
        server = HttpServer(AppSite(faulty), on_ready=on_ready)
        with server.stopped_by_signals():
            server.run(listener)


class AppSite:
    """Serves an ASGI app, and nothing by the short way."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.heads: dict[bytes, Head] = {}

    def resolve(self, method: str, target: bytes) -> Route:  # noqa: ARG002 (all have one way)
        """Return the app's route."""
        return Route(*parse(target), None)

    def now(self) -> datetime:
        """Return no time that anything reads."""
        return datetime.min
