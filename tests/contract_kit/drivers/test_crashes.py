"""Runs that are ended from outside, as processes: kill -9 and then a cleanup, Ctrl-C and nothing else."""

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

from tests.conftest import RunningServer
from tests.contract_kit.program import started
from tests.contract_kit.recorder import Answerer, Received
from tests.contract_kit.scene import CLEAN, NOTHING, Scene, clean, operation_of, scene

pytestmark = pytest.mark.slow  # many whole runs of the kit

Arrival = Literal["never", "unanswered", "late"]
"""What becomes of the request during which a run is ended: it is lost, its answer is, or it arrives a second
afterwards."""


@dataclass
class Moment:
    """The n-th request for an operation, which is held until the run is over."""

    operation: str
    nth: int
    arrival: Arrival
    reached: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    settled: threading.Event = field(default_factory=threading.Event)

    def wrap(self, forward: Answerer) -> Answerer:
        def answer(received: Received) -> bytes:
            if operation_of(received) == self.operation:
                self.nth -= 1
                if self.nth == 0:
                    return self.hold(received, forward)
            return forward(received)

        return answer

    def hold(self, received: Received, forward: Answerer) -> bytes:
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
) -> Iterator[Scene]:
    """A scene at which a run was ended by a signal at some moment. Its customers are told to be as they were."""
    with scene(url, folder, moment.wrap) as stage:
        keys = {"BILLING_API_KEY": stage.customer.key, "OTHER_KEY": stage.other.key}
        words = (*words, "--other-key-env", "OTHER_KEY", "--journal", str(stage.journal), "--quiet")
        before = stage.state
        with started("run", stage.recorder.url, "--allow-writes", *words, **keys) as process:
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
        yield stage
        assert moment.settled.wait(10)
        assert stage.state == before


def moments(*given: tuple[str, int, Arrival], quick: int) -> list[Any]:
    """The first ones are for the fast tests."""
    return [
        pytest.param(
            each, marks=() if at < quick else pytest.mark.slow, id="-".join(map(str, each))
        )
        for at, each in enumerate(given)
    ]


_GROUPS = {"method": "Payment methods", "recharge": "Auto-recharge", "alerts": "Usage alerts"}


def group_of(operation: str) -> str:
    """What is to be tested, so that its turn comes soon."""
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
def test_a_run_that_is_killed_leaves_nothing_behind_after_a_cleanup(
    moment: tuple[str, int, Arrival], server: RunningServer, tmp_path: Path
) -> None:
    """kill -9 while a request is on its way: cards and settings are as they were. A second cleanup sends nothing."""
    words = ("--phases", "stories", "--only", group_of(moment[0]))
    with ended(Moment(*moment), signal.SIGKILL, server.url, tmp_path, *words) as stage:
        said = clean(stage)
        assert (said.code, said.verdict) == (0, CLEAN), said
        count = len(stage.received)
        again = clean(stage)
        assert (again.code, again.verdict, again.out.count("\n")) == (0, NOTHING, 1)
        assert len(stage.received) == count


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
def test_a_run_is_killed_in_whatever_it_is_doing(
    phase: str, operation: str, nth: int, server: RunningServer, tmp_path: Path
) -> None:
    """Everything allowed, in the other phases."""
    words = ("--allow-irreversible", "--phases", phase, "--max-examples", "5")
    with ended(
        Moment(operation, nth, "unanswered"), signal.SIGKILL, server.url, tmp_path, *words
    ) as stage:
        said = clean(stage)
        assert (said.code, said.verdict) == (0, CLEAN), said


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
def test_a_run_that_is_interrupted_leaves_nothing_behind(
    moment: tuple[str, int, Arrival], number: signal.Signals, server: RunningServer, tmp_path: Path
) -> None:
    """Ctrl-C, or the end that a CI job is told: it puts everything back itself, and there is nothing left to do."""
    words = ("--phases", "stories", "--only", group_of(moment[0]))
    with ended(Moment(*moment), number, server.url, tmp_path, *words) as stage:
        said = clean(stage)
        assert (said.code, said.verdict) == (0, NOTHING)


@pytest.mark.slow
def test_who_does_not_wait_for_the_way_back_is_told_how_to_go_it(
    server: RunningServer, tmp_path: Path
) -> None:
    """A second Ctrl-C while everything is being put back: the command that does it is in the report."""
    moment = Moment("add_payment_method", 2, "unanswered")
    asked = threading.Event()

    def wrap(forward: Answerer) -> Answerer:
        hold = moment.wrap(forward)

        def answer(received: Received) -> bytes:
            if moment.reached.is_set() and not moment.over.is_set():
                asked.set()
                moment.over.wait(30)
            return hold(received)

        return answer

    with scene(server.url, tmp_path, wrap) as stage:
        before = stage.state
        words = (
            "--allow-writes",
            "--phases",
            "stories",
            "--journal",
            str(stage.journal),
            "--quiet",
        )
        with started(
            "run", stage.recorder.url, *words, BILLING_API_KEY=stage.customer.key
        ) as process:
            for event in (moment.reached, asked):
                assert event.wait(30)
                process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            moment.over.set()
        assert process.returncode == 130, err
        assert "Traceback" not in err
        assert f"put it back: contract-tests cleanup {stage.journal}\n" in out
        assert clean(stage).verdict == CLEAN
        assert stage.state == before
