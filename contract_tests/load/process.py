"""A process of a load test: ``python -m contract_tests.load.process``, started by the command.

It gets its settings on standard input, and a master writes lines of ``messages`` to standard
output. It is a process of its own because gevent replaces the sockets, threads and locks of the
standard library in it.
"""

# ruff: noqa: E402
from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import os
import pickle
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import BinaryIO

import requests
from locust import User, between, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import LocalRunner, MasterRunner, WorkerRunner
from locust.stats import RequestStats, StatsEntry

from contract_tests.cli import say
from contract_tests.errors import KitError
from contract_tests.http.channel import Stopped
from contract_tests.http.exchange import Exchange
from contract_tests.load import messages
from contract_tests.load.messages import Line, Listening, Outcome, Progress, Row, Update
from contract_tests.load.plan import Plan, Seat
from contract_tests.load.tally import Tally
from contract_tests.load.worker import BOOKS_SECONDS, Reporter, Worker
from contract_tests.load.worker import User as Playing
from contract_tests.settings import Settings

FINISH = "contract-tests-finish"
"""The message by which a master ends the load of its workers."""
_PATIENCE = 10.0
"""Seconds beyond the longest response and the books that a master waits for its workers."""
_MAX_ERRORS = 20


class Messages:
    """The way to the command, and the signs that it is to end."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self.stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stop.set())
        threading.Thread(target=self._watch, args=(os.getppid(),), daemon=True).start()

    def send(self, line: Line) -> None:
        """Send a line to the command."""
        with suppress(OSError):  # the command is gone, which ends this process
            self._output.write(messages.line(line))
            self._output.flush()

    def _watch(self, parent: int) -> None:
        """End the load test when the command was killed."""
        while os.getppid() == parent:
            time.sleep(1)
        self.stop.set()


def main() -> int:
    """Run the process until its part of the load test is over. Return the exit code."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no line of ours
    settings, plan, seat = pickle.load(sys.stdin.buffer)  # noqa: S301 (the command wrote it)
    settings = replace(settings, environment=os.environ)
    try:
        _run(settings, plan, seat, output)
    except KitError as error:
        say(str(error))
        return error.exit_code
    return 0


def _run(settings: Settings, plan: Plan, seat: Seat, output: BinaryIO) -> None:
    _allow_many_files()
    way = Messages(output)
    environment = Environment(stop_timeout=settings.timeout + _PATIENCE)
    if seat.role == "master":
        _lead(environment, settings, plan, seat, way)
        return
    worker = Worker(settings, plan, seat, _measure(environment))
    environment.user_classes = [_user_class(worker, plan)]
    if seat.role == "worker":
        _follow(environment, worker, seat, way)
    else:
        _alone(environment, worker, plan, way)


def _allow_many_files() -> None:
    if sys.platform != "win32":
        import resource

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


# ------------------------------------------------------------------------------------------- users


class ContractUser(User):
    """Stands for the users of workers, in the master."""

    abstract = False

    @task
    def play(self) -> None:
        """Do nothing: a master has no users."""


def _user_class(worker: Worker, plan: Plan) -> type[User]:
    numbers = count()

    class Customer(User):
        wait_time = between(plan.wait / 2, plan.wait * 3 / 2)

        def on_start(self) -> None:
            with _StepErrors(worker):
                worker.begin(_index(self.environment))
                self.user = Playing(worker, next(numbers))

        @task
        def play(self) -> None:
            if worker.is_stopping or not hasattr(self, "user"):
                raise StopUser
            with _StepErrors(worker):
                self.user.play()

    Customer.__name__ = ContractUser.__name__  # as the master calls it
    return Customer


def _index(environment: Environment) -> int:
    """Return the number of this process among all workers."""
    while environment.runner is None:  # users may come before the runner is complete
        time.sleep(0.01)
    return getattr(environment.runner, "worker_index", 0)


