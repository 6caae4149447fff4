"""The line that the terminal shows for each request."""

from __future__ import annotations

import logging
import re
import signal
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from mockserver.engine.redaction import Redactor
from mockserver.engine.request_log import (
    MAX_CHARACTERS,
    MAX_QUEUED,
    RedactingFormatter,
    RequestLog,
    reason_of,
)
from tests.cli.program import Program, serving, wait_for
from tests.conftest import API
from tests.worlds import make_world

REDACTOR = make_world().redactor
SECRET = "Zq7" + "x" * 20
LIVE = "_".join(["sk", "live", SECRET])
CARD = "4242 4242 4242 4242"


class Terminal:
    """Keeps what is written, and blocks while it is stopped."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.runs = threading.Event()
        self.runs.set()

    def write(self, data: bytes) -> None:
        self.runs.wait(10)
        self.pieces.append(data)

    @property
    def lines(self) -> list[str]:
        return b"".join(self.pieces).decode().splitlines()


def listed(
    method: str = "GET", path: str = "/a", status: int | None = 200, reason: str = ""
) -> str:
    """Return the line of one request."""
    terminal = Terminal()
    log = RequestLog(REDACTOR, terminal.write)
    log.log(method, path, status, reason, 0.0123)
    log.close()
    (line,) = terminal.lines
    return line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (listed, "GET /a 200 12.3 ms"),
        (lambda: listed("POST", "/b", 422, "No."), "POST /b 422 12.3 ms  No."),
        (lambda: listed(status=None, reason="Lost."), "GET /a --- 12.3 ms  Lost."),
        (lambda: listed(path="/notes/ä b"), "GET /notes/ä b 200 12.3 ms"),
    ],
)
def test_a_line_names_the_request_and_the_response(line: Callable[[], str], expected: str) -> None:
    """It has method, path, status, milliseconds, and the reason of an error."""
    assert line() == expected


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J", "\r\n", "\x00", "\u202e", "\x9b", "\ud800", "\u2028"]
)
def test_control_characters_are_escaped(hostile: str) -> None:
    """No client controls the terminal by its path, its method, or a reason that repeats it."""
    line = listed(f"GE{hostile}T", f"/a{hostile}", 404, f"No such path: /a{hostile}")
    assert line.isprintable()
    assert line.startswith("? /a\\")


def test_long_lines_are_cut() -> None:
    """Path and reason are bounded."""
    line = listed("M" * 100, "/" + "p" * 20_000, 404, "r" * 20_000)
    assert len(line) < 2 * MAX_CHARACTERS + 50


@pytest.mark.parametrize(
    "secret", [f"/{LIVE}", f"/sk_test_{SECRET}", f"/%73k_live_{SECRET}", f"/password={SECRET}"]
)
def test_secrets_are_hidden(secret: str) -> None:
    """Neither the path nor the reason shows a key or a password."""
    assert SECRET not in listed(path=secret, status=404, reason=f"No such path: {secret}")
    assert "4242 4242" not in listed(path=f"/{CARD}", reason=CARD)


def test_the_beginning_of_a_key_is_no_secret() -> None:
    """The end of a sentence about keys stays."""
    sentence = "Send a key that begins with sk_test_. Another header is not read."
    assert sentence in listed(reason=sentence)


def test_a_persona_is_no_secret() -> None:
    """The keys of the fixtures are shown."""
    assert "'sk_test_default'" in listed(reason="Did you mean 'sk_test_default'?")


def test_a_blocked_terminal_delays_no_request() -> None:
    """Lines wait, further ones are dropped, and the next line says how many."""
    terminal = Terminal()
    log = RequestLog(Redactor(), terminal.write)
    terminal.runs.clear()
    log.log("GET", "/first", 200, "", 0)
    time.sleep(0.2)  # the thread has taken the first line, and blocks
    began = time.monotonic()
    for _ in range(MAX_QUEUED + 5):
        log.log("GET", "/a", 200, "", 0)
    assert time.monotonic() - began < 5
    terminal.runs.set()
    log.close()
    assert len(terminal.lines) == MAX_QUEUED + 2
    assert terminal.lines[-1] == "5 more requests are not listed, because they came too fast."


def test_an_immediate_log_needs_no_thread() -> None:
    """Each line is written at once, in the order of other messages."""
    terminal = Terminal()
    log = RequestLog(Redactor(), terminal.write, is_immediate=True)
    log.log("GET", "/a", 200, "", 0)
    assert terminal.lines == ["GET /a 200 0.0 ms"]


def test_a_closed_terminal_does_no_harm() -> None:
    """The mock serves on without its terminal."""

    def write(_: bytes) -> None:
        raise BrokenPipeError

    log = RequestLog(Redactor(), write)
    log.log("GET", "/a", 200, "", 0)
    log.close()
    log.log("GET", "/a", 200, "", 0)


@pytest.mark.parametrize(("status", "colour"), [(200, 32), (307, 36), (404, 33), (503, 31)])
def test_colours_are_for_terminals(status: int, colour: int) -> None:
    """Only the status is coloured, by its class."""
    terminal = Terminal()
    log = RequestLog(Redactor(), terminal.write, has_colours=True)
    log.log("GET", "/a", status, "", 0)
    log.close()
    assert terminal.lines == [f"GET /a \x1b[{colour}m{status}\x1b[0m 0.0 ms"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"detail": "No."}', "No."),
        (b'{"detail": [{"loc": ["body", "a"], "msg": "Required"}]}', "body.a: Required"),
        (b'{"error": {"code": 7, "message": "No."}}', "No."),
        (b'{"errors": 1}', ""),
        (b'["No.", {"message": "Never."}]', "No.; Never."),
        (b"No.", "No."),
        (b"<html>", ""),
        (b"", ""),
        (b"[" * 500 + b"]" * 500, ""),
        (b'{"detail": {"detail": {"detail": {"detail": {"detail": "deep"}}}}}', ""),
    ],
)
def test_the_reason_is_the_sentence_of_the_error(payload: bytes, reason: str) -> None:
    """It is found in the error bodies of many APIs."""
    assert reason_of(payload) == reason


def test_messages_of_all_modules_are_redacted() -> None:
    """A traceback that contains a key is logged without it."""
    formatter = RedactingFormatter("%(message)s", REDACTOR)
    record = logging.LogRecord("a", 10, "a", 1, "key %s, card %s", (LIVE, CARD), None)
    assert formatter.format(record) == "key sk_live_***, card ***"


# -------------------------------------------------------------------------------------- the program


def lines_of(program: Program, count: int) -> list[str]:
    """Wait for some lines and return them without their times."""
    wait_for(lambda: program.stderr.count("\n") >= count)
    return [re.sub(r"[\d.]+ ms", "MS", line) for line in program.stderr.splitlines()]


def test_the_program_lists_requests() -> None:
    """Requests to the API are listed with the reasons of errors and with warnings."""
    with serving("--port", "0") as program, program.client("sk_test_default") as client:
        client.get(f"{API}/balance", params={"number": CARD})
        client.get("/docs")
        client.get("/_mock/health")
        client.get("/favicon.ico")
        client.post(f"{API}/deposit", json={"amount_cents": 1})
        client.get("/balance")
        client.get(f"{API}/balance", headers={"X-API-Key": LIVE})
        rule = {"connection": "reset"}
        client.post("/_mock/faults", json=rule).raise_for_status()
        with pytest.raises(httpx.HTTPError):
            client.get(f"{API}/balance")
        lines = lines_of(program, 5)
        assert lines[0] == f"GET {API}/balance 200 MS  Unknown query parameter 'number'."
        assert lines[1].startswith(f"POST {API}/deposit 422 MS  body.amount_cents: Input should")
        assert lines[2] == (
            f"GET /balance 404 MS  No such path: /balance. Did you mean {API}/balance?"
        )
        assert lines[3].startswith(f"GET {API}/balance 401 MS  This is a mock server: do not send")
        assert lines[4].startswith(f"GET {API}/balance --- MS  No response was sent.")
        assert len(lines) == 5


def test_debug_lists_everything_without_keys() -> None:
    """Pages and the control API are listed too, and no message shows a key."""
    arguments = ("--port", "0", "--log-level", "debug")
    with serving(*arguments) as program, program.client(f"sk_test_{SECRET}") as client:
        client.get("/docs")
        client.get("/_mock/health")
        client.get(f"/{LIVE}")
        client.get("/nothing", params={"key": LIVE})
        client.get(f"{API}/balance", headers={"X-API-Key": LIVE})
        client.get(f"{API}/payment-methods/sk_test_{SECRET}")
        wait_for(lambda: program.stderr.count("/payment-methods/") > 0)
        assert "GET /docs 307" in program.stderr
        assert "GET /nothing?key=sk_live_*** 404" in program.stderr
        assert "GET /_mock/health 200" in program.stderr
        assert SECRET not in program.stderr


def test_queued_lines_are_written_at_the_end() -> None:
    """The last request before Ctrl-C is listed."""
    with serving("--port", "0") as program, program.client("sk_test_default") as client:
        client.get(f"{API}/balance")
        program.end(signal.SIGINT)
        assert lines_of(program, 1) == [f"GET {API}/balance 200 MS"]
