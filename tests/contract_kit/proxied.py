"""Recording proxies in this process, for tests."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.findings.result import Result
from contract_tests.http.exchange import Exchange
from contract_tests.http.redaction import Keyring
from contract_tests.recording.judge_process import JudgeProcess, decoded
from contract_tests.recording.proxy import make_server, serve
from contract_tests.recording.reverse_proxy import ReverseProxy
from contract_tests.recording.traffic import Traffic
from contract_tests.settings import Settings, packaged_spec
from tests.conftest import TLS
from tests.contract_kit.exchanges import CONTRACT

API = "/api/v1/billing"
BALANCE = f"{API}/balance"
KEY = {"X-API-Key": "sk_live_planted0secret"}


class DeferredJudge:
    """A judge in this process that judges all exchanges when the proxy has stopped."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.taken: list[Exchange] = []
        self.take = self.taken.append

    def finish(self, seconds: float) -> Result:
        traffic = Traffic(CONTRACT, Keyring(foreign=True), KNOWLEDGE)
        for exchange in self.taken:
            traffic.judge_foreign(decoded(exchange))
        return traffic.result(self._settings, seconds, list(traffic.verdicts))


@dataclass
class Proxied:
    """A proxy in a thread of this process."""

    url: str
    forwarder: ReverseProxy
    result: Result | None = None
    """The result, once the proxy has stopped."""

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=10, trust_env=False, verify=TLS
        )

    @property
    def findings(self) -> list[tuple[str, str, str]]:
        """The operation, kind and keyword of each finding."""
        assert self.result is not None
        return [
            (finding.operation, finding.kind, finding.keyword) for finding in self.result.findings
        ]


@contextmanager
def proxied(
    upstream: str, judge: JudgeProcess | DeferredJudge | None = None, names: Collection[str] = ()
) -> Iterator[Proxied]:
    """Run a proxy until the end of the block; its result is available afterwards."""
    judge = judge or DeferredJudge(settings(upstream))
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    forwarder = ReverseProxy(upstream, judge.take, names=names)
    server = make_server(forwarder)
    thread = threading.Thread(target=serve, args=(server, forwarder, listener), daemon=True)
    thread.start()
    running = Proxied(f"http://127.0.0.1:{listener.getsockname()[1]}", forwarder)
    try:
        yield running
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        running.result = judge.finish(1.0)


def settings(upstream: str, **more: Any) -> Settings:
    return Settings(url=upstream, spec=packaged_spec(), quiet=True, **more)


@contextmanager
def stopped(judge_process: JudgeProcess) -> Iterator[None]:
    """Suspend the process of the judge until the end of the block."""
    pid = judge_process.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds, at most 20 seconds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.01)


def raw(url: str, text: bytes) -> bytes:
    """Send bytes; return everything that is received until the connection closes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as client:
        client.sendall(text)
        received = b""
        while chunk := client.recv(65_536):
            received += chunk
    return received
