"""Whatever is at the other end: one clear line within seconds, the right exit code, and the key stays at home."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract_tests.http import channel
from contract_tests.safety import preflight
from tests.contract_kit import faulty
from tests.contract_kit.program import KEY, Said, kit, started
from tests.contract_kit.recorder import Answerer, Received, answer, as_json, recording

pytestmark = pytest.mark.slow  # many whole runs of the kit

LOGIN = b"<!doctype html><title>Log in</title>"
BALANCE = {"tier": "growth"}


def complaint(said: Said, code: int = 3) -> str:
    """The one line of a run that could not begin."""
    assert said.code == code, said
    assert KEY not in said.err
    return said.complaint


def meeting(answerer: Answerer, *words: str | Path, code: int = 3) -> str:
    """What is said of a server that answers like that."""
    with recording(answerer) as server:
        line = complaint(kit("run", server.url, *words), code)
        assert server.url in line
        assert {request.method for request in server.received} <= {"GET"}
        return line.replace(server.url, "URL")


# ---------------------------------------------------------------------------------------------------- nobody, or others


def test_nobody_there() -> None:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert complaint(kit("run", url)) == f"{url} cannot be reached: connection refused"
        assert (
            complaint(kit("run", url, "--mock")) == f"{url} cannot be reached: connection refused"
        )


def test_a_host_that_does_not_exist() -> None:
    """A name that no resolver knows."""
    assert complaint(kit("run", "http://no-such-host.invalid")).endswith(
        "cannot be reached: no such host"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (as_json(200, [1, 2]), "answers 200 with application/json and no JSON object"),
        (answer(404, b"<h1>Not Found</h1>", "text/html"), "answers 404 with text/html"),
        (as_json(404, {"detail": "Not Found"}), "answers 404 with application/json"),
        (answer(502, b"<h1>Bad Gateway</h1>", "text/html"), "answers 502 with text/html"),
        (answer(200, LOGIN, "text/html"), "answers 200 with text/html"),
        (answer(204), "answers 204 with application/json"),
        (answer(200, b"\xff\xfe{", "application/json"), "answers 200 with application/json"),
    ],
)
def test_a_server_that_is_not_this_api(given: bytes, expected: str) -> None:
    """What it answered, and what the URL should be."""
    line = meeting(lambda _: given)
    assert line.startswith("URL is not the AlterLab Billing API: GET /api/v1/billing/")
    assert expected in line
    assert line.endswith("give the URL without /api/v1/billing")


def test_a_deployment_that_is_no_mock_is_not_taken_for_one() -> None:
    """Nothing else is sent to it."""
    seen: list[Received] = []

    def api(received: Received) -> bytes:
        seen.append(received)
        return as_json(404, {"detail": "Not Found"})

    line = meeting(api, "--mock", code=2)
    assert "is not the mock: GET /_mock/health answers 404. Leave --mock out" in line
    assert [request.target for request in seen] == ["/_mock/health"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the response is not HTTP"),
        (b"\x00\x01\x02\xff" * 400, "the response is not HTTP"),
        (b"", "the connection was closed without a response"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "no JSON object"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "the response breaks off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", "the response breaks off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{", "the response breaks off"),
        (
            answer(200, b"no gzip", Content_Encoding="gzip"),
            "not in the encoding that Content-Encoding says",
        ),
    ],
)
def test_answers_that_are_no_http_or_break_off(given: bytes, expected: str) -> None:
    """Each with what is wrong with it."""
    assert expected in meeting(lambda _: given)


# -------------------------------------------------------------------------------------------- keys, redirects, patience


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused(status: int) -> None:
    """The variable that holds it, the status, and what the deployment says; control characters are shown."""
    given = as_json(status, {"detail": f"{KEY} is\nunknown \x1b[31m"})
    line = meeting(lambda _: given)
    assert (
        line
        == f"URL refuses the key of BILLING_API_KEY with {status}: [api-key] is unknown \\x1b[31m"
    )
    assert (
        meeting(lambda _: answer(status))
        == f"URL refuses the key of BILLING_API_KEY with {status}: no reason given"
    )


def test_redirects_to_a_login_are_told() -> None:
    """And not followed."""
    line = meeting(lambda _: answer(302, b"", Location="/login?next=/"))
    assert line.startswith("URL redirects to /login?next=/ instead of answering")


def test_a_redirect_does_not_carry_the_key_to_another_host() -> None:
    """Nothing at all arrives there, before the tests and within."""
    with recording(lambda _: as_json(200, BALANCE)) as other:

        def moved(received: Received) -> bytes:
            is_first = received.target == "/api/v1/billing/balance"
            return (
                as_json(200, BALANCE)
                if is_first
                else answer(307, b"", Location=f"{other.url}/stolen")
            )

        with recording(moved) as server:
            said = kit("run", server.url)
        assert said.code == 1
        assert "307" in said.out
        assert f"redirects to {other.url}/stolen" in meeting(
            lambda _: answer(301, b"", Location=f"{other.url}/stolen")
        )
        assert {request.header("x-api-key") for request in server.received} >= {KEY}
        assert other.received == []


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules, in a shorter time."""
    monkeypatch.setattr(preflight, "PATIENCE", 1.0)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "headers", [{}, {"Retry_After": "0"}, {"Retry_After": "3600"}, {"Retry_After": "soon"}]
)
def test_a_storm_of_429_before_the_tests(headers: dict[str, str]) -> None:
    """Waited for as long as our patience lasts, however long it says."""
    line = meeting(lambda _: as_json(429, {"detail": "Too many requests"}, **headers))
    assert line.startswith("URL answers 429 (too many requests) and goes on doing so")


