"""Two processes behind Debian's HAProxy, with the configuration of ``examples/scale-out``."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.browser import ROOT
from tests.cli.program import COMMAND, environment, serving
from tests.conftest import API

pytestmark = pytest.mark.slow

CONFIGURATION = ROOT / "examples" / "scale-out" / "haproxy.cfg"
NOW = "2026-03-18T12:00:00Z"
KEYS = [f"sk_test_scaled_{number}" for number in range(20)]


@dataclass(frozen=True)
class Deployment:
    """The address of the balancer, and those of the processes behind it."""

    url: str
    processes: tuple[str, str]

    def client(self, key: str) -> httpx.Client:
        """A client of the balancer."""
        headers = {"X-API-Key": key}
        return httpx.Client(base_url=self.url, headers=headers, timeout=10, trust_env=False)

    def control(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``mockserver control`` for all processes."""
        command = [*COMMAND, "control", "--all", ",".join(self.processes), *words]
        return subprocess.run(
            command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=False
        )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """Two processes and the balancer. Without HAProxy the tests are skipped, but not in CI."""
    haproxy = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if haproxy is None:
        reason = "there is no HAProxy: apt-get install haproxy"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    urls = [f"http://127.0.0.1:{free_port()}" for _ in range(3)]
    balancer, first, second = urls
    with ExitStack() as stack:
        for url in (first, second):
            port = str(urlsplit(url).port)
            stack.enter_context(serving("--port", port, "--public-url", url, "--now", NOW))
        variables = {
            "SCALE_OUT_BIND": urlsplit(balancer).netloc,
            "SCALE_OUT_MOCK_1": urlsplit(first).netloc,
            "SCALE_OUT_MOCK_2": urlsplit(second).netloc,
        }
        process = subprocess.Popen([haproxy, "-db", "-f", CONFIGURATION], env=variables)
        stack.callback(process.wait, 10)
        stack.callback(process.terminate)
        _wait_for(balancer, process)
        yield Deployment(balancer, (first, second))


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert process.poll() is None, "HAProxy has ended"
        try:
            httpx.get(f"{url}/_mock/health", timeout=1, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("HAProxy does not serve")


def accounts_of(process: str) -> set[str]:
    """Return the ids of the accounts of a process."""
    listed = httpx.get(f"{process}/_mock/accounts", params={"limit": 100}, trust_env=False).json()
    return {account["id"] for account in listed["accounts"]}


def test_a_key_stays_with_its_process(deployment: Deployment) -> None:
    """Both processes have keys, and no account exists in both."""
    for _ in range(3):
        for key in KEYS:
            with deployment.client(key) as client:
                assert client.get(f"{API}/balance").status_code == 200
    first, second = (accounts_of(process) for process in deployment.processes)
    assert first
    assert second
    assert not first & second
    assert len(first | second) == len(KEYS)


def test_a_deposit_is_paid_on_the_page_of_its_process(deployment: Deployment) -> None:
    """The URL leads to one of the processes, and the balance arrives behind the balancer."""
    used = set()
    for key in KEYS[:8]:
        with deployment.client(key) as client:
            before = client.get(f"{API}/balance").json()["balance_microcents"]
            url = client.post(f"{API}/deposit", json={"amount_cents": 5000}).json()["url"]
            page = httpx.post(f"{url}/pay", trust_env=False)
            assert "has been paid" in page.text
            after = client.get(f"{API}/balance").json()["balance_microcents"]
            assert after == before + 50 * 100_000_000
        used.add(url.partition("/checkout/")[0])
    assert used == set(deployment.processes)


def test_the_clock_moves_in_both(deployment: Deployment) -> None:
    """One command advances every process, and says what each responded."""
    done = deployment.control("clock", "--days", "31")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(deployment.processes)
    for process in deployment.processes:
        clock = httpx.get(f"{process}/_mock/clock", trust_env=False).json()
        assert clock["now"] == "2026-04-18T12:00:00.000Z"


def test_a_snapshot_is_taken_and_restored_in_both(deployment: Deployment) -> None:
    """Clock and accounts return in every process."""
    assert deployment.control("reset", "--now", NOW).returncode == 0
    assert deployment.control("snapshot", "empty").returncode == 0
    for key in KEYS:
        with deployment.client(key) as client:
            client.get(f"{API}/balance")
    assert deployment.control("clock", "--seconds", "60").returncode == 0
    assert deployment.control("snapshot", "empty", "--restore").returncode == 0
    for process in deployment.processes:
        assert accounts_of(process) == set()
        clock = httpx.get(f"{process}/_mock/clock", trust_env=False).json()
        assert clock["now"] == "2026-03-18T12:00:00.000Z"


def test_faults_are_applied_and_removed_in_both(deployment: Deployment) -> None:
    """A set of faults applies to every key. The balancer reports a broken connection as 502."""
    assert deployment.control("faults", "--apply", "outage").returncode == 0
    for key in KEYS:
        with deployment.client(key) as client:
            assert client.get(f"{API}/balance").status_code in (502, 503)
    assert deployment.control("faults", "--remove").returncode == 0
    with deployment.client(KEYS[0]) as client:
        assert client.get(f"{API}/balance").status_code == 200


def test_the_configuration_is_the_one_of_the_example() -> None:
    """The compose file mounts it."""
    compose = Path(CONFIGURATION.parent / "compose.yaml").read_text()
    assert "./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro" in compose
