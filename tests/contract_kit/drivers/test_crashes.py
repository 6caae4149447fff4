"""Runs that are killed and then cleaned up, and runs that are interrupted."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from contract_tests.safety import restoration
from tests.conftest import RunningServer
from tests.contract_kit.program import started
from tests.contract_kit.recorder import Received, Responder
from tests.contract_kit.scenario import (
    CLEAN,
    NOTHING,
    Scenario,
    clean,
    operation_of,
    running_scenario,
)

pytestmark = pytest.mark.slow  # many whole runs of the kit

_SETTLE = restoration.SETTLE
Arrival = Literal["never", "unanswered", "late"]
"""The fate of the last request: lost, processed without a response, or processed a second later."""


@dataclass
class Moment:
    """The n-th request for an operation, which is held until the run has ended."""

    operation: str
    nth: int
    arrival: Arrival
    reached: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    settled: threading.Event = field(default_factory=threading.Event)

    def wrap(self, forward: Responder) -> Responder:
        def respond(received: Received) -> bytes:
            if operation_of(received) == self.operation:
                self.nth -= 1
                if self.nth == 0:
                    return self.hold(received, forward)
            return forward(received)

        return respond

    def hold(self, received: Received, forward: Responder) -> bytes:
        if self.arrival == "unanswered":
            forward(received)
        self.reached.set()
        self.over.wait(30)
        if self.arrival == "late":
            time.sleep(1)
            forward(received)
        self.settled.set()
        return b""


@contextmanager
def ended(
    moment: Moment, number: signal.Signals, url: str, folder: Path, *words: str
) -> Iterator[Scenario]:
    """End a run by a signal at a moment; afterwards check that the customers are unchanged."""
    with running_scenario(url, folder, moment.wrap) as scenario:
        keys = {"BILLING_API_KEY": scenario.customer.key, "OTHER_KEY": scenario.other.key}
        words = (
            *words,
            "--other-key-env",
            "OTHER_KEY",
            "--journal",
            str(scenario.journal),
            "--quiet",
        )
        before = scenario.state
        with started("run", scenario.recorder.url, "--allow-writes", *words, **keys) as process:
            while not moment.reached.wait(0.05):
                assert process.poll() is None, process.communicate()
            process.send_signal(number)
            if number is signal.SIGKILL:
                process.wait(10)
            moment.over.set()
            out, err = process.communicate(timeout=30)
        assert process.returncode == (-9 if number is signal.SIGKILL else 130), err
        assert "Traceback" not in err
        assert ("INTERRUPTED" in out) is (number is not signal.SIGKILL)
        yield scenario
        assert moment.settled.wait(10)
        assert scenario.state == before


@pytest.fixture(autouse=True)
def _whole_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give late requests the time that they have in practice, not the short one of other tests."""
    monkeypatch.setattr(restoration, "SETTLE", _SETTLE)


def moments(*moments: tuple[str, int, Arrival], quick: int) -> list[Any]:
    """Return parameters; all but the first ``quick`` ones are marked as slow."""
    return [
        pytest.param(
            moment, marks=() if at < quick else pytest.mark.slow, id="-".join(map(str, moment))
        )
        for at, moment in enumerate(moments)
    ]


_GROUPS = {"method": "Payment methods", "recharge": "Auto-recharge", "alerts": "Usage alerts"}


def group_of(operation: str) -> str:
    """Return the group of an operation, so that the run reaches it soon."""
    return next(group for sign, group in _GROUPS.items() if sign in operation)


