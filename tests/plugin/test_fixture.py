"""The fixtures of the plugin, in the test suite of a user."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.plugin.suite import ROOT, Outcome, command, environment, facts_of, run, write
from tests.plugin.test_server import refuses_connections, wait_until_refused

SUITE = """
import hashlib
import json
from datetime import UTC, datetime
from http.client import HTTPConnection

import pytest

from mockserver.testing import BillingMock

marked = pytest.mark.billing_mock


def facts(mock):
    digest = hashlib.sha256(json.dumps(mock.state).encode()).hexdigest()
    return {
        "key": mock.api_key,
        "url": mock.url,
        "now": mock.now.isoformat(),
        "requests": len(mock.requests),
        "state": digest,
    }


def change(mock):
    http = HTTPConnection(mock.url.removeprefix("http://"))
    http.request("POST", "/api/v1/billing/deposit", '{"amount_cents": 5000}', mock.headers)
    assert http.getresponse().status == 200
    http.close()
    mock.complete_checkout()
    mock.use("js", 100)
    mock.advance(days=40)
    assert mock.requests and not mock.invariants()


def test_first(billing_mock, remember):
    remember(**facts(billing_mock))
    change(billing_mock)


def test_second(billing_mock: BillingMock, remember):
    remember(**facts(billing_mock))
    change(billing_mock)


@pytest.mark.parametrize("number", [1, 2])
def test_with_a_number(billing_mock, remember, number):
    remember(**facts(billing_mock))
    change(billing_mock)


@marked(persona="subscriber", now="2025-01-01")
class TestOfAClass:
    def test_persona(self, billing_mock, remember):
        remember(**facts(billing_mock))
        change(billing_mock)

    @marked(persona="new")
    def test_nearest(self, billing_mock, remember):
        remember(**facts(billing_mock))

    @marked(key="sk_test_mine", now=datetime(2027, 1, 1, tzinfo=UTC))
    def test_key(self, billing_mock, remember):
        remember(**facts(billing_mock))


def test_url(billing_mock_url, billing_mock, remember):
    assert billing_mock_url == billing_mock.url
    remember(**facts(billing_mock))
"""

ACCOUNTS = ("test_first", "test_second", "test_with_a_number[1]", "test_url")
"""Tests without a marker: each has its own account."""
TESTS = (*ACCOUNTS, "test_with_a_number[2]", "test_persona", "test_nearest", "test_key")
"""All tests of the suite."""

TAKES = "@pytest.mark.billing_mock takes"
INVALID_MARKERS = {
    'persona="nobody"': (
        "billing_mock: There is no persona 'nobody' with a key. Personas with a key: "
    ),
    'persna="new"': f"{TAKES} persona=, key= and now=, not persna.",
    '"new"': f"{TAKES} persona=, key= and now=, not 'new'.",
    'persona="new", key="sk_test_x"': (
        f"{TAKES} either persona= or key=, since a persona has its own key."
    ),
    'now="soon"': "billing_mock: 'soon' is not a time in ISO 8601, such as 2026-03-01T12:00:00Z.",
    'now="1950-01-01"': "billing_mock: A clock starts between 1975 and 2200.",
}
"""Arguments of the marker, and the error of a test that has it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    write(folder, SUITE)
    return folder


@pytest.fixture(scope="module")
def outcome(folder: Path) -> Outcome:
    """Run the suite once, with warnings as errors."""
    return run(folder, "--strict-markers", "--strict-config")


@pytest.mark.slow
def test_every_test_gets_a_mock(outcome: Outcome) -> None:
    """All tests pass, without warnings and without output on standard error."""
    assert outcome.counts == {"passed": len(TESTS)}, outcome.out
    assert set(outcome.of("key")) == set(TESTS)
    assert (outcome.code, outcome.err) == (0, "")
    assert "warning" not in outcome.out.lower()


def test_one_server_serves_the_whole_run_and_ends_with_it(outcome: Outcome) -> None:
    """All tests see the same URL, which refuses connections afterwards."""
    (url,) = set(outcome.of("url").values())
    assert refuses_connections(url)


def test_each_test_has_its_own_account(outcome: Outcome) -> None:
    """The key is derived from the test's name with its parameters."""
    keys = [outcome.of("key")[name] for name in ACCOUNTS]
    assert len(set(keys)) == len(ACCOUNTS)
    assert all(re.fullmatch("sk_test_[0-9a-f]{24}", key) for key in keys)


