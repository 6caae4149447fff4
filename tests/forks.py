"""Tests in several processes, forked when all tests are collected: ``-p tests.forks --forks 3``.

The modules are imported and the tests collected once, and the processes share that memory. Each
takes the next file when it has finished one, and has session fixtures of its own. Only one process
can tell the durations of setups and teardowns, or write JUnit's XML: leave the options out for
those.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from itertools import groupby
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any

import pytest

_BATCH = 40
"""Reports that are sent together."""
_TURN_BYTES = 4
_context = multiprocessing.get_context("fork")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--forks", type=int, default=0, help="run the tests in so many processes, file by file"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run all tests in processes and report them here, unless tests could not be collected."""
    config = session.config
    number = config.getoption("forks")
    if not number or session.testsfailed or config.getoption("collectonly"):
        return None
    files = [list(items) for _, items in groupby(session.items, lambda item: item.path)]
    config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # shared by the processes
    turns = _turns(len(files))
    workers = dict(_start(session, files, turns) for _ in range(number))
    os.close(turns)
    try:
        _report_all(session, workers)
    finally:
        for process in workers.values():
            process.terminate()
            process.join()
    return True


def _turns(count: int) -> int:
    """Return a pipe with the numbers of the files. Each number is read by one process."""
    turns, numbers = os.pipe()
    os.set_blocking(numbers, False)
    all_turns = b"".join(number.to_bytes(_TURN_BYTES) for number in range(count))
    assert os.write(numbers, all_turns) == len(all_turns), "more files than a pipe has room for"
    os.close(numbers)
    return turns


def _start(
    session: pytest.Session, files: list[list[pytest.Item]], turns: int
) -> tuple[Connection[Any, Any], ForkProcess]:
    received, sent = _context.Pipe(duplex=False)
    process = _context.Process(target=_work, args=(session, files, turns, sent))
    process.start()
    sent.close()
    return received, process


def _report_all(session: pytest.Session, workers: dict[Connection[Any, Any], ForkProcess]) -> None:
    """Report what the processes send until all have ended. Fail if a test was not reported."""
    hook = session.config.hook
    missing = {item.nodeid for item in session.items}
    running = set(workers)
    while running:
        for connection in wait(list(running)):
            assert isinstance(connection, Connection)
            try:
                reports = connection.recv()
            except EOFError:
                running.remove(connection)
                workers[connection].join()
                if code := workers[connection].exitcode:
                    session.shouldfail = f"a process of tests ended with exit code {code}"
                elif missing and not running:
                    session.shouldfail = f"{len(missing)} tests have not ended: {min(missing)} ..."
                reports = []
            for data in reports:
                report = hook.pytest_report_from_serializable(config=session.config, data=data)
                missing.discard(report.nodeid)
                hook.pytest_runtest_logreport(report=report)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)


# -------------------------------------------------------------------------------- in the processes


class _Sender:
    """Sends the reports that the terminal shows to the first process."""

    def __init__(self, config: pytest.Config, connection: Connection[Any, Any]) -> None:
        self._config = config
        self._connection = connection
        self._waiting: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a report until there are enough. Passed setups and teardowns are not shown."""
        if report.when == "call" or not report.passed:
            data = self._config.hook.pytest_report_to_serializable(
                config=self._config, report=report
            )
            self._waiting.append(data)
        if len(self._waiting) >= _BATCH or report.failed:
            self.send()

    def send(self) -> None:
        """Send what waits."""
        self._connection.send(self._waiting)
        self._waiting = []


def _work(
    session: pytest.Session,
    files: list[list[pytest.Item]],
    turns: int,
    connection: Connection[Any, Any],
) -> None:
    """Run the tests of one file after the other."""
    plugins = session.config.pluginmanager
    capture = plugins.getplugin("capturemanager")
    capture.stop_global_capturing()  # its files are the first process's
    capture.start_global_capturing()
    plugins.unregister(name="terminalreporter")
    sender = _Sender(session.config, connection)
    plugins.register(sender)
    items = _items(files, turns)
    item = next(items, None)
    while item is not None:
        following = next(items, None)  # fixtures that it shares with the item are kept
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        item = following
    sender.send()


def _items(files: list[list[pytest.Item]], turns: int) -> Iterator[pytest.Item]:
    """Yield the tests of the files whose turn comes up in this process."""
    while number := os.read(turns, _TURN_BYTES):
        yield from files[int.from_bytes(number)]
