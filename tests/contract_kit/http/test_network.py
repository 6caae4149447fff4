"""The way to a deployment: headers, basic authentication, proxies, client certificates."""

from __future__ import annotations

import base64
import re
import select
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contract_tests.http.network import network
from contract_tests.http.redaction import Keyring
from contract_tests.settings import Settings
from tests.contract_kit import faulty
from tests.contract_kit.program import PROJECT, Outcome, environment, kit
from tests.contract_kit.recorder import Received, Recorder, forwarding, http_response, recording

SECRET = "0pen-5esame-9"
QUICK = ("--phases", "reads,keys", "--only", "get_balance")
REPORTS = ("--report", "junit,html,json,sarif,har", "--report-dir")


def settings(url: str = "https://staging.example.com", **changes: Any) -> Settings:
    return Settings(url, PROJECT / "spec/openapi.yaml", **{"environment": {}, **changes})


def proxy_of(url: str, **variables: str) -> str:
    return network(settings(url, environment=variables), Keyring()).proxy


@contextmanager
def gateway(url: str, **required: str) -> Iterator[Recorder]:
    """Forward requests that carry the required headers, and refuse the others with 407."""
    forward = forwarding(url)

    def respond(received: Received) -> bytes:
        missing = [
            name
            for name, value in required.items()
            if received.header(name.replace("_", "-")) != value
        ]
        return (
            http_response(407, b"<p>not for you</p>", "text/html") if missing else forward(received)
        )

    with recording(respond) as server:
        yield server


def assert_hidden(outcome: Outcome, folder: Path, *secrets: str) -> None:
    texts = [outcome.out, outcome.err, *(path.read_text() for path in folder.iterdir())]
    assert len(texts) == 7
    for secret in secrets:
        assert not any(secret in text for text in texts), secret


# ------------------------------------------------------------------------------------------ headers