def test_a_test_does_not_see_the_changes_of_others(outcome: Outcome) -> None:
    """The clock is reset, and the request log is empty."""
    assert set(outcome.of("requests").values()) == {0}
    assert outcome.of("now")["test_second"] == "2026-03-18T12:00:00+00:00"


def test_a_marker_chooses_account_and_start_time(outcome: Outcome) -> None:
    """It is set on a test, a class or a module; the nearest marker counts for each argument."""
    keys, times = outcome.of("key"), outcome.of("now")
    assert (keys["test_persona"], times["test_persona"]) == (
        "sk_test_subscriber",
        "2025-01-01T00:00:00+00:00",
    )
    assert (keys["test_nearest"], times["test_nearest"]) == (
        "sk_test_new",
        "2025-01-01T00:00:00+00:00",
    )
    assert (keys["test_key"], times["test_key"]) == ("sk_test_mine", "2027-01-01T00:00:00+00:00")


@pytest.mark.slow
def test_an_invalid_marker_or_call_is_reported_in_one_line(tmp_path: Path) -> None:
    """There is no traceback through the plugin; for a call, the line of the test is shown."""
    tests = "".join(
        f"@pytest.mark.billing_mock({marker})\ndef test_{number}(billing_mock): pass\n"
        for number, marker in enumerate(INVALID_MARKERS)
    )
    call = "def test_call(billing_mock):\n    billing_mock.use('lite', 5)\n"
    write(tmp_path, f"import pytest\n{tests}{call}")
    outcome = run(tmp_path)
    assert outcome.counts == {"failed": 1, "error": len(INVALID_MARKERS)}, outcome.out
    for message in INVALID_MARKERS.values():
        assert message in outcome.out
    types = "'light' or 'js' or 'pdf' or 'ocr' or 'crawl'"
    assert f"BillingMockError: type: Input should be {types}" in outcome.out
    for unwanted in (
        "Traceback",
        "During handling",
        "mockserver/testing",
        "mockserver/pytest_plugin",
    ):
        assert unwanted not in outcome.out


def test_a_server_that_does_not_start_fails_the_tests_that_use_it(tmp_path: Path) -> None:
    """The message names the configuration option, and other tests run."""
    write(
        tmp_path,
        "def test_one(billing_mock): pass\ndef test_other(): pass\n",
        ini="billing_mock_now = soon",
    )
    outcome = run(tmp_path)
    assert outcome.counts == {"passed": 1, "error": 1}
    start = "billing_mock: the server does not start: "
    assert f"{start}billing_mock_now must be a time in ISO 8601, such as " in outcome.out
    assert "Traceback" not in outcome.out
    assert "mockserver/" not in outcome.out


@pytest.mark.slow
def test_a_failing_test_shows_the_log_of_the_mock(tmp_path: Path) -> None:
    """The log is limited to the test; passing tests show nothing."""
    text = """
from urllib.request import urlopen

import pytest

@pytest.mark.parametrize("number", [1, 2, 3])
def test_one(billing_mock, number):
    with urlopen(f"{billing_mock.url}/openapi.yaml?number={number}") as response:
        assert response.status == 200
    assert number != 2
"""
    write(tmp_path, text, ini="billing_mock_flags = --log-level debug")
    outcome = run(tmp_path)
    assert outcome.counts == {"failed": 1, "passed": 2}
    assert "Captured log of the billing mock teardown" in outcome.out
    assert re.findall(r"openapi.yaml\?number=(\d)", outcome.out) == ["2"]


