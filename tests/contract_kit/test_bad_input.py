"""Unusable servers, files and keys: one clear line, the right exit code, and no leaked key."""

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
from tests.contract_kit.program import KEY, Outcome, kit, started
from tests.contract_kit.recorder import Received, Responder, as_json, http_response, recording

pytestmark = pytest.mark.slow  # many whole runs of the kit

LOGIN = b"<!doctype html><title>Log in</title>"
BALANCE = {"tier": "growth"}


def complaint(outcome: Outcome, code: int = 3) -> str:
    """Return the only error line of a run that could not begin."""
    assert outcome.code == code, outcome
    assert KEY not in outcome.err
    return outcome.error_line


def error_of(responder: Responder, *words: str | Path, code: int = 3) -> str:
    """Return the error line of a run against a server with this responder."""
    with recording(responder) as server:
        line = complaint(kit("run", server.url, *words), code)
        assert server.url in line
        assert {request.method for request in server.received} <= {"GET"}
        return line.replace(server.url, "URL")


# ----------------------------------------------------- no server, or a server of another API


def test_a_closed_port_is_reported() -> None:
    """A refused connection is reported with its URL."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert complaint(kit("run", url)) == f"{url} cannot be reached: connection refused"
        assert (
            complaint(kit("run", url, "--mock")) == f"{url} cannot be reached: connection refused"
        )


def test_an_unknown_host_is_reported() -> None:
    """A host name that does not resolve is reported."""
    assert complaint(kit("run", "http://no-such-host.invalid")).endswith(
        "cannot be reached: no such host"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (as_json(200, [1, 2]), "responds with 200 (application/json) and no JSON object"),
        (http_response(404, b"<h1>Not Found</h1>", "text/html"), "responds with 404 (text/html)"),
        (as_json(404, {"detail": "Not Found"}), "responds with 404 (application/json)"),
        (http_response(502, b"<h1>Bad Gateway</h1>", "text/html"), "responds with 502 (text/html)"),
        (http_response(200, LOGIN, "text/html"), "responds with 200 (text/html)"),
        (http_response(204), "responds with 204 (application/json)"),
        (
            http_response(200, b"\xff\xfe{", "application/json"),
            "responds with 200 (application/json)",
        ),
    ],
)
def test_a_server_of_another_api_is_reported(given: bytes, expected: str) -> None:
    """The error quotes the response and says which URL to give."""
    line = error_of(lambda _: given)
    assert line.startswith("URL is not the AlterLab Billing API: GET /api/v1/billing/")
    assert expected in line
    assert line.endswith("give the URL without /api/v1/billing")


def test_a_deployment_without_the_control_api_is_not_the_mock() -> None:
    """With --mock, only the health check is sent to a deployment that is not the mock."""
    requests: list[Received] = []

    def api(received: Received) -> bytes:
        requests.append(received)
        return as_json(404, {"detail": "Not Found"})

    line = error_of(api, "--mock", code=2)
    assert "is not the mock: GET /_mock/health responds with 404. Leave --mock out" in line
    assert [request.target for request in requests] == ["/_mock/health"]


def test_a_control_api_that_is_closed_is_reported() -> None:
    """Health is open all the same; the error has the reason of the mock."""

    def api(received: Received) -> bytes:
        if received.target == "/_mock/health":
            return as_json(200, {"status": "ok", "seed": 1})
        return as_json(403, {"detail": "It requires its token."})

    line = error_of(api, "--mock")
    assert "has its control API closed: It requires its token" in line


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the response is not HTTP"),
        (b"\x00\x01\x02\xff" * 400, "the response is not HTTP"),
        (b"", "the connection was closed without a response"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "the response breaks off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "the response breaks off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", "the response breaks off"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{",
            "it is not chunked as Transfer-Encoding says",
        ),
        (
            http_response(200, b"no gzip", Content_Encoding="gzip"),
            "not in the encoding that Content-Encoding says",
        ),
    ],
)
def test_malformed_and_incomplete_responses_are_reported(given: bytes, expected: str) -> None:
    """The error says what is wrong with the response."""
    assert expected in error_of(lambda _: given)


# ------------------------------------------------------------ keys, redirects, rate limits


@pytest.mark.parametrize("status", [401, 403])
def test_a_rejected_key_is_reported(status: int) -> None:
    """The error has the variable, the status and the escaped reason of the deployment."""
    given = as_json(status, {"detail": f"{KEY} is\nunknown \x1b[31m"})
    line = error_of(lambda _: given)
    assert (
        line
        == f"URL refuses the key of BILLING_API_KEY with {status}: [api-key] is unknown \\x1b[31m"
    )
    assert (
        error_of(lambda _: http_response(status))
        == f"URL refuses the key of BILLING_API_KEY with {status}: no reason given"
    )


def test_a_redirect_to_a_login_page_is_reported() -> None:
    """A redirect to a login page is reported and not followed."""
    line = error_of(lambda _: http_response(302, b"", Location="/login?next=/"))
    assert line.startswith("URL redirects to /login?next=/ instead of responding")


def test_a_redirect_does_not_carry_the_key_to_another_host() -> None:
    """No request reaches the target of a redirect, neither in the preflight nor in the tests."""
    with recording(lambda _: as_json(200, BALANCE)) as other:

        def moved(received: Received) -> bytes:
            is_first = received.target == "/api/v1/billing/balance"
            return (
                as_json(200, BALANCE)
                if is_first
                else http_response(307, b"", Location=f"{other.url}/stolen")
            )

        with recording(moved) as server:
            outcome = kit("run", server.url)
        assert outcome.code == 1
        assert "307" in outcome.out
        assert f"redirects to {other.url}/stolen" in error_of(
            lambda _: http_response(301, b"", Location=f"{other.url}/stolen")
        )
        assert {request.header("x-api-key") for request in server.received} >= {KEY}
        assert other.received == []


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time for which the preflight waits."""
    monkeypatch.setattr(preflight, "PATIENCE", 1.0)


