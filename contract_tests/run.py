"""One run against one deployment: the parts of the kit put together, and the drivers let loose one after another."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

import requests

from contract_tests import drivers, preflight
from contract_tests.caller import Caller
from contract_tests.channel import Channel, Gate, Limits, Listener, Withheld
from contract_tests.contract import Contract, Operation, Provenance
from contract_tests.coverage import Coverage
from contract_tests.errors import KitError, Unreachable, UsageError
from contract_tests.exchange import Exchange
from contract_tests.finding import Finding, Key, Verdicts
from contract_tests.guard import Guard
from contract_tests.journal import Journal
from contract_tests.judge import Judge
from contract_tests.redaction import Keyring
from contract_tests.settings import Settings, base_url, key_from

KEY, OTHER_KEY = "api-key", "other-key"
Outcome = Literal["passed", "failed", "incomplete", "unreachable", "interrupted"]
EXIT_CODES: dict[Outcome, int] = {
    "passed": 0,
    "failed": 1,
    "incomplete": 2,
    "unreachable": 3,
    "interrupted": 130,
}
SNAPSHOT = "contract-tests"


class Progress(Protocol):
    """What is told of a run while it goes on."""

    def driver(self, name: str, index: int, count: int) -> None: ...

    def exchange(self, count: int, findings: int) -> None: ...


@dataclass
class Skipped:
    """Something that was not done, and why."""

    what: str
    why: str


class Run:
    """Everything that drivers need."""

    def __init__(
        self,
        settings: Settings,
        contract: Contract,
        *,
        progress: Progress | None = None,
        listeners: Sequence[Listener] = (),
        gates: Sequence[Gate] = (),
        known: Container[Key] = frozenset(),
    ) -> None:
        self.settings = settings
        self.contract = contract
        self.progress = progress
        self.skipped: list[Skipped] = []
        self.selected = select(contract, settings.only, settings.skip)
        self.verdicts = Verdicts(on_new=self._on_new)
        self.judge = Judge(contract, self.verdicts)
        self.coverage = Coverage(contract, self.selected)
        self.guard = Guard(settings)
        self.keyring = Keyring()
        self.ended_early = ""
        self.interrupted = False
        self.unreachable = False
        """Whether the deployment went away in the middle."""
        self.broken: list[str] = []
        """Drivers that a fault of the kit ended."""
        self.notes: list[str] = []
        """What else a person should know, a line each."""
        self.started = time.monotonic()
        self._fresh = 0
        self._listeners = listeners
        self._known = known
        deadline = self.started + settings.max_time if settings.max_time else None
        limits = Limits(settings.timeout, settings.per_second, deadline, settings.ca_bundle)
        self.channel = Channel(
            base_url(settings.url),
            contract,
            self.keyring,
            limits=limits,
            gates=[self.guard, *gates],
            listeners=[self._hear],
        )
        self.journal: Journal | None = None
        """On a deployment that is written to and is no mock."""
        if not settings.mock:
            self._take_keys()

    def _take_keys(self) -> None:
        settings = self.settings
        variables = {KEY: settings.api_key_env}
        if settings.other_key_env:
            variables[OTHER_KEY] = settings.other_key_env
        for name, variable in variables.items():
            self.keyring.add(name, key_from(settings.environment, variable))
        if settings.may_write:
            self.journal = Journal(
                settings, self.contract, self.keyring, variables, self.guard.withhold
            )
            self.channel.gates.append(self.journal)

    # ------------------------------------------------------------------------------------------- for drivers

    def takes(self, *operation_ids: str) -> bool:
        """Whether operations are selected and may be called at all."""
        return all(each in self.selected for each in operation_ids)

    def operations(self, *, reads: bool | None = None) -> list[Operation]:
        """The selected operations, in the order of the contract."""
        return [
            each
            for each in self.contract.operations.values()
            if each.id in self.selected and (reads is None or each.is_read == reads)
        ]

    def account(self) -> Caller:
        """An account to work with: a fresh one on the mock, else the one whose key was given."""
        if not self.settings.mock:
            return Caller(self.channel, KEY)
        self._fresh += 1
        return self.persona(f"kit_{self.settings.seed}_{self._fresh}")

    def persona(self, name: str) -> Caller:
        """An account of the mock by the name in its key, as if it had never been used."""
        alias = f"sk-test {name.replace('_', '-')}"
        self.keyring.add(alias, f"sk_test_{name}", is_secret=False)
        caller = Caller(self.channel, alias)
        caller.control("POST", "reset")
        return caller

    def other(self) -> Caller | None:
        """A second account that must see nothing of the first; None if there is none."""
        if self.settings.mock:
            return self.account()
        return Caller(self.channel, OTHER_KEY) if self.settings.other_key_env else None

    def stranger(self) -> Caller:
        """A caller without a key."""
        return Caller(self.channel, None)

    def found(self, finding: Finding) -> None:
        """A driver's own finding, secrets replaced."""
        text = self.keyring.text
        finding = replace(finding, expected=text(finding.expected), got=text(finding.got))
        self.verdicts.add(replace(finding, source=finding.source or self.channel.source))

    def report(self, finding: Finding, exchange: Exchange) -> None:
        """A driver's own finding about an exchange of its own, with what led there."""
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
        """What must hold of an exchange; a finding if it does not."""
        if holds or exchange.status == 0 or exchange.status >= 500:
            return holds  # that there is no answer, or a crash, has been told
        matched = self.contract.match(exchange.method, exchange.path)
        name = operation or (matched[0].id if matched else f"{exchange.method} {exchange.path}")
        known = self.contract.operations.get(name)
        spec = known.place.pointer if known else "#/paths"
        self.report(Finding(name, kind, where, keyword, provenance, expected, got, spec), exchange)
        return False

    def redacted(self, exchange: Exchange) -> Exchange:
        """An exchange as reports may show it."""
        return self.channel.redacted(exchange)

    def skip(self, what: str, why: str) -> None:
        """Say that something was not done."""
        if all(each.what != what for each in self.skipped):
            self.skipped.append(Skipped(what, why))

    # ------------------------------------------------------------------------------------------------ the run

    def execute(self) -> None:
        """Preflight, then every driver. Raises UsageError and Unreachable before any test, nothing afterwards."""
        preflight.check(self)
        chosen = drivers.chosen(self.settings.phases)
        with self.kept():
            try:
                for index, (name, drive) in enumerate(chosen, 1):
                    self._drive(name, drive, index, len(chosen))
                    if self.ended_early:
                        break
            except KeyboardInterrupt:
                self.interrupted, self.ended_early = True, "interrupted"

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whatever happens in the block, the deployment is put back as it was before. Raises UsageError."""
        if self.settings.mock:
            self._freeze()
        if self.journal is not None:
            self.journal.begin()
        try:
            yield
        finally:
            self._restore()

    def _freeze(self) -> None:
        """Keep the mock as it is for afterwards, and stop its clock: stories count in seconds."""
        stranger = self.stranger()
        stranger.control("POST", "snapshots", {"name": SNAPSHOT})
        now = stranger.control("GET", "clock").object.get("now")
        if isinstance(now, str):
            soon = datetime.fromisoformat(now) + timedelta(seconds=1)
            stranger.control("PUT", "clock", {"now": soon.isoformat()})

    def _drive(self, name: str, drive: Callable[[Any], None], index: int, count: int) -> None:
        if self.progress is not None:
            self.progress.driver(name, index, count)
        self.channel.source = name
        try:
            drive(self)
        except Withheld as error:
            self.skip(name, str(error))
        except UsageError:
            raise
        except KitError as error:
            self.ended_early = str(error)
            self.unreachable = isinstance(error, Unreachable)
        except requests.RequestException as error:
            self.skip(name, f"its request could not be made: {self.keyring.text(str(error))[:200]}")
        except Exception as error:
            # A deployment may answer anything. What was found before is told, the other drivers do their work, and a
            # run in which this happened does not pass.
            last = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
            self.broken.append(self.keyring.text(f"{name}: {what}: {error}")[:200])

    def result(self) -> Result:
        """What came of it so far."""
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

    def _restore(self) -> None:
        """Put the mock, or the accounts of a deployment, back as they were."""
        if self.journal is not None:
            self._put_back(self.journal)
        if self.settings.mock:
            self.channel.stop_reason = ""
            self.channel.limits = replace(self.channel.limits, deadline=None)
            self.channel.source = "restore"
            try:
                self.stranger().control("POST", f"snapshots/{SNAPSHOT}/restore")
            except (KitError, requests.RequestException):
                self.skip("restore", "the mock does not answer any more")

    def _put_back(self, journal: Journal) -> None:
        undone = f"something may not be as it was before the run; put it back: contract-tests cleanup {journal.path}"
        try:
            with closing(journal):
                restoration = journal.put_back()
        except KeyboardInterrupt:
            self.notes.append(undone)
            raise
        except KitError as error:
            self.unreachable = self.unreachable or isinstance(error, Unreachable)
            self.ended_early = self.ended_early or str(error)
            self.notes.append(undone)
            return
        for left in restoration.left:
            operation = self.contract.operations[left.operation]
            expected, spec = "all is as it was before the run", operation.place.pointer
            key = (operation.id, "state", "/response/body", "put_back")
            self.found(
                Finding(
                    *key,
                    "documented",
                    expected,
                    left.text,
                    spec,
                    source="journal",
                    witnesses=("journal",),
                )
            )
            self.notes.append(f"not put back: {left.account}: {left.text}")
        self.notes += restoration.notes.values()
        self.notes += [undone] if restoration.left else []
        self.notes += [
            f"made, and cannot be undone: {text}" for text in journal.record.irreversible()
        ]

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


@dataclass
class Result:
    """What came of a run, for reports."""

    settings: Settings
    contract: Contract
    findings: list[Finding]
    coverage: Coverage
    skipped: list[Skipped]
    exchanges: int
    seconds: float
    ended_early: str = ""
    notes: list[str] = field(default_factory=list)
    """What else a person should know, a line each."""
    withheld: Mapping[str, int] = field(default_factory=dict)
    """How many requests were kept back, by reason."""
    broken: Sequence[str] = ()
    """Parts that a fault of the kit ended."""
    interrupted: bool = False
    unreachable: bool = False
    source: str = ""
    """Whose traffic it was, in a few words, if it was not the run's own."""
    ended: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def outcome(self) -> Outcome:
        """What to say of the deployment."""
        if self.unreachable:
            return "unreachable"
        if self.interrupted:
            return "interrupted"
        if self.failures:
            return "failed"
        nothing_was_tried = not any(each.statuses for each in self.coverage.operations.values())
        return (
            "incomplete"
            if self.broken or (nothing_was_tried and not self.ended_early)
            else "passed"
        )

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.outcome]

    @property
    def failures(self) -> list[Finding]:
        """Findings that fail the run."""
        strict = self.settings.is_strict
        return [
            each
            for each in self.findings
            if each.grade(strict=strict) == "failure" and not each.known
        ]


def select(contract: Contract, only: Sequence[str], skip: Sequence[str]) -> set[str]:
    """The operations that ``--only`` and ``--skip`` leave: by operationId, tag or group. Raises UsageError."""

    def named(name: str) -> set[str]:
        found = {
            each.id
            for each in contract.operations.values()
            if _plain(name) in map(_plain, (each.id, each.group, *each.tags))
        }
        if not found:
            groups = sorted({each.group for each in contract.operations.values() if each.group})
            raise UsageError(
                f"'{name}' is no operationId, tag or group of the contract; groups: {', '.join(groups)}"
            )
        return found

    chosen = set().union(*map(named, only)) if only else set(contract.operations)
    left = chosen - set().union(*map(named, skip)) if skip else chosen
    if not left:
        raise UsageError("--only and --skip leave no operation")
    return left


def _plain(name: str) -> str:
    """A name as it is compared: ``Payment methods`` is ``payment-methods``."""
    return name.lower().replace("_", "-").replace(" ", "-")