def test_a_suite_without_the_fixture_loads_only_the_plugin(tmp_path: Path) -> None:
    """Every pytest run loads the plugin: it imports nothing else and prints nothing."""
    loads = "\n".join(
        (
            "import sys, pytest, _pytest.logging, _pytest.python",
            "before = set(sys.modules)",
            "import mockserver.pytest_plugin",
            "print(sorted(set(sys.modules) - before))",
        )
    )
    done = subprocess.run(
        [sys.executable, "-c", loads],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.strip() == "['mockserver', 'mockserver.pytest_plugin']"
    write(
        tmp_path,
        "import sys\ndef test_one():\n    assert 'mockserver.testing' not in sys.modules\n",
    )
    outcome = run(tmp_path, "-q")
    assert outcome.counts == {"passed": 1}
    assert "mock" not in outcome.out


@pytest.mark.slow
def test_the_order_of_tests_does_not_matter(folder: Path, outcome: Outcome, tmp_path: Path) -> None:
    """A test sees the same state alone, in any order and from any working directory."""
    expected = outcome.of("state").items()
    backwards = run(
        folder, *(f"test_suite.py::{name}" for name in ("test_url", "test_second", "test_first"))
    )
    assert list(backwards.of("state")) == ["test_url", "test_second", "test_first"]
    alone = run(folder, "test_suite.py::TestOfAClass::test_persona")
    above = run(
        folder.parent,
        f"{folder.name}/test_suite.py::test_with_a_number",
        f"--rootdir={folder.parent}",
    )
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    write(package, SUITE)
    inside = run(package, "test_suite.py::test_first")
    outside = run(tmp_path, "package/test_suite.py::test_second", f"--rootdir={tmp_path}")
    for other, tests in ((backwards, 3), (alone, 1), (above, 2), (inside, 1), (outside, 1)):
        assert len(other.facts) == tests, other.out
        assert other.of("state").items() <= expected


@pytest.mark.slow
@pytest.mark.parametrize("dist", ["load", "loadgroup"])
def test_each_worker_of_xdist_has_its_own_server(folder: Path, outcome: Outcome, dist: str) -> None:
    """Every test sees the same state as in one process."""
    spread = run(folder, "-n", "2", "--dist", dist, "--maxschedchunk", "1")
    assert spread.counts == {"passed": len(TESTS)}, spread.out
    assert spread.of("state") == outcome.of("state")
    servers = {(facts["pid"], facts["url"]) for facts in spread.facts}
    assert len(servers) == len({pid for pid, _ in servers}) == len({url for _, url in servers}) == 2
    assert all(refuses_connections(url) for _, url in servers)


@pytest.mark.slow
def test_the_configuration_sets_time_key_fixtures_and_flags(tmp_path: Path) -> None:
    """Paths are relative to the configuration file."""
    fixtures = tmp_path / "world"
    (fixtures / "personas").mkdir(parents=True)
    (fixtures / "catalogue.yaml").write_text((ROOT / "fixtures" / "catalogue.yaml").read_text())
    (fixtures / "personas" / "default.yaml").write_text(
        "key: sk_test_default\ntitle: ours\nabout: Of this suite.\n"
    )
    ini = """
billing_mock_now = 2027-05-05
billing_mock_key = sk_test_app
billing_mock_fixtures = world
billing_mock_flags = --enforce-rate-limits --port 1
"""
    text = """
def test_one(billing_mock, remember):
    remember(key=billing_mock.api_key, now=billing_mock.now, id=billing_mock.state["id"],
             balance=billing_mock.use("light").balance_display)
"""
    write(tmp_path, text, ini=ini)
    (tmp_path / "below").mkdir()
    outcome = run(tmp_path, "..", cwd=tmp_path / "below")
    (fact,) = outcome.facts
    assert (fact["key"], fact["now"], fact["balance"]) == (
        "sk_test_app",
        "2027-05-05 00:00:00+00:00",
        "$0.99",
    )
    (other,) = run(tmp_path, "-o", "billing_mock_seed=2").facts
    assert other["id"] != fact["id"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "workers"),
    [
        pytest.param(signal.SIGKILL, (), id="killed"),
        pytest.param(signal.SIGINT, (), id="interrupted"),
        pytest.param(signal.SIGTERM, (), id="terminated"),
        pytest.param(signal.SIGKILL, ("-n", "2"), id="killed with workers"),
        pytest.param(signal.SIGINT, ("-n", "2"), id="interrupted with workers"),
    ],
)
def test_an_ended_run_leaves_no_server(
    tmp_path: Path, number: signal.Signals, workers: tuple[str, ...]
) -> None:
    """Its servers end when it is killed, interrupted or terminated during a test."""
    text = """
import time

def test_one(billing_mock, remember):
    remember(url=billing_mock.url)
    time.sleep(60)

def test_two(billing_mock, remember):
    remember(url=billing_mock.url)
    time.sleep(60)
"""
    write(tmp_path, text)
    expected = 2 if workers else 1
    with subprocess.Popen(
        command(*workers),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            urls = wait_for_facts(tmp_path, expected)
            assert not any(refuses_connections(url) for url in urls)
            process.send_signal(number)
            process.wait(30)
        finally:
            process.kill()
    for url in urls:
        wait_until_refused(url)


def wait_for_facts(folder: Path, count: int) -> list[str]:
    deadline = time.monotonic() + 30
    while len(facts := facts_of(folder)) < count:
        assert time.monotonic() < deadline, "the tests did not start"
        time.sleep(0.02)
    return [fact["url"] for fact in facts]