@pytest.mark.usefixtures("short_patience")
@pytest.mark.parametrize(
    "headers", [{}, {"Retry_After": "0"}, {"Retry_After": "3600"}, {"Retry_After": "soon"}]
)
def test_a_preflight_that_only_gets_429_fails(headers: dict[str, str]) -> None:
    """The preflight stops after its own limit, whatever Retry-After says."""
    line = error_of(lambda _: as_json(429, {"detail": "Too many requests"}, **headers))
    assert line.startswith("URL responds with 429 (too many requests) and goes on doing so")


def test_the_preflight_waits_at_most_ten_seconds() -> None:
    """The limit that the fixture shortens is at most ten seconds."""
    assert preflight.PATIENCE <= 10


def test_the_preflight_waits_for_a_temporary_429() -> None:
    """The preflight waits for the time in Retry-After; then the run continues."""
    responses = iter([as_json(429, {"detail": "Slow down"}, Retry_After="1")])
    with recording(lambda _: next(responses, as_json(200, BALANCE))) as server:
        outcome = kit("run", server.url, "--phases", "reads", "--only", "get_balance")
    assert outcome.code == 1
    assert "1 of 1 operations" in outcome.verdict


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "0"}])
def test_a_run_that_only_gets_429_ends(headers: dict[str, str]) -> None:
    """A run that only gets 429 ends with exit code 3 and the report so far."""
    successes = iter([as_json(200, BALANCE)] * 3)
    with recording(lambda _: next(successes, as_json(429, {"detail": "no"}, **headers))) as server:
        outcome = kit("run", server.url)
    assert outcome.code == 3
    assert outcome.verdict.startswith("UNREACHABLE: ")
    assert "responds with nothing but 429 any more; try a lower --rate-limit" in outcome.verdict
    assert len(server.received) < 3 + 2 * channel.THROTTLED_AFTER


@pytest.mark.parametrize("words", [(), ("--mock",)])
def test_a_response_that_never_starts_times_out(words: tuple[str, ...]) -> None:
    """A response that does not start within --timeout is reported."""
    released = threading.Event()

    def wait(_: Received) -> bytes:
        released.wait(20)
        return b""

    try:
        assert "no response within --timeout" in error_of(wait, "--timeout", "0.3", *words)
    finally:
        released.set()


