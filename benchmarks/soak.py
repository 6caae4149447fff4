"""``python -m benchmarks.soak``: 200,000 mixed requests to one server; writes SOAK.md.

It records memory, speed and every response, and checks the books at the end. Exit codes: 0 measured
and passed, 1 measured and failed, 2 not measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import uvloop

from benchmarks import machine, receiver
from benchmarks.client import Client
from benchmarks.customers import CONTROL, Customer, Tally
from benchmarks.errors import BenchError
from benchmarks.prose import wrapped
from benchmarks.receiver import Receiver
from benchmarks.scenarios import random_key
from benchmarks.servers import Server, ours, running

_RESULTS = Path(__file__).resolve().parent / "SOAK.md"
_EXIT_OK, _EXIT_MISSED, _EXIT_USAGE = 0, 1, 2
_SHARE_OF_WARM_UP = 10
"""Growth is counted after a tenth of the requests."""
_SAMPLES = 20
MAX_GROWTH_PERCENT = 10.0
_NEWCOMER_DOES = (10, 50)
"""The least and the most actions of a new key, before it is dropped like that of a test."""
_SHARE_OF_NEWCOMERS = 0.1
_CONNECTS_WITHIN_SECONDS, _SLOWEST_PER_SECOND = 30.0, 100


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of the soak."""

    requests: int
    connections: int
    seed: int
    keys: int = 20
    """The number of permanent customers."""
    new_key_every: int = 500
    """One request in so many is the first of a new key."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of the server."""

    requests: int
    seconds: float
    memory_mib: float
    cpu_seconds: float


@dataclass
class Findings:
    """The result of a soak."""

    plan: Plan
    tally: Tally
    samples: list[Sample] = field(default_factory=list)
    new_keys: int = 0
    violations: dict[str, list[str]] = field(default_factory=dict)
    """Violated invariants by key."""
    accounts: int = 0
    endpoint: str | None = None
    """The URL of the events, if this server has webhooks."""
    events: int = 0
    """The number of received events."""

    @property
    def settled(self) -> Sample:
        """The sample from which growth is counted."""
        after = self.plan.requests // _SHARE_OF_WARM_UP
        return next(sample for sample in self.samples if sample.requests >= after)

    @property
    def growth_percent(self) -> float:
        """The growth from the first sample after the warm-up to the highest."""
        highest = max(
            sample.memory_mib for sample in self.samples if sample.requests >= self.settled.requests
        )
        return (highest / self.settled.memory_mib - 1) * 100

    @property
    def is_good(self) -> bool:
        return (
            not self.tally.wrong
            and not self.violations
            and self.growth_percent < MAX_GROWTH_PERCENT
        )


