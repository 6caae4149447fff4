"""Every constraint of every parameter and property: the last valid and the first invalid value.

All else in a request is valid and real, so only the one constraint can decide. A new operation is
probed from its first day.
"""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.context import Run
from contract_tests.drivers.read_account import path_values, read_account
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.examples import (
    Probe,
    broken_bodies,
    example,
    has_example,
    probes,
    request,
    required_query,
)

_UNKNOWN = Probe("query", "kit_unknown_parameter", "ignored")


def drive(run: Run) -> None:
    """Probe every selected operation, on one account."""
    client = run.account()
    for _ in run.interleaved(_probed(run, client, each) for each in run.pieces("boundaries")):
        run.follow(client)
    if not run.portion.is_whole:
        # The views that show what the probes did may be probed in another shard.
        read_account(run, client)


def _probed(run: Run, client: Client, operation: Operation) -> Iterator[Exchange]:
    """Yield the exchanges of one operation."""
    try:
        yield from _probe_operation(run, client, operation)
    except Withheld as error:
        run.coverage.explain(operation.id, "constraints", str(error))


def _probe_operation(run: Run, client: Client, operation: Operation) -> Iterator[Exchange]:
    if not has_example(run.contract, operation, run.judge.schemas):
        run.coverage.explain(operation.id, "constraints", "no valid body is known")
        return
    values, settings = run.knowledge.body_values, run.settings
    base = example(run.contract, operation) | values(client, operation, settings, fresh=False)
    path = path_values(run, client, operation)
    query = required_query(run.contract, operation)
    # With a budget, other phases have sent the valid request of a read.
    first = [] if run.budget is not None and operation.is_read else [None]
    for probe in (*first, *run.mixed([_UNKNOWN, *probes(operation, run.judge.schemas)])):
        body = base
        if probe is not None and probe is not _UNKNOWN:
            body = base | values(client, operation, settings, fresh=True)
        made = request(operation, body, path, probe, query)
        if made is not None:
            yield client.raw(made)
    if operation.body is not None:
        for broken in broken_bodies(operation, base, path):
            yield client.raw(broken)
