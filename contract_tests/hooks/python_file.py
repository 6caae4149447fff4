"""The functions of a Python file, which run in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoReply
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from contract_tests.errors import UsageError
from contract_tests.hooks.hook import Declared, HookFailed, as_text, misspelt
from contract_tests.hooks.process import TIME_LIMIT, end_group, plain

START_LIMIT = 30.0
"""Seconds that a file of hooks may take to load."""


class HookFile:
    """The functions of a Python file, which run in a process of their own."""

    def __init__(self, path: Path, known: Iterable[str], *, limit: float = TIME_LIMIT) -> None:
        self.title = path.name
        self.hooks: dict[str, Declared] = {}
        self._path, self._limit = path, limit
        self._worker: _Worker | None = None
        self._lock = threading.Lock()
        if not path.is_file():
            raise UsageError(f"--hooks {path}: there is no such file")
        self._load(list(known))

    def call(self, name: str, values: Mapping[str, Any]) -> Any:
        with self._lock:
            worker = self._running()
        try:
            reply = worker.ask({"name": name, "values": values}).result(self._limit)
        except NoReply:
            worker.kill()
            raise HookFailed(
                f"{self.title}: {name}: ended after the time limit of {self._limit:g} s"
            ) from None
        if "error" in reply:
            raise HookFailed(f"{self.title}: {name}: {as_text(reply['error'])}")
        return reply.get("value")

    def close(self) -> None:
        if self._worker is not None:
            self._worker.kill()

    def _running(self) -> _Worker:
        if self._worker is None or self._worker.has_ended:
            self._worker = _Worker(self._path)
            self._worker.hello(START_LIMIT)
        return self._worker

    def _load(self, known: list[str]) -> None:
        """Start the process, and read which hooks the file defines. Raise UsageError."""
        try:
            reply = self._running_for_the_first_time()
        except NoReply:
            self.close()
            raise UsageError(
                f"--hooks {self._path}: it does not load within {START_LIMIT:g} s"
            ) from None
        if "error" in reply:
            self.close()
            raise UsageError(f"--hooks {self._path}: {as_text(reply['error'])}")
        for name, found in reply["functions"].items():
            if name in known or misspelt(name, known):
                self.hooks[name] = Declared(
                    tuple(found["parameters"]), tuple(found["required"]), found["any"]
                )
        if not self.hooks:
            self.close()
            raise UsageError(
                f"--hooks {self._path}: it defines no hook; there are: {', '.join(known)}"
            )

    def _running_for_the_first_time(self) -> dict[str, Any]:
        self._worker = _Worker(self._path)
        return self._worker.hello(START_LIMIT)


class _Worker:
    """A process that runs the functions of a file, several at the same time."""

    def __init__(self, path: Path) -> None:
        self.has_ended = False
        self._first: Future[dict[str, Any]] = Future()
        """The first message. The other thread may take it from the replies before it is read."""
        self._replies = {0: self._first}
        self._lock = threading.Lock()
        self._count = 0
        self._process = subprocess.Popen(  # noqa: S603 (this interpreter)
            [sys.executable, "-m", "contract_tests.hooks.worker", str(path.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._stdin = cast(IO[bytes], self._process.stdin)
        self._stdout = cast(IO[bytes], self._process.stdout)
        threading.Thread(target=self._listen, daemon=True).start()

    def hello(self, limit: float) -> dict[str, Any]:
        """Return the first message: the functions, or an error. Raise NoReply."""
        return self._first.result(limit)

    def ask(self, message: dict[str, Any]) -> Future[dict[str, Any]]:
        """Send a message, and return its reply to come."""
        with self._lock:
            self._count += 1
            number, reply = self._count, Future[dict[str, Any]]()
            self._replies[number] = reply
            line = json.dumps({"id": number, **message}, default=plain) + "\n"
            try:
                self._stdin.write(line.encode())
                self._stdin.flush()
            except OSError:
                self._end()
        return reply

    def kill(self) -> None:
        self.has_ended = True
        end_group(self._process)
        for stream in (self._stdin, self._stdout):
            with suppress(OSError):
                stream.close()

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            for line in self._stdout:
                reply = json.loads(line)
                future = self._replies.pop(reply.pop("id", 0), None)
                if future is not None:
                    future.set_result(reply)
        self._end()

    def _end(self) -> None:
        self.has_ended = True
        for future in list(self._replies.values()):
            with suppress(Exception):  # it has its reply
                future.set_result({"error": "the process of the hooks has ended"})