def test_every_request_carries_the_extra_headers_and_no_report_their_secrets(
    tmp_path: Path,
) -> None:
    """A value of ``env:NAME`` is sent, and shown as ``$NAME``."""
    with (
        faulty.mock("text_for_number") as mock,
        gateway(mock.url, cf_access_client_id="kit", cf_access_client_secret=SECRET) as server,
    ):
        outcome = kit(
            *(
                "run",
                server.url,
                *QUICK,
                *REPORTS,
                tmp_path,
                "--header",
                "CF-Access-Client-Id: kit",
            ),
            *("--header", "CF-Access-Client-Secret: env:CF_SECRET"),
            CF_SECRET=SECRET,
            BILLING_API_KEY="sk_test_headers",
        )
        assert outcome.code == 1, outcome
        assert {request.header("cf-access-client-secret") for request in server.received} == {
            SECRET
        }
        again = re.search(r"again +(curl .+)", outcome.out)
        assert again is not None
        assert '-H "CF-Access-Client-Secret: $CF_SECRET"' in again[1]
        variables = environment(CF_SECRET=SECRET, BILLING_API_KEY="sk_test_headers")
        repeated = subprocess.run(
            ["sh", "-c", again[1]],
            env=variables,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        assert '"balance_microcents"' in repeated.stdout
    assert_hidden(outcome, tmp_path, SECRET)


def test_the_property_tests_carry_the_extra_headers() -> None:
    """Requests of Schemathesis carry them, too."""
    with faulty.mock() as mock, gateway(mock.url, x_preview="7") as server:
        words = ("--phases", "properties", "--only", "get_balance", "--max-examples", "2")
        outcome = kit(
            *("run", server.url, *words, "--header", "X-Preview: 7"), BILLING_API_KEY="sk_test_p"
        )
        assert outcome.code == 0, outcome.out
        assert {request.header("x-preview") for request in server.received} == {"7"}


def test_restoration_carries_the_extra_headers(tmp_path: Path) -> None:
    """What the journal reads and puts back goes the same way."""
    with faulty.mock() as mock, gateway(mock.url, x_preview="7") as server:
        words = ["--phases", "tenants", "--only", "usage-alerts", "--allow-writes"]
        words += ["--other-key-env", "OTHER", "--header", "X-Preview: 7", "--journal"]
        outcome = kit(
            *("run", server.url, *words, str(tmp_path / "journal")),
            BILLING_API_KEY="sk_test_p",
            OTHER="sk_test_q",
        )
        assert {request.header("x-preview") for request in server.received} == {"7"}
        assert {"PUT", "GET"} == {request.method for request in server.received}
    assert outcome.code == 0, outcome.out
    assert "not put back" not in outcome.out


def test_drift_sends_the_headers_to_staging_only() -> None:
    """The mock is reached without what is in front of staging."""
    with (
        faulty.mock() as mock,
        gateway(mock.url) as first,
        gateway(mock.url, x_preview="7") as staging,
    ):
        words = ("--only", "get_balance", "--header", "X-Preview: 7", "--quiet")
        outcome = kit("drift", first.url, staging.url, *words, BILLING_API_KEY="sk_test_drift")
        assert {request.header("x-preview") for request in staging.received} == {"7"}
        assert {request.header("x-preview") for request in first.received} == {None}
    assert outcome.code == 0, outcome


def test_basic_authentication_takes_its_password_from_the_environment(tmp_path: Path) -> None:
    """The curl line names the user and the variable."""
    token = base64.b64encode(f"kit:{SECRET}".encode()).decode()
    with (
        faulty.mock("text_for_number") as mock,
        gateway(mock.url, authorization=f"Basic {token}") as server,
    ):
        outcome = kit(
            *("run", server.url, *QUICK, *REPORTS, tmp_path, "--auth", "kit:env:PREVIEW_PASSWORD"),
            PREVIEW_PASSWORD=SECRET,
            BILLING_API_KEY="sk_test_auth",
        )
    assert outcome.code == 1, outcome
    assert '-u kit:"$PREVIEW_PASSWORD"' in outcome.out
    assert_hidden(outcome, tmp_path, SECRET, token)


def test_without_the_header_the_gateway_refuses() -> None:
    """The test above would not pass without the headers."""
    with faulty.mock() as mock, gateway(mock.url, x_preview="7") as server:
        outcome = kit("run", server.url, *QUICK)
    assert outcome.code == 3


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--header", "no-colon"], "--header must be 'Name: value' or 'Name: env:VARIABLE'"),
        (["--header", "a b: c"], "--header must be 'Name: value'"),
        (["--header", "X-A: b\nX-C: d"], "--header must be 'Name: value'"),
        (["--header", "X-A: ü"], "--header must be 'Name: value'"),
        (["--header", "Host: a.example"], "--header must be another header than Host"),
        (["--header", "X-A: env:7"], "--header must be env: with the name of an environment var"),
        (["--header", "X-A: env:NOT_SET"], "the environment variable NOT_SET is not set"),
        (["--header", "X-A: env:ODD"], "the value of ODD holds characters that no header"),
        (
            ["--header", "X-Token: hush-hush"],
            "--header must be 'X-Token: env:VARIABLE', as its value is a secret",
        ),
        (["--header", "x-api-key: env:NOT_SET"], "the environment variable NOT_SET is not set"),
        (["--auth", "kit:hush-hush"], "--auth must be user:env:VARIABLE"),
        (["--auth", "kit:env:NOT_SET"], "the environment variable NOT_SET is not set"),
        (["--proxy", "proxy.example.com"], "--proxy must be the URL of an HTTP proxy"),
        (["--proxy", "socks5://127.0.0.1:9"], "--proxy must be the URL of an HTTP proxy"),
        (["--proxy", "http://u:hush-hush@h"], "--proxy must be a URL without user and password"),
        (["--client-cert", "nowhere.pem"], "--client-cert must be a certificate and its key"),
        (["--client-cert", "LICENSE:LICENSE"], "--client-cert must be a certificate and its key"),
    ],
)
def test_a_bad_value_is_one_line_without_the_secret(words: list[str], expected: str) -> None:
    """The exit code is 2, and nothing was sent."""
    outcome = kit("run", "http://127.0.0.1:9", *words, ODD="a\u00e9b")
    assert outcome.code == 2
    assert expected in outcome.error_line
    assert "hush" not in outcome.err


# ------------------------------------------------------------------------------------------ proxies


@contextmanager
def proxying(url: str) -> Iterator[Recorder]:
    """Run an HTTP proxy that passes every request on to one server."""
    forward = forwarding(url)

    def respond(received: Received) -> bytes:
        target = received.target.removeprefix("http://staging.example")
        raw = received.raw.replace(received.target.encode(), target.encode(), 1)
        return forward(Received(received.method, target, received.headers, received.body, raw))

    with recording(respond) as server:
        yield server