def test_the_patience_before_the_tests_is_a_matter_of_seconds() -> None:
    """What the tests above shorten."""
    assert preflight.PATIENCE <= 10


def test_a_429_that_passes_is_waited_for() -> None:
    """As long as it says; then the run goes on."""
    answers = iter([as_json(429, {"detail": "Slow down"}, Retry_After="1")])
    with recording(lambda _: next(answers, as_json(200, BALANCE))) as server:
        said = kit("run", server.url, "--phases", "reads", "--only", "get_balance")
    assert said.code == 1
    assert "1 of 1 operations" in said.verdict


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "0"}])
def test_a_storm_of_429_in_the_middle_ends_the_run(headers: dict[str, str]) -> None:
    """Nothing can be learnt any more: exit code 3, with the report so far."""
    calm = iter([as_json(200, BALANCE)] * 3)
    with recording(lambda _: next(calm, as_json(429, {"detail": "no"}, **headers))) as server:
        said = kit("run", server.url)
    assert said.code == 3
    assert said.verdict.startswith("UNREACHABLE: ")
    assert "answers nothing but 429 any more; try a lower --rate-limit" in said.verdict
    assert len(server.received) < 3 + 2 * channel.THROTTLED_AFTER


@pytest.mark.parametrize("words", [(), ("--mock",)])
def test_answers_that_are_too_slow(words: tuple[str, ...]) -> None:
    """Nothing comes, or it does not end."""
    released = threading.Event()

    def wait(_: Received) -> bytes:
        released.wait(20)
        return b""

    try:
        assert "no response within --timeout" in meeting(wait, "--timeout", "0.3", *words)
    finally:
        released.set()


