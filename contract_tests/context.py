"""A run as drivers see it: the channel, the judge, accounts, and a place for findings."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import Protocol, TypeVar

from contract_tests.errors import UsageError
from contract_tests.findings.coverage import Coverage
from contract_tests.findings.finding import STATELESS, Finding, Verdicts
from contract_tests.findings.known import Known, accepted
from contract_tests.findings.result import Result, Skipped
from contract_tests.findings.severity import Nature
from contract_tests.hooks import loading
from contract_tests.hooks.hook import Hooks
from contract_tests.http.budget import Additions, Budget, in_turn
from contract_tests.http.channel import Channel, Gate, Limits, Listener
from contract_tests.http.client import Client
from contract_tests.http.credentials import carriers_in, take_given, variable_of
from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.http.network import network
from contract_tests.http.redaction import UNKNOWN_KEY, Keyring
from contract_tests.judge.judge import Judge
from contract_tests.judge.not_judged import is_judged
from contract_tests.knowledge import Knowledge
from contract_tests.listen.receiver import Receiver
from contract_tests.openapi.contract import Contract, Operation, Provenance
from contract_tests.openapi.lists import list_operations
from contract_tests.operation_settings import accepted_because
from contract_tests.safety.guard import Guard
from contract_tests.safety.journal import Journal
from contract_tests.settings import Settings, base_url, key_from
from contract_tests.settling import Settling
from contract_tests.shard import Portion

_Item = TypeVar("_Item")
_FOR_THE_MOCK = 5
"""Requests that check the mock, take a snapshot, stop the clock, and restore the snapshot."""
KEY, OTHER_KEY = "api-key", "other-key"


class Progress(Protocol):
    """Receives the progress of a run."""

    def forecast(self, sentence: str, phases: Mapping[str, int]) -> None: ...

    def driver(self, name: str, index: int, count: int) -> None: ...

    def exchange(self, count: int, findings: int) -> None: ...


class Run:
    """Everything that drivers need."""

    def __init__(
        self,
        settings: Settings,
        contract: Contract,
        knowledge: Knowledge,
        *,
        progress: Progress | None = None,
        listeners: Sequence[Listener] = (),
        gates: Sequence[Gate] = (),
        known: Sequence[Known] = (),
        portion: Portion | None = None,
    ) -> None:
        self.settings = settings
        self.portion = portion or Portion(settings.shard)
        """The pieces of work that this run does."""
        self.contract = contract
        self.knowledge = knowledge
        self.lists = list_operations(contract)
        self.progress = progress
        self.skipped: list[Skipped] = []
        self.selected = select(contract, settings.only, settings.skip)
        self._leave_out()
        self.verdicts = Verdicts(on_new=self._on_new)
        self.judge = Judge(contract, self.verdicts, knowledge)
        self.coverage = Coverage(contract, self.selected)
        self.guard = Guard(settings, knowledge.safety, contract)
        self.keyring = Keyring(contract.credential, public=contract.text)
        self._given = {} if settings.mock else take_given(settings, contract, self.keyring)
        """The keys that ``--header`` and ``--auth`` give."""
        self._begin()
        self.hooks: Hooks | None = None
        """What the user's own functions do beyond the API."""
        self.budget = Budget(settings.budget) if settings.budget else None
        self.follow: Callable[[Client], None] = lambda _: None
        """Reads what the last refused write of an account may have changed after all."""
        self._fresh = 0
        self._listeners = listeners
        self._known = known
        self.channel = self._channel(gates)
        self.settling = self._settling()
        self.journal: Journal | None = None
        """On a deployment that is written to and is no mock."""
        if not settings.mock and contract.credential is not None:
            self._take_keys()
        self.receiver = Receiver.at(settings.listen, settings.public_url) if self._hears else None
        """Receives callbacks, if it may be."""
        try:
            knowledge.check_settings(settings)
            self.hooks = loading.load(settings.hooks, settings.hook_commands, knowledge.hooks)
        except UsageError:
            self.close()
            raise
        if self.budget is not None:
            self._reserve(self.budget)

    def _begin(self) -> None:
        """Set what becomes of the run: nothing has been done yet."""
        self.started = time.monotonic()
        self.ended_early = ""
        self.interrupted = False
        self.unreachable = False
        """Whether the deployment went away in the middle."""
        self.cut: list[str] = []
        """Drivers that the budget ended."""
        self.first_response: float | None = None
        """Seconds that the first response took."""
        self.broken: list[str] = []
        """Drivers that an error of the kit ended."""
        self.notes: list[str] = []
        """What else a person should know, a line each."""
        self.hook_failures: Counter[str] = Counter()
        """How often each hook failed."""

    def _channel(self, gates: Sequence[Gate]) -> Channel:
        settings = self.settings
        deadline = self.started + settings.max_time if settings.max_time else None
        return Channel(
            base_url(settings.url).removesuffix(self.contract.base_path),
            self.contract,
            self.keyring,
            limits=Limits(
                settings.timeout,
                settings.per_second,
                deadline,
                network(settings, self.keyring),
                self.budget.take if self.budget is not None else None,
            ),
            gates=[self.guard, *gates],
            listeners=[self._on_exchange],
        )

    def _settling(self) -> Settling | None:
        """Return what reads contradictory views again; None where each request is judged at once.

        The mock never lags, and with several workers others would be judged with it.
        """
        settings = self.settings
        if settings.mock or not settings.settle or settings.workers > 1:
            return None
        settling = Settling(self.channel, self.judge, self.knowledge, settings.settle)
        self.channel.after = settling
        return settling

    def _leave_out(self) -> None:
        """Leave out what the settings of operations skip. Raise UsageError if nothing is left."""
        for name, settings in self.settings.operations.items():
            if settings.skip and name in self.selected:
                self.selected.remove(name)
                self.skip(name, settings.skip)
        if not self.selected:
            raise UsageError("the settings file skips every selected operation")

    def _with_reason(self, finding: Finding) -> Finding:
        """Return a finding, marked as known if the settings of its operation accept it."""
        because = accepted_because(finding, self.settings.operations)
        return replace(finding, known=because) if because else finding

    def _take_keys(self) -> None:
        settings = self.settings
        is_given = self._given.keys() >= set(carriers_in(self.contract))
        variables = {KEY: variable_of(settings, self._given) if is_given else settings.api_key_env}
        if settings.other_key_env:
            variables[OTHER_KEY] = settings.other_key_env
        for name, variable in variables.items():
            key = next(iter(self._given.values())) if is_given and name == KEY else ""
            self.keyring.add(name, key or key_from(settings.environment, variable))
        for carrier, key in self._given.items():
            self.keyring.add_for(KEY, carrier, key)
        if settings.may_write:
            self.journal = Journal(
                settings,
                self.contract,
                self.keyring,
                variables,
                withhold=self.guard.withhold,
                knowledge=self.knowledge,
                take=self.budget.take_reserved if self.budget is not None else None,
            )
            self.channel.gates.append(self.journal)

    @property
    def _hears(self) -> bool:
        """Whether callbacks are received: they are caused by writes."""
        return self.settings.listen is not None and self.settings.may_write

    def close(self) -> None:
        """End the processes of hooks, and the receiver."""
        if self.receiver is not None:
            self.receiver.close()
        if self.hooks is not None:
            self.hooks.close()

    def _reserve(self, budget: Budget) -> None:
        """Keep requests for putting things back. Raise UsageError if the budget is too small."""
        collection = self.knowledge.safety.collection
        needed = _FOR_THE_MOCK if self.settings.mock else 0
        if self.journal is not None:
            needed = self.journal.most_requests
            if collection is not None:
                self.channel.gates.insert(1, Additions(budget, collection.add))
        if budget.total <= needed:
            raise UsageError(
                f"--budget must be more than {needed}, the requests that putting back may take"
            )
        budget.reserve(1 if self.settings.mock else needed)

    # --------------------------------------------------------------------------------- for drivers

    def takes(self, *operation_ids: str) -> bool:
        """Return whether operations are selected."""
        return all(id in self.selected for id in operation_ids)

    def operations(self, *, reads: bool | None = None) -> list[Operation]:
        """Return the selected operations, in the order of the contract.

        With a budget, those come first whose responses are compared with most others.
        """
        found = [
            operation
            for operation in self.contract.operations.values()
            if operation.id in self.selected and (reads is None or operation.is_read == reads)
        ]
        if self.budget is not None:
            found.sort(key=lambda operation: -self._times_compared[operation.id])
        return found

    @cached_property
    def _times_compared(self) -> Counter[str]:
        relations = self.knowledge.relations(self.lists)
        return Counter(view for relation in relations for view in relation.views)

    def interleaved(self, groups: Iterable[Iterable[_Item]]) -> Iterator[_Item]:
        """Yield the items of one group after another; with a budget, one of each in turn."""
        return chain.from_iterable(groups) if self.budget is None else in_turn(groups)

    def mixed(self, items: Sequence[_Item]) -> Sequence[_Item]:
        """Return items in their order; with a budget, in one that follows from the seed."""
        if self.budget is None:
            return items
        seeded = random.Random(self.settings.seed)  # noqa: S311 (a seed must repeat its requests)
        return seeded.sample(items, len(items))

    def pieces(self, driver: str, *, reads: bool | None = None) -> list[Operation]:
        """Return the selected operations that a driver is to do in this run."""
        operations = self.operations(reads=reads)
        chosen = set(self.portion.of(driver, [operation.id for operation in operations]))
        return [operation for operation in operations if operation.id in chosen]

    def account(self) -> Client:
        """Return an account: a fresh one on the mock, else the one whose key was given."""
        if self.contract.credential is None:
            return self.unauthenticated()
        if not self.settings.mock:
            return Client(self.channel, KEY)
        self._fresh += 1
        return self.mock_account(f"kit_{self.settings.seed}_{self._fresh}")

    def mock_account(self, name: str) -> Client:
        """Return an account of the mock by its name, reset."""
        alias, key = self.knowledge.mock_account(name)
        self.keyring.add(alias, key, is_secret=False)
        caller = Client(self.channel, alias)
        caller.control("POST", "reset")
        return caller

    def foreign_account(self, name: str, key: str) -> Client:
        """Return an account whose key is not the user's own, such as one that a hook made."""
        alias = self.keyring.name_of(key)
        if alias == UNKNOWN_KEY:
            self._fresh += 1
            name = re.sub(r"[^a-z0-9]+", "-", name.lower())
            is_secret = not self.is_public(key)
            alias = self.keyring.add(f"hook {name} {self._fresh}", key, is_secret=is_secret)
        if self.journal is not None:
            self.journal.exempt(alias)
        return Client(self.channel, alias)

    def hook_failed(self, name: str, text: str) -> None:
        """Note that a hook failed: the run is incomplete."""
        self.hook_failures[name] += 1
        text = self.keyring.text(text)
        if text not in self.broken:
            self.broken.append(text)

    def other(self) -> Client | None:
        """Return a second account that must see nothing of the first; None if there is none."""
        if self.settings.mock:
            return self.account()
        return Client(self.channel, OTHER_KEY) if self.settings.other_key_env else None

    @property
    def takes_any_key(self) -> bool:
        """Whether the deployment accepts every key."""
        return self.settings.mock and self.knowledge.mock_takes_any_key

    def is_public(self, key: str) -> bool:
        """Return whether a key has the prefix of the mock's keys, so that reports may show it."""
        prefix = self.knowledge.mock_account("")[1]
        return bool(prefix) and key.startswith(prefix)

    def unauthenticated(self) -> Client:
        """Return a client without a key."""
        return Client(self.channel, None)

    def found(self, finding: Finding) -> None:
        """Add a driver's own finding, secrets replaced."""
        text = self.keyring.text
        finding = replace(
            finding,
            operation=text(finding.operation),
            where=text(finding.where),
            expected=text(finding.expected),
            got=text(finding.got),
        )
        self.verdicts.add(replace(finding, source=finding.source or self.channel.source))

    def report(self, finding: Finding, exchange: Exchange) -> None:
        """Add a driver's own finding about an exchange, with the steps before it."""
        shown = self.redacted(exchange)
        changes = () if finding.kind in STATELESS else self.judge.tracker(shown.account).steps
        steps = tuple(step for step in changes if step.number < shown.number)
        self.found(replace(finding, exchange=shown, steps=steps, witnesses=(self.channel.source,)))

    def expect(
        self,
        holds: bool,
        exchange: Exchange,
        kind: str,
        where: str,
        keyword: str,
        expected: str,
        got: str,
        *,
        provenance: Provenance = "assumed",
        operation: str = "",
        nature: Nature | None = None,
    ) -> bool:
        """Report a finding unless something holds of an exchange. Return whether it does."""
        matched = self.contract.match(exchange.method, exchange.path)
        if holds or exchange.status == 0 or exchange.status >= 500:
            return holds  # a missing response or a crash was reported already
        if not is_judged(exchange, matched[0] if matched else None):
            return False
        name = operation or (matched[0].id if matched else f"{exchange.method} {exchange.path}")
        known = self.contract.operations.get(name)
        spec = known.place.pointer if known else "#/paths"
        finding = Finding(
            name, kind, where, keyword, provenance, expected, got, spec, nature=nature
        )
        self.report(finding, exchange)
        return False

    def redacted(self, exchange: Exchange) -> Exchange:
        """Return an exchange as reports may show it."""
        return self.channel.redacted(exchange)

    @property
    def is_in_use(self) -> bool:
        """Whether others use an account of this run."""
        return any(tracker.in_use for tracker in self.judge.trackers.values())

    def wait_for_lag(self, client: Client) -> None:
        """Wait until an account's readings show its last change, if the deployment lags."""
        tracker = self.judge.tracker(client.key or ANYBODY)
        if tracker.lag and tracker.last_change is not None:
            left = tracker.last_change + tracker.lag - datetime.now(UTC)
            time.sleep(max(0.0, left.total_seconds()))

    def skip(self, what: str, why: str) -> None:
        """Note that something was not done."""
        if all(skip.what != what for skip in self.skipped):
            self.skipped.append(Skipped(what, why))

    def result(self) -> Result:
        """Return the result so far."""
        return Result(
            self.settings,
            self.contract,
            [self._with_reason(finding) for finding in self.verdicts],
            self.coverage,
            self.skipped,
            self.judge.judged,
            time.monotonic() - self.started,
            self.ended_early,
            notes=[
                *(self.settling.notes() if self.settling else ()),
                *self.notes,
                *self.channel.noise.notes(),
                *self._left_out(),
            ],
            withheld=self.guard.withheld,
            broken=self.broken,
            interrupted=self.interrupted,
            unreachable=self.unreachable,
        )

    def _left_out(self) -> list[str]:
        count = self.verdicts.left_out
        return [f"findings beyond the bounds were not kept: {count:,}"] if count else []

    def _on_exchange(self, exchange: Exchange) -> None:
        if self.first_response is None and exchange.status:
            self.first_response = exchange.seconds
        self.coverage.note(exchange, self.judge(exchange))
        for listener in self._listeners:
            listener(exchange)
        if self.progress is not None:
            self.progress.exchange(self.judge.judged, len(self.verdicts))

    def _on_new(self, finding: Finding) -> None:
        is_failure = (
            finding.grade(self.settings.policy) == "failure"
            and not accepted(finding, self._known)
            and not accepted_because(finding, self.settings.operations)
        )
        if self.settings.fail_fast and is_failure:
            self.channel.stop_reason = "the first failure ends the run (--fail-fast)"


def select(contract: Contract, only: Sequence[str], skip: Sequence[str]) -> set[str]:
    """Return the operations that ``--only`` and ``--skip`` leave. Raise UsageError."""

    def named(name: str) -> set[str]:
        found = {
            operation.id
            for operation in contract.operations.values()
            if _plain(name) in map(_plain, (operation.id, operation.group, *operation.tags))
        }
        if not found:
            groups = sorted(
                {operation.group for operation in contract.operations.values() if operation.group}
            )
            raise UsageError(
                f"'{name}' is no operationId, tag or group of the contract; "
                f"groups: {', '.join(groups)}"
            )
        return found

    chosen = set().union(*map(named, only)) if only else set(contract.operations)
    left = chosen - set().union(*map(named, skip)) if skip else chosen
    if not left:
        raise UsageError("--only and --skip leave no operation")
    return left


def _plain(name: str) -> str:
    """Return a name as it is compared: ``Payment methods`` is ``payment-methods``."""
    return name.lower().replace("_", "-").replace(" ", "-")
