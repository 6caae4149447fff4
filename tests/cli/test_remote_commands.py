"""``trigger``, ``listen``, ``logs``, ``state`` and ``open`` against a server in this process."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mockserver import cli, remote_commands
from mockserver.billing.events import TYPES
from tests.cli.program import launched, wait_for
from tests.conftest import API, NOON, RunningServer, ServerFactory

KEY = "sk_test_new"
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
