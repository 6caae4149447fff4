"""Runs the proxy: passes traffic on to a deployment while the judge validates it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Collection
from urllib.parse import urlsplit

import uvicorn

from contract_tests.errors import Unreachable, UsageError
from contract_tests.findings.result import Result
from contract_tests.http.exchange import Exchange
from contract_tests.http.network import Network, network
from contract_tests.http.redaction import Keyring
from contract_tests.http.transport import open_socket
from contract_tests.http.transport import plain as describe
from contract_tests.openapi.contract import Contract
from contract_tests.overlay.teaching import Teaching
from contract_tests.recording.judge_process import JudgeProcess
from contract_tests.recording.reverse_proxy import ReverseProxy
from contract_tests.reports import files
from contract_tests.settings import Settings

_GRACE_SECONDS = 2
"""How long pending responses may take when the proxy ends."""
_KEEP_ALIVE_SECONDS = 60
_CONNECT_SECONDS = 5.0


def pass_on(
    settings: Settings,
    listener: socket.socket,
    way: Network,
    max_exchanges: int | None,
    names: Collection[str] = (),
) -> Result:
    """Run the proxy until it is ended, and return the result. Raises UsageError."""
    began = time.monotonic()
    judge_process = JudgeProcess(settings)
    forwarder = ReverseProxy(settings.url, judge_process.take, way, names)
    server = make_server(forwarder)
    count = 0

    def take(exchange: Exchange) -> None:
        nonlocal count
        count += 1
        if max_exchanges is None or count <= max_exchanges:
            judge_process.take(exchange)
        if count == max_exchanges:
            server.should_exit = True

    def end(*_: object) -> None:
        server.should_exit = True

    forwarder.on_exchange = take
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    _announce(settings.url, listener)
    serve(server, forwarder, listener, settings.max_time)
    for number, handler in before.items():
        signal.signal(number, handler)
    result = judge_process.finish(time.monotonic() - began)
    if forwarder.unreachable:
        result.notes.append(
            f"{forwarder.unreachable:,} requests got a 502, as the upstream could not be reached"
        )
    return result


def prepare(settings: Settings) -> Network:
    """Prove that the judge can start, and return the way to the upstream. Raises UsageError."""
    contract = Contract.load(settings.spec)
    Teaching(settings, contract)
    if settings.reports:
        files.make_folder(settings.report_dir)
    return network(settings, Keyring(contract.credential))


def make_server(forwarder: ReverseProxy) -> uvicorn.Server:
    """Return a server that adds no headers and writes no logs."""
    config = uvicorn.Config(
        forwarder,
        interface="asgi3",
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def serve(
    server: uvicorn.Server,
    forwarder: ReverseProxy,
    listener: socket.socket,
    max_time: float | None = None,
) -> None:
    """Serve until the server should exit, or the time is up."""

    def end() -> None:
        server.should_exit = True

    async def main() -> None:
        if max_time is not None:
            asyncio.get_running_loop().call_later(max_time, end)
        await server.serve(sockets=[listener])
        await forwarder.aclose()

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(main())


def reach(url: str, way: Network) -> None:
    """Connect once without sending a request. Raises Unreachable."""
    try:
        open_socket(urlsplit(url), way, time.monotonic() + _CONNECT_SECONDS).close()
    except TimeoutError:
        raise Unreachable(
            f"{url} cannot be reached: no response within {_CONNECT_SECONDS:.0f} s"
        ) from None
    except OSError as error:
        raise Unreachable(f"{url} cannot be reached: {describe(error)}") from None


def listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address. Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise UsageError(
            f"cannot listen on {host}:{port} ({why}); choose another --host or --port"
        ) from None


def _announce(upstream: str, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(
        f"contract-tests proxy: http://{shown}:{port} forwards to {upstream}. "
        "Press Ctrl-C to end.\n"
    )
    sys.stdout.flush()
