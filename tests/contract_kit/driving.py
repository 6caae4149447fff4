"""Runs of the Schemathesis driver against a server that the test provides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.context import Run
from contract_tests.drivers import schemathesis_engine
from contract_tests.http.channel import Gate
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract
from contract_tests.settings import API_KEY_ENV, Settings
from tests.contract_kit.exchanges import CONTRACT


def make_run(
    url: str, *, gates: Iterable[Gate] = (), contract: Contract = CONTRACT, **settings: Any
) -> Run:
    """Return a run that has not begun and generates few examples."""
    settings = {"max_examples": 2, "environment": {API_KEY_ENV: "sk_test_properties"}, **settings}
    return Run(Settings(url, contract.path, **settings), contract, KNOWLEDGE, gates=list(gates))


def drive(run: Run) -> list[Exchange]:
    """Run the driver; return the exchanges."""
    exchanges: list[Exchange] = []
    run.channel.listeners.append(exchanges.append)
    if run.journal is not None:
        run.journal.begin()
    schemathesis_engine.drive(run)
    return exchanges


def operations(run: Run, exchanges: list[Exchange]) -> set[str]:
    """Return the ids of the requested operations; ``none`` for requests outside the contract."""
    matched = [run.contract.match(exchange.method, exchange.path) for exchange in exchanges]
    return {found[0].id if found else "none" for found in matched}
