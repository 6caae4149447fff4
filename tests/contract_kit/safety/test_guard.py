"""The guard: which requests may be sent. By default, only reads of declared paths."""

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
    """Return a prepared request as the gates receive it."""
    prepared = requests.Request(method, BASE, data=body or None).prepare()
    prepared.url = url
    return Channel(BASE, CONTRACT, Keyring()).outgoing(prepared)


def is_sent(settings: Settings, request: Outgoing) -> bool:
    try:
        Guard(settings, SAFETY, CONTRACT).before(request)
    except Withheld:
        return False
    return True


def request_for(operation_id: str, body: bytes = b"", method: str = "") -> Outgoing:
    operation = CONTRACT.operations[operation_id]
    path = operation.path.replace("{payment_method_id}", SOME_CARD)
    return outgoing(method or operation.method, BASE + path, body)


@pytest.mark.parametrize("operation", CONTRACT.operations)
def test_operations_need_the_permission_of_their_class(operation: str) -> None:
    """Reads need none, reversible writes --allow-writes, other writes --allow-irreversible."""
    is_read = CONTRACT.operations[operation].is_read
    body = b"{}" if not is_read else b""
    assert is_sent(READ_ONLY, request_for(operation, body)) is is_read
    assert is_sent(WRITES, request_for(operation, body)) is (is_read or operation in REVERSIBLE)
    assert is_sent(EVERYTHING, request_for(operation, body))
    assert is_sent(MOCK, request_for(operation, body))


def test_operations_that_cost_money_or_send_messages_are_irreversible() -> None:
    """Payments, plans, messages and all operations unknown to the kit are irreversible."""
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
    assert not is_sent(WRITES, replace(request_for("update_usage_alerts"), operation=new))
    assert is_sent(EVERYTHING, replace(request_for("update_usage_alerts"), operation=new))


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]
)
def test_undeclared_methods_and_paths_need_allow_irreversible(method: str) -> None:
    """The effect of an undeclared request is unknown. A declared GET also declares HEAD."""
    for url in (
        f"{BASE}{API}/balance/",
        f"{BASE}{API}",
        f"{BASE}/",
        f"{BASE}{API}/../admin",
        f"{BASE}/_mockery",
        BASE,
    ):
        assert not is_sent(READ_ONLY, outgoing(method, url))
        assert not is_sent(WRITES, outgoing(method, url))
        assert is_sent(EVERYTHING, outgoing(method, url))
    assert is_sent(WRITES, request_for("get_balance", method=method)) is (method in READS)


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
def test_nothing_is_sent_to_another_host(url: str, settings: Settings) -> None:
    """No permission allows another host, even if its name begins with the given host."""
    assert not is_sent(settings, outgoing("GET", url))


@pytest.mark.parametrize("path", ["/_mock/reset", "/_mock/state", "/_mock/"])
def test_the_control_api_is_only_called_on_the_mock(path: str) -> None:
    """Without --mock, no request to the control API is sent."""
    for method in ("GET", "POST"):
        assert is_sent(MOCK, outgoing(method, BASE + path))
        for settings in (READ_ONLY, WRITES, EVERYTHING):
            assert not is_sent(settings, outgoing(method, BASE + path))


@pytest.mark.parametrize(
    "body", [{}, {"enabled": False}, {"enabled": None}, {"threshold_microcents": 5}]
)
def test_settings_that_keep_auto_recharge_disabled_are_sent(body: object) -> None:
    """These settings can be restored and charge no card."""
    assert is_sent(WRITES, request_for("update_auto_recharge", json.dumps(body).encode()))


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
def test_enabling_auto_recharge_needs_allow_irreversible(body: bytes) -> None:
    """Any body that may enable auto-recharge needs the permission: a card could be charged."""
    assert not is_sent(WRITES, request_for("update_auto_recharge", body))
    assert is_sent(EVERYTHING, request_for("update_auto_recharge", body))


def test_withheld_requests_are_counted() -> None:
    """Withheld requests are counted by reason for the report."""
    guard = Guard(READ_ONLY, SAFETY, CONTRACT)
    for _ in range(2):
        with pytest.raises(Withheld, match="--allow-writes"):
            guard.before(request_for("update_usage_alerts", b"{}"))
    assert guard.withheld == {"it is a write (--allow-writes)": 2}
