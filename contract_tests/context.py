"""A run as drivers see it: the channel, the judge, accounts, and a place for findings."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from typing import Protocol

from contract_tests.errors import UsageError
from contract_tests.findings.coverage import Coverage
from contract_tests.findings.finding import Finding, Key, Verdicts
from contract_tests.findings.result import Result, Skipped
from contract_tests.hooks import loading
from contract_tests.hooks.hook import Hooks
from contract_tests.http.channel import Channel, Gate, Limits, Listener
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.http.redaction import UNKNOWN_KEY, Keyring
from contract_tests.judge.judge import Judge
from contract_tests.knowledge import Knowledge
from contract_tests.listen.receiver import Receiver
from contract_tests.openapi.contract import Contract, Operation, Provenance
from contract_tests.openapi.lists import list_operations
from contract_tests.safety.guard import Guard
from contract_tests.safety.journal import Journal
from contract_tests.settings import Settings, base_url, key_from

KEY, OTHER_KEY = "api-key", "other-key"


class Progress(Protocol):
    """Receives the progress of a run."""

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
        known: Container[Key] = frozenset(),
    ) -> None:
        self.settings = settings
        self.contract = contract
        self.knowledge = knowledge
        self.lists = list_operations(contract)
        self.progress = progress
        self.skipped: list[Skipped] = []
        self.selected = select(contract, settings.only, settings.skip)
        self.verdicts = Verdicts(on_new=self._on_new)
        self.judge = Judge(contract, self.verdicts, knowledge)
        self.coverage = Coverage(contract, self.selected)
        self.guard = Guard(settings, knowledge.safety)
        self.keyring = Keyring(contract.credential)
        self.ended_early = ""
        self.interrupted = False
        self.unreachable = False
        """Whether the deployment went away in the middle."""
        self.broken: list[str] = []
        """Drivers that an error of the kit ended."""
        self.notes: list[str] = []
        """What else a person should know, a line each."""
        self.hooks: Hooks | None = None
        """What the user's own functions do beyond the API."""
        self.started = time.monotonic()
        self.hook_failures: Counter[str] = Counter()
        """How often each hook failed."""
        self.follow: Callable[[Client], None] = lambda _: None
        """Reads what the last refused write of an account may have changed after all."""
        self._fresh = 0
        self._listeners = listeners
        self._known = known
        self.channel = self._channel(gates)
        self.journal: Journal | None = None
        """On a deployment that is written to and is no mock."""
        if not settings.mock and contract.credential is not None:
            self._take_keys()
        self.receiver = Receiver.at(settings.listen, settings.public_url) if self._hears else None
        """Receives callbacks, if it may be."""
        try:
            self.hooks = loading.load(settings.hooks, settings.hook_commands, knowledge.hooks)
        except UsageError:
            self.close()
            raise

    def _channel(self, gates: Sequence[Gate]) -> Channel:
        settings = self.settings
        deadline = self.started + settings.max_time if settings.max_time else None
        return Channel(
            base_url(settings.url).removesuffix(self.contract.base_path),
            self.contract,
            self.keyring,
            limits=Limits(settings.timeout, settings.per_second, deadline, settings.ca_bundle),
            gates=[self.guard, *gates],
            listeners=[self._hear],
        )

    def _take_keys(self) -> None:
        settings = self.settings
        variables = {KEY: settings.api_key_env}
        if settings.other_key_env:
            variables[OTHER_KEY] = settings.other_key_env
        for name, variable in variables.items():
            self.keyring.add(name, key_from(settings.environment, variable))
        if settings.may_write:
            self.journal = Journal(
                settings,
                self.contract,
                self.keyring,
                variables,
                withhold=self.guard.withhold,
                knowledge=self.knowledge,
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

    # --------------------------------------------------------------------------------- for drivers

    def takes(self, *operation_ids: str) -> bool:
        """Return whether operations are selected."""
        return all(each in self.selected for each in operation_ids)

    def operations(self, *, reads: bool | None = None) -> list[Operation]:
        """Return the selected operations, in the order of the contract."""
        return [
            each
            for each in self.contract.operations.values()
            if each.id in self.selected and (reads is None or each.is_read == reads)
        ]

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
        finding = replace(finding, expected=text(finding.expected), got=text(finding.got))
        self.verdicts.add(replace(finding, source=finding.source or self.channel.source))

    def report(self, finding: Finding, exchange: Exchange) -> None:
        """Add a driver's own finding about an exchange, with the steps before it."""
        shown = self.redacted(exchange)
        steps = tuple(
            each for each in self.judge.tracker(shown.account).steps if each.number < shown.number
        )
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
    ) -> bool:
        """Report a finding unless something holds of an exchange. Return whether it does."""
        if holds or exchange.status == 0 or exchange.status >= 500:
            return holds  # a missing response or a crash was reported already
        matched = self.contract.match(exchange.method, exchange.path)
        name = operation or (matched[0].id if matched else f"{exchange.method} {exchange.path}")
        known = self.contract.operations.get(name)
        spec = known.place.pointer if known else "#/paths"
        self.report(Finding(name, kind, where, keyword, provenance, expected, got, spec), exchange)
        return False

    def redacted(self, exchange: Exchange) -> Exchange:
        """Return an exchange as reports may show it."""
        return self.channel.redacted(exchange)

    def skip(self, what: str, why: str) -> None:
        """Note that something was not done."""
        if all(each.what != what for each in self.skipped):
            self.skipped.append(Skipped(what, why))

    def result(self) -> Result:
        """Return the result so far."""
        return Result(
            self.settings,
            self.contract,
            list(self.verdicts),
            self.coverage,
            self.skipped,
            self.judge.judged,
            time.monotonic() - self.started,
            self.ended_early,
            notes=list(self.notes),
            withheld=self.guard.withheld,
            broken=self.broken,
            interrupted=self.interrupted,
            unreachable=self.unreachable,
        )

    def _hear(self, exchange: Exchange) -> None:
        self.coverage.note(exchange, self.judge(exchange))
        for listener in self._listeners:
            listener(exchange)
        if self.progress is not None:
            self.progress.exchange(self.judge.judged, len(self.verdicts))

    def _on_new(self, finding: Finding) -> None:
        is_failure = (
            finding.grade(strict=self.settings.is_strict) == "failure"
            and finding.key not in self._known
        )
        if self.settings.fail_fast and is_failure:
            self.channel.stop_reason = "the first failure ends the run (--fail-fast)"


def select(contract: Contract, only: Sequence[str], skip: Sequence[str]) -> set[str]:
    """Return the operations that ``--only`` and ``--skip`` leave. Raise UsageError."""

    def named(name: str) -> set[str]:
        found = {
            each.id
            for each in contract.operations.values()
            if _plain(name) in map(_plain, (each.id, each.group, *each.tags))
        }
        if not found:
            groups = sorted({each.group for each in contract.operations.values() if each.group})
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
