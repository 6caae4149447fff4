"""What leaves the machine, seen from the other end of the wire: for every driver, what was allowed and nothing else."""

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
from tests.contract_kit.recorder import Answerer, answer, as_json, recording
from tests.contract_kit.scene import RECHARGE, Customer, Scene, operation_of, scene, sent

pytestmark = pytest.mark.slow  # many whole runs of the kit

HEALTHY = as_json(200, {"tier": "growth"})


def every_driver(*quick: str) -> list[Any]:
    """All that are registered; those that are not known to be quick are for the slow tests."""
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in PHASES]


@pytest.fixture
def stage(server: RunningServer, tmp_path: Path) -> Iterator[Scene]:
    with scene(server.url, tmp_path) as made:
        yield made


# ------------------------------------------------------------------------------------------------------------ read only


@pytest.mark.parametrize(
    "driver",
    every_driver("reads", "stories", "boundaries", "keys", "protocol", "tenants", "machine"),
)
def test_without_permission_only_reads_of_declared_paths_leave(
    driver: str, stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GET and HEAD, without a body, to the host that was named and to no other; and nothing changes."""
    before = stage.state
    reached = []

    def connect(self: socket.socket, address: Any, connect: Any = socket.socket.connect) -> None:
        reached.append(address)
        connect(self, address)

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        stage.run(driver)
    mock = ("127.0.0.1", int(stage.customer.url.rpartition(":")[2]))
    assert set(reached) == {stage.recorder.server_address, mock}
    assert reached.count(mock) == len(stage.received) > 0, (
        "only the recording server goes to the mock"
    )
    for request in stage.received:
        line = request.raw.partition(b"\r\n")[0]
        assert line.split(b" ")[0] in (b"GET", b"HEAD"), line
        assert operation_of(request) is not None, line
        assert request.header("host") == stage.recorder.url.removeprefix("http://")
        assert request.raw.endswith(b"\r\n\r\n"), "no body"
    assert stage.state == before
    assert not stage.journal.exists()


def after_a_good_one(*given: bytes) -> Answerer:
    """Well as long as the preflight asks, and then these in turn, for ever."""
    answers = chain([HEALTHY], cycle(given))
    return lambda _: next(answers)


@pytest.mark.parametrize("driver", every_driver("reads", "stories", "keys", "protocol", "tenants"))
def test_no_redirect_is_followed_to_another_host(driver: str, stage: Scene) -> None:
    """Whatever sends: the other host sees nothing, and so no key."""
    with recording(lambda _: HEALTHY) as elsewhere:
        target = f"{elsewhere.url}{API}/balance"
        moved = [
            answer(status, Location=target, Refresh=f"0; url={target}")
            for status in (301, 302, 303, 307, 308)
        ]
        with recording(after_a_good_one(*moved)) as server:
            stage.run(driver, url=server.url, allow_writes=True)
            assert len(server.received) > 1
        assert elsewhere.received == []


@pytest.mark.parametrize("driver", every_driver("reads", "keys", "protocol", "tenants"))
def test_no_answer_makes_it_write(driver: str, stage: Scene) -> None:
    """A deployment that refuses, breaks down or points elsewhere gets no other requests than a good one."""
    given = [
        answer(401, b'{"detail": "no"}'),
        answer(405, b"", Allow="POST, DELETE, PUT"),
        answer(500, b"<h1>500</h1>", "text/html"),
        answer(
            200,
            b'{"id": "x", "next": "/api/v1/billing/deposit", "_links": {"self": "http://127.0.0.1:1/x"}}',
        ),
    ]
    with recording(after_a_good_one(*given)) as server:
        stage.run(driver, url=server.url)
    assert {request.method for request in server.received} <= {"GET", "HEAD"}
    assert all(operation_of(request) for request in server.received)


# ------------------------------------------------------------------------------------------------------- writes allowed


@pytest.mark.parametrize("driver", every_driver("reads", "stories", "keys", "protocol"))
def test_with_writes_allowed_nothing_leaves_that_cannot_be_undone(
    driver: str, stage: Scene
) -> None:
    """No deposit, checkout, plan or message; no card of the customers is removed; recharging is enabled by nobody but
    the one who puts back that it was; and afterwards both accounts are as they were."""
    before = stage.state
    cards = {name for customer in (stage.customer, stage.other) for name in customer.names}
    run = stage.run(driver, allow_writes=True)
    assert not run.broken
    for request in stage.received:
        name = operation_of(request)
        assert name is not None, f"{request.method} {request.target}"
        assert CONTRACT.operations[name].is_read or name in REVERSIBLE, name
        if name == "update_auto_recharge" and sent(request) != RECHARGE:
            assert not sent(request)["enabled"] if b"enabled" in request.body else True
        assert request.method != "DELETE" or request.path.rpartition("/")[2] not in cards
    assert stage.state == before


@pytest.mark.parametrize("driver", every_driver("keys", "protocol"))
def test_with_everything_allowed_the_accounts_are_put_back(driver: str, stage: Scene) -> None:
    """Deposits and messages stay, and are told; cards and settings are as they were; /_mock is left alone."""
    before = stage.state
    run = stage.run(driver, allow_irreversible=True)
    assert not run.broken
    assert not any(request.path.startswith("/_mock") for request in stage.received)
    told = {
        note.removeprefix("made, and cannot be undone: ").partition(",")[0] for note in run.notes
    }
    made = {"create_deposit", "create_checkout_session", "initiate_verification"}
    made &= {name for name, seen in run.coverage.operations.items() if 200 in seen.statuses}
    assert made <= told
    assert stage.state == before


@pytest.mark.slow
def test_many_workers_leave_no_more_behind_than_one(stage: Scene) -> None:
    """Requests at the same time, each journalled."""
    before = stage.state
    assert not stage.run("properties", allow_irreversible=True, workers=4, max_examples=5).broken
    assert stage.state == before


def test_what_cannot_be_undone_is_told(stage: Scene) -> None:
    """With the ids of what was made."""
    run = stage.run(
        "stories",
        allow_irreversible=True,
        only=("initiate_verification", "confirm_verification", "get_balance"),
    )
    told = next(note for note in run.notes if "initiate_verification" in note)
    made = re.search(r"times: ([0-9a-f-]{36}),", told)
    assert made is not None, told
    assert made[1] in str(stage.customer.ask("GET", "/_mock/state"))


def test_an_account_without_anything_has_nothing_afterwards(stage: Scene) -> None:
    """No card, settings never set: it is as empty as it was."""
    newcomer = Customer(stage.customer.url, f"sk_test_{uuid.uuid4().hex}")
    newcomer.ask("DELETE", f"{API}/payment-methods/{newcomer.cards[0]['id']}")
    before = newcomer.state
    replace(stage, customer=newcomer).run(
        "stories", allow_writes=True, only=("payment-methods", "usage-alerts")
    )
    assert any(operation_of(request) == "add_payment_method" for request in stage.received)
    assert any(operation_of(request) == "update_usage_alerts" for request in stage.received)
    assert newcomer.state == before


# --------------------------------------------------------------------------------------------- when it does not go well


def test_a_fault_of_the_kit_leaves_nothing_behind(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver that breaks off in the middle of its work."""

    def drive(run: Run) -> None:
        run.account().call("add_payment_method", {"payment_method_id": "pm_card_jcb"})
        run.account().call("disable_auto_recharge")
        raise RuntimeError("in the middle")

    monkeypatch.setitem(DRIVERS, "reads", drive)
    before = stage.state
    assert stage.run("reads", allow_writes=True).broken
    assert stage.state == before


@pytest.mark.parametrize("is_up", [True, False])
def test_a_run_that_ends_early_leaves_nothing_behind(
    is_up: bool, stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of its time, or its first failure, ends its tests, and not the way back."""

    def drive(run: Run) -> None:
        run.account().call("add_payment_method", {"payment_method_id": "pm_card_jcb"})
        run.account().call("update_usage_alerts", {})
        if is_up:
            raise TimeIsUp("the time is up")
        run.channel.stop_reason = "enough"
        run.account().call("get_balance")

    monkeypatch.setitem(DRIVERS, "reads", drive)
    before = stage.state
    assert stage.run("reads", allow_writes=True).ended_early
    assert stage.state == before


def test_a_journal_that_cannot_be_written_is_told_before_any_write(stage: Scene) -> None:
    """A folder that is not there: nothing but the preflight was sent."""
    with pytest.raises(
        UsageError, match=r"journal: cannot be written \(No such file or directory\)"
    ):
        stage.run("stories", allow_writes=True, journal=stage.journal / "no" / "journal")
    assert {request.method for request in stage.received} == {"GET"}
