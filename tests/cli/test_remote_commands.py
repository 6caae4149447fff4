"""``trigger``, ``listen``, ``logs``, ``state`` and ``open`` against a server in this process."""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mockserver import cli, remote_commands
from mockserver.billing.events import TYPES
from tests.cli.program import COMMAND, environment, launched, wait_for
from tests.conftest import API, NOON, RunningServer, ServerFactory

KEY = "sk_test_new"
DEEP = "[" * 100_000
JSON, EVENTS = "application/json", "text/event-stream"
NOTES = Path(__file__).parents[1] / "data" / "notes.yaml"


@pytest.fixture
def server(make_server: ServerFactory) -> RunningServer:
    """A frozen server of a test's own."""
    return make_server(now=NOON)


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """An application that takes webhooks: its URL, and what it has received."""
    received: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as application:
        thread = threading.Thread(target=application.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{application.server_port}/hooks", received
        application.shutdown()
        thread.join()


def run(server: RunningServer, command: str, *words: str, **environment: str) -> int:
    return remote_commands.run(command, [*words, "--url", server.url], environment)


def test_every_event_reaches_an_application(
    server: RunningServer, receiver: tuple[str, list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each type is sent once, with a signature that fits, and the data that was set."""
    url, received = receiver
    with server.client(KEY) as mock:
        secret = mock.post("/_mock/webhook-endpoints", json={"url": url}).json()["secret"]
        for event in TYPES:
            words = ("--key", KEY, "--set", "amount_cents=5000", "--set", "note=a text")
            assert run(server, "trigger", event, *words) == 0
        mock.post("/_mock/webhook-deliveries/settle")
    assert [json.loads(body)["event"] for _, body in received] == [*TYPES]
    for headers, body in received:
        expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Alterlab-Signature"] == f"sha256={expected}"
        data = json.loads(body)["data"]
        assert (data["amount_cents"], data["note"]) == (5000, "a text")
    assert len(capsys.readouterr().out.splitlines()) == len(TYPES)


def test_deliveries_are_listed_while_it_listens(
    server: RunningServer, receiver: tuple[str, list[Any]]
) -> None:
    """It prints the secret and each status, and removes its endpoint at the end."""
    url, received = receiver
    words = ("listen", "--forward-to", url, "--events", "portal.opened", "--url", server.url)
    with launched(*words) as program, server.client(KEY) as mock:
        wait_for(lambda: "whsec_" in program.stdout, 20)
        mock.post(f"{API}/portal")
        mock.post(f"{API}/deposit", json={"amount_cents": 5000})
        wait_for(lambda: "portal.opened 204" in program.stdout, 20)
        assert program.end(signal.SIGINT)[0] == 0
        assert mock.get("/_mock/webhook-endpoints").json()["endpoints"] == []
        assert program.stderr == ""
    assert len(received) == 1


@pytest.mark.parametrize("how", ["reset", "delete"])
def test_a_deleted_endpoint_is_registered_again(
    server: RunningServer, receiver: tuple[str, list[Any]], how: str
) -> None:
    """With the same secret, and deliveries are listed again."""
    url, received = receiver
    with (
        launched("listen", "--forward-to", url, "--url", server.url) as program,
        server.client(None) as mock,
    ):
        wait_for(lambda: "whsec_" in program.stdout, 20)
        if how == "reset":
            mock.post("/_mock/reset").raise_for_status()
        else:
            id = program.stdout.split()[0]
            mock.delete(f"/_mock/webhook-endpoints/{id}").raise_for_status()
        wait_for(lambda: "is registered again" in program.stdout, 20)
        mock.post(f"{API}/portal", headers={"X-API-Key": KEY})
        wait_for(lambda: "portal.opened 204" in program.stdout, 20)
        assert program.end(signal.SIGINT)[0] == 0
        assert mock.get("/_mock/webhook-endpoints").json()["endpoints"] == []
        first, again, _ = program.stdout.splitlines()
        assert first.split()[-1] == again.split()[-1]
        assert program.stderr == ""
    assert len(received) == 1


def test_a_deleted_endpoint_is_no_error_at_the_end(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the command as usual."""

    def interrupt(_: float) -> None:
        with server.client(None) as mock:
            mock.post("/_mock/reset").raise_for_status()
        raise KeyboardInterrupt

    monkeypatch.setattr("mockserver.remote_commands.time.sleep", interrupt)
    words = ["listen", "--forward-to", "http://127.0.0.1:9/none", "--url", server.url]
    assert cli.main(words) == 0


def test_logs_are_printed(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Oldest first, with reasons and warnings."""
    with server.client(KEY) as mock:
        mock.get(f"{API}/balance", params={"x": "1"})
        mock.post(f"{API}/deposit", json={"amount_cents": 1})
    assert run(server, "logs") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"GET {API}/balance?x=1 200 Unknown query parameter 'x'."
    assert second.startswith(f"POST {API}/deposit 422")


def test_logs_are_followed(server: RunningServer) -> None:
    """Requests that come are printed with their reason; Ctrl-C is no error."""
    with (
        launched("logs", "--follow", "--url", server.url) as program,
        server.client(KEY) as mock,
    ):
        mock.get(f"{API}/balance")
        wait_for(lambda: f"GET {API}/balance 200" in program.stdout, 20)
        mock.post(f"{API}/deposit", json={"amount_cents": 1})
        wait_for(lambda: "body.amount_cents: Input should be" in program.stdout, 20)
        assert program.end(signal.SIGINT)[0] == 0
        assert program.stderr == ""


def test_a_state_is_saved_and_loaded(server: RunningServer, tmp_path: Path) -> None:
    """Also under another key."""
    file = tmp_path / "state.json"
    with server.client(KEY) as mock:
        mock.post("/_mock/usage", json={"type": "light", "requests": 5})
        saved = mock.get("/_mock/state").json()
        assert run(server, "state", "save", str(file), "--key", KEY) == 0
        assert json.loads(file.read_text()) == saved
        assert run(server, "state", "load", str(file), "--key", "sk_test_copy") == 0
        copy = mock.get("/_mock/state", headers={"X-API-Key": "sk_test_copy"}).json()
    assert copy["ledger"] == saved["ledger"]


def test_a_saved_state_is_for_its_owner_only(server: RunningServer, tmp_path: Path) -> None:
    """Also if it replaces a file that others can read; a link is followed, and kept."""
    file, link = tmp_path / "state.json", tmp_path / "link.json"
    file.write_text("{}")
    file.chmod(0o644)
    link.symlink_to(file)
    assert run(server, "state", "save", str(link), "--key", KEY) == 0
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "ledger" in json.loads(file.read_text())


def test_a_state_that_cannot_be_saved_leaves_the_file(
    server: RunningServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """There is no half a file, and no other one."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = tmp_path / "state.json"
    file.write_text("{}")
    monkeypatch.setattr("mockserver.remote_commands.os.fsync", full)
    assert run(server, "state", "save", str(file), "--key", KEY) == 2
    assert capsys.readouterr().err == f"mockserver: {file}: No space left on device\n"
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert file.read_text() == "{}"


@pytest.mark.parametrize(
    ("output", "code", "error"),
    [
        (">&-", 2, "mockserver: standard output is closed\n"),
        (">/dev/full", 2, "mockserver: standard output: No space left on device\n"),
        ("| true", 0, ""),
        ("| head -n 1", 0, ""),
    ],
    ids=["closed", "full", "unread", "head"],
)
def test_an_output_that_cannot_be_written_is_no_traceback(
    server: RunningServer, output: str, code: int, error: str
) -> None:
    """A reader that ended is no error."""
    with server.client(KEY) as mock:
        for _ in range(70):
            mock.get(f"{API}/balance", params={"x": "y" * 1000})
    script = f'"$@" {output}\nexit ${{PIPESTATUS[0]}}'
    program = [*COMMAND, "logs", "--url", server.url]
    done = subprocess.run(
        ["bash", "-c", script, "bash", *program],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, error)


def test_the_workbench_is_opened(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its address is printed, too."""
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert run(server, "open") == 0
    assert opened == [f"{server.url}/_mock/"]
    assert capsys.readouterr().out == f"{server.url}/_mock/\n"


def test_token_prefix_and_address_come_from_the_environment(
    make_server: ServerFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """As for ``control``."""
    server = make_server(now=NOON, control_token="open-sesame", control_prefix="/_ctl")
    variables = {"MOCKSERVER_URL": server.url, "MOCKSERVER_CONTROL_PREFIX": "/_ctl"}
    assert remote_commands.run("logs", [], variables) == 1
    assert "requires its token" in capsys.readouterr().err
    variables["MOCKSERVER_CONTROL_TOKEN"] = "open-sesame"
    assert remote_commands.run("logs", [], variables) == 0


def test_another_document_takes_its_own_credentials(
    make_server: ServerFactory, tmp_path: Path
) -> None:
    """The key is sent as the served document's security scheme says."""
    server = make_server(spec=NOTES)
    file = tmp_path / "state.json"
    assert run(server, "state", "save", str(file), "--key", "mine") == 0
    assert json.loads(file.read_text()) == {}


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("trigger", "portal.opened", "--key", KEY), 1, "no endpoint wants portal.opened"),
        (("trigger", "portal.open", "--key", KEY), 1, "event: "),
        (("trigger", "portal.opened", "--key", "live"), 1, "sk_test_"),
        (("trigger", "portal.opened", "--key", KEY, "--set", "x"), 2, "--set must be name=value"),
        (("listen", "--forward-to", "http://example.com/"), 1, "example.com"),
        (("state", "save", "/none/x.json", "--key", KEY), 2, "/none/x.json: No such file"),
        (("state", "load", "/none/x.json", "--key", KEY), 2, "/none/x.json: No such file"),
        (("state", "load", __file__, "--key", KEY), 2, "is no JSON"),
        (("state", "load", "/", "--key", KEY), 2, "/: Is a directory"),
        (("state", "save", "/dev/full", "--key", KEY), 2, "/dev/full: No space left"),
        (("trigger", "portal.opened", "--key", KEY, "--set", f"a={DEEP}"), 2, "--set a is nested"),
    ],
)
def test_an_error_is_one_line(
    server: RunningServer,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    """With the exit code that --help documents."""
    assert run(server, *words) == code
    error = capsys.readouterr().err
    assert error.startswith("mockserver: ")
    assert error.count("\n") == 1
    assert sentence in error


def test_a_file_that_is_nested_too_deeply_is_one_line(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2."""
    file = tmp_path / "deep.json"
    file.write_text(DEEP)
    assert run(server, "state", "load", str(file), "--key", KEY) == 2
    assert capsys.readouterr().err == f"mockserver: {file} is nested too deeply\n"


def test_a_state_that_does_not_add_up_is_one_line(
    server: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the violation."""
    file = tmp_path / "state.json"
    run(server, "state", "save", str(file), "--key", KEY)
    state = json.loads(file.read_text())
    state["ledger"]["entries"][0]["balance_after_microcents"] = 1
    file.write_text(json.dumps(state))
    capsys.readouterr()
    assert run(server, "state", "load", str(file), "--key", KEY) == 1
    error = capsys.readouterr().err
    assert "balance_after is 1" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
def test_a_mock_that_does_not_run_is_one_line(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The address is named."""
    for command in (["logs"], ["logs", "--follow"], ["open"]):
        assert remote_commands.run(command[0], [*command[1:], "--url", url], {}) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"mockserver: {url} does not respond")
        assert error.count("\n") == 1


@contextmanager
def responding(*responses: tuple[int, str, str]) -> Iterator[str]:
    """Serve responses (status, media type, body), the last one for ever, and yield the URL."""
    left = list(responses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, media_type, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as other:
        thread = threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}"
        other.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "words",
    [
        ("logs",),
        ("logs", "--follow"),
        ("open",),
        ("listen", "--forward-to", "http://127.0.0.1:9/none"),
        ("trigger", "portal.opened", "--key", KEY),
        ("state", "save", "state.json", "--key", KEY),
    ],
)
@pytest.mark.parametrize(
    "response",
    [
        (200, JSON, "{}"),
        (200, JSON, "[]"),
        (200, JSON, DEEP),
        (200, "text/html", "<html></html>"),
        (302, "text/html", ""),
        (404, "text/html", "<html></html>"),
        (404, JSON, "[]"),
    ],
    ids=["object", "list", "deep", "page", "redirect", "no page", "list of errors"],
)
def test_another_server_is_one_line(
    response: tuple[int, str, str],
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What responds is no mock, and the exit code is 1."""
    monkeypatch.chdir(tmp_path)
    with responding(response) as url:
        assert remote_commands.run(words[0], [*words[1:], "--url", url], {}) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"mockserver: {url} does not respond as the mock does: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "state.json").exists()


EVENT = {
    "method": "GET",
    "path": "/v1",
    "query": "",
    "status": 200,
    "fault": None,
    "warnings": [],
}


@pytest.mark.parametrize(
    ("response", "sentence"),
    [
        ((200, EVENTS, "event: requests\ndata: [{}]\n\n"), "does not respond as the mock"),
        ((200, EVENTS, "event: requests\nid: 1\n\n"), "does not respond as the mock"),
        ((401, JSON, '{"detail": "The token is wrong."}'), "The token is wrong"),
        ((403, JSON, '{"detail": "The token is wrong."}'), "The token is wrong"),
        ((200, "text/html", ""), "no stream of events"),
    ],
    ids=["incomplete", "no data", "401", "403", "page"],
)
def test_a_resumed_stream_that_is_refused_is_one_line(
    response: tuple[int, str, str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An event without id is printed, a mock that restarts is waited for."""
    monkeypatch.setattr("mockserver.remote.time.sleep", lambda _: None)
    stream = (200, EVENTS, f"event: requests\ndata: {json.dumps([EVENT])}\n\n")
    with responding(stream, (503, "text/html", "starting"), response) as url:
        assert remote_commands.run("logs", ["--follow", "--url", url], {}) == 1
    captured = capsys.readouterr()
    assert captured.out == "GET /v1 200\n"
    assert sentence in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["trigger"],
        ["trigger", "portal.opened"],
        ["listen"],
        ["state", "drop", "x", "--key", KEY],
        ["logs", "--fellow"],
        ["open", "--url", "mock"],
    ],
)
def test_a_wrong_flag_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line on stderr."""
    try:
        code = cli.main(words)
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("command", remote_commands.COMMANDS)
def test_help_documents_the_exit_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For each command."""
    with pytest.raises(SystemExit) as end:
        cli.main([command, "--help"])
    assert end.value.code == 0
    assert "exit codes: 0" in capsys.readouterr().out
