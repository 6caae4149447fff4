"""The program while it serves."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from tests.cli.program import Program, environment, launched, serving, wait_for
from tests.conftest import API

NOW = "2026-03-01T12:00:00.000Z"
TOKEN = "a-token-of-a-test"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program without a command, in another folder, set by flags and variables."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    variables = {"MOCKSERVER_NOW": NOW, "MOCKSERVER_SEED": "7", "MOCKSERVER_PORT": "1"}
    with serving("--quiet", "--port", "0", cwd=elsewhere, **variables) as program:
        yield program


def test_port_0_picks_a_port_and_prints_it(started: Program) -> None:
    """The flag overrides a variable with another port."""
    assert started.url.startswith("http://127.0.0.1:")
    assert not started.url.endswith((":0", ":1"))
    with started.client("sk_test_default") as client:
        assert client.get(f"{API}/balance").status_code == 200


def test_the_banner_names_every_persona_with_a_line(started: Program) -> None:
    """It has the keys, the default first, the docs, the control API and how to stop."""
    personas = fixtures.load(packaged.fixtures()).personas.values()
    keys = {persona.key: persona.title for persona in personas if persona.key}
    lines = [
        line.split(None, 1) for line in started.stdout.splitlines() if line.startswith("  sk_test_")
    ]
    assert dict(lines) == keys
    assert lines[0][0] == "sk_test_default"
    assert f"Guides: {started.url}/docs " in started.stdout
    assert f"{started.url}/docs/reference" in started.stdout
    assert f"{started.url}/_mock/openapi.json" in started.stdout
    assert "The clock is frozen at 2026-03-01T12:00:00Z" in started.stdout


def test_the_printed_address_accepts_connections_at_once() -> None:
    """A script that waits for the banner can connect."""
    with serving("--port", "0") as program, program.client() as client:
        assert client.get("/_mock/health").status_code == 200


def test_the_command_of_the_banner_works_as_it_is_printed(started: Program) -> None:
    """The printed curl command returns a balance."""
    (command,) = [
        line.strip() for line in started.stdout.splitlines() if line.startswith("  curl ")
    ]
    assert command == f'curl {started.url}{API}/balance -H "X-API-Key: sk_test_default"'


def test_the_addresses_of_the_banner_work(started: Program) -> None:
    """The reference and the control API are served there."""
    with started.client() as client:
        assert client.get("/docs/reference").status_code == 200
        assert client.get("/_mock/openapi.json").status_code == 200


def test_now_freezes_the_clock(started: Program) -> None:
    """The control API and all responses have the configured time."""
    with started.client("sk_test_default") as client:
        assert client.get("/_mock/clock").json() == {"now": NOW, "frozen": True}
        time.sleep(0.02)
        assert client.get("/_mock/clock").json()["now"] == NOW
        assert client.get(f"{API}/usage-realtime").json()["as_of"] == NOW


def test_the_seed_comes_from_the_environment(started: Program) -> None:
    """Health shows the seed."""
    with started.client() as client:
        assert client.get("/_mock/health").json()["seed"] == 7


def test_quiet_lists_no_requests(started: Program) -> None:
    """Only problems of the mock are logged."""
    with started.client("sk_test_quiet") as client:
        client.get(f"{API}/balance")
        client.get(f"{API}/nowhere")
        client.post(f"{API}/deposit", json={"amount_cents": 1})
    assert started.stderr == ""


def test_the_console_script_is_the_module() -> None:
    """``mockserver`` and ``python -m mockserver`` are the same program."""
    script = Path(sys.executable).parent / "mockserver"
    outputs = [
        subprocess.run(
            [*command, "--help"], capture_output=True, timeout=20, check=True, env=environment()
        ).stdout
        for command in ([script], [sys.executable, "-m", "mockserver"])
    ]
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    """It ends with code 0 within two seconds and silently, even with open connections."""
    with serving("--quiet", "--port", "0") as program, program.client("sk_test_default") as client:
        assert client.get(f"{API}/balance").status_code == 200
        code, seconds = program.end(number)
        assert program.stderr == ""
        assert code == 0
        assert seconds < 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_right_after_the_banner_ends_it_cleanly(number: signal.Signals) -> None:
    """There is no moment between saying "Press Ctrl-C to stop" and keeping that promise."""
    with serving("--port", "0") as program:
        code, _ = program.end(number)
        assert program.stderr == ""
        assert code == 0


def test_ctrl_c_during_the_start_ends_it_cleanly(tmp_path: Path) -> None:
    """There is no traceback while the contract is read, here from a pipe without data."""
    pipe = tmp_path / "openapi.yaml"
    os.mkfifo(pipe)
    with launched("--port", "0", "--spec", pipe) as program:
        writer = _open_once_it_is_read(pipe, program)
        try:
            code, _ = program.end(signal.SIGINT)
        finally:
            os.close(writer)
        assert program.stderr == ""
        assert code == 0


def test_ctrl_c_ends_it_with_an_upload_under_way() -> None:
    """An unfinished request delays the end only for the grace period."""
    with serving("--port", "0") as program:
        host, _, port = program.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as half:
            half.sendall(
                f"POST {API}/deposit HTTP/1.1\r\nHost: {host}\r\nX-API-Key: sk_test_a\r\n"
                "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{".encode()
            )
            time.sleep(0.1)
            code, seconds = program.end(signal.SIGINT)
        assert "Traceback" not in program.stderr
        assert code == 0
        assert seconds < 4


def test_on_all_addresses_the_control_api_is_closed() -> None:
    """Without a token it is closed on a public interface; the API is open."""
    with (
        serving("--host", "0.0.0.0", "--port", "0") as program,
        program.client("sk_test_default") as client,
    ):
        assert program.url.startswith("http://127.0.0.1:")
        refused = client.get("/_mock/clock")
        assert refused.status_code == 403
        assert "--control-token" in refused.json()["detail"]
        assert client.get("/_mock/clock", headers={"X-Control-Token": ""}).status_code == 403
        assert client.get("/_mock/health").status_code == 200
        assert "/_mock is closed, except GET /_mock/health" in program.stdout
        assert "--control-token" in program.stdout
        assert client.get(f"{API}/balance").status_code == 200


def test_the_banner_says_which_addresses_work() -> None:
    """On all addresses it names one for other machines, and that one works."""
    with serving("--host", "0.0.0.0", "--port", "0") as program:
        (line,) = [line for line in program.stdout.splitlines() if "from other machines" in line]
        found = re.search(r"here, (http://\S+) from other machines", line)
        if found is not None:  # else this machine has no network
            health = httpx.get(f"{found[1]}/_mock/health", timeout=5, trust_env=False)
            assert health.status_code == 200


def test_a_token_opens_the_control_api() -> None:
    """The token comes from a flag or a variable, and is never logged."""
    arguments = ("--host", "0.0.0.0", "--port", "0", "--log-level", "debug")
    with serving(*arguments, MOCKSERVER_CONTROL_TOKEN=TOKEN) as program, program.client() as client:
        assert client.get("/_mock/clock").status_code == 403
        assert client.get("/_mock/clock", headers={"X-Control-Token": "wrong"}).status_code == 403
        assert client.get("/_mock/clock", headers={"X-Control-Token": TOKEN}).status_code == 200
        wait_for(lambda: program.stderr.count("GET /_mock/clock") == 3)
        assert "requires the token in X-Control-Token" in program.stdout
        assert TOKEN not in program.stdout + program.stderr


@pytest.mark.slow
def test_of_two_programs_that_start_on_one_port_only_one_serves() -> None:
    """The port is bound first, so the second program fails at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with launched("--port", port) as one, launched("--port", port) as other:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            codes = {one.process.poll(), other.process.poll()}
            outputs = one.stdout + other.stdout
            if codes == {None, 2} and "Ctrl-C" in outputs:
                break
            if outputs.count("Ctrl-C") == 2:
                break
            time.sleep(0.02)
        assert codes == {None, 2}, "both serve on the same port"
        assert "Address already in use" in one.stderr + other.stderr
        assert (
            httpx.get(
                f"http://127.0.0.1:{port}/_mock/health", timeout=5, trust_env=False
            ).status_code
            == 200
        )


def _open_once_it_is_read(pipe: Path, program: Program) -> int:
    """Return the writing end of a named pipe once the program has opened the other end."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert program.process.poll() is None, program.stderr
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # the program has not opened it yet
            time.sleep(0.01)
    raise AssertionError("the program never opened its contract")
