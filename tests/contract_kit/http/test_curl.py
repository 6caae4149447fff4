"""Reproduction lines reproduce: what curl sends arrives as what the kit sent. No key stands in them."""

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
THE_CLIENTS_OWN = {"user-agent", "accept-encoding", "connection", "content-length", "host"}


@dataclass(frozen=True)
class Wire:
    """A server that records, and a kit that sends to it."""

    recorder: Recorder
    contract: Contract
    settings: Settings

    def line(self, request: Request, key: str | None = None) -> str:
        """Send a request as the kit does: the line that reports show for it."""
        return curl.line(self.sent(request, key), self.settings)

    def sent(self, request: Request, key: str | None = None) -> Exchange:
        """Send a request as the kit does: the exchange, without secrets."""
        ring = Keyring()
        ring.add("api-key", KEY)
        ring.add("other-key", OTHER)
        ring.add("sk-test kit-1-2", "sk_test_kit_1_2")
        seen: list[Exchange] = []
        Channel(self.recorder.url, self.contract, ring, listeners=[seen.append]).send(request, key)
        return seen[0]


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
    """Run a line in the shell of a user who has the keys in the environment."""
    environment = {**os.environ, "BILLING_API_KEY": KEY, "SECOND_KEY": OTHER, "no_proxy": "*"}
    subprocess.run(["sh", "-c", line], env=environment, check=True, capture_output=True, timeout=20)


def essence(received: Received) -> tuple[object, ...]:
    """What arrived, but for the client's own headers."""
    headers = sorted(
        (name.lower(), value)
        for name, value in received.headers
        if name.lower() not in THE_CLIENTS_OWN
    )
    return received.method, received.target, headers, received.body


REQUESTS = {
    "read": Request("GET", "/api/v1/billing/balance"),
    "query": Request("GET", "/api/x", [("a", "1&2"), ("b", "$HOME `id` 'q' \"q\""), ("c[]", "{1-3}"), ("d", "ü")]),
    "head": Request("HEAD", "/api/v1/billing/balance"),
    "trace": Request("TRACE", "/api/v1/billing/balance"),
    "delete": Request("DELETE", "/api/v1/billing/payment-methods/1"),
    "dots": Request("GET", "/api/v1/billing/%2e%2e/x"),
    "post without a body": Request("POST", "/api/v1/billing/setup-intent"),
    "json": Request("POST", "/api/v1/billing/deposit", [], JSON, b'{"a": "it\'s $5 \\"now\\" \xc3\xbc", "b": `id`}\n'),
    "put": Request("PUT", "/api/v1/billing/auto-recharge", [], JSON, b"{}"),
    "get with a body": Request("GET", "/api/v1/billing/balance", [], JSON, b"{}"),
    "like a file": Request("POST", "/api/v1/billing/deposit", [], JSON, b"@/etc/hostname"),
    "binary": Request("POST", "/api/v1/billing/deposit", [], JSON, b'{"a": "\xff\xfe\x00\r\n"}'),
    "no media type": Request("PATCH", "/api/v1/billing/deposit", [], {}, b"a=1"),
    "large": Request("POST", "/api/v1/billing/deposit", [], JSON, b'{"padding": "' + b"x" * 1_000_100 + b'"}'),
    "headers": Request("GET", "/api/v1/x", [], {"X-Empty": "", "X-Odd": "a 'b' $c", "Accept": "text/html"}),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_a_line_sends_what_the_kit_sent(wire: Wire, name: str) -> None:
    """Method, URL, headers that matter and body, through a real shell and a real curl."""
    line = wire.line(REQUESTS[name], "api-key")
    run(line)
    first, again = wire.recorder.received
    assert essence(again) == essence(first)
    assert first.header("X-API-Key") == KEY
    assert KEY not in line


def test_a_url_that_a_browser_sent_is_sent_as_it_is(wire: Wire) -> None:
    """The kit encodes brackets; a HAR file may hold them, and curl would take them for a list of URLs."""
    overheard = replace(
        wire.sent(REQUESTS["read"]), url=f"{wire.recorder.url}/api/[a-c]/{{1,2}}?x[]=1"
    )
    run(curl.line(overheard, wire.settings))
    assert [request.target for request in wire.recorder.received[1:]] == ["/api/[a-c]/{1,2}?x[]=1"]


def test_a_session_that_was_overheard_is_a_variable(wire: Wire) -> None:
    """Cookies and tokens are never kept; whoever has one puts it in."""
    headers = {"Cookie": "session=hush-hush-hush", "Authorization": "Bearer hush-hush-hush"}
    line = wire.line(Request("GET", "/api/v1/billing/balance", [], headers))
    assert '-H "Cookie: $COOKIE" -H "Authorization: $AUTHORIZATION"' in line
    assert "hush" not in line


def test_a_line_fits_into_a_command_line(wire: Wire) -> None:
    """A megabyte of padding is packed."""
    assert len(wire.line(REQUESTS["large"])) < 3_000


@pytest.mark.parametrize(
    ("name", "key", "shown"),
    [
        ("api-key", KEY, "$BILLING_API_KEY"),
        ("other-key", OTHER, "$SECOND_KEY"),
        ("sk-test kit-1-2", "sk_test_kit_1_2", "sk_test_kit_1_2"),
    ],
)
def test_a_line_asks_in_the_same_name(wire: Wire, name: str, key: str, shown: str) -> None:
    """The user's keys come from the environment; those of the mock are no secrets."""
    line = wire.line(REQUESTS["read"], name)
    run(line)
    assert [request.header("X-API-Key") for request in wire.recorder.received] == [key, key]
    assert shown in line
    assert KEY not in line
    assert OTHER not in line


def test_a_line_without_a_key_asks_without_one(wire: Wire) -> None:
    """A stranger stays a stranger."""
    line = wire.line(REQUESTS["read"])
    run(line)
    assert [request.header("X-API-Key") for request in wire.recorder.received] == [None, None]
    assert "API" not in line


def test_a_key_of_nobody_stays_one(wire: Wire) -> None:
    """A key that the kit made up is not told from others that nobody knows; a header without a value stays empty."""
    for value in ("kit-made-this-up", ""):
        run(wire.line(Request("GET", "/api/v1/billing/balance", [], {"X-API-Key": value})))
    keys = [request.header("X-API-Key") for request in wire.recorder.received]
    assert keys == ["kit-made-this-up", curl.NO_KEY, "", ""]


def test_a_key_in_the_body_comes_from_the_environment(wire: Wire) -> None:
    """Wherever it stands in text, it is put back by the shell."""
    body = f'{{"a": "it\'s {KEY}", "b": [1]}}'.encode()
    line = wire.line(Request("POST", "/api/v1/billing/deposit", [("key", KEY)], JSON, body))
    run(line)
    first, again = wire.recorder.received
    assert KEY not in line
    assert (unquote(again.target), again.body) == (unquote(first.target), body)


def test_a_line_trusts_whom_the_run_trusted(wire: Wire, tmp_path: Path) -> None:
    """The authorities of --ca-bundle are curl's, too."""
    settings = replace(wire.settings, ca_bundle=tmp_path / "my authorities.pem")
    line = replace(wire, settings=settings).line(REQUESTS["read"])
    assert f"--cacert '{tmp_path}/my authorities.pem'" in line
