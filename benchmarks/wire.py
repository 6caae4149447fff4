"""The wire: processor time of each kind of request beside a bare uvicorn app.

``python -m benchmarks.wire`` prints a table. ``benchmarks.wire_report`` writes it to WIRE.md.
Each round drives both servers one after the other, and the ratio of their processor times is taken
within the round, so that other load on the machine counts little.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from benchmarks.scenarios import BALANCE_PATH, DEPOSIT, PAGE, random_key
from benchmarks.servers import Program, Server, ask, ours, running

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CONNECTIONS = 16
_KEY = "sk_test_default"
BALANCE, KEYS_IN_TURN = "GET balance", "200 keys in turn"

BODY = b'{"balance":"' + b"0" * 275 + b'"}'


async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 (ASGI)
    """Send a constant response: the hello world of uvicorn."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def uvicorn_program() -> Program:
    """Return uvicorn with the constant app, as fast as it can be set."""
    flags = ("--loop", "uvloop", "--http", "httptools", "--lifespan", "off", "--ws", "none")
    quiet = ("--no-access-log", "--log-level", "error", "--no-date-header", "--no-server-header")
    words = (sys.executable, "-m", "uvicorn", "benchmarks.wire:app", *flags, *quiet)
    return Program("uvicorn", (*words, "--port", "{port}"))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request, its expected status, and the ratio to stay below."""

    name: str
    requests: Sequence[bytes]
    status: int
    target: float
    beside: Sequence[bytes] = ()
    """The requests to this server that it is compared with; none for those to uvicorn."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long is measured."""

    rounds: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Row:
    """The processor time of one kind of request, in microseconds."""

    name: str
    own: float
    peer: float
    ratio: float
    """The median of the ratios of all rounds."""
    target: float


def request(method: str, path: str, key: str | None = _KEY, body: str = "", *headers: str) -> bytes:
    """Return a request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", *headers]
    if key is not None:
        lines.append(f"X-API-Key: {key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def kinds(checkout: str) -> list[Kind]:
    """Return all kinds; ``checkout`` is the path of an open checkout page."""
    billing = BALANCE_PATH.rpartition("/")[0]
    card = f"{billing}/payment-methods/00000000-0000-4000-8000-000000000000"
    preflight = ("Origin: http://localhost:3000", "Access-Control-Request-Method: GET")
    keys = [random_key() for _ in range(200)]
    return [
        Kind(BALANCE, [request("GET", BALANCE_PATH)], 200, 0.8),
        Kind("POST deposit", [DEPOSIT.request()], 200, 1.25),
        Kind("page of 100", [PAGE.request()], 200, 2.2),
        Kind("templated path", [request("DELETE", card)], 404, 1.1),
        Kind("404", [request("GET", f"{billing}/nothing")], 404, 1.1),
        Kind("405", [request("PATCH", BALANCE_PATH)], 405, 1.1),
        Kind("422", [request("POST", f"{billing}/deposit", body='{"amount_cents":1}')], 422, 1.1),
        Kind("preflight", [request("OPTIONS", BALANCE_PATH, None, "", *preflight)], 200, 0.6),
        Kind("checkout page", [request("GET", checkout, None)], 200, 5),
        Kind(
            "Prefer: dynamic",
            [request("GET", BALANCE_PATH, _KEY, "", "Prefer: dynamic=true")],
            200,
            8,
        ),
        Kind(
            KEYS_IN_TURN,
            [request("GET", BALANCE_PATH, key) for key in keys],
            200,
            1.3,
            [request("GET", BALANCE_PATH)],
        ),
    ]


class _Client(asyncio.Protocol):
    """A connection that has one request at a time."""

    def __init__(self, run: _Run) -> None:
        self._run, self._data, self._left = run, b"", -1
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(next(self._run.requests))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        if self._left < 0:
            found = _LENGTH.search(self._data, 0, end + 2)
            self._left = end + 4 + (int(found[1]) if found else 0)
        if len(self._data) < self._left:
            return
        run = self._run
        run.statuses[self._data[9:12]] = run.statuses.get(self._data[9:12], 0) + 1
        self._data, self._left = b"", -1
        if time.perf_counter() < run.deadline:
            self._transport.write(next(run.requests))
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._run.open -= 1
        if not self._run.open:
            self._run.done.set()


class _Run:
    """One round: what is sent, and the statuses that came."""

    def __init__(self, requests: Sequence[bytes], seconds: float) -> None:
        self.requests = cycle(requests)
        self.statuses: dict[bytes, int] = {}
        self.deadline = time.perf_counter() + seconds
        self.open = _CONNECTIONS
        self.done = asyncio.Event()


async def _drive(port: int, requests: Sequence[bytes], seconds: float) -> dict[bytes, int]:
    run = _Run(requests, seconds)
    loop = asyncio.get_running_loop()
    for _ in range(_CONNECTIONS):
        await loop.create_connection(lambda: _Client(run), "127.0.0.1", port)
    await run.done.wait()
    return run.statuses


def microseconds(server: Server, kind: Kind, seconds: float) -> float:
    """Return the server's processor time for one request."""
    before = _on_cpu(server.pid)
    statuses = uvloop.run(_drive(server.port, kind.requests, seconds))
    spent = _on_cpu(server.pid) - before
    good = statuses.get(b"%d" % kind.status, 0)
    if sum(statuses.values()) != good and server.name != "uvicorn":
        raise SystemExit(f"{kind.name}: {statuses}")
    return spent / 1_000 / sum(statuses.values())


