"""``contract-tests proxy``: passes traffic on to a deployment, and judges it meanwhile."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import ssl
import sys
import time
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from contract_tests import flags
from contract_tests.baseline import Baseline
from contract_tests.cli import COMMANDS, EXIT_CODES
from contract_tests.contract import Contract
from contract_tests.errors import Unreachable, UsageError
from contract_tests.settings import Settings

if TYPE_CHECKING:
    import uvicorn

    from contract_tests.exchange import Exchange
    from contract_tests.forwarder import Forwarder
    from contract_tests.run import Result

FAIL_ON: dict[str, tuple[str, ...]] = {
    "failure": ("failure",),
    "difference": ("failure", "difference"),
    "drift": ("failure", "difference", "drift"),
    "never": (),
}
"""The grades that fail, by ``--fail-on``."""
_END_SECONDS = 2
"""How long answers that are on their way may take when the proxy ends."""
_KEEP_SECONDS = 60
_REACH_SECONDS = 5.0

_DESCRIPTION = """\
Listens on this machine, passes every request on to a deployment as it is, and judges what it answers: point a
frontend or a test run at it. Findings are listed as they come; Ctrl-C ends it with the report. Keys are replaced by
names before anything is kept."""

_EPILOG = f"""\
examples:
  contract-tests proxy --upstream https://staging.example.com --port 9000
      then run the frontend or its tests against http://127.0.0.1:9000
  contract-tests proxy --upstream http://127.0.0.1:8080 --max-time 10m --fail-on difference --report junit,har

{EXIT_CODES}"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "proxy",
        help=COMMANDS["proxy"][1],
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests proxy --upstream URL [--flag value ...]",
    )
    parser.add_argument(
        "--upstream", metavar="URL", required=True, help="the deployment, without /api/v1/billing"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (127.0.0.1)"
    )
    parser.add_argument(
        "--port", default=0, type=_port, metavar="N", help="the port to listen on (a free one)"
    )
    parser.add_argument(
        "--fail-on", default="failure", choices=FAIL_ON, help="which findings fail (failure)"
    )
    parser.add_argument(
        "--max-exchanges", type=_count, metavar="N", help="end after so many requests"
    )
    flags.add(
        parser,
        "max_time",
        "ca_bundle",
        "spec",
        "strict",
        "baseline",
        "reports",
        "report_dir",
        "quiet",
    )
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Pass on until told to end, tell, and answer with the exit code. Raises KitError."""
    settings = flags.read(arguments, arguments.upstream)
    tls = (
        ssl.create_default_context(cafile=settings.ca_bundle)
        if settings.url.startswith("https:")
        else None
    )
    _reach(settings.url, tls)
    with closing(_listener(arguments.host, arguments.port)) as listener:
        result = _pass_on(settings, listener, tls, arguments.max_exchanges)
    # What reports takes its time to load, and wrong flags are to be told at once.
    from contract_tests.execution import tell

    failing = [
        each
        for each in result.findings
        if each.grade(strict=settings.is_strict) in FAIL_ON[arguments.fail_on] and not each.known
    ]
    result.notes.append(
        f"--fail-on {arguments.fail_on}: {len(failing)} of {len(result.findings)} findings fail"
    )
    tell(result)
    if failing:
        return 1
    return 2 if result.outcome == "incomplete" and arguments.fail_on != "never" else 0


def _pass_on(
    settings: Settings,
    listener: socket.socket,
    tls: ssl.SSLContext | None,
    max_exchanges: int | None,
) -> Result:
    """Everything between the start and the end: what came of it. Raises UsageError."""
    from contract_tests.bench import Bench
    from contract_tests.forwarder import Forwarder

    _check(settings)
    began = time.monotonic()
    bench = Bench(settings)
    forwarder = Forwarder(settings.url, bench.take, tls)
    server = make_server(forwarder)
    count = 0

    def take(exchange: Exchange) -> None:
        nonlocal count
        count += 1
        if max_exchanges is None or count <= max_exchanges:
            bench.take(exchange)
        if count == max_exchanges:
            server.should_exit = True

    def end(*_: object) -> None:
        server.should_exit = True

    forwarder.deliver = take
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    _announce(settings.url, listener)
    serve(server, forwarder, listener, settings.max_time)
    for number, handler in before.items():
        signal.signal(number, handler)
    result = bench.finish(time.monotonic() - began)
    if forwarder.unreachable:
        result.notes.append(
            f"{forwarder.unreachable:,} requests found no upstream, and were answered with 502"
        )
    return result


def _check(settings: Settings) -> None:
    """Whether the judge will be able to begin. Raises UsageError."""
    from contract_tests.reports import files

    Contract.load(settings.spec)
    if settings.baseline:
        Baseline.load(settings.baseline, date.today())
    if settings.reports:
        files.make_folder(settings.report_dir)


def make_server(forwarder: Forwarder) -> uvicorn.Server:
    """A server that adds nothing of its own."""
    import uvicorn

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
        timeout_keep_alive=_KEEP_SECONDS,
        timeout_graceful_shutdown=_END_SECONDS,
    )
    return uvicorn.Server(config)


def serve(
    server: uvicorn.Server,
    forwarder: Forwarder,
    listener: socket.socket,
    max_time: float | None = None,
) -> None:
    """Pass on until the server is told to end, or time is up."""

    def end() -> None:
        server.should_exit = True

    async def main() -> None:
        if max_time is not None:
            asyncio.get_running_loop().call_later(max_time, end)
        await server.serve(sockets=[listener])
        await forwarder.aclose()

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(main())


def _reach(url: str, tls: ssl.SSLContext | None) -> None:
    """Connect once, and ask for nothing. Raises Unreachable."""
    parts = urlsplit(url)
    host = str(parts.hostname)
    try:
        with socket.create_connection(
            (host, parts.port or (443 if tls else 80)), _REACH_SECONDS
        ) as plain:
            if tls is not None:
                tls.wrap_socket(plain, server_hostname=host).close()
    except TimeoutError:
        raise Unreachable(
            f"{url} cannot be reached: no answer within {_REACH_SECONDS:.0f} s"
        ) from None
    except OSError as error:
        from contract_tests.channel import plain as in_words

        raise Unreachable(f"{url} cannot be reached: {in_words(error)}") from None


def _listener(host: str, port: int) -> socket.socket:
    """Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise UsageError(
            f"cannot listen on {host}:{port} ({why}); name another --host or --port"
        ) from None


def _announce(upstream: str, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(
        f"contract-tests proxy: http://{shown}:{port} passes on to {upstream}. Ctrl-C ends it.\n"
    )
    sys.stdout.flush()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise argparse.ArgumentTypeError("it must be a whole number from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 12 and int(text)):
        raise argparse.ArgumentTypeError("it must be a whole number from 1")
    return int(text)
