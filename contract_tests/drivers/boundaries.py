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
from contract_tests.http.exchange import Exchange, Request
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

_MAX_VIEWS = 4
"""Views that are read after a change if there is a budget."""
_UNKNOWN = Probe("query", "kit_unknown_parameter", "ignored")


def drive(run: Run) -> None:
    """Probe every selected operation, on one account."""
    client = run.account()
    pieces = run.pieces("boundaries")
    if run.budget is not None:
        pieces.sort(key=lambda operation: operation.is_read)
    for _ in run.interleaved(_probed(run, client, operation) for operation in pieces):
        run.follow(client)
    if pieces and not run.portion.is_whole:
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
    invalid: list[Probe | Request] = [_UNKNOWN, *probes(operation, run.judge.schemas)]
    if operation.body is not None:
        invalid += broken_bodies(operation, base, path)
    # With a budget, other phases have sent the valid request of a read.
    first = [] if run.budget is not None and operation.is_read else [None]
    for probe in (*first, *run.mixed(invalid)):
        body = base
        if isinstance(probe, Probe) and probe is not _UNKNOWN:
            body = base | values(client, operation, settings, fresh=True)
        made = probe if isinstance(probe, Request) else request(operation, body, path, probe, query)
        if made is not None:
            exchange = client.raw(made)
            if run.budget is not None and probe is None:
                _read_changed(run, client, operation)
            yield exchange


def _read_changed(run: Run, client: Client, operation: Operation) -> None:
    """Read the views that a change may change, those first that are compared with most others."""
    changed = run.knowledge.effects.changes.get(operation.id, frozenset())
    views = [view for view in run.operations(reads=True) if view.id in changed]
    for view in views[:_MAX_VIEWS]:
        client.call(view.id)
