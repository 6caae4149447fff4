"""The cost of the fixture ``billing_mock`` for a test: ``python -m benchmarks.plugin``.

Figures are medians of 200 tests, from the first hook of a test to the last, minus those of empty
tests.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
TESTS = 200
LIMIT_MILLISECONDS = 5.0
_PLUGINS = ("-p", "mockserver.pytest_plugin", "-p", "xdist.plugin")

_CONFTEST = """
import time
from http.client import HTTPConnection

import pytest

TIMES = []

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol():
    began = time.perf_counter()
    try:
        return (yield)
    finally:
        TIMES.append(time.perf_counter() - began)

def pytest_sessionfinish(session):
    if TIMES:
        worker = getattr(session.config, "workerinput", {}).get("workerid", "alone")
        (session.config.rootpath / f"times-{worker}").write_text(" ".join(map(str, TIMES[1:])))

@pytest.fixture(scope="session")
def client(billing_mock_url):
    http = HTTPConnection(billing_mock_url.removeprefix("http://"))
    yield http
    http.close()
"""

_HEAD = """
import pytest

def ask(client, mock):
    client.request("GET", "/api/v1/billing/balance", headers=mock.headers)
    response = client.getresponse()
    assert (response.status, len(response.read()) > 0) == (200, True)
"""

_REQUEST = """
{marker}
@pytest.mark.parametrize("number", range({tests}))
def test_one(billing_mock, client, number):
    ask(client, billing_mock)
"""

SUITES = {
    "nothing": (
        '@pytest.mark.parametrize("number", range({tests}))\ndef test_one(number):\n    pass\n'
    ),
    "fixture": (
        '@pytest.mark.parametrize("number", range({tests}))\n'
        "def test_one(billing_mock, number):\n    pass\n"
    ),
    "fixture, first request": _REQUEST,
    "persona subscriber, first request": _REQUEST.replace(
        "{marker}", '@pytest.mark.billing_mock(persona="subscriber")'
    ),
    "persona power_user, first request": _REQUEST.replace(
        "{marker}", '@pytest.mark.billing_mock(persona="power_user")'
    ),
}


def main() -> int:
    """Print a table; return 1 if a test with the default account takes too long."""
    worst = 0.0
    for name, workers in (("one process", ()), ("xdist -n 2", ("-n", "2"))):
        print(f"{name}, median (95th percentile) of {TESTS} tests:")
        for suite, text in SUITES.items():
            times = sorted(_measure(text, workers))
            median = statistics.median(times) * 1000
            if suite == "nothing":
                base = median
            elif not suite.startswith("persona"):
                worst = max(worst, median - base)
            print(
                f"  {suite:<36}{median:7.2f} ms ({times[len(times) * 95 // 100] * 1000:.2f})  "
                f"+{median - base:.2f} ms"
            )
    return int(worst > LIMIT_MILLISECONDS)


def _measure(suite: str, workers: Sequence[str]) -> list[float]:
    """Return the seconds of each test except the first of each process."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "conftest.py").write_text(_CONFTEST)
        text = _HEAD + suite.replace("{marker}", "").replace("{tests}", str(TESTS))
        (folder / "test_suite.py").write_text(text)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *_PLUGINS,
            *workers,
        ]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        return [float(name) for file in folder.glob("times-*") for name in file.read_text().split()]


if __name__ == "__main__":
    sys.exit(main())
