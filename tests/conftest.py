"""Real servers on loopback: one shared by all tests, and others on demand."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest

from mockserver import app, packaged
from mockserver.billing.accounts.accounts import Accounts
from mockserver.engine.world import World
from mockserver.openapi import parsed_cache
from mockserver.openapi.contract import Contract
from mockserver.server.http_server import HttpServer
from mockserver.settings import Settings
from tests import parsed_once, validated_once

pytest_plugins = ["tests.browser", "tests.frozen_server"]
parsed_once.apply()
validated_once.apply()

API = "/api/v1/billing"
_COLLECTIONS = (20_000, 10, 10)
"""How rarely garbage is collected: by default it takes a twentieth of the time of the tests."""
TLS = ssl.create_default_context()
"""Made once, because loading the certificate authorities takes 30 ms."""
NOON = datetime.fromisoformat("2026-03-18T12:00:00Z")
"""A Wednesday in the middle of a month."""


@dataclass(frozen=True)
class RunningServer:
    """A server in a thread of this process."""

    url: str
    world: World[Accounts]
    contract: Contract

    def client(self, key: str | None) -> httpx.Client:
        """An HTTP client that sends a key, or none."""
        headers = {"X-API-Key": key} if key is not None else {}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=10, trust_env=False, verify=TLS
        )


ServerFactory = Callable[..., RunningServer]


@contextmanager
def running_server(**changes: Any) -> Iterator[RunningServer]:
    """Run a server with some settings until the end of the block."""
    settings = Settings(**{"spec": packaged.spec(), "fixtures": packaged.fixtures(), **changes})
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # early connections wait until the server is ready
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    built = app.build(settings, public_url=url)
    server = HttpServer(built, settings.limits)
    thread = threading.Thread(target=server.run, args=[listener], daemon=True)
    thread.start()
    try:
        yield RunningServer(url, built.world, built.contract)
    finally:
        server.stop()
        thread.join(timeout=5)
        listener.close()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector, which would visit the 13,000 tests again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*_COLLECTIONS)
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Collect garbage again: short commands that a test runs in this process turn it off."""
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def parsed_documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Documents are parsed once: building a server takes a quarter of the time."""
    parsed_cache.use(tmp_path_factory.mktemp("parsed"))
    yield
    parsed_cache.use(None)


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """The shared server with a running clock. No test may set its clock or reset everything."""
    with running_server() as running:
        yield running


@pytest.fixture
def make_server() -> Iterator[ServerFactory]:
    """Make servers of a test's own: ``make_server(now=NOON, seed=7, enforce_rate_limits=True)``."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(running_server(**changes))


@pytest.fixture
def key() -> str:
    """A new key."""
    return f"sk_test_{uuid.uuid4().hex}"


@pytest.fixture
def client(server: RunningServer, key: str) -> Iterator[httpx.Client]:
    """A client of the shared server with an account of its own."""
    with server.client(key) as made:
        yield made


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The served contract."""
    return Contract.load(packaged.spec())
