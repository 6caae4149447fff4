"""The Schemathesis driver: allowed requests only, all through the channel, and a clean end."""

from __future__ import annotations

import _thread
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract_tests import runner
from contract_tests.billing.safety import REVERSIBLE
from contract_tests.drivers import schemathesis_engine
from contract_tests.errors import KitError, Unreachable
from contract_tests.http.channel import GONE_AFTER, Channel, Outgoing, Stopped, TimeIsUp, Withheld
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract
from tests.conftest import NOON
from tests.contract_kit import faulty
from tests.contract_kit.driving import drive, make_run, operations
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.faulty import API
from tests.contract_kit.program import PROJECT
from tests.contract_kit.recorder import Received, as_json, http_response, recording

pytestmark = pytest.mark.slow  # many whole runs of the kit

CARDS = (
    "list_payment_methods",
    "add_payment_method",
    "set_default_payment_method",
    "remove_payment_method",
)
SOME = (*CARDS, "get_balance", "get_usage_chart", "validate_promo_code")
PHASES = {f"properties: {phase}" for phase in ("examples", "coverage", "fuzzing", "stateful")}


# ------------------------------------------------------------------------------ requests


def test_schemathesis_is_the_last_driver() -> None:
    """The drivers with specific tests run first."""
    assert runner.PHASES[-1] == "properties"