def test_a_response_that_never_ends_times_out() -> None:
    """--timeout limits the whole response, even if every byte is in time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        finished = threading.Event()

        def drip() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
                while not finished.wait(0.05):
                    try:
                        peer.sendall(b" " * 10_000)
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        outcome = kit("run", f"http://127.0.0.1:{listener.getsockname()[1]}", "--timeout", "0.5")
        finished.set()
        thread.join(5)
    assert "no response within --timeout" in complaint(outcome)


# -------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
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


def test_a_self_signed_certificate_needs_the_ca_bundle(certificate: Path) -> None:
    """The error names --ca-bundle; with that flag the certificate is accepted."""
    words = ("--phases", "reads", "--only", "get_balance", "--quiet")
    with secure(certificate) as url:
        assert complaint(kit("run", url, *words)) == (
            f"{url} cannot be reached: its TLS certificate is not valid; "
            "name the authority with --ca-bundle"
        )
        trusting = kit("run", url, *words, "--ca-bundle", f"{certificate}.crt")
        assert trusting.code == 1
        assert f"--cacert {certificate}.crt" in trusting.out


def test_a_certificate_for_another_host_is_rejected(certificate: Path) -> None:
    """The certificate must be for the requested host, even if its authority is trusted."""
    with secure(certificate) as url:
        line = complaint(
            kit("run", url.replace("127.0.0.1", "localhost"), "--ca-bundle", f"{certificate}.crt")
        )
    assert "its TLS certificate is not valid" in line


def test_a_mismatch_of_http_and_https_is_reported(certificate: Path) -> None:
    """https to a plain server and http to a TLS server are both reported."""
    with recording(lambda _: as_json(200, {})) as plain:
        line = complaint(kit("run", plain.url.replace("http://", "https://")))
        assert line.endswith("cannot be reached: no TLS connection")
    with secure(certificate) as url:
        complaint(kit("run", url.replace("https://", "http://")))


# ---------------------------------------------------------------------- files and variables


@pytest.mark.parametrize("value", ["", "  ", "two words", "schlüssel", "a\x07b"])
def test_a_missing_or_invalid_key_is_reported(value: str) -> None:
    """The error names the variable and does not contain its value."""
    outcome = kit("run", "http://127.0.0.1:9", BILLING_API_KEY=value)
    line = complaint(outcome, 2)
    assert "BILLING_API_KEY" in line
    assert not value.strip() or value not in outcome.err


def test_a_missing_other_key_is_reported() -> None:
    """The error names the variable of --other-key-env."""
    assert "ANOTHER_ONE" in complaint(
        kit("run", "http://127.0.0.1:9", "--other-key-env", "ANOTHER_ONE"), 2
    )


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        (b"openapi: 3.0.3\npaths: [\n", 3, "is not valid YAML"),
        (b"\xff\xfe", 1, "is not UTF-8 text"),
        (b"", 1, "is no OpenAPI document"),
        (b"just text", 1, "is no OpenAPI document"),
        (b"- openapi", 1, "is no OpenAPI document"),
        (b'swagger: "1.2"\n', 1, "is no OpenAPI document"),
        (b"openapi: 4.0.0\npaths: {}\n", 1, "is no OpenAPI document"),
        (b"openapi: 3.0.3\n", None, "misses 'paths'"),
        (b"openapi: 3.0.3\npaths: {}\n", None, "has no operations under 'paths'"),
        (b"openapi: 3.0.3\npaths: {/x: 7}\n", None, "is no valid OpenAPI document"),
        (
            b"openapi: 3.0.3\npaths: {/x: {get: {responses: {200: {$ref: '#/no/where'}}}}}\n",
            None,
            "leads nowhere",
        ),
    ],
)
def test_an_unusable_contract_is_reported(
    tmp_path: Path, content: bytes, line: int | None, expected: str
) -> None:
    """The error has the path, the line if known, and the reason."""
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    message = complaint(kit("run", "http://127.0.0.1:9", "--spec", path), 2)
    assert message.startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert expected in message


def test_missing_files_are_reported(tmp_path: Path) -> None:
    """A missing contract and a missing baseline are reported with their paths."""
    for flag in ("--spec", "--baseline"):
        line = complaint(kit("run", "http://127.0.0.1:9", flag, tmp_path / "nowhere.yaml"), 2)
        assert "nowhere.yaml: cannot be read (No such file or directory)" in line


# ------------------------------------------------------------------------------ interrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_reports_its_findings(tmp_path: Path, number: signal.Signals) -> None:
    """An interrupted run exits with 130, writes its reports and restores the mock."""
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


def test_an_interruption_before_the_first_test_exits_with_130() -> None:
    """An interruption during the preflight exits with 130 and no traceback."""
    requested, released = threading.Event(), threading.Event()

    def wait(_: Received) -> bytes:
        requested.set()
        released.wait(20)
        return b""

    with recording(wait) as server, started("run", server.url) as process:
        assert requested.wait(20)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        released.set()
    assert process.returncode == 130
    assert "Traceback" not in err
