"""``BillingServer``: a process that is there when it is needed, and gone when it is not."""

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


def refused_connection(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with closing(socket.socket()) as one:
        return one.connect_ex((host, int(port))) != 0


def test_a_server_ends_when_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts in any folder, whatever settings the environment holds, and leaves nothing behind."""
    (tmp_path / "mockserver.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOCKSERVER_CONTROL_TOKEN", "secret")
    monkeypatch.setenv("MOCKSERVER_SEED", "x")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    with BillingServer(["--now=2026-03-18T12:00:00Z"]) as server:
        assert BillingMock(server, "sk_test_new").use("light", 1_000).balance_display == "$0.80"
    assert refused_connection(server.url)
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
    """Its one line is the error."""
    with pytest.raises(BillingMockError) as refused:
        BillingServer([flag])
    assert str(refused.value) == sentence


def test_a_server_that_is_gone_is_an_error_and_no_riddle() -> None:
    """Whoever killed it: one sentence, and closing it still works."""
    with BillingServer() as server:
        mock = BillingMock(server, "sk_test_new")
        assert mock.invariants() == []
        server._process.kill()
        server._process.wait()
        with pytest.raises(BillingMockError, match=rf"The billing mock on {server.url} is gone"):
            mock.use("light")
        with pytest.raises(BillingMockError, match="is gone"):
            mock.reset()


def test_a_connection_that_was_closed_while_it_rested_is_made_anew(mock: BillingMock) -> None:
    """The server closes it after some seconds; the call is made once all the same."""
    before = mock.use("light").balance_microcents
    drop(mock._server.connection._http)
    assert mock.use("light").balance_microcents == before - 20_000


def test_a_call_that_is_interrupted_does_not_spoil_the_next(
    mock: BillingMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C between question and answer: the answer is not taken for that of the next call."""
    http = mock._server.connection._http
    with monkeypatch.context() as patch:

        def interrupted() -> None:
            raise KeyboardInterrupt

        patch.setattr(http, "getresponse", interrupted)
        with pytest.raises(KeyboardInterrupt):
            mock.use("light", 7)
    assert mock.use("light", 5).requests == 5


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "The billing mock's answer to GET /_mock/clock is no HTTP"),
        (
            b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nOops",
            "The billing mock answered 500: Oops",
        ),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}", "The billing mock answered 500: {}"),
    ],
)
def test_what_is_no_answer_of_the_mock_is_an_error(answer: bytes, sentence: str) -> None:
    """Something else may listen there."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            one, _ = listener.accept()
            with closing(one):
                one.recv(65_536)
                one.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        connection = Connection(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with closing(connection), pytest.raises(BillingMockError) as refused:
            connection.call("GET", "/clock")
        thread.join()
    assert str(refused.value).startswith(sentence)


def test_a_server_outlives_nobody() -> None:
    """The process that started it is killed, and has no time to end anything: the server ends by itself."""
    script = "from mockserver.testing import BillingServer; s = BillingServer(); print(s.url, flush=True); input()"
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
        assert not refused_connection(url)
        starter.send_signal(signal.SIGKILL)
        starter.wait()
    wait_until_refused(url)


def wait_until_refused(url: str) -> None:
    """Wait for a process that is ending. It is no child of ours, so its port is what we can see of it."""
    deadline = time.monotonic() + 10
    while not refused_connection(url):
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.01)