class _StepErrors:
    """Turns what may happen in a step into the end of the user, or a line in the report."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Stopped):
            raise StopUser from None
        if isinstance(error, KitError | requests.RequestException):
            time.sleep(1)  # no response, which the judge has seen
            return True
        if isinstance(error, Exception):
            self._worker.on_error(error)
            return True
        return False


def _measure(environment: Environment) -> Callable[[Exchange, str], object]:
    def measure(exchange: Exchange, name: str) -> None:
        failure = exchange.error or (str(exchange.status) if exchange.status >= 500 else None)
        environment.events.request.fire(
            request_type=exchange.method,
            name=name,
            response_time=exchange.seconds * 1000,
            response_length=len(exchange.response_body),
            exception=failure,
            context={},
        )

    return measure


# ----------------------------------------------------------------------------------------- workers


def _follow(environment: Environment, worker: Worker, seat: Seat, way: Messages) -> None:
    """Be a worker: users come from the master, and updates go to it."""
    connected = threading.Event()
    threading.Thread(target=_give_up, args=(way, connected), daemon=True).start()
    runner = environment.create_worker_runner(seat.host, seat.port)
    connected.set()

    def send(update: Update) -> None:
        runner.send_message(messages.NAME, {"update": messages.packed(update)})

    reporter = Reporter(worker, send)
    lock, ended = threading.Lock(), threading.Event()

    def finish(**_: object) -> None:
        with lock:
            if ended.is_set():
                return
            ended.set()
            _finish(runner, worker)
            data: dict[str, object] = {}
            environment.events.report_to_master.fire(client_id=runner.client_id, data=data)
            runner.send_message("stats", data)
            reporter.finish()

    runner.register_message(FINISH, finish, concurrent=True)
    threading.Thread(target=_stop_later, args=(way, runner, finish), daemon=True).start()
    runner.greenlet.join()
    finish()  # accounts are put back even when the master has gone


def _give_up(way: Messages, connected: threading.Event) -> None:
    """End a worker that is asked to end before its master has responded."""
    way.stop.wait()
    if not connected.is_set():
        os._exit(1)  # nothing was sent to the deployment


def _stop_later(way: Messages, runner: WorkerRunner, finish: Callable[[], None]) -> None:
    """End a worker that was asked to end by a signal."""
    way.stop.wait()
    finish()
    runner.quit()


def _finish(runner: LocalRunner | WorkerRunner, worker: Worker) -> None:
    worker.stop()
    runner.stop()
    worker.finish()


def _alone(environment: Environment, worker: Worker, plan: Plan, way: Messages) -> None:
    """Make load without other processes."""
    runner, tally = environment.create_local_runner(), Tally()
    reporter = Reporter(worker, lambda update: tally.add("local", update))
    started = time.monotonic()
    runner.start(plan.users, plan.spawn_rate)
    stopped = _wait(environment, plan, tally, way, lambda: runner.user_count)
    seconds = time.monotonic() - started
    _finish(runner, worker)
    reporter.finish()
    runner.quit()
    way.send(_outcome(environment, tally, seconds, 1, stopped))


# ------------------------------------------------------------------------------------------ master


def _lead(
    environment: Environment, settings: Settings, plan: Plan, seat: Seat, way: Messages
) -> None:
    """Be the master: start the users of the workers, and collect what they send."""
    environment.user_classes = [ContractUser]
    runner, tally = environment.create_master_runner(seat.host, seat.port), Tally()

    def receive(msg: object, **_: object) -> None:
        data = getattr(msg, "data", None)
        update = messages.unpacked(data.get("update") if isinstance(data, dict) else None)
        tally.add(str(getattr(msg, "node_id", "")), update)

    runner.register_message(messages.NAME, receive)
    way.send(Listening(runner.server.port))
    if not _wait_for_workers(runner, plan, way):
        missing = plan.workers - len(runner.clients.ready)
        why = "interrupted" if way.stop.is_set() else f"{missing} of {plan.workers} workers missing"
        way.send(_outcome(environment, tally, 0.0, 0, why))
        runner.quit()
        return
    workers = list(runner.clients)
    started = time.monotonic()
    threading.Thread(target=runner.start, args=(plan.users, plan.spawn_rate), daemon=True).start()
    stopped = _wait(environment, plan, tally, way, lambda: runner.user_count)
    seconds = time.monotonic() - started
    runner.send_message(FINISH)
    ends_at = time.monotonic() + settings.timeout + BOOKS_SECONDS + 2 * _PATIENCE
    while time.monotonic() < ends_at and not all(map(tally.is_final, _alive(runner, workers))):
        time.sleep(0.1)
    lost = sum(not tally.is_final(worker) for worker in workers)
    runner.quit()
    if lost:
        tally.problem(f"{lost} of {len(workers)} workers were lost before they had reported all")
    way.send(_outcome(environment, tally, seconds, len(workers), stopped))


def _wait_for_workers(runner: MasterRunner, plan: Plan, way: Messages) -> bool:
    ends_at = time.monotonic() + plan.timeout
    while len(runner.clients.ready) < plan.workers:
        if way.stop.wait(0.1) or time.monotonic() > ends_at:
            return False
    return True


def _alive(runner: MasterRunner, workers: list[str]) -> list[str]:
    missing = {worker.id for worker in runner.clients.missing}
    return [worker for worker in workers if worker in runner.clients and worker not in missing]


def _wait(
    environment: Environment,
    plan: Plan,
    tally: Tally,
    way: Messages,
    users: Callable[[], int],
) -> str:
    """Wait until the load test is over. Return why it ends before its time."""
    ends_at = time.monotonic() + plan.seconds
    while (left := ends_at - time.monotonic()) > 0:
        if way.stop.wait(min(left, 1.0)):
            return "interrupted"
        total = environment.stats.total.num_requests
        way.send(Progress(total, len(tally.findings), users()))
    return ""


def _outcome(
    environment: Environment, tally: Tally, seconds: float, workers: int, stopped: str
) -> Outcome:
    stats = environment.stats
    entries = sorted(stats.entries.values(), key=lambda entry: entry.name)
    rows = [_row(entry, entry.name, seconds) for entry in entries]
    return Outcome(
        tally.counts(),
        tally.united(),
        [*rows, _row(stats.total, "", seconds)],
        _errors(stats),
        seconds,
        workers,
        stopped,
    )


def _errors(stats: RequestStats) -> list[tuple[str, int, int]]:
    """Return the failures by what happened, the most frequent first."""
    names: dict[str, set[str]] = {}
    times: Counter[str] = Counter()
    for error in stats.errors.values():
        text = str(error.error)
        names.setdefault(text, set()).add(error.name)
        times[text] += error.occurrences
    return [(text, len(names[text]), number) for text, number in times.most_common(_MAX_ERRORS)]


def _row(entry: StatsEntry, name: str, seconds: float) -> Row:
    p50, p95, p99 = (entry.get_response_time_percentile(share) for share in (0.5, 0.95, 0.99))
    longest = round(entry.max_response_time, 1)
    return Row(
        operation=name,
        requests=entry.num_requests,
        failures=entry.num_failures,
        per_second=round(entry.num_requests / seconds, 2) if seconds else 0.0,
        p50=min(p50, longest),
        p95=min(p95, longest),
        p99=min(p99, longest),
        longest=longest,
    )


if __name__ == "__main__":
    sys.exit(main())
