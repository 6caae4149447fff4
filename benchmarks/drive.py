"""Customers who keep a server busy for a while, in a process of their own like ``load.py``.

``python -m benchmarks.drive`` reads a ``Job`` as JSON from standard input, and writes a
``load.Result`` to its output.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random

import uvloop

from benchmarks import customers
from benchmarks.client import Client
from benchmarks.customers import Customer, Tally
from benchmarks.errors import BenchError
from benchmarks.load import Result
from benchmarks.scenarios import random_key

KINDS: Mapping[str, customers.Step] = {
    "reads": customers.read_something,
    "mix": Customer.act,
    "paid deposits": customers.deposit_and_pay,
}
"""The repeated action of the customers."""


@dataclass(frozen=True, slots=True)
class Job:
    """The action, the server, the number of customers, and the duration."""

    port: int
    kind: str
    connections: int
    seconds: float
    seed: int


async def drive(job: Job) -> Result:
    """Do a job: one customer with a new key on each connection."""
    step, tally, chance = KINDS[job.kind], Tally(), Random(job.seed)
    crowd = [Customer(random_key(), tally, chance) for _ in range(job.connections)]
    for customer in crowd:
        customer.client = await Client.open(job.port)
        await customer.ask("get_balance", "GET", f"{customers.API}/balance")
    before = tally.total
    started, cpu = time.perf_counter(), time.process_time()
    deadline = started + job.seconds

    async def work(customer: Customer) -> None:
        while time.perf_counter() < deadline:
            await step(customer)

    await asyncio.gather(*map(work, crowd))
    took = time.perf_counter() - started
    return Result(
        responses=tally.total - before,
        seconds=took,
        busy=(time.process_time() - cpu) / took,
        errors=len(tally.wrong),
        first_error=tally.wrong[0] if tally.wrong else "",
    )


def main() -> int:
    """Read a job, do it, and write the result."""
    job = Job(**json.load(sys.stdin))
    try:
        result = uvloop.run(drive(job))
    except BenchError as error:
        result = Result(errors=1, first_error=str(error))
    json.dump(asdict(result), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