class _Crowd:
    """Customers who come and go; each has one request at a time."""

    def __init__(self, found: Findings, server: Server) -> None:
        self._found, self._server = found, server
        plan, tally = found.plan, found.tally
        self._chance = Random(plan.seed)
        names = [f"sk_test_soak_{number:02}" for number in range(plan.keys - 2)]
        self.staying = [Customer(name, tally, self._chance) for name in names]
        self.staying += [
            Customer(name, tally, self._chance, reads_only=True)
            for name in ("sk_test_power_user", "sk_test_org_owner")
        ]
        self._free = deque(self.staying)
        self._newcomers: deque[Customer] = deque()
        self._started = time.perf_counter()
        self._step = max(1, plan.requests // _SAMPLES)
        self.sample()

    def sample(self) -> None:
        """Measure the server."""
        server, seconds = self._server, time.perf_counter() - self._started
        seen = Sample(self._found.tally.total, seconds, server.memory_mib(), server.cpu_seconds())
        self._found.samples.append(seen)

    async def work(self, client: Client) -> None:
        """Let one customer after the other act on a connection."""
        plan, found = self._found.plan, self._found
        while (sent := found.tally.total) < plan.requests:
            if sent >= len(found.samples) * self._step:
                self.sample()
            if sent >= (found.new_keys + 1) * plan.new_key_every:
                found.new_keys += 1
                steps = self._chance.randint(*_NEWCOMER_DOES)
                self._newcomers.append(
                    Customer(random_key(), found.tally, self._chance, steps_left=steps)
                )
            is_new = self._newcomers and (
                not self._free or self._chance.random() < _SHARE_OF_NEWCOMERS
            )
            waiting = self._newcomers if is_new else self._free
            waiting.rotate(self._chance.randrange(len(waiting)))
            customer = waiting.popleft()
            customer.client = client
            await customer.act()
            if customer.steps_left != 0:
                waiting.append(customer)


async def soak(server: Server, plan: Plan) -> Findings:
    """Send all requests. Raises BenchError if the server does not respond."""
    found = Findings(plan, Tally())
    crowd = _Crowd(found, server)
    clients = [await Client.open(server.port) for _ in range(plan.connections)]
    found.endpoint = await _register_endpoint(clients[0])
    patience = _CONNECTS_WITHIN_SECONDS + plan.requests / _SLOWEST_PER_SECOND
    try:
        async with asyncio.timeout(patience):
            await asyncio.gather(*(crowd.work(client) for client in clients))
    except TimeoutError:
        raise BenchError(
            f"{found.tally.total:,} requests in {patience:.0f} s: the server is stuck"
        ) from None
    crowd.sample()
    for customer in crowd.staying:
        books = (await clients[0].ask("GET", f"{CONTROL}/invariants", customer.key)).json()
        if not books["ok"]:
            found.violations[customer.key] = books["violations"]
    found.accounts = (await clients[0].ask("GET", f"{CONTROL}/health")).json()["accounts"]
    found.events = Receiver.calls
    for client in clients:
        client.close()
    return found


async def _register_endpoint(client: Client) -> str | None:
    """Register an endpoint for all events, and return its URL, if this server has webhooks."""
    document = (await client.ask("GET", f"{CONTROL}/openapi.json")).json()
    if "/webhook-endpoints" not in document["paths"]:
        return None
    _, url = await receiver.listen()
    response = await client.ask(
        "POST", f"{CONTROL}/webhook-endpoints", body=json.dumps({"url": url}).encode()
    )
    if response.status != 200:
        raise BenchError(f"the endpoint {url} is refused: {response.body.decode(errors='replace')}")
    return url


def text(found: Findings) -> str:
    """Return the report in Markdown."""
    tally, plan, last = found.tally, found.plan, found.samples[-1]
    settled = found.settled
    wrong = [f"- {wrong}" for wrong in tally.wrong] or [
        wrapped(
            "None: every response had the expected status, and the books of all customers add up."
        )
    ]
    broken = [
        f"- {key}: {problem}" for key, problems in found.violations.items() for problem in problems
    ]
    statuses = ", ".join(
        f"{count:,} x {status}" for status, count in sorted(tally.statuses.items())
    )
    return "\n".join(
        [
            "# Soak",
            "",
            wrapped(
                f"Measured on {datetime.now(UTC).date().isoformat()} by `python -m "
                "benchmarks.soak`, "
                "which writes this file. Memory is the resident memory of the server's process. "
                "Speed depends on the machine's other load."
            ),
            "",
            wrapped(
                f"**{tally.total:,} requests in {last.seconds:.0f} s. Memory grew by "
                f"{found.growth_percent:.1f} % after the first {settled.requests:,}** (from "
                f"{settled.memory_mib:.1f} MiB; the limit is {MAX_GROWTH_PERCENT:.0f} %)."
            ),
            "",
            "| requests | memory, MiB | since the first tenth | requests per second "
            "| processor time per request, us |",
            "| --- | --- | --- | --- | --- |",
            *_rows(found),
            "",
            "## What was sent",
            "",
            wrapped(f"- {tally.reads / tally.total:.0%} reads. Statuses: {statuses}."),
            wrapped(
                f"- {plan.keys} permanent keys, of which {plan.keys - 2} read and write; "
                f"{found.new_keys:,} temporary random keys, one in {plan.new_key_every} requests. "
                f"At the end the server has {found.accounts:,} accounts."
            ),
            f"- {plan.connections} connections, each with one request at a time.",
            f"- Events: {found.events:,} were delivered to one webhook endpoint."
            if found.endpoint
            else "- Events: this server has no webhooks.",
            "",
            "| operation | requests |",
            "| --- | --- |",
            *(f"| {name} | {count:,} |" for name, count in tally.sent.most_common()),
            "",
            "## What went wrong",
            "",
            *wrong,
            *broken,
            "",
            "## Machine",
            "",
            "| | |",
            "| --- | --- |",
            *(f"| {name} | {value} |" for name, value in machine.hardware().items()),
            "",
        ]
    )


def _rows(found: Findings) -> list[str]:
    rows = []
    for before, after in zip(found.samples, found.samples[1:], strict=False):
        requests = max(1, after.requests - before.requests)
        speed = requests / (after.seconds - before.seconds)
        cpu = (after.cpu_seconds - before.cpu_seconds) / requests * 1e6
        growth = (after.memory_mib / found.settled.memory_mib - 1) * 100
        grown = f"{growth:+.1f} %" if after.requests >= found.settled.requests else ""
        rows.append(
            f"| {after.requests:,} | {after.memory_mib:.1f} | {grown} | {speed:,.0f} | {cpu:.0f} |"
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak, and return the exit code."""
    flags = _parser().parse_args(arguments)
    try:
        plan = Plan(flags.requests, flags.connections, flags.seed)
        with running(ours()) as server:
            found = uvloop.run(soak(server, plan))
    except (BenchError, OSError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return _EXIT_USAGE
    markdown = text(found)
    flags.output.write_text(markdown, encoding="utf-8")
    print(markdown)
    return _EXIT_OK if found.is_good else _EXIT_MISSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.soak", description="Use one server for long."
    )
    parser.add_argument("--requests", type=int, default=200_000, help="how many (200000)")
    parser.add_argument("--connections", type=int, default=8, help="requests under way at once (8)")
    parser.add_argument("--seed", type=int, default=1, help="who does what when comes from it (1)")
    parser.add_argument(
        "--output", type=Path, default=_RESULTS, help="where to write (benchmarks/SOAK.md)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
