"""``mockserver control`` against servers in this process."""

from __future__ import annotations

import argparse
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mockserver import cli, control_command
from tests.conftest import NOON, RunningServer, ServerFactory, running_server
from tests.guides.markdown import code, guide

TOKEN = "a-token-of-a-test"
NOON_TEXT = "2026-03-18T12:00:00.000Z"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[RunningServer, RunningServer]]:
    """Two servers with frozen clocks, for all tests of this module."""
    with running_server(now=NOON) as one, running_server(now=NOON) as other:
        yield one, other


@pytest.fixture
def two(running: tuple[RunningServer, RunningServer]) -> tuple[RunningServer, RunningServer]:
    """The two servers as they were at the start."""
    for server in running:
        with server.client(None) as client:
            client.post("/_mock/reset").raise_for_status()
    return running


def control(*words: str | RunningServer, **environment: str) -> int:
    """Run a command for the servers that come first and return the exit code."""
    servers = ",".join(word.url for word in words if isinstance(word, RunningServer))
    rest = [word for word in words if isinstance(word, str)]
    return control_command.run(["--all", servers, *rest], environment)


@contextmanager
def speaking(reply: bytes) -> Iterator[str]:
    """Serve one fixed reply to each connection, and yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(reply)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("health",), '"status":"ok"'),
        (("clock",), f'"now":"{NOON_TEXT}"'),
        (("clock", "--days", "1"), '"now":"2026-03-19T12:00:00.000Z"'),
        (("clock", "--seconds", "60"), '"now":"2026-03-18T12:01:00.000Z"'),
        (("clock", "--to", "2026-04-01T00:00:00Z"), '"now":"2026-04-01T00:00:00.000Z"'),
        (("clock", "--set", "2026-04-01T00:00:00Z"), '"now":"2026-04-01T00:00:00.000Z"'),
        (("reset",), '"scope":"everything"'),
        (("reset", "--now", "2026-01-01T00:00:00Z"), '"now":"2026-01-01T00:00:00.000Z"'),
        (("faults",), '"faults":[]'),
        (("faults", "--apply", "outage"), '"status":503'),
        (("faults", "--remove"), '"deleted":0'),
        (("snapshot", "noon"), '"name":"noon"'),
    ],
)
def test_each_process_gets_the_request(
    two: tuple[RunningServer, RunningServer],
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    expected: str,
) -> None:
    """There is a line for each, with its address and its response."""
    assert control(*two, *words) == 0
    output = capsys.readouterr()
    lines = output.out.splitlines()
    assert [line.partition(" ")[0] for line in lines] == [server.url for server in two]
    assert all(expected in line for line in lines)
    assert output.err == ""


def test_a_snapshot_is_restored(two: tuple[RunningServer, RunningServer]) -> None:
    """The clock of each process goes back."""
    assert control(*two, "snapshot", "noon") == 0
    assert control(*two, "clock", "--days", "1") == 0
    assert control(*two, "snapshot", "noon", "--restore") == 0
    assert {server.world.clock.now() for server in two} == {NOON}


def test_nothing_changes_unless_all_processes_respond(
    two: tuple[RunningServer, RunningServer], capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names the process that does not."""
    server = two[0]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}"
    words = ["--all", f"{server.url},{gone}", "clock", "--days", "1"]
    assert control_command.run(words, {}) == 1
    assert server.world.clock.now() == NOON
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"mockserver: {gone} does not respond")
    assert line.endswith("Nothing was changed.")


def test_a_refusal_is_one_line_for_each_process(
    two: tuple[RunningServer, RunningServer], capsys: pytest.CaptureFixture[str]
) -> None:
    """It has the status and the reason of the mock."""
    assert control(*two, "snapshot", "none", "--restore") == 1
    lines = capsys.readouterr().err.splitlines()
    expected = "refused with 404: There is no snapshot 'none'"
    assert lines == [f"mockserver: {server.url} {expected}" for server in two]


def test_the_token_comes_from_the_environment(
    make_server: ServerFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it the process refuses, and no message has it."""
    server = make_server(now=NOON, control_token=TOKEN)
    assert control(server, "clock") == 1
    assert control(server, "clock", MOCKSERVER_CONTROL_TOKEN="wrong") == 1
    assert control(server, "clock", "--days", "1", MOCKSERVER_CONTROL_TOKEN=TOKEN) == 0
    output = capsys.readouterr()
    assert TOKEN not in output.out + output.err


def test_the_prefix_comes_from_the_environment(make_server: ServerFactory) -> None:
    """The control API of the process may have moved."""
    server = make_server(now=NOON, control_prefix="/own")
    assert control(server, "clock", "--days", "1") == 1
    assert control(server, "clock", "--days", "1", MOCKSERVER_CONTROL_PREFIX="/own") == 0


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"", "does not respond as the mock does"),
        (b"SSH-2.0-x\r\n", "does not respond as the mock does"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "does not respond as the mock"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\xff", "does not respond as the mock does"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "refused with 302",
        ),
        (
            b'HTTP/1.1 403 No\r\nContent-Length: 27\r\n\r\n{"detail":"a\\n\\u001b[31mb"}',
            "refused with 403: a  [31mb",
        ),
    ],
)
def test_what_is_not_the_mock_is_one_line(
    capsys: pytest.CaptureFixture[str], reply: bytes, expected: str
) -> None:
    """Redirects are not followed, and control characters are not printed."""
    with speaking(reply) as url:
        assert control_command.run(["--all", url, "health"], {}) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["health"], "--all"),
        (["--all", "localhost:8080", "health"], "an http or https URL without a path"),
        (["--all", "http://a/b", "health"], "an http or https URL without a path"),
        (["--all", "http://a,", "health"], "an http or https URL without a path"),
        (["--all", "http://a"], "COMMAND"),
        (["--all", "http://a", "stop"], "'stop'"),
        (["--all", "http://a", "clock", "--days", "many"], "'many'"),
        (["--all", "http://a", "clock", "--days", "1", "--seconds", "1"], "not allowed with"),
        (["--all", "http://a", "snapshot"], "NAME"),
    ],
)
def test_a_mistake_is_one_line_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    """The line names the flag, and refers to --help."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["control", *words])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
    assert "mockserver control --help" in line


def test_the_guide_lists_every_command_and_flag() -> None:
    """The table has each command with its flags."""
    (commands,) = [
        action.choices
        for action in control_command.parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    flags = {
        name: [
            option
            for action in command._actions
            for option in action.option_strings
            if option.startswith("--") and option != "--help"
        ]
        for name, command in commands.items()
    }
    rows = guide("settings", "mockserver control").tables[0][1:]
    listed = {code(row[0])[0].split()[0]: code(row[1]) for row in rows}
    assert listed == flags
