"""The curl commands of reports send the same request as the kit and contain no key."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from contract_tests.http import curl
from contract_tests.http.channel import Channel
from contract_tests.http.exchange import Exchange, Request
from contract_tests.http.redaction import Keyring
from contract_tests.openapi.contract import Contract
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit.recorder import Received, Recorder, as_json, recording

KEY, OTHER = "sk_live_planted_$HOME", "planted-other-key's"
JSON = {"Content-Type": "application/json"}
CLIENT_HEADERS = {"user-agent", "accept-encoding", "connection", "content-length", "host"}


@dataclass(frozen=True)
class Wire:
    """A recording server, and methods that send requests to it as the kit does."""

    recorder: Recorder
    contract: Contract
    settings: Settings

    def line(self, request: Request, key: str | None = None) -> str:
        """Send a request; return its curl command as reports show it."""
        return curl.line(self.sent(request, key), self.settings)

    def sent(self, request: Request, key: str | None = None) -> Exchange:
        """Send a request; return its redacted exchange."""
        ring = Keyring()
        ring.add("api-key", KEY)
        ring.add("other-key", OTHER)
        ring.add("sk-test kit-1-2", "sk_test_kit_1_2")
        exchanges: list[Exchange] = []
        Channel(self.recorder.url, self.contract, ring, listeners=[exchanges.append]).send(
            request, key
        )
        return exchanges[0]


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.load(packaged_spec())


@pytest.fixture
def wire(contract: Contract) -> Iterator[Wire]:
    with recording(lambda _: as_json(200, {})) as running:
        yield Wire(
            running, contract, Settings(running.url, packaged_spec(), other_key_env="SECOND_KEY")
        )


def run(line: str) -> None:
    """Run a command in a shell that has the keys in its environment."""
    environment = {**os.environ, "BILLING_API_KEY": KEY, "SECOND_KEY": OTHER, "no_proxy": "*"}
    subprocess.run(["sh", "-c", line], env=environment, check=True, capture_output=True, timeout=20)


def essence(received: Received) -> tuple[object, ...]:
    """Return a received request without the headers that every client adds."""
    headers = sorted(
        (name.lower(), value)
        for name, value in received.headers
        if name.lower() not in CLIENT_HEADERS
    )
    return received.method, received.target, headers, received.body


REQUESTS = {
    "read": Request("GET", "/api/v1/billing/balance"),
    "query": Request(
        "GET",
        "/api/x",
        [("a", "1&2"), ("b", "$HOME `id` 'q' \"q\""), ("c[]", "{1-3}"), ("d", "ü")],
    ),
    "head": Request("HEAD", "/api/v1/billing/balance"),
    "trace": Request("TRACE", "/api/v1/billing/balance"),
    "delete": Request("DELETE", "/api/v1/billing/payment-methods/1"),
    "dots": Request("GET", "/api/v1/billing/%2e%2e/x"),
    "post without a body": Request("POST", "/api/v1/billing/setup-intent"),
    "json": Request(
        "POST",
        "/api/v1/billing/deposit",
        [],
        JSON,
        b'{"a": "it\'s $5 \\"now\\" \xc3\xbc", "b": `id`}\n',
    ),
    "put": Request("PUT", "/api/v1/billing/auto-recharge", [], JSON, b"{}"),
    "get with a body": Request("GET", "/api/v1/billing/balance", [], JSON, b"{}"),
    "like a file": Request("POST", "/api/v1/billing/deposit", [], JSON, b"@/etc/hostname"),
    "binary": Request("POST", "/api/v1/billing/deposit", [], JSON, b'{"a": "\xff\xfe\x00\r\n"}'),
    "no media type": Request("PATCH", "/api/v1/billing/deposit", [], {}, b"a=1"),
    "large": Request(
        "POST", "/api/v1/billing/deposit", [], JSON, b'{"padding": "' + b"x" * 1_000_100 + b'"}'
    ),
    "headers": Request(
        "GET", "/api/v1/x", [], {"X-Empty": "", "X-Odd": "a 'b' $c", "Accept": "text/html"}
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_command_sends_the_same_request(wire: Wire, name: str) -> None:
    """Method, URL, relevant headers and body are equal, with a real shell and a real curl."""
    line = wire.line(REQUESTS[name], "api-key")
    run(line)
    first, again = wire.recorder.received
    assert essence(again) == essence(first)
    assert first.header("X-API-Key") == KEY
    assert KEY not in line


def test_brackets_in_a_recorded_url_are_sent_unchanged(wire: Wire) -> None:
    """Brackets of a URL in a HAR file are not expanded by curl."""
    recorded = replace(
        wire.sent(REQUESTS["read"]), url=f"{wire.recorder.url}/api/[a-c]/{{1,2}}?x[]=1"
    )
    run(curl.line(recorded, wire.settings))
    assert [request.target for request in wire.recorder.received[1:]] == ["/api/[a-c]/{1,2}?x[]=1"]


def test_recorded_credentials_become_variables(wire: Wire) -> None:
    """Cookies and tokens are replaced by variables that the user sets."""
    headers = {"Cookie": "session=hush-hush-hush", "Authorization": "Bearer hush-hush-hush"}
    line = wire.line(Request("GET", "/api/v1/billing/balance", [], headers))
    assert '-H "Cookie: $COOKIE" -H "Authorization: $AUTHORIZATION"' in line
    assert "hush" not in line


def test_a_command_with_a_large_body_is_short(wire: Wire) -> None:
    """A megabyte of padding is compressed."""
    assert len(wire.line(REQUESTS["large"])) < 3_000


@pytest.mark.parametrize(
    ("name", "key", "shown"),
    [
        ("api-key", KEY, "$BILLING_API_KEY"),
        ("other-key", OTHER, "$SECOND_KEY"),
        ("sk-test kit-1-2", "sk_test_kit_1_2", "sk_test_kit_1_2"),
    ],
)
def test_a_command_uses_the_same_account(wire: Wire, name: str, key: str, shown: str) -> None:
    """Keys of the user come from variables; generated keys of the mock are shown."""
    line = wire.line(REQUESTS["read"], name)
    run(line)
    assert [request.header("X-API-Key") for request in wire.recorder.received] == [key, key]
    assert shown in line
    assert KEY not in line
    assert OTHER not in line


def test_a_command_without_a_key_is_unauthenticated(wire: Wire) -> None:
    """An unauthenticated request is repeated without a key."""
    line = wire.line(REQUESTS["read"])
    run(line)
    assert [request.header("X-API-Key") for request in wire.recorder.received] == [None, None]
    assert "API" not in line


def test_a_command_with_an_unknown_key_sends_an_unknown_key(wire: Wire) -> None:
    """An unknown key is replaced by a placeholder; an empty header stays empty."""
    for value in ("kit-made-this-up", ""):
        run(wire.line(Request("GET", "/api/v1/billing/balance", [], {"X-API-Key": value})))
    keys = [request.header("X-API-Key") for request in wire.recorder.received]
    assert keys == ["kit-made-this-up", curl.NO_KEY, "", ""]


def test_a_key_in_the_body_comes_from_a_variable(wire: Wire) -> None:
    """The shell inserts the key wherever the body or the query contains it."""
    body = f'{{"a": "it\'s {KEY}", "b": [1]}}'.encode()
    line = wire.line(Request("POST", "/api/v1/billing/deposit", [("key", KEY)], JSON, body))
    run(line)
    first, again = wire.recorder.received
    assert KEY not in line
    assert (unquote(again.target), again.body) == (unquote(first.target), body)


def test_a_command_uses_the_ca_bundle_of_the_run(wire: Wire, tmp_path: Path) -> None:
    """The --ca-bundle of the run becomes --cacert of curl."""
    settings = replace(wire.settings, ca_bundle=tmp_path / "my authorities.pem")
    line = replace(wire, settings=settings).line(REQUESTS["read"])
    assert f"--cacert '{tmp_path}/my authorities.pem'" in line
