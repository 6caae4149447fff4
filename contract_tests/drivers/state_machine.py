"""A state machine on an account: any operation after any other, chosen by Hypothesis.

The model is the judge's tracker, which predicts each step. When a step has another result,
Hypothesis shrinks the sequence (on the mock, where every try has a fresh account). Subclasses
define the steps of one API.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.reporting import with_reporter
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from contract_tests.compat import decided_by_the_seed
from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account
from contract_tests.drivers.stories import StoryEnds
from contract_tests.errors import KitError
from contract_tests.findings.finding import Key
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange

_STEPS = 30
_ROUNDS = 4
"""How often the machine is started again after a finding."""
_SHRINKING = 1_500
"""Requests that shrinking may take."""


class Found(Exception):
    """A step led to a finding."""


class Stage:
    """What all examples of one run share."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.known: set[Key] = set()
        self.found_at: int | None = None
        """The number of exchanges at the first finding of this round."""
        self.ended: KitError | requests.RequestException | None = None

    @property
    def is_mock(self) -> bool:
        return self.run.settings.mock

    @property
    def may_do_anything(self) -> bool:
        return self.run.settings.may_do_anything

    @property
    def is_spent(self) -> bool:
        """Whether shrinking took too long. Steps do nothing then, which ends the search."""
        return self.found_at is not None and self.run.judge.judged - self.found_at > _SHRINKING


class AccountMachine(RuleBasedStateMachine):
    """Acts on one account. Subclasses define the steps."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.stage.run.verdicts.recent.clear()
        self.client: Client | None = None
        self.play(self.begin)

    def begin(self) -> None:
        """Take an account, and read it."""
        self.client = self.stage.run.account()
        read_account(self.stage.run, self.client)

    def play(self, step: Callable[[], Exchange | None]) -> Exchange | None:
        """Play one step; what ends the run ends the examples, too. Raise Found for a finding."""
        stage, verdicts = self.stage, self.stage.run.verdicts
        if stage.ended is not None or stage.is_spent:
            return None
        try:
            exchange = step()
        except (StoryEnds, Withheld):
            exchange = None
        except (KitError, requests.RequestException) as error:
            stage.ended = error
            return None
        if verdicts.recent - stage.known:
            stage.found_at = stage.found_at or stage.run.judge.judged
            raise Found
        return exchange

    def send(self, operation_id: str, *args: Any, **request: Any) -> dict[str, Any]:
        """Call an operation, if it is selected. Return its response, if that is an object."""
        client = self.client
        if client is None or not self.stage.run.takes(operation_id):
            return {}
        exchange = self.play(lambda: client.call(operation_id, *args, **request))
        self.play(lambda: self.stage.run.follow(client))
        return exchange.object if exchange is not None else {}

    def read_all(self) -> None:
        """Read everything that the account shows."""
        client = self.client
        if client is not None:
            self.play(lambda: read_account(self.stage.run, client))

    def teardown(self) -> None:
        self.read_all()


def run_machine(run: Run, machine: type[AccountMachine]) -> None:
    """Run a machine, again after each new finding, until it finds nothing new."""
    phases = [Phase.generate, Phase.shrink] if run.settings.mock else [Phase.generate]
    options = settings(
        max_examples=max(1, run.settings.max_examples // 2) if run.settings.mock else 3,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    stage = Stage(run)
    for number in range(_ROUNDS):
        stage.found_at = None
        staged: Any = seed(run.settings.seed + number)(_on(stage, machine))
        try:
            with decided_by_the_seed(), with_reporter(lambda *_: None):
                run_state_machine_as_test(staged, settings=options)
        except (Found, HypothesisException):
            stage.known |= set(run.verdicts.recent)
        else:
            break
        finally:
            if stage.ended is not None:
                raise stage.ended


def _on(stage: Stage, machine: type[AccountMachine]) -> type[AccountMachine]:
    return type("Machine", (machine,), {"stage": stage})
