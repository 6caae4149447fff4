"""``BillingServer``: start, errors and end of the child process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from mockserver.testing import BillingMock, BillingMockError, BillingServer
from mockserver.testing.connection import Connection
from tests.plugin.conftest import drop


def refuses_connections(url: str) -> bool:
    """Return whether the port of a URL is closed."""
    host, port = url.removeprefix("http://").split(":")
    with closing(socket.socket()) as one:
        return one.connect_ex((host, int(port))) != 0


def test_a_server_ends_when_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the working directory nor settings in the environment affect its start."""
    (tmp_path / "mockserver.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOCKSERVER_CONTROL_TOKEN", "secret")
    monkeypatch.setenv("MOCKSERVER_SEED", "x")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    with BillingServer(["--now=2026-03-18T12:00:00Z"]) as server:
        assert BillingMock(server, "sk_test_new").use("light", 1_000).balance_display == "$0.80"
    assert refuses_connections(server.url)
    assert server._process.returncode == 0


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        (
            "--now=never",
            "--now must be a time in ISO 8601, such as 2026-03-01T12:00:00Z, not 'never'",
        ),
        ("--spec=nowhere.yaml", "nowhere.yaml: No such file or directory"),
        ("--faultless", "unrecognized arguments: --faultless. See 'mockserver --help'."),
    ],
)
def test_a_server_that_does_not_start_says_why(flag: str, sentence: str) -> None:
    """The error is the server's last line of output."""
    with pytest.raises(BillingMockError) as refused:
        BillingServer([flag])
    assert str(refused.value) == sentence


def test_calls_to_a_killed_server_raise_a_clear_error() -> None:
    """The error names the URL, and closing the server still works."""
    with BillingServer() as server:
        mock = BillingMock(server, "sk_test_new")
        assert mock.invariants() == []
        server._process.kill()
        server._process.wait()
        with pytest.raises(BillingMockError, match=rf"The billing mock at {server.url} is gone"):
            mock.use("light")
        with pytest.raises(BillingMockError, match="is gone"):
            mock.reset()


def test_a_closed_idle_connection_is_opened_again(mock: BillingMock) -> None:
    """The server closes idle connections; the call is still made exactly once."""
    before = mock.use("light").balance_microcents
    drop(mock._server.connection._http)
    assert mock.use("light").balance_microcents == before - 20_000


def test_an_interrupted_call_does_not_affect_the_next(
    mock: BillingMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C between request and response, the next call does not read the old response."""
    http = mock._server.connection._http
    with monkeypatch.context() as patch:

        def interrupted() -> None:
            raise KeyboardInterrupt

        patch.setattr(http, "getresponse", interrupted)
        with pytest.raises(KeyboardInterrupt):
            mock.use("light", 7)
    assert mock.use("light", 5).requests == 5


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "The billing mock's response to GET /_mock/clock is not HTTP"),
        (
            b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nOops",
            "The billing mock responded with 500: Oops",
        ),
        (
            b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}",
            "The billing mock responded with 500: {}",
        ),
    ],
)
def test_a_response_of_another_server_is_an_error(response: bytes, message: str) -> None:
    """Another program may listen on the port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            one, _ = listener.accept()
            with closing(one):
                one.recv(65_536)
                one.sendall(response)

        thread = Thread(target=serve)
        thread.start()
        connection = Connection(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with closing(connection), pytest.raises(BillingMockError) as refused:
            connection.call("GET", "/clock")
        thread.join()
    assert str(refused.value).startswith(message)


def test_a_server_ends_when_its_parent_is_killed() -> None:
    """A killed process cannot stop its server: the closed pipe does."""
    script = (
        "from mockserver.testing import BillingServer; s = BillingServer();"
        "print(s.url, flush=True); input()"
    )
    root = str(Path(__file__).resolve().parents[2])
    starter = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    with starter:
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        assert not refuses_connections(url)
        starter.send_signal(signal.SIGKILL)
        starter.wait()
    wait_until_refused(url)


def wait_until_refused(url: str) -> None:
    """Wait until a server has ended. It is not a child of this process, so its port is checked."""
    deadline = time.monotonic() + 10
    while not refuses_connections(url):
        assert time.monotonic() < deadline, "the server is still running"
        time.sleep(0.01)