def test_all_phases_use_only_the_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The channel records every received request, and there are no other connections."""
    addresses = []
    connect = socket.socket.connect

    def spy(self: socket.socket, address: Any) -> None:
        addresses.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", spy)
    with faulty.mock(now=NOON) as server:
        run = make_run(server.url, mock=True, only=SOME)
        exchanges = drive(run)
        assert [
            f"{exchange.method} {exchange.url.removeprefix(server.url)}" for exchange in exchanges
        ] == server.requests
        assert {f"http://{host}:{port}" for host, port in addresses} == {server.url}
    assert {exchange.source for exchange in exchanges} >= PHASES
    assert operations(run, exchanges) == {*SOME, "none"}
    assert not list(run.verdicts)
    assert not run.skipped


def test_a_read_only_run_generates_only_declared_reads() -> None:
    """Without permission to write, only declared GETs are generated and none is withheld."""
    with faulty.mock(now=NOON) as server:
        run = make_run(server.url)
        exchanges = drive(run)
        assert len(server.requests) == len(exchanges)
        assert all(request.startswith(f"GET {API}/") for request in server.requests)
    assert {exchange.source for exchange in exchanges} >= PHASES
    assert operations(run, exchanges) == {operation.id for operation in run.operations(reads=True)}
    assert run.guard.withheld == {}
    assert not list(run.verdicts)
    assert not run.skipped


def test_a_run_that_may_write_sends_only_reversible_writes(tmp_path: Path) -> None:
    """No irreversible operation, no enabled auto-recharge, no removal of an existing card."""
    with faulty.mock(now=NOON) as server:
        only = (
            *sorted(REVERSIBLE),
            "list_payment_methods",
            "get_auto_recharge",
            "create_deposit",
            "change_plan",
        )
        run = make_run(server.url, allow_writes=True, only=only, journal=tmp_path / "journal")
        exchanges = drive(run)
    assert operations(run, exchanges) == {"list_payment_methods", "get_auto_recharge"} | REVERSIBLE
    # Links of the contract enable auto-recharge regardless of the generated body.
    assert all("auto-recharge" in reason for reason in run.guard.withheld)
    cards = f"{API}/payment-methods"
    added = {
        f"{cards}/{exchange.object.get('id')}"
        for exchange in exchanges
        if (exchange.method, exchange.path) == ("POST", cards)
    }
    deleted = {
        exchange.path
        for exchange in exchanges
        if exchange.method == "DELETE" and exchange.path.startswith(cards)
    }
    assert deleted
    assert deleted <= added
    settings = [
        exchange
        for exchange in exchanges
        if exchange.method == "PUT" and exchange.path == f"{API}/auto-recharge"
    ]
    assert {exchange.object.get("enabled") for exchange in settings if exchange.status == 200} == {
        False
    }
    assert not list(run.verdicts)
    assert not run.skipped


def test_a_run_without_its_own_card_removes_no_card(tmp_path: Path) -> None:
    """The kit must not remove cards that existed before the run."""
    with faulty.mock(now=NOON) as server:
        skip = ("add_payment_method",)
        run = make_run(
            server.url, allow_writes=True, only=CARDS, skip=skip, journal=tmp_path / "journal"
        )
        exchanges = drive(run)
    assert operations(run, exchanges) == {"list_payment_methods", "set_default_payment_method"}
    assert "not the kit's" in run.coverage.operations["remove_payment_method"].why["properties"]


def test_a_run_without_an_allowed_operation_sends_nothing() -> None:
    """A read-only run that selects only writes reports the driver as skipped."""
    with faulty.mock() as server:
        run = make_run(server.url, only=("create_deposit",))
        assert drive(run) == []
        assert server.requests == []
    assert [skipped.what for skipped in run.skipped] == ["properties"]


class Closed:
    """A gate that withholds one operation, as the journal may."""

    def __init__(self, name: str) -> None:
        self.name, self.times = name, 0

    def before(self, outgoing: Outgoing) -> None:
        if outgoing.operation is not None and outgoing.operation.id == self.name:
            self.times += 1
            raise Withheld("not this operation")

    def after(self, outgoing: Outgoing, exchange: Exchange) -> None: ...


def test_a_withheld_request_is_neither_a_finding_nor_an_error() -> None:
    """Every phase continues as if the withheld request had not been generated."""
    gate = Closed("set_default_payment_method")
    with faulty.mock(now=NOON) as server:
        run = make_run(server.url, mock=True, only=CARDS, gates=[gate])
        exchanges = drive(run)
    assert gate.times > 4
    assert operations(run, exchanges) == {*CARDS, "none"} - {gate.name}
    assert {exchange.source for exchange in exchanges} >= PHASES
    assert not list(run.verdicts)
    assert not run.skipped


def test_redirects_are_not_followed() -> None:
    """A deployment that redirects every request only gets requests for declared paths."""
    with recording(lambda _: http_response(302, Location="/login")) as server:
        drive(make_run(server.url, only=("get_balance", "list_credit_transactions")))
        assert {request.target.partition("?")[0] for request in server.received} == {
            f"{API}/balance",
            f"{API}/credit-transactions",
        }


@pytest.mark.parametrize("workers", [1, 3])
def test_the_driver_ends_if_the_deployment_stops_responding(workers: int) -> None:
    """The channel ends the driver. Each read was repeated once, and no other request is sent."""

    def disconnect_later(_: Received) -> bytes:
        return as_json(200, {}) if len(server.received) <= 20 else b""

    with recording(disconnect_later) as server:
        run = make_run(server.url, workers=workers)
        with pytest.raises(Unreachable):
            drive(run)
        assert 20 + GONE_AFTER <= len(server.received) <= 20 + 2 * (GONE_AFTER + workers)
        assert all(request.target.startswith(API) for request in server.received)


def stop(channel: Channel) -> None:
    channel.stop_reason = "enough"


def let_time_pass(channel: Channel) -> None:
    channel.limits = replace(channel.limits, deadline=0.0)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("after", [10, 100])
@pytest.mark.parametrize(("end", "error"), [(stop, Stopped), (let_time_pass, TimeIsUp)])
def test_the_driver_ends_with_the_run(
    end: Callable[[Channel], None], error: type[KitError], after: int, workers: int
) -> None:
    """No request is sent after the deadline or a stop, and the driver raises the reason."""
    with faulty.mock(now=NOON) as server:
        run = make_run(server.url, mock=True, only=SOME, workers=workers)

        def watch(exchange: Exchange) -> None:
            if exchange.number == after:
                end(run.channel)

        run.channel.listeners.append(watch)
        with pytest.raises(error):
            drive(run)
        assert after <= len(server.requests) < after + workers


@pytest.mark.parametrize("after", [10, 100])
def test_ctrl_c_ends_the_driver(after: int) -> None:
    """After an interruption, no thread of the driver sends another request."""
    with faulty.mock(now=NOON) as server:
        run = make_run(server.url, mock=True, only=SOME)

        def press(exchange: Exchange) -> None:
            if exchange.number == after:
                _thread.interrupt_main()

        run.channel.listeners.append(press)
        with pytest.raises(KeyboardInterrupt):
            drive(run)
        sent = len(server.requests)
        run.unauthenticated().control("GET", "health")
        assert len(server.requests) == sent + 1


def test_new_sessions_are_unchanged_after_the_driver() -> None:
    """The driver restores the listeners and the class of sessions."""
    import requests

    with faulty.mock() as server:
        run = make_run(server.url, only=("get_balance",))
        listeners = list(run.channel.listeners)
        schemathesis_engine.drive(run)
        assert run.channel.listeners == listeners
    assert requests.Session().trust_env


# ------------------------------------------------------------------------- reproducibility


def requests_of(seed: int) -> list[tuple[str, str, bytes]]:
    with faulty.mock(now=NOON) as server:
        exchanges = drive(make_run(server.url, mock=True, only=SOME, seed=seed))
        return [
            (exchange.method, exchange.url.removeprefix(server.url), exchange.request_body)
            for exchange in exchanges
        ]


def test_a_seed_determines_the_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal seeds send equal requests, whatever modules are loaded; other seeds differ."""
    before = requests_of(7)
    (tmp_path / "another.py").write_text(
        "".join(f"A{n} = 'constant {n}', 9{n}7\n" for n in range(200))
    )
    monkeypatch.syspath_prepend(tmp_path)
    __import__("another")
    assert requests_of(7) == before
    assert requests_of(8) != before