def test_an_answer_that_never_ends() -> None:
    """Byte after byte, each in time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def drip() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
                while not over.wait(0.05):
                    try:
                        peer.sendall(b" " * 10_000)
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        said = kit("run", f"http://127.0.0.1:{listener.getsockname()[1]}", "--timeout", "0.5")
        over.set()
        thread.join(5)
    assert "the response was not complete within --timeout" in complaint(said)


# -------------------------------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that no authority has signed, with its key in the same file."""
    path = tmp_path_factory.mktemp("tls") / "self.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]
    command += ["-subj", "/CN=kit", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run(
        [*command, "-keyout", path, "-out", f"{path}.crt"],
        check=True,
        capture_output=True,
        timeout=30,
    )
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@contextmanager
def secure(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with recording(lambda _: as_json(200, BALANCE), tls=context) as server:
        yield server.url.replace("http://", "https://")
        assert all(request.header("x-api-key") == KEY for request in server.received)


def test_a_certificate_that_nobody_vouches_for(certificate: Path) -> None:
    """Refused, with the flag that names an authority; accepted with it."""
    words = ("--phases", "reads", "--only", "get_balance", "--quiet")
    with secure(certificate) as url:
        assert complaint(kit("run", url, *words)) == (
            f"{url} cannot be reached: its TLS certificate is not valid; name the authority with --ca-bundle"
        )
        trusting = kit("run", url, *words, "--ca-bundle", f"{certificate}.crt")
        assert trusting.code == 1
        assert f"--cacert {certificate}.crt" in trusting.out


def test_a_certificate_for_another_name(certificate: Path) -> None:
    """Trusting the authority is not enough."""
    with secure(certificate) as url:
        line = complaint(
            kit("run", url.replace("127.0.0.1", "localhost"), "--ca-bundle", f"{certificate}.crt")
        )
    assert "its TLS certificate is not valid" in line


def test_tls_with_who_does_not_speak_it(certificate: Path) -> None:
    """https to a plain server, and http to one that wants TLS."""
    with recording(lambda _: as_json(200, {})) as plain:
        line = complaint(kit("run", plain.url.replace("http://", "https://")))
        assert line.endswith("cannot be reached: no TLS connection")
    with secure(certificate) as url:
        complaint(kit("run", url.replace("https://", "http://")))


# ------------------------------------------------------------------------------------------------- files and variables


@pytest.mark.parametrize("value", ["", "  ", "two words", "schlüssel", "a\x07b"])
def test_a_key_that_is_missing_or_cannot_be_one(value: str) -> None:
    """The variable is named, its value is not."""
    said = kit("run", "http://127.0.0.1:9", BILLING_API_KEY=value)
    line = complaint(said, 2)
    assert "BILLING_API_KEY" in line
    assert not value.strip() or value not in said.err


def test_the_other_key_is_missing() -> None:
    """By the name that was given."""
    assert "ANOTHER_ONE" in complaint(
        kit("run", "http://127.0.0.1:9", "--other-key-env", "ANOTHER_ONE"), 2
    )


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        (b"openapi: 3.0.3\npaths: [\n", 3, "is not valid YAML"),
        (b"\xff\xfe", None, "is not UTF-8 text"),
        (b"", None, "is no OpenAPI 3.0 document"),
        (b"just text", None, "is no OpenAPI 3.0 document"),
        (b"- openapi", None, "is no OpenAPI 3.0 document"),
        (b'swagger: "2.0"\n', None, "is no OpenAPI 3.0 document"),
        (b"openapi: 3.1.0\npaths: {}\n", None, "is no OpenAPI 3.0 document"),
        (b"openapi: 3.0.3\n", None, "misses 'paths'"),
        (b"openapi: 3.0.3\npaths: {}\n", None, "has no operations under 'paths'"),
        (b"openapi: 3.0.3\npaths: {/x: {get: {}}}\n", None, "misses 'responses'"),
        (b"openapi: 3.0.3\npaths: {/x: 7}\n", None, "is no valid OpenAPI document"),
        (
            b"openapi: 3.0.3\npaths: {/x: {get: {responses: {200: {$ref: '#/no/where'}}}}}\n",
            None,
            "leads nowhere",
        ),
    ],
)
def test_a_contract_that_is_none(
    tmp_path: Path, content: bytes, line: int | None, expected: str
) -> None:
    """Its path, the line where there is one, and what it lacks."""
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    said = complaint(kit("run", "http://127.0.0.1:9", "--spec", path), 2)
    assert said.startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert expected in said


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """The contract and the baseline."""
    for flag in ("--spec", "--baseline"):
        line = complaint(kit("run", "http://127.0.0.1:9", flag, tmp_path / "nowhere.yaml"), 2)
        assert "nowhere.yaml: cannot be read (No such file or directory)" in line


# ---------------------------------------------------------------------------------------------------------- interrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_tells_what_it_has_found(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Exit code 130, the report and its files, and the mock as it was."""
    words = (
        "--mock",
        "--rate-limit",
        "50/s",
        "--phases",
        "reads",
        "--report",
        "json,har",
        "--report-dir",
        tmp_path,
    )
    with faulty.mock("text_for_number") as mock, started("run", mock.url, *words) as process:
        while not any("/audit-log" in request for request in mock.requests):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "FAILURES (" in out
    assert re.match(
        r"INTERRUPTED: \d+ failure.*\(ended early: interrupted\)$", out.rstrip().rsplit("\n", 1)[-1]
    )
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "traffic.har"}
    assert mock.requests[-1] == "POST /_mock/snapshots/contract-tests/restore"


def test_an_interruption_before_any_test_is_said() -> None:
    """There is nothing to report."""
    asked, released = threading.Event(), threading.Event()

    def wait(_: Received) -> bytes:
        asked.set()
        released.wait(20)
        return b""

    with recording(wait) as server, started("run", server.url) as process:
        assert asked.wait(20)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        released.set()
    assert process.returncode == 130
    assert "Traceback" not in err
