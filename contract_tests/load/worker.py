"""One process that makes load: its users, its judge, and the books at the end."""

from __future__ import annotations

import queue
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

from contract_tests.context import KEY
from contract_tests.drivers.read_account import read_account
from contract_tests.errors import KitError
from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.http.channel import Channel, Gate, Stopped, Withheld
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.load.account import Account, LoadRun, OwnAccountOnly
from contract_tests.load.judging import JudgeQueue, LateJudge
from contract_tests.load.messages import MAX_BATCH, MAX_FINDINGS, Counts, Seen, Update, bounded
from contract_tests.load.plan import Plan, Seat
from contract_tests.load.steps import Player, Step, steps
from contract_tests.openapi.contract import Contract
from contract_tests.runner import knowledge_of, put_back_afterwards
from contract_tests.safety.journal import Journal
from contract_tests.settings import Settings, key_from

MAX_STEPS = 300
"""Steps of a user after which the past of its account is forgotten. So memory is bounded."""
BOOKS_SECONDS = 60.0
"""How long all accounts are read at the end."""
_READERS = 8
"""Accounts that are read at the same time at the end."""
MOCK_ACCOUNTS = 200
"""Accounts of the mock that all users have together. The mock keeps 250 at a time."""
_LATE = "the time for it was up"
_MAX_TEXT, _MAX_LINES = 200, 50
"""The length of an error and the number of errors that a worker keeps."""
STOPPED = "the load test ends"

Measure = Callable[[Exchange, str], object]
"""Takes an exchange and the name of its operation."""


class BoundedVerdicts(Verdicts):
    """Findings up to a number. Further ones are counted, not kept."""

    left_out = 0

    def add(self, finding: Finding) -> bool:
        """Add a finding if there is room, and return whether it is new."""
        if finding.key not in self and len(self) >= MAX_FINDINGS:
            self.left_out += 1
            return False
        return super().add(finding)


def alias_of(variable: str, plan: Plan) -> str:
    """Return the name under which reports show the key of a variable."""
    index = plan.keys.index(variable)
    return f"key {index + 1}" if index else KEY


