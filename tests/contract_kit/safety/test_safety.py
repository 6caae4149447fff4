"""Every driver only sends allowed requests, as seen by a recording server."""

from __future__ import annotations

import re
import socket
import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, cycle
from pathlib import Path
from typing import Any

import pytest

from contract_tests.billing.safety import REVERSIBLE
from contract_tests.context import Run
from contract_tests.errors import UsageError
from contract_tests.http.channel import TimeIsUp
from contract_tests.runner import DRIVERS, PHASES
from tests.conftest import API, RunningServer
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.recorder import Responder, as_json, http_response, recording
from tests.contract_kit.scenario import (
    RECHARGE,
    Customer,
    Scenario,
    json_body,
    operation_of,
    running_scenario,
)

pytestmark = pytest.mark.slow  # many whole runs of the kit

HEALTHY = as_json(200, {"tier": "growth"})


def every_driver(*quick: str) -> list[Any]:
    """Return all drivers; only the quick ones are not marked as slow."""
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in PHASES]


@pytest.fixture
def scenario(server: RunningServer, tmp_path: Path) -> Iterator[Scenario]:
    with running_scenario(server.url, tmp_path) as made:
        yield made


# -------------------------------------------------------------------------------- read only


@pytest.mark.parametrize(
    "driver",
    every_driver("reads", "stories", "boundaries", "keys", "protocol", "tenants", "machine"),
)
def test_without_permission_only_declared_reads_are_sent(
    driver: str, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only GET and HEAD without a body are sent, only to the given host; nothing changes."""
    before = scenario.state
    addresses = []

    def connect(self: socket.socket, address: Any, connect: Any = socket.socket.connect) -> None:
        addresses.append(address)
        connect(self, address)

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        scenario.run(driver)
    mock = ("127.0.0.1", int(scenario.customer.url.rpartition(":")[2]))
    assert set(addresses) == {scenario.recorder.server_address, mock}
    assert addresses.count(mock) == len(scenario.received) > 0, (
        "only the recording server connects to the mock"
    )
    for request in scenario.received:
        line = request.raw.partition(b"\r\n")[0]
        assert line.split(b" ")[0] in (b"GET", b"HEAD"), line
        assert operation_of(request) is not None, line
        assert request.header("host") == scenario.recorder.url.removeprefix("http://")
        assert request.raw.endswith(b"\r\n\r\n"), "no body"
    assert scenario.state == before
    assert not scenario.journal.exists()


def after_the_preflight(*responses: bytes) -> Responder:
    """Return a responder: a good response to the preflight, then the given ones in turn."""
    sequence = chain([HEALTHY], cycle(responses))
    return lambda _: next(sequence)


@pytest.mark.parametrize("driver", every_driver("reads", "stories", "keys", "protocol", "tenants"))
def test_no_redirect_is_followed_to_another_host(driver: str, scenario: Scenario) -> None:
    """The target of a redirect receives no request, and therefore no key."""
    with recording(lambda _: HEALTHY) as elsewhere:
        target = f"{elsewhere.url}{API}/balance"
        redirects = [
            http_response(status, Location=target, Refresh=f"0; url={target}")
            for status in (301, 302, 303, 307, 308)
        ]
        with recording(after_the_preflight(*redirects)) as server:
            scenario.run(driver, url=server.url, allow_writes=True)
            # Lifecycles only write what cannot be taken back.
            assert len(server.received) > (driver != "lifecycles")
        assert elsewhere.received == []


@pytest.mark.parametrize("driver", every_driver("reads", "keys", "protocol", "tenants"))
def test_no_response_causes_a_write(driver: str, scenario: Scenario) -> None:
    """Errors, Allow headers and links in responses never cause a write."""
    responses = [
        http_response(401, b'{"detail": "no"}'),
        http_response(405, b"", Allow="POST, DELETE, PUT"),
        http_response(500, b"<h1>500</h1>", "text/html"),
        http_response(
            200,
            b'{"id": "x", "next": "/api/v1/billing/deposit", '
            b'"_links": {"self": "http://127.0.0.1:1/x"}}',
        ),
    ]
    with recording(after_the_preflight(*responses)) as server:
        scenario.run(driver, url=server.url)
    assert {request.method for request in server.received} <= {"GET", "HEAD"}
    assert all(operation_of(request) for request in server.received)


# --------------------------------------------------------------------------- writes allowed


@pytest.mark.parametrize("driver", every_driver("reads", "stories", "keys", "protocol"))
def test_with_writes_allowed_only_reversible_requests_are_sent(
    driver: str, scenario: Scenario
) -> None:
    """Only reversible writes are sent, and afterwards both accounts are unchanged.

    No card of the customers is removed. Only the restoration enables auto-recharge.
    """
    before = scenario.state
    cards = {name for customer in (scenario.customer, scenario.other) for name in customer.names}
    run = scenario.run(driver, allow_writes=True)
    assert not run.broken
    for request in scenario.received:
        name = operation_of(request)
        assert name is not None, f"{request.method} {request.target}"
        assert CONTRACT.operations[name].is_read or name in REVERSIBLE, name
        if name == "update_auto_recharge" and json_body(request) != RECHARGE:
            assert not json_body(request)["enabled"] if b"enabled" in request.body else True
        assert request.method != "DELETE" or request.path.rpartition("/")[2] not in cards
    assert scenario.state == before


@pytest.mark.parametrize("driver", every_driver("keys", "protocol"))
def test_with_irreversible_writes_allowed_the_accounts_are_restored(
    driver: str, scenario: Scenario
) -> None:
    """Irreversible writes are reported, cards and settings restored, and /_mock is not called."""
    before = scenario.state
    run = scenario.run(driver, allow_irreversible=True)
    assert not run.broken
    assert not any(request.path.startswith("/_mock") for request in scenario.received)
    reported = {
        note.removeprefix("made, and cannot be undone: ").partition(",")[0] for note in run.notes
    }
    expected = {"create_deposit", "create_checkout_session", "initiate_verification"}
    expected &= {name for name, seen in run.coverage.operations.items() if 200 in seen.statuses}
    assert expected <= reported
    assert scenario.state == before


@pytest.mark.slow
def test_a_run_with_many_workers_is_restored(scenario: Scenario) -> None:
    """The writes of concurrent workers are all in the journal."""
    before = scenario.state
    assert not scenario.run("properties", allow_irreversible=True, workers=4, max_examples=5).broken
    assert scenario.state == before


def test_irreversible_writes_are_reported(scenario: Scenario) -> None:
    """The report has the ids of the created resources."""
    run = scenario.run(
        "stories",
        allow_irreversible=True,
        only=("initiate_verification", "confirm_verification", "get_balance"),
    )
    report = next(note for note in run.notes if "initiate_verification" in note)
    made = re.search(r"times: ([0-9a-f-]{36}),", report)
    assert made is not None, report
    assert made[1] in str(scenario.customer.ask("GET", "/_mock/state"))


def test_an_empty_account_is_empty_after_the_run(scenario: Scenario) -> None:
    """An account without cards and settings is restored to the same state."""
    newcomer = Customer(scenario.customer.url, f"sk_test_{uuid.uuid4().hex}")
    newcomer.ask("DELETE", f"{API}/payment-methods/{newcomer.cards[0]['id']}")
    before = newcomer.state
    replace(scenario, customer=newcomer).run(
        "stories", allow_writes=True, only=("payment-methods", "usage-alerts")
    )
    assert any(operation_of(request) == "add_payment_method" for request in scenario.received)
    assert any(operation_of(request) == "update_usage_alerts" for request in scenario.received)
    assert newcomer.state == before


# -------------------------------------------------------------------------- runs that fail


def test_a_run_with_an_internal_error_is_restored(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The changes of a driver that raises an exception are restored."""

    def drive(run: Run) -> None:
        run.account().call("add_payment_method", {"payment_method_id": "pm_card_jcb"})
        run.account().call("disable_auto_recharge")
        raise RuntimeError("in the middle")

    monkeypatch.setitem(DRIVERS, "reads", drive)
    before = scenario.state
    assert scenario.run("reads", allow_writes=True).broken
    assert scenario.state == before


@pytest.mark.parametrize("has_expired", [True, False])
def test_a_run_that_ends_early_is_restored(
    has_expired: bool, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The restoration also runs after --max-time and --fail-fast end the tests."""

    def drive(run: Run) -> None:
        run.account().call("add_payment_method", {"payment_method_id": "pm_card_jcb"})
        run.account().call("update_usage_alerts", {})
        if has_expired:
            raise TimeIsUp("the time is up")
        run.channel.stop_reason = "enough"
        run.account().call("get_balance")

    monkeypatch.setitem(DRIVERS, "reads", drive)
    before = scenario.state
    assert scenario.run("reads", allow_writes=True).ended_early
    assert scenario.state == before


def test_an_unwritable_journal_is_rejected_before_any_write(scenario: Scenario) -> None:
    """Only the preflight is sent if the folder of the journal is missing."""
    with pytest.raises(
        UsageError, match=r"journal: cannot be written \(No such file or directory\)"
    ):
        scenario.run("stories", allow_writes=True, journal=scenario.journal / "no" / "journal")
    assert {request.method for request in scenario.received} == {"GET"}