def _warm_up(server: Server, kind: Kind) -> None:
    """Send each request a few times: new keys and new targets cost more."""
    for _ in range(3):
        uvloop.run(_drive(server.port, kind.requests, 0.1 + 0.01 * len(kind.requests)))


def _on_cpu(pid: int) -> int:
    """Return the nanoseconds that all threads of a process were on a processor."""
    return sum(
        int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")
    )


def measured(bare: Server, mock: Server, kinds: Sequence[Kind], plan: Plan) -> Iterator[Row]:
    """Yield a row for each kind of request."""
    for kind in kinds:
        other = replace(kind, requests=kind.beside or kind.requests)
        peer_server = mock if kind.beside else bare
        _warm_up(mock, kind)
        pairs = [
            (microseconds(mock, kind, plan.seconds), microseconds(peer_server, other, plan.seconds))
            for _ in range(plan.rounds)
        ]
        own, peer = (median(column) for column in zip(*pairs, strict=True))
        yield Row(kind.name, own, peer, median(own / peer for own, peer in pairs), kind.target)


def plan_of(flags: argparse.Namespace) -> Plan:
    """Return the plan of command-line flags."""
    return Plan(flags.rounds, flags.seconds)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of a plan."""
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each kind (7)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round (1)")


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser("benchmarks.wire")
    add_flags(parser)
    parser.add_argument("--only", default="", help="a part of the name of a kind")
    flags = parser.parse_args()
    with running(uvicorn_program()) as bare, running(ours()) as mock:
        chosen = [kind for kind in kinds(checkout_of(mock)) if flags.only in kind.name]
        print(f"{'':18} {'us':>7} {'uvicorn':>8} {'ratio':>6}  wanted")
        for row in measured(bare, mock, chosen, plan_of(flags)):
            figures = f"{row.own:7.1f} {row.peer:8.1f} {row.ratio:6.2f}"
            print(f"{row.name:18} {figures}  {row.target}", flush=True)
    return 0


def checkout_of(server: Server) -> str:
    """Return the path of an open checkout page."""
    deposit = ask(server, DEPOSIT)
    found = re.search(r"https?://[^/]+(/[^\"' ]*)", str(deposit))
    if found is None:
        raise SystemExit(f"no checkout page: {deposit}")
    return found[1].rstrip("'")


if __name__ == "__main__":
    sys.exit(main())