class Worker:
    """The users of one process."""

    def __init__(self, settings: Settings, plan: Plan, seat: Seat, measure: Measure) -> None:
        self.plan = plan
        self.seat = seat
        self._measure = measure
        names = () if settings.mock else seat.keys(plan)
        contract = Contract.load(settings.spec)
        settings = replace(settings, api_key_env=(names or (settings.api_key_env,))[0])
        self.run = LoadRun(settings, contract, knowledge_of(contract))
        self._new: queue.SimpleQueue[Finding] = queue.SimpleQueue()
        self.run.verdicts = self.verdicts = BoundedVerdicts(on_new=self._new.put)
        judge = LateJudge(contract, self.verdicts, self.run.knowledge)
        self.queue = JudgeQueue(self._judge, self._forget, self.on_error)
        self.run.judge, judge.drain = judge, self.queue.drain
        self.steps = steps(self.run)
        self.unplayable: dict[str, str] = {}
        """Steps that may not be played, and why."""
        self.is_stopping = False
        self._is_measuring = True
        self._exchanges = self._books = 0
        self._opened: dict[str, Account] = {}
        self._base = 1
        self._has_begun = False
        self._beginning = threading.Lock()
        self._users = count()
        self._shared: list[Account] = []
        self._was_read = False
        self._unread: dict[str, int] = {}
        self._lag = Lag()
        self._restoring = ExitStack()
        self._channels: list[Channel] = []
        if self.run.contract.credential is not None and not settings.mock:
            self._take_keys(names)

    # -------------------------------------------------------------------------- before and after

    def _take_keys(self, names: tuple[str, ...]) -> None:
        """Take the keys of this process; the journal is for all of them."""
        run, variables = self.run, dict[str, str]()
        for name in names:
            alias = alias_of(name, self.plan)
            run.keyring.add(alias, key_from(run.settings.environment, name))
            variables[alias] = name
        self._shared = [self._open(alias, index) for index, alias in enumerate(variables, 1)]
        if run.settings.may_write:
            run.journal = Journal(
                replace(run.settings, journal=self.seat.journal(run.settings.journal)),
                run.contract,
                run.keyring,
                variables,
                withhold=run.guard.withhold,
                knowledge=run.knowledge,
            )

    def begin(self, number: int) -> None:
        """Begin once, as the worker of a number: no two workers play on the same accounts."""
        with self._beginning:
            if self._has_begun:
                return
            self._has_begun = True
            self._base = number * MOCK_ACCOUNTS + 1
            if not self.run.settings.mock:  # the command has saved the mock
                self._restoring.enter_context(put_back_afterwards(self.run))

    def stop(self) -> None:
        """Let no user send another request."""
        self.is_stopping = True
        for channel in self._channels:
            channel.stop_reason = STOPPED

    def finish(self) -> None:
        """Judge what is left, read the books, and put real accounts back."""
        self._is_measuring = False
        self._lag.stop()
        self.queue.drain()
        try:
            self._read_books()
        finally:
            self._restoring.close()
        self.queue.drain()

    def _read_books(self) -> None:
        ends_at = time.monotonic() + BOOKS_SECONDS
        accounts = [account for account in self._opened.values() if account.is_judged]

        def read(account: Account) -> str:
            return self._read_books_of(account) if time.monotonic() < ends_at else _LATE

        with ThreadPoolExecutor(_READERS) as pool:
            reasons = Counter(pool.map(read, accounts))
        self._was_read = reasons.pop("", 0) > 0
        self._unread = dict(reasons)

    def _read_books_of(self, account: Account) -> str:
        """Read the books of one account. Return why that failed, if so."""
        try:
            self._read_all(self._client(account, is_quiet=True))
        except (KitError, OSError) as error:
            return self.run.keyring.text(str(error))[:_MAX_TEXT]
        return ""

    def _read_all(self, client: Client) -> None:
        """Read all views of an account while nobody else uses it."""
        client.channel.source = "books"
        read_account(self.run.of(client), client)
        self._books += 1

    # ------------------------------------------------------------------------------------- accounts

    def account(self) -> Account:
        """Return an account for a user: a fresh one on the mock, else one of those with a key."""
        if self._shared:
            return self._shared[next(self._users) % len(self._shared)]
        if self.run.contract.credential is None:
            return self._open("anybody", 1)
        place = next(self._users) % max(1, MOCK_ACCOUNTS // self.plan.workers)
        number = self._base + place
        alias, key = self.run.knowledge.mock_account(f"load_{number}")
        is_new = alias not in self._opened
        account = self._open(alias, number)
        if is_new:
            self.run.keyring.add(alias, key, is_secret=False)
            if self.run.knowledge.mock_keeps_state:
                self._client(account, is_quiet=True).control("POST", "reset")
        return account

    def _open(self, alias: str, number: int) -> Account:
        share = Random(number).random() < self.plan.judge_share  # noqa: S311
        return self._opened.setdefault(alias, Account(alias, is_judged=share))

    def renew(self, account: Account, client: Client) -> None:
        """Read the books of an account of the mock, and make it a fresh one."""
        if account.is_judged:
            self._read_all(client)
        client.control("POST", "reset")

    def _client(self, account: Account, *, is_quiet: bool = False) -> Client:
        run, settings = self.run, self.run.settings
        rate = None
        if settings.per_second and not is_quiet:
            rate = settings.per_second / self.plan.users
        gates: list[Gate] = [run.guard, OwnAccountOnly(run.knowledge)]
        if run.journal is not None:
            gates.append(run.journal)

        def on_exchange(exchange: Exchange) -> None:
            self._record(exchange, account, is_quiet=is_quiet)

        channel = Channel(
            run.channel.base_url,
            run.contract,
            run.keyring,
            limits=replace(run.channel.limits, per_second=rate, deadline=None),
            gates=gates,
            listeners=[on_exchange],
        )
        channel.noise = run.channel.noise
        key = account.alias if run.contract.credential is not None else None
        return Client(channel, key)

    def client(self, account: Account) -> Client:
        """Return a user's client, which stops with the load test."""
        client = self._client(account)
        self._channels.append(client.channel)
        return client

    # -------------------------------------------------------------------------------------- judging

    def _record(self, exchange: Exchange, account: Account, *, is_quiet: bool) -> None:
        self._exchanges += 1
        is_control = self.run.contract.is_control(exchange.path)
        if self._is_measuring and not is_quiet and not is_control:
            matched = self.run.contract.match(exchange.method, exchange.path)
            name = matched[0].id if matched else f"{exchange.method} {exchange.path[:80]}"
            self._measure(exchange, name)
        if account.is_judged:
            self.queue.put(exchange)

    def _judge(self, exchange: Exchange) -> None:
        self.run.coverage.note(exchange, self.run.judge(exchange))

    def _forget(self, account: str) -> None:
        self.run.judge.trackers.pop(account, None)

    def on_error(self, error: Exception) -> None:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        text = self.run.keyring.text(f"{type(error).__name__} in {place}: {error}")[:_MAX_TEXT]
        if text not in self.run.broken and len(self.run.broken) < _MAX_LINES:
            self.run.broken.append(text)

    def updates(self, *, is_final: bool = False) -> Iterator[Update]:
        """Yield what is new: at least one update, with at most MAX_BATCH findings in each."""
        while self._new.qsize() > MAX_BATCH:
            yield Update(self._counts(), self._take_new())
        yield Update(replace(self._counts(), is_final=is_final), self._take_new())

    def _take_new(self) -> list[Finding]:
        number = min(MAX_BATCH, self._new.qsize())
        return [bounded(self._new.get()) for _ in range(number)]

    def _counts(self) -> Counts:
        run = self.run
        return Counts(
            exchanges=self._exchanges,
            judged=self.queue.judged,
            times=[(finding.key, finding.times) for finding in self.verdicts],
            left_out=self.verdicts.left_out,
            operations={
                name: Seen(dict(seen.statuses), sorted(seen.valid), sorted(seen.invalid))
                for name, seen in run.coverage.operations.items()
                if seen.statuses
            },
            withheld=dict(run.guard.withheld),
            skipped=list(self.unplayable.items()),
            notes=[*run.notes, *run.channel.noise.notes()],
            broken=list(run.broken),
            cpu_seconds=time.process_time(),
            judge_seconds=self.queue.seconds,
            lag_seconds=self._lag.seconds / max(1, self._lag.count),
            held_seconds=self.queue.held,
            accounts=len(self.run.judge.trackers),
            books=self._books,
            was_read=self._was_read,
            unread=self._unread,
            peak_bytes=_peak_bytes(),
        )


class User:
    """One user: plays a step at a time, on an account."""

    def __init__(self, worker: Worker, number: int) -> None:
        self._worker = worker
        seed = f"{worker.run.settings.seed} {worker.seat.index} {number}"
        self._chance = Random(seed)  # noqa: S311
        self._played = 0
        self._account = worker.account()
        self._client = worker.client(self._account)

    def play(self) -> None:
        """Play one step. Raise Stopped at the end of the load test."""
        worker = self._worker
        if worker.is_stopping:
            raise Stopped(STOPPED)
        playable = [step for step in worker.steps if step.name not in worker.unplayable]
        weights = [step.weight for step in playable]
        step = self._chance.choices(playable, weights)[0]
        with self._account.lock.take(alone=step.is_write):
            if step.is_story and worker.run.settings.mock:
                worker.renew(self._account, self._client)
            self._try(step)
        self._played += 1
        if self._played % MAX_STEPS == 0:
            self._bound_memory()

    def _try(self, step: Step) -> None:
        worker, client = self._worker, self._client
        client.channel.source = step.name
        run, is_whole = worker.run.of(client), False
        try:
            step.play(Player(run, client, self._chance))
            is_whole = True
        except Stopped:
            is_whole = True  # nothing was sent that is not known
            raise
        except Withheld as error:
            is_whole = True
            run.refusal = str(error)
        finally:
            if not is_whole:  # a request may have been cut off
                worker.queue.forget(self._account.alias)
        if run.refusal:
            worker.unplayable.setdefault(step.name, run.refusal)

    def _bound_memory(self) -> None:
        """Forget the long past of an account; on the mock its books are read before."""
        worker = self._worker
        with self._account.lock.take(alone=True):
            if worker.run.settings.mock:
                worker.renew(self._account, self._client)
            worker.queue.forget(self._account.alias)


def _peak_bytes() -> int:
    """Return the most memory that this process had; 0 where nobody says it."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Lag:
    """How late a process is: what it measures of responses is too long by as much."""

    _STEP = 0.05

    def __init__(self) -> None:
        self.seconds = 0.0
        self.count = 0
        self._is_over = False
        threading.Thread(target=self._work, name="lag", daemon=True).start()

    def stop(self) -> None:
        """End the measurement."""
        self._is_over = True

    def _work(self) -> None:
        while not self._is_over:
            started = time.monotonic()
            time.sleep(self._STEP)
            self.seconds += max(0.0, time.monotonic() - started - self._STEP)
            self.count += 1


class Reporter:
    """Sends updates every few seconds."""

    def __init__(
        self, worker: Worker, send: Callable[[Update], object], seconds: float = 2.0
    ) -> None:
        self._worker = worker
        self._send = send
        self._seconds = seconds
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reporter", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Send the rest."""
        self._is_over.set()
        self._thread.join()
        for update in self._worker.updates(is_final=True):
            self._send(update)

    def _work(self) -> None:
        while not self._is_over.wait(self._seconds):
            for update in self._worker.updates():
                self._send(update)
