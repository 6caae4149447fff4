"""Runs against a deployment that breaks HTTP, JSON and patience end in time, with a verdict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contract_tests.findings.result import EXIT_CODES
from contract_tests.http.channel import Channel, Limits
from contract_tests.http.exchange import MAX_NESTING, Exchange, Request
from contract_tests.http.redaction import Keyring
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness
from tests.contract_kit.http.hostile import ALL, QUICK, READABLE, hostile_server
from tests.contract_kit.program import PROJECT, environment, kit

TIMEOUT = 0.4
SLACK = 8.0
"""Seconds for the work of the kit itself, on a busy machine."""
MAX_MEMORY = 800_000_000
_MEASURED = """
import re, sys
from pathlib import Path
from contract_tests.cli import main

code = main(sys.argv[2:])
(peak,) = re.findall(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
Path(sys.argv[1]).write_text(str(int(peak) * 1_024))
sys.exit(code)
"""
"""Runs the kit and writes its peak of memory, which ``wait4`` confuses with that of the tests."""


def test_there_are_many_behaviours() -> None:
    """The hostile deployment has at least 27 modes."""
    assert len(ALL) >= 27


@pytest.mark.parametrize("name", ALL)
def test_a_request_ends_within_the_timeout(name: str) -> None:
    """Head, interim responses and body together take no longer than --timeout."""
    with hostile_server(ALL[name], polite=0) as url:
        channel = Channel(url, CONTRACT, Keyring(), limits=Limits(TIMEOUT))
        started = time.monotonic()
        exchange = channel.send(Request("POST", "/api/v1/billing/portal"))
        assert time.monotonic() - started < TIMEOUT + SLACK / 2
    assert bool(exchange.error) or bool(exchange.status)
    assert len(exchange.response_body) <= 17_000_000


@pytest.mark.parametrize("name", sorted(set(QUICK) - {"204 with a body"}))
def test_what_is_no_response_is_explained(name: str) -> None:
    """A response that HTTP does not allow is an error with a sentence, not a body to judge."""
    with hostile_server(QUICK[name], polite=0) as url:
        channel = Channel(url, CONTRACT, Keyring(), limits=Limits(TIMEOUT))
        exchange = channel.send(Request("POST", "/api/v1/billing/portal"))
    is_redirect = "redirect" in name
    is_upgrade = "upgrade" in name
    assert is_redirect or is_upgrade or " " in exchange.error, exchange


@pytest.mark.parametrize("name", READABLE)
def test_the_judge_reads_any_response(name: str) -> None:
    """Whatever a deployment sends as JSON, the judge ends, with a bounded number of findings."""
    harness = JudgeHarness()

    def judge(exchange: Exchange) -> None:
        harness.judge(exchange)

    with hostile_server(READABLE[name], polite=0) as url:
        channel = Channel(url, CONTRACT, Keyring(), limits=Limits(5), listeners=[judge])
        started = time.monotonic()
        channel.send(Request("GET", "/api/v1/billing/balance"))
    assert time.monotonic() - started < 2 * SLACK
    assert len(harness.found) < 500


@pytest.mark.parametrize("depth", [MAX_NESTING, MAX_NESTING + 1, 1_000, 100_000])
def test_a_deep_body_is_one_finding(depth: int) -> None:
    """A body with more levels than the bound is malformed. The finding says so in one sentence."""
    harness = JudgeHarness()
    harness.respond("get_balance", raw=b"[" * depth + b"]" * depth)
    is_deep = any("nested too deeply" in finding.got for finding in harness.found)
    assert is_deep == (depth > MAX_NESTING)
    if is_deep:
        assert [finding.kind for finding in harness.found] == ["malformed_body"]


def test_a_run_that_ends_before_it_begins_says_so() -> None:
    """A deployment that is silent for longer than the whole run cannot be reached."""
    with hostile_server(ALL["silence"], polite=0) as url:
        outcome = kit("run", url, "--max-time", "1s", "--timeout", "30s")
    assert outcome.code == 3
    assert outcome.error_line.endswith("cannot be reached: no response within --max-time")


@pytest.mark.slow  # each takes up to the time of the run
@pytest.mark.parametrize("name", ALL)
def test_a_run_ends_in_time_with_a_verdict(name: str, tmp_path: Path) -> None:
    """The run ends within --max-time, with a verdict, an exit code and bounded memory."""
    words = ["--max-time", "5s", "--timeout", "1s", "--max-examples", "2", "--quiet"]
    words += ["--report", "json,junit", "--report-dir", str(tmp_path)]
    output = tmp_path / "output.txt"
    with hostile_server(ALL[name]) as url, output.open("wb") as file:
        program = [sys.executable, "-c", _MEASURED, str(tmp_path / "peak"), "run", url, *words]
        process = subprocess.Popen(
            program, cwd=PROJECT, env=environment(), stdout=file, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(encoding="utf-8")
    assert process.returncode in EXIT_CODES.values(), text
    assert usage.ru_utime + usage.ru_stime < 5 + 4 * SLACK
    assert int((tmp_path / "peak").read_text(encoding="ascii")) < MAX_MEMORY
    for sign in ("an error of the kit", "fault of the kit", "RecursionError"):
        assert sign not in text
    if process.returncode != EXIT_CODES["unreachable"]:
        assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
