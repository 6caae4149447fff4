"""Starts the processes of a load test, and reads what they report."""

from __future__ import annotations

import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from contract_tests.errors import KitError
from contract_tests.http.redaction import Keyring
from contract_tests.load import messages
from contract_tests.load.messages import Line, Listening, Outcome, Progress
from contract_tests.load.plan import Plan, Seat
from contract_tests.settings import Settings
from contract_tests.text import printable

_PATIENCE = 60.0
"""Seconds in which a process ends after the outcome. A late worker puts its accounts back."""
_MAX_LINES = 20


class Process:
    """One process, and the end of what it wrote to standard error."""

    def __init__(self, settings: Settings, plan: Plan, seat: Seat) -> None:
        self._errors: deque[str] = deque(maxlen=_MAX_LINES)
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "contract_tests.load.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if seat.role != "worker" else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(settings.environment),
            start_new_session=True,  # Ctrl-C is for the command, which ends the others in order
        )
        self.lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        """What it writes to standard output; empty at the end. Ctrl-C tears no line of it."""
        self._readers = [
            threading.Thread(target=target, daemon=True)
            for target in (self._read_errors, self._read_lines)
        ]
        for reader in self._readers:
            reader.start()
        if self.popen.stdin is not None:
            with suppress(BrokenPipeError), self.popen.stdin as way:
                way.write(pickle.dumps((replace(settings, environment={}), plan, seat)))

    @property
    def error_line(self) -> str:
        """The last line that it wrote to standard error."""
        self._readers[0].join(timeout=1)
        lines = [line for line in self._errors if line.strip()]
        text = Keyring().text(lines[-1] if lines else f"exit code {self.popen.poll()}")
        return printable(text.strip().removeprefix("contract-tests: "))[:300]

    def ask_to_end(self) -> None:
        """Ask the process to end in order, if it has not ended."""
        self.popen.send_signal(signal.SIGINT)

    def close(self, seconds: float) -> None:
        """Wait until the process has ended; kill it when it takes too long."""
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self.popen.stdout, self.popen.stderr):
            if pipe is not None:
                pipe.close()

    def _read_errors(self) -> None:
        for text in self.popen.stderr or ():
            self._errors.append(text[:1_000].decode("utf-8", "backslashreplace"))

    def _read_lines(self) -> None:
        for text in self.popen.stdout or ():
            self.lines.put(text)
        self.lines.put(b"")


class Crew:
    """All processes of a load test on this machine."""

    def __init__(
        self, settings: Settings, plan: Plan, on_progress: Callable[[Progress], object]
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._on_progress = on_progress
        self._workers: list[Process] = []
        self._has_begun = False
        self._lost = ""

    def play(self, seat: Seat, *, has_workers_here: bool) -> Outcome:
        """Run the load test. Raise KitError, or KeyboardInterrupt when interrupted twice."""
        first = Process(self._settings, self._plan, seat)
        outcome: Outcome | None = None
        try:
            outcome = self._listen(first, has_workers_here=has_workers_here)
        except BaseException:
            for process in (first, *self._workers):
                process.popen.kill()
            raise
        finally:
            if outcome is None:  # the master has gone: its workers put back what they changed
                for process in self._workers:
                    process.ask_to_end()
            for process in (first, *self._workers):
                process.close(_PATIENCE)
        if outcome is None:
            raise KitError(f"a process of the load test ended early: {self._lost}")
        return outcome

    def serve(self, seat: Seat) -> None:
        """Be a worker of a master elsewhere. Raise KitError."""
        process = Process(self._settings, self._plan, seat)
        try:
            while process.popen.poll() is None:
                try:
                    process.popen.wait()
                except KeyboardInterrupt:
                    if self._has_begun:  # the second one
                        raise
                    self._has_begun = True
                    process.ask_to_end()
        finally:
            process.close(0)
        if process.popen.returncode:
            raise KitError(f"the worker ended early: {process.error_line}")

    def _listen(self, first: Process, *, has_workers_here: bool) -> Outcome | None:
        """Read lines until the outcome. The first Ctrl-C ends the load test in order."""
        is_interrupted = False
        while True:
            try:
                text = first.lines.get()
                if not text:
                    self._lost = self._lost or first.error_line
                    return None
                message = messages.read_line(text)
                if isinstance(message, Outcome):
                    return message
                self._take(message, first, has_workers_here=has_workers_here)
            except KeyboardInterrupt:
                if is_interrupted:
                    raise
                is_interrupted = True
                first.ask_to_end()

    def _take(self, message: Line, first: Process, *, has_workers_here: bool) -> None:
        if isinstance(message, Progress):
            self._has_begun = True
            self._on_progress(message)
        elif isinstance(message, Listening) and has_workers_here:
            self._start_workers(message, first)

    def _start_workers(self, listening: Listening, first: Process) -> None:
        count = self._plan.workers
        for index in range(count):
            seat = Seat("worker", index, count, "127.0.0.1", listening.port)
            worker = Process(self._settings, self._plan, seat)
            self._workers.append(worker)
            threading.Thread(target=self._watch, args=(worker, first), daemon=True).start()

    def _watch(self, worker: Process, first: Process) -> None:
        """End the load test when a worker ends before it has begun."""
        if worker.popen.wait() and not self._has_begun:
            self._lost = worker.error_line
            first.popen.kill()
