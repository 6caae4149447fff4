"""``contract-tests load`` against the mock: processes, verdicts, books, Ctrl-C."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contract_tests.safety.journal_file import JournalFile
from tests.contract_kit import faulty
from tests.contract_kit.faulty import Upstream
from tests.contract_kit.load.racy import racy
from tests.contract_kit.program import KEY, kit, started

pytestmark = pytest.mark.slow  # each starts processes of Locust

SHORT = ("--users", "10", "--time", "5s", "--wait", "0.2s", "--spawn-rate", "10")


@pytest.fixture(scope="module")
def server() -> Iterator[Upstream]:
    with faulty.mock() as running:
        yield running


def report(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text())


def test_two_processes_find_nothing_on_the_mock(server: Upstream, tmp_path: Path) -> None:
    """All users play on accounts of their own, and the books of all accounts are in order."""
    more = ("--workers", "2", "--report", "json,html", "--report-dir", tmp_path)
    outcome = kit("load", server.url, "--mock", *SHORT, *more)
    assert outcome.code == 0, outcome.out + outcome.err
    assert outcome.verdict.startswith("PASSED: 0 failures, 0 differences, 0 drift")
    document = report(tmp_path)
    load = document["load"]
    assert (load["users"], load["processes"]) == (10, 2)
    assert load["total"]["requests"] == sum(row["requests"] for row in load["operations"]) > 50
    assert load["total"]["failures"] == 0
    assert load["judge"]["judged"] == load["judge"]["of"] >= load["total"]["requests"]
    assert 0 < load["judge"]["processor_share"] < 1
    assert load["books"] >= 10
    for row in load["operations"]:
        assert 0 <= row["p50"] <= row["p95"] <= row["p99"] <= row["max"], row
    assert "LOAD  10 users in 2 processes for 5." in outcome.out
    assert 'id="load"' in (tmp_path / "report.html").read_text()


def test_the_mock_is_as_before(server: Upstream) -> None:
    """The accounts of the users are gone when the load test is over."""
    assert kit("load", server.url, "--mock", *SHORT[:2], "--time", "2s", "--quiet").code == 0
    assert "sk_test_load_" not in "".join(server.requests), "keys are in headers only"
    health = kit("run", server.url, "--mock", "--only", "get_balance", "--phases", "reads")
    assert health.code == 0


def test_a_race_fails_under_load_only(tmp_path: Path) -> None:
    """Cards of another account are found, which no request by itself would show."""
    words = ("--mock", "--only", "payment-methods", "--quiet")
    with racy() as running:
        assert kit("run", running.url, *words, "--phases", "reads").code == 0
        more = ("--report", "json", "--report-dir", tmp_path)
        outcome = kit("load", running.url, *words, *SHORT, *more)
    assert outcome.code == 1, outcome.out + outcome.err
    kinds = {finding["kind"] for finding in report(tmp_path)["findings"]}
    assert kinds & {"tenant", "state"}


def test_reads_are_all_that_is_sent_without_permission(server: Upstream) -> None:
    """The key comes from the environment and is in no output; users share its account."""
    server.requests.clear()
    outcome = kit("load", server.url, *SHORT, KEY_A="sk_test_loaded_account")
    assert (outcome.code, outcome.out) == (3, ""), "the mock refuses the planted key"
    assert KEY not in outcome.err
    words = ("--key-env", "KEY_A,KEY_B", "--workers", "2")
    keys = {"KEY_A": "sk_test_loaded_a", "KEY_B": "sk_test_loaded_b"}
    outcome = kit("load", server.url, *SHORT, *words, **keys)
    assert outcome.code == 0, outcome.out + outcome.err
    assert {request.split()[0] for request in server.requests} == {"GET"}
    assert not any("/_mock" in request for request in server.requests)
    assert "sk_test_loaded" not in outcome.out + outcome.err


def test_writes_are_put_back(server: Upstream, tmp_path: Path) -> None:
    """Each process has a journal of its accounts, and puts them back at the end."""
    words = ("--allow-writes", "--key-env", "KEY_A,KEY_B", "--workers", "2")
    keys = {"KEY_A": "sk_test_written_a", "KEY_B": "sk_test_written_b"}
    more = ("--journal", tmp_path / "load.journal", "--report", "json", "--report-dir", tmp_path)
    outcome = kit("load", server.url, *SHORT, *words, *more, **keys)
    assert outcome.code == 0, outcome.out + outcome.err
    journals = sorted(tmp_path.glob("load.journal*"))
    assert [path.name for path in journals] == ["load.journal", "load.journal.1"]
    for path in journals:
        with closing(JournalFile(path)) as file:
            assert (file.record.before.keys() != set(), file.record.unfinished) == (True, [])
    methods = {request.split()[0] for request in server.requests}
    assert {"GET", "PUT", "POST", "DELETE"} <= methods
    assert not [note for note in report(tmp_path)["notes"] if "not put back" in note]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_in_order(server: Upstream, workers: str, tmp_path: Path) -> None:
    """The report is written, with the books of the accounts, and the exit code is 130."""
    words = ("--users", "5", "--time", "10m", "--workers", workers)
    more = ("--report", "json", "--report-dir", tmp_path)
    server.requests.clear()
    with started("load", server.url, "--mock", *words, *more) as process:
        ends_at = time.monotonic() + 60
        while not any("/balance" in request for request in list(server.requests)):
            assert time.monotonic() < ends_at, "no load"
            time.sleep(0.2)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=90)
    assert process.returncode == 130, out + err
    assert "INTERRUPTED: 0 failures" in out
    assert report(tmp_path)["load"]["books"] >= 1


def test_a_deployment_that_is_not_there(tmp_path: Path) -> None:
    """No process is started when nothing answers."""
    outcome = kit("load", "http://127.0.0.1:9", "--mock", "--report-dir", tmp_path)
    assert outcome.code == 3
    assert "connection refused" in outcome.error_line


def test_a_master_waits_for_its_workers(server: Upstream, tmp_path: Path) -> None:
    """A worker with its own command line makes the load, and the master reports."""
    port = ("--master-port", "15557")
    more = ("--report", "json", "--report-dir", tmp_path)
    with (
        started("load", server.url, "--mock", *SHORT, "--master", *port, *more) as master,
        started(
            "load", server.url, "--mock", "--worker", "--master-host", "127.0.0.1", *port
        ) as worker,
    ):
        out, err = master.communicate(timeout=120)
        assert master.returncode == 0, out + err
        worker_out, worker_err = worker.communicate(timeout=30)
    assert (worker.returncode, worker_out) == (0, ""), worker_err
    assert report(tmp_path)["load"]["total"]["requests"] > 20


def test_a_process_that_cannot_begin_says_why(server: Upstream) -> None:
    """The reason is in one line, and no process is left."""
    words = ("--workers", "2", "--time", "2s", "--only", "get_balance")
    outcome = kit("load", server.url, "--mock", *words, PYTHONHASHSEED="not a number")
    assert (outcome.code, outcome.out) == (2, "")
    assert "a process of the load test ended early: " in outcome.err.splitlines()[-1]


def test_a_deployment_that_goes_away_is_unreachable(tmp_path: Path) -> None:
    """The load test ends in time, with all failures in one line, and the exit code is 3."""
    more = ("--report", "json", "--report-dir", tmp_path)
    with (
        faulty.mock() as running,
        started("load", running.url, "--mock", *SHORT[:2], "--time", "10s", *more) as process,
    ):
        ends_at = time.monotonic() + 60
        while not any("/balance" in request for request in list(running.requests)):
            assert time.monotonic() < ends_at, "no load"
            time.sleep(0.2)
        running.stop()
        out, err = process.communicate(timeout=90)
    assert process.returncode == 3, out + err
    assert "UNREACHABLE: " in out
    document = report(tmp_path)
    assert [error["error"] for error in document["load"]["errors"]] != []
    assert len([note for note in document["notes"] if "could not be read at the end" in note]) == 1