@contextmanager
def tunnelling(user: str = "") -> Iterator[tuple[str, list[str]]]:
    """Run an HTTP proxy that opens tunnels, to any name, on this machine."""
    token = f"Basic {base64.b64encode(user.encode()).decode()}"
    heads: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b"".join(iter(self.rfile.readline, b"\r\n")).decode()
            heads.append(head)
            if user and f"Proxy-Authorization: {token}" not in head:
                self.wfile.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
                return
            port = int(head.split()[1].rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as upstream:
                self.wfile.write(b"HTTP/1.1 200 Open\r\n\r\n")
                ends = {self.connection: upstream, upstream: self.connection}
                while data := (ready := select.select(ends, [], [])[0][0]).recv(65_536):
                    ends[ready].sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://{user}@127.0.0.1:{server.server_address[1]}".replace("//@", "//"), heads
        server.shutdown()


@pytest.mark.parametrize("user", ["", f"kit:{SECRET}"])
def test_https_passes_through_a_tunnel(certificates: Path, user: str) -> None:
    """The proxy sees the name of the host, and neither key nor path."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
    with (
        faulty.mock() as mock,
        recording(forwarding(mock.url), tls=context) as server,
        tunnelling(user) as (proxy, heads),
    ):
        port = server.server_address[1]
        outcome = kit(
            *("run", f"https://staging.example:{port}", "--phases", "reads", "--only"),
            *("get_balance", "--ca-bundle", certificates / "server.crt"),
            BILLING_API_KEY="sk_test_tunnel",
            HTTPS_PROXY=proxy,
        )
    assert outcome.code == 0, outcome
    assert all(head.startswith(f"CONNECT staging.example:{port} ") for head in heads)
    assert "sk_test_tunnel" not in "".join(heads)


def test_a_tunnel_that_is_refused_is_the_proxys_doing() -> None:
    """407 of the proxy is not mistaken for the deployment's."""
    with tunnelling("kit:right") as (proxy, _):
        words = ("--proxy", proxy.replace("kit:right@", ""))
        outcome = kit("run", "https://staging.example", *QUICK, *words)
    assert outcome.code == 3
    assert "the proxy does not respond, or does not let this through" in outcome.error_line


def test_requests_pass_through_the_named_proxy() -> None:
    """The proxy resolves the host and gets the whole URL."""
    with faulty.mock("text_for_number") as mock, proxying(mock.url) as proxy:
        outcome = kit(
            *("run", "http://staging.example", *QUICK, "--proxy", proxy.url),
            BILLING_API_KEY="sk_test_proxy",
        )
    assert outcome.code == 1, outcome
    assert f"--proxy {proxy.url} " in outcome.out
    assert all(request.target.startswith("http://staging.example/") for request in proxy.received)


def test_the_proxy_of_the_variables_may_hold_a_password(tmp_path: Path) -> None:
    """User and password go to the proxy, and are in no report."""
    with faulty.mock("text_for_number") as mock, proxying(mock.url) as proxy:
        outcome = kit(
            *("run", "http://staging.example", *QUICK, *REPORTS, tmp_path),
            BILLING_API_KEY="sk_test_proxy",
            http_proxy=proxy.url.replace("//", f"//kit:{SECRET}@"),
        )
    token = base64.b64encode(f"kit:{SECRET}".encode()).decode()
    assert outcome.code == 1, outcome
    assert {request.header("proxy-authorization") for request in proxy.received} == {
        f"Basic {token}"
    }
    assert_hidden(outcome, tmp_path, SECRET, token)


def test_a_proxy_that_is_not_there_is_named() -> None:
    """The line says that the proxy is missing, not the deployment."""
    outcome = kit("run", "http://staging.example", *QUICK, "--proxy", "http://127.0.0.1:9")
    assert outcome.code == 3
    assert "the proxy does not respond" in outcome.error_line


def test_a_proxy_variable_that_is_no_url_is_one_line() -> None:
    """Its value may hold a password, and is not shown."""
    outcome = kit("run", "http://staging.example", *QUICK, ALL_PROXY="socks5://u:hush@h:1")
    assert outcome.code == 2
    assert "ALL_PROXY must be the URL of an HTTP proxy" in outcome.error_line
    assert "hush" not in outcome.err


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_the_variables_are_read_in_both_cases(case: Any) -> None:
    """Each scheme has its own variable, and ``ALL_PROXY`` is for both."""
    named = {case("https_proxy"): "http://a:1", case("http_proxy"): "http://b:2"}
    assert proxy_of("https://x.example", **named) == "http://a:1"
    assert proxy_of("http://x.example", **named) == "http://b:2"
    assert proxy_of("http://x.example", **{case("all_proxy"): "c:3"}) == "http://c:3"
    assert proxy_of("https://x.example") == ""


@pytest.mark.parametrize(
    ("host", "no_proxy", "is_direct"),
    [
        ("api.example.com", "example.com", True),
        ("api.example.com", ".example.com", True),
        ("api.example.com", "other.com, api.example.com", True),
        ("api.example.com", "*", True),
        ("api.example.com", "*.example.com", True),
        ("api.example.com:8443", "api.example.com:8443", True),
        ("badexample.com", "example.com", False),
        ("api.example.com", "", False),
        ("api.example.com", "a, ,b", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("192.168.1.1", "10.0.0.0/8", False),
        ("localhost", "", True),
        ("kit.localhost:80", "", True),
        ("127.0.0.1:8080", "", True),
        ("[::1]:8080", "", True),
    ],
)
def test_no_proxy_and_this_machine_are_reached_directly(
    host: str, no_proxy: str, is_direct: bool
) -> None:
    """Loopback goes through no proxy of the environment."""
    proxy = proxy_of(f"http://{host}", HTTP_PROXY="http://a:1", NO_PROXY=no_proxy)
    assert proxy == ("" if is_direct else "http://a:1")


def test_a_named_proxy_is_used_for_this_machine_too() -> None:
    """``--proxy`` wins over the variables, and over loopback."""
    found = network(
        settings(
            "http://127.0.0.1:1", proxy="http://a:1", environment={"HTTP_PROXY": "http://b:2"}
        ),
        Keyring(),
    )
    assert found.proxy == "http://a:1"


# ------------------------------------------------------------------------------------ certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for 127.0.0.1 and one of a client, each with its key."""
    folder = tmp_path_factory.mktemp("tls")
    for name in ("server", "client"):
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
        words += ["ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-days", "2"]
        words += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:staging.example"]
        words += ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt"]
        subprocess.run(words, check=True, capture_output=True, timeout=30)
    both = (folder / "client.key").read_text() + (folder / "client.crt").read_text()
    (folder / "client.pem").write_text(both)
    return folder


@contextmanager
def demanding(url: str, certificates: Path, version: ssl.TLSVersion) -> Iterator[str]:
    """Serve over TLS to clients that show the certificate of the client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
    context.load_verify_locations(certificates / "client.crt")
    context.verify_mode, context.maximum_version = ssl.CERT_REQUIRED, version
    with recording(forwarding(url), tls=context) as server:
        yield server.url.replace("http://", "https://")


@pytest.mark.parametrize("in_one_file", [True, False])
def test_the_client_certificate_is_shown(certificates: Path, in_one_file: bool) -> None:
    """The key is in the same file or in its own; the curl line names both."""
    pem, crt, key = (certificates / f"client.{end}" for end in ("pem", "crt", "key"))
    named = str(pem) if in_one_file else f"{crt}:{key}"
    words = (*QUICK, "--ca-bundle", certificates / "server.crt")
    with (
        faulty.mock("text_for_number") as mock,
        demanding(mock.url, certificates, ssl.TLSVersion.TLSv1_3) as url,
    ):
        outcome = kit(*("run", url, *words, "--client-cert", named), BILLING_API_KEY="sk_test_cert")
    assert outcome.code == 1, outcome
    assert f"--cert {pem} " in outcome.out or f"--cert {crt} --key {key} " in outcome.out


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_missing_client_certificate_is_named(certificates: Path, version: ssl.TLSVersion) -> None:
    """The line names the flag."""
    with faulty.mock() as mock, demanding(mock.url, certificates, version) as url:
        outcome = kit("run", url, *QUICK, "--ca-bundle", certificates / "server.crt")
    assert outcome.code == 3
    assert "it may want a client certificate (--client-cert)" in outcome.error_line
