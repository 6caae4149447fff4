"""Every fault is real: its witness sees another result than on the correct server."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import Any, get_args

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver import app, packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.api.operations import HANDLERS
from mockserver.engine.world import World
from mockserver.openapi.contract import Contract
from mockserver.settings import Settings
from tests.conftest import NOON, TLS
from tests.mutants.caller import API, DEFAULT_KEY, Caller
from tests.mutants.fault import GROUPS, Fault, Group, planted
from tests.mutants.faults import ALL, FAULTS
from tests.mutants.server import faulty_app

_KEBAB = re.compile(r"[a-z]+[a-z0-9]*(-[a-z0-9]+)*")
_LEAST_FAULTS = 96
_LONGEST_DESCRIPTION = 120
_OF_NO_OPERATION = {"unknown-path-answers-html"}
_PERSONAS = ("new", "low_balance", "exhausted", "card_declined", "past_due", "subscriber")


@dataclass
class Stage:
    """One real server on loopback that serves one app after another, so that URLs stay the same."""

    client: httpx.Client
    world: World[Accounts]
    """The world of the correct app."""
    correct: ASGIApp
    playing: list[ASGIApp] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.playing[-1](scope, receive, send)

    @contextmanager
    def plays(self, fault: Fault | None) -> Iterator[Caller]:
        """Yield a caller of a server with a fault, or of the correct one after a reset."""
        with ExitStack() as stack:
            if fault is None:
                self.world.reset()
                self.playing.append(self.correct)
            else:
                self.playing.append(stack.enter_context(faulty_app(fault, now=NOON)))
            stack.callback(self.playing.pop)
            yield Caller(self.client)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patches, socket.socket() as listener:
        # The contract is read once for all apps, because no fault changes the document.
        patches.setattr(Contract, "load", lru_cache(Contract.load))
        patches.setattr(fixtures, "load", lru_cache(fixtures.load))
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        built = app.build(Settings(packaged.spec(), packaged.fixtures(), now=NOON))
        # Connexion's validation of it would take a third of the time.
        patches.setattr("connexion.spec.Specification._validate_spec", lambda *_: None)
        with httpx.Client(base_url=url, timeout=10, trust_env=False, verify=TLS) as client:
            stage = Stage(client, built.world, built.app)
            config = uvicorn.Config(stage, lifespan="off", log_config=None)
            server = uvicorn.Server(config)
            thread = threading.Thread(
                target=server.run, kwargs={"sockets": [listener]}, daemon=True
            )
            thread.start()
            yield stage
        server.should_exit = True
        thread.join(timeout=5)


def _requested(caller: Caller, contract: Contract) -> set[str]:
    """Return the requested operations; for an unknown method, all operations of the path."""
    requested: set[str] = set()
    for exchange in caller.exchanges:
        there = [
            operation
            for operation in contract.operations.values()
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", operation.path), exchange.path)
        ]
        method = "get" if exchange.method == "HEAD" else exchange.method.lower()
        requested |= {
            operation.operation_id for operation in there if operation.method == method
        } or {operation.operation_id for operation in there}
    return requested


@pytest.mark.slow
@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_a_fault_is_real(fault: Fault, stage: Stage, contract: Contract) -> None:
    """The witness's results differ with the fault, and are equal without it."""
    with stage.plays(None) as caller:
        expected = fault.witness(caller)
    with stage.plays(fault) as caller:
        observed = fault.witness(caller)
        statuses = {exchange.status for exchange in caller.exchanges}
        requested = _requested(caller, contract)
        lives = {
            caller.named(f"sk_test_{slug}").status("GET", "auto-recharge") for slug in _PERSONAS
        }
    with stage.plays(None) as caller:
        again = fault.witness(caller)
    # The difference is due to the fault.
    assert observed != expected == again
    assert set(fault.operations) <= requested
    # The mock does not notice the fault itself, which would be a 500.
    assert (500 in statuses) == fault.crashes
    # The fault does not prevent the creation of accounts.
    assert lives == {200}


