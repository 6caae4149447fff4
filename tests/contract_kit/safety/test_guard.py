"""Which requests may leave: by default reads of declared paths, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import requests

from contract_tests.billing.safety import REVERSIBLE, SAFETY
from contract_tests.http.channel import Channel, Outgoing, Withheld
from contract_tests.http.redaction import Keyring
from contract_tests.safety.guard import READS, Guard
from contract_tests.settings import Settings, packaged_spec
from tests.conftest import API
from tests.contract_kit.exchanges import BASE, CONTRACT

READ_ONLY = Settings(BASE, packaged_spec())
WRITES = replace(READ_ONLY, allow_writes=True)
EVERYTHING = replace(READ_ONLY, allow_irreversible=True)
MOCK = replace(READ_ONLY, mock=True)
SOME_CARD = "00000000-0000-4000-8000-000000000000"


def outgoing(method: str, url: str, body: bytes = b"") -> Outgoing:
    """A request as a gate sees it."""
    prepared = requests.Request(method, BASE, data=body or None).prepare()
    prepared.url = url
    return Channel(BASE, CONTRACT, Keyring()).outgoing(prepared)


def lets_out(settings: Settings, request: Outgoing) -> bool:
    try:
        Guard(settings, SAFETY).before(request)
    except Withheld:
        return False
    return True


def of(operation_id: str, body: bytes = b"", method: str = "") -> Outgoing:
    operation = CONTRACT.operations[operation_id]
    path = operation.path.replace("{payment_method_id}", SOME_CARD)
    return outgoing(method or operation.method, BASE + path, body)


@pytest.mark.parametrize("operation", CONTRACT.operations)
def test_operations_are_let_out_as_far_as_they_are_allowed(operation: str) -> None:
    """Reads always; what can be put back with writes allowed; all else only with everything allowed, or on the mock."""
    is_read = CONTRACT.operations[operation].is_read
    body = b"{}" if not is_read else b""
    assert lets_out(READ_ONLY, of(operation, body)) is is_read
    assert lets_out(WRITES, of(operation, body)) is (is_read or operation in REVERSIBLE)
    assert lets_out(EVERYTHING, of(operation, body))
    assert lets_out(MOCK, of(operation, body))


def test_what_costs_or_reaches_somebody_is_irreversible() -> None:
    """Money, plans and messages; and whatever is in the contract one day that nobody has thought about."""
    irreversible = {
        operation.id for operation in CONTRACT.operations.values() if not operation.is_read
    } - REVERSIBLE
    assert irreversible == {
        "create_deposit",
        "create_checkout_session",
        "change_plan",
        "initiate_verification",
        "confirm_verification",
    }
    new = replace(CONTRACT.operations["update_usage_alerts"], id="operation_of_tomorrow")
    assert not lets_out(WRITES, replace(of("update_usage_alerts"), operation=new))
    assert lets_out(EVERYTHING, replace(of("update_usage_alerts"), operation=new))


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]
)
def test_undeclared_methods_and_paths_need_everything_allowed(method: str) -> None:
    """Nobody knows what they do. A HEAD is declared where a GET is."""
    for url in (
        f"{BASE}{API}/balance/",
        f"{BASE}{API}",
        f"{BASE}/",
        f"{BASE}{API}/../admin",
        f"{BASE}/_mockery",
        BASE,
    ):
        assert not lets_out(READ_ONLY, outgoing(method, url))
        assert not lets_out(WRITES, outgoing(method, url))
        assert lets_out(EVERYTHING, outgoing(method, url))
    assert lets_out(WRITES, of("get_balance", method=method)) is (method in READS)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:80801/api/v1/billing/balance",
        "http://127.0.0.1:8080.example.com/api/v1/billing/balance",
        "http://127.0.0.1:8080@example.com/api/v1/billing/balance",
        "https://127.0.0.1:8080/api/v1/billing/balance",
        "http://localhost:8080/api/v1/billing/balance",
        "http://127.0.0.1/api/v1/billing/balance",
    ],
)
@pytest.mark.parametrize("settings", [READ_ONLY, EVERYTHING, MOCK])
def test_nothing_is_let_out_to_another_host(url: str, settings: Settings) -> None:
    """Not to one whose name begins like the one that was named either, whatever is allowed."""
    assert not lets_out(settings, outgoing("GET", url))


@pytest.mark.parametrize("path", ["/_mock/reset", "/_mock/state", "/_mock/"])
def test_the_control_api_is_for_the_mock(path: str) -> None:
    """A deployment that is no mock never sees it."""
    for method in ("GET", "POST"):
        assert lets_out(MOCK, outgoing(method, BASE + path))
        for settings in (READ_ONLY, WRITES, EVERYTHING):
            assert not lets_out(settings, outgoing(method, BASE + path))


@pytest.mark.parametrize(
    "body", [{}, {"enabled": False}, {"enabled": None}, {"threshold_microcents": 5}]
)
def test_settings_that_leave_recharging_off_are_let_out(body: object) -> None:
    """They are put back, and nothing happens meanwhile."""
    assert lets_out(WRITES, of("update_auto_recharge", json.dumps(body).encode()))


@pytest.mark.parametrize(
    "body",
    [
        b'{"enabled": true}',
        b'{"enabled": 1}',
        b'{"enabled": "true"}',
        b'{"enabled": "false"}',
        b'{"enabled": []}',
        b'{"Enabled": true}',
        b'{"enabled ": true}',
        b'{"\\u0065nabled": true}',
        b'{"enabled": false, "enabled": true}',
        b'{"enabled": true, "x": NaN}',
        b'{"\\u0065nabled": true, "x": NaN}',
        b'{"enabled": true,}',
        b"{'enabled': true}",
        b"\xef\xbb\xbf" + b'{"enabled": true}',
        '{"enabled": true}'.encode("utf-16"),
        b"enabled=true",
        b"%65nabled=true",
        b'[{"enabled": true}]',
    ],
)
def test_recharging_is_enabled_by_nobody(body: bytes) -> None:
    """However it is written, and whoever reads it how: a card could be charged before it is put back."""
    assert not lets_out(WRITES, of("update_auto_recharge", body))
    assert lets_out(EVERYTHING, of("update_auto_recharge", body))


def test_what_was_withheld_is_counted() -> None:
    """By the reason, for the report."""
    guard = Guard(READ_ONLY, SAFETY)
    for _ in range(2):
        with pytest.raises(Withheld, match="--allow-writes"):
            guard.before(of("update_usage_alerts", b"{}"))
    assert guard.withheld == {"it is a write (--allow-writes)": 2}