@pytest.mark.parametrize(
    "moment",
    moments(
        ("add_payment_method", 2, "unanswered"),
        ("update_auto_recharge", 2, "unanswered"),
        ("add_payment_method", 1, "unanswered"),
        ("add_payment_method", 1, "never"),
        ("add_payment_method", 1, "late"),
        ("add_payment_method", 6, "late"),
        ("add_payment_method", 9, "unanswered"),
        ("set_default_payment_method", 1, "unanswered"),
        ("set_default_payment_method", 3, "late"),
        ("remove_payment_method", 1, "never"),
        ("remove_payment_method", 2, "unanswered"),
        ("update_auto_recharge", 1, "late"),
        ("disable_auto_recharge", 1, "unanswered"),
        ("update_usage_alerts", 3, "unanswered"),
        quick=2,
    ),
)
def test_a_killed_run_is_restored_by_a_cleanup(
    moment: tuple[str, int, Arrival], server: RunningServer, tmp_path: Path
) -> None:
    """The cleanup after SIGKILL restores cards and settings; a second one sends nothing."""
    words = ("--phases", "stories", "--only", group_of(moment[0]))
    with ended(Moment(*moment), signal.SIGKILL, server.url, tmp_path, *words) as scenario:
        outcome = clean(scenario)
        assert (outcome.code, outcome.verdict) == (0, CLEAN), outcome
        count = len(scenario.received)
        again = clean(scenario)
        assert (again.code, again.verdict, again.out.count("\n")) == (0, NOTHING, 1)
        assert len(scenario.received) == count


@pytest.mark.slow
@pytest.mark.parametrize(
    ("phase", "operation", "nth"),
    [
        ("machine", "update_usage_alerts", 2),
        ("properties", "update_usage_alerts", 5),
        ("properties", "add_payment_method", 4),
        ("boundaries", "add_payment_method", 3),
        ("tenants", "add_payment_method", 1),
    ],
)
def test_a_run_killed_in_another_driver_is_restored_by_a_cleanup(
    phase: str, operation: str, nth: int, server: RunningServer, tmp_path: Path
) -> None:
    """The cleanup restores the changes of every driver, with irreversible writes allowed."""
    words = ("--allow-irreversible", "--phases", phase, "--max-examples", "5")
    with ended(
        Moment(operation, nth, "unanswered"), signal.SIGKILL, server.url, tmp_path, *words
    ) as scenario:
        outcome = clean(scenario)
        assert (outcome.code, outcome.verdict) == (0, CLEAN), outcome


@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)],
    ids=["SIGINT", "SIGTERM"],
)
@pytest.mark.parametrize(
    "moment",
    moments(
        ("add_payment_method", 2, "unanswered"),
        ("add_payment_method", 1, "late"),
        ("add_payment_method", 3, "never"),
        ("set_default_payment_method", 2, "late"),
        ("update_auto_recharge", 4, "unanswered"),
        ("update_usage_alerts", 2, "late"),
        quick=1,
    ),
)
def test_an_interrupted_run_restores_everything_itself(
    moment: tuple[str, int, Arrival], number: signal.Signals, server: RunningServer, tmp_path: Path
) -> None:
    """After SIGINT or SIGTERM, nothing is left for a cleanup."""
    words = ("--phases", "stories", "--only", group_of(moment[0]))
    with ended(Moment(*moment), number, server.url, tmp_path, *words) as scenario:
        outcome = clean(scenario)
        assert (outcome.code, outcome.verdict) == (0, NOTHING)


@pytest.mark.slow
def test_a_second_interruption_ends_the_restoration(server: RunningServer, tmp_path: Path) -> None:
    """The report of a run that is interrupted twice has the cleanup command."""
    moment = Moment("add_payment_method", 2, "unanswered")
    is_restoring = threading.Event()

    def wrap(forward: Responder) -> Responder:
        hold = moment.wrap(forward)

        def respond(received: Received) -> bytes:
            if moment.reached.is_set() and not moment.over.is_set():
                is_restoring.set()
                moment.over.wait(30)
            return hold(received)

        return respond

    with running_scenario(server.url, tmp_path, wrap) as scenario:
        before = scenario.state
        words = (
            "--allow-writes",
            "--phases",
            "stories",
            "--journal",
            str(scenario.journal),
            "--quiet",
        )
        with started(
            "run", scenario.recorder.url, *words, BILLING_API_KEY=scenario.customer.key
        ) as process:
            for event in (moment.reached, is_restoring):
                assert event.wait(30)
                process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            moment.over.set()
        assert process.returncode == 130, err
        assert "Traceback" not in err
        assert f"put it back: contract-tests cleanup {scenario.journal}\n" in out
        assert clean(scenario).verdict == CLEAN
        assert scenario.state == before