def test_a_wire_does_not_change_the_control_api(stage: Stage) -> None:
    """Faults of the wire apply to the Billing API only."""

    def look(me: Caller) -> object:
        return [me.get(f"/_mock/{what}") for what in ("invariants", "outbox", "state", "clock")]

    with stage.plays(None) as caller:
        expected = look(caller)
    with stage.plays(FAULTS["unknown-path-answers-html"]) as caller:
        assert look(caller) == expected


def _fingerprint() -> dict[str, object]:
    """Return everything that can be patched: the members of the mock's modules and classes."""
    modules = [module for name, module in sys.modules.items() if name.startswith("mockserver")]
    owners: list[Any] = [*modules, *(owner for module in modules for owner in _classes_of(module))]
    return {
        f"{owner.__name__}.{name}": value for owner in owners for name, value in vars(owner).items()
    }


def _classes_of(module: ModuleType) -> list[type]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]


@pytest.mark.slow
def test_planting_leaves_no_trace() -> None:
    """Afterwards every member of the mock is the original."""
    before, handlers = _fingerprint(), dict(HANDLERS)
    for fault in ALL:
        with planted(fault):
            pass
        assert dict(HANDLERS) == handlers
        changed = [name for name, value in _fingerprint().items() if value is not before[name]]
        assert not changed, fault.name


def test_names_are_unique_and_in_kebab_case() -> None:
    """Names are identifiers in reports."""
    assert len(FAULTS) == len(ALL)
    assert [fault.name for fault in ALL if not _KEBAB.fullmatch(fault.name)] == []


def test_descriptions_are_unique_single_lines() -> None:
    """They are short, end with a period, and have no tabs."""
    descriptions = [fault.description for fault in ALL]
    assert [
        description
        for description in descriptions
        if "\n" in description or not description.endswith(".") or "\t" in description
    ] == []
    assert [
        description for description in descriptions if len(description) > _LONGEST_DESCRIPTION
    ] == []
    assert [description for description, count in Counter(descriptions).items() if count > 1] == []


def test_every_group_has_faults() -> None:
    """At least a third of the faults are about state and accounts."""
    groups: Counter[Group] = Counter(fault.group for fault in ALL)
    assert set(groups) == set(GROUPS) == set(get_args(Group))
    assert len(ALL) >= _LEAST_FAULTS
    assert 3 * (groups["state"] + groups["tenants"]) >= len(ALL)


def test_every_operation_has_two_faults(contract: Contract) -> None:
    """A new operation needs two faults."""
    hits = Counter(operation for fault in ALL for operation in fault.operations)
    assert set(hits) <= set(contract.operations)
    missing = [operation for operation in contract.operations if hits[operation] < 2]
    assert not missing, f"write two faults of {missing} in tests/mutants/faults"
    assert {fault.name for fault in ALL if not fault.operations} == _OF_NO_OPERATION


def _run(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.mutants", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_serves_until_a_signal() -> None:
    """SIGTERM ends it with code 0."""
    with _run(
        "--fault", "disabling-answers-204", "--now", NOON.isoformat(), "--seed", "7"
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.Client(
            base_url=url, headers={"X-API-Key": DEFAULT_KEY}, trust_env=False, verify=TLS
        ) as client:
            assert client.delete(f"{API}auto-recharge").status_code == 204
            health = client.get("/_mock/health").json()
        process.send_signal(signal.SIGTERM)
        try:
            rest, errors = process.communicate(timeout=10)
        finally:
            process.kill()  # a test that fails must end, too
    assert (rest, errors, process.returncode) == ("", "", 0)
    assert (health["seed"], health["frozen"]) == (7, True)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)


def test_the_command_refuses_an_unknown_fault_in_one_line() -> None:
    """The exit code is 2."""
    output, errors = (process := _run("--fault", "no-such-fault")).communicate(timeout=10)
    assert (output, process.returncode) == ("", 2)
    assert errors.count("\n") == 1
    assert "no-such-fault" in errors


def test_the_command_lists_all_faults() -> None:
    """Each line has group, name and description."""
    output, errors = (process := _run("--list")).communicate(timeout=10)
    assert (errors, process.returncode) == ("", 0)
    assert [line.split("\t") for line in output.splitlines()] == [
        [f.group, f.name, f.description] for f in ALL
    ]