def test_no_file_is_left_behind(tmp_path: Path) -> None:
    """Schemathesis and Hypothesis leave no files; the kit keeps what failed in one folder."""
    with faulty.mock() as server:
        words = [
            "run",
            server.url,
            "--mock",
            "--phases",
            "properties",
            "--only",
            "get_balance",
            "--quiet",
        ]
        ended = subprocess.run(
            [sys.executable, "-m", "contract_tests", *words, "--max-examples", "3"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == [".contract-tests"]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "workers"), [(1, 1), (2, 1), (3, 4)])
def test_the_mock_satisfies_its_contract(seed: int, workers: int) -> None:
    """All operations and phases on the mock give no finding."""
    with faulty.mock(now=NOON) as server:
        run = make_run(server.url, mock=True, seed=seed, workers=workers, max_examples=20)
        exchanges = drive(run)
    assert [(finding.key, finding.got) for finding in run.verdicts] == []
    assert [f"{skipped.what}: {skipped.why}" for skipped in run.skipped] == []
    assert operations(run, exchanges) >= set(run.contract.operations)


def test_an_unsatisfiable_operation_is_reported_as_skipped(tmp_path: Path) -> None:
    """An operation with an unsatisfiable parameter is skipped; the others are tested."""
    document = yaml.load(CONTRACT.path.read_bytes(), Loader=yaml.CSafeLoader)
    parameter = document["paths"][f"{API}/usage-chart"]["get"]["parameters"][0]
    parameter.pop("example", None)
    parameter |= {"required": True, "schema": {"type": "integer", "minimum": 5, "maximum": 1}}
    spec = tmp_path / "spec.yaml"
    spec.write_text(yaml.safe_dump(document), encoding="utf-8")
    with faulty.mock(now=NOON) as server:
        run = make_run(
            server.url, contract=Contract.load(spec), only=("get_usage_chart", "get_balance")
        )
        exchanges = drive(run)
    assert f"properties: GET {API}/usage-chart" in {skipped.what for skipped in run.skipped}
    assert "get_balance" in operations(run, exchanges)
    assert all("\n" not in skipped.why and len(skipped.why) <= 200 for skipped in run.skipped)
