"""Prism as a validating proxy between a client and the mock."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.openapi.contract import Contract
from tests.conftest import NOON, RunningServer, ServerFactory, running_server
from tests.outside.tools import SPEC, node_tool

pytestmark = pytest.mark.slow

START_SECONDS = 60
ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
SHOP = "https://shop.example.com"
Call = Callable[..., dict[str, Any]]


@contextmanager
def prism_before(url: str, folder: Path, spec: Path = SPEC) -> Iterator[str]:
    """Start Prism in front of a server, with violations as errors, and yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / f"prism-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [node_tool("prism"), "proxy", spec, url, "--errors", "-p", str(port)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while b"Prism is listening" not in log.read_bytes():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@dataclass
class Caller:
    """A client that calls operations through Prism and checks that Prism reports no violation."""

    http: httpx.Client
    contract: Contract
    key: str
    called: set[str] = field(default_factory=set)

    def call(
        self,
        name: str,
        body: Any = None,
        *,
        status: int = 200,
        key: str | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Return the body of a response with the expected status and without a violation."""
        operation = self.contract.operations[name]
        place = {"path": {}, "query": {}, "header": {"X-API-Key": key or self.key}}
        for parameter in operation.parameters:
            value = parameters.pop(parameter["name"].replace("-", "_"), None)
            if value is not None:
                place[parameter["in"]][parameter["name"]] = value
        assert not parameters, f"{name} has no such parameters: {parameters}"
        response = self.http.request(
            operation.method,
            operation.path.format(**place["path"]),
            params=place["query"],
            headers=place["header"],
            json=body,
        )
        assert "sl-violations" not in response.headers, (name, response.headers["sl-violations"])
        assert response.headers["content-type"] == "application/json", (name, response.text)
        assert response.status_code == status, (name, response.text)
        self.called.add(name)
        found: dict[str, Any] = response.json()
        return found


@dataclass
class Scene:
    """A caller behind Prism, and a client of the mock's control API."""

    prism: Caller
    control: httpx.Client


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, str]]:
    """A frozen server, and the URL of Prism in front of it."""
    with (
        running_server(now=NOON) as server,
        prism_before(server.url, tmp_path_factory.mktemp("prism")) as address,
    ):
        yield server, address


@pytest.fixture
def scene(frozen: tuple[RunningServer, str], key: str) -> Iterator[Scene]:
    """A new account of the frozen server."""
    server, address = frozen
    with (
        httpx.Client(base_url=address, timeout=20, trust_env=False) as http,
        server.client(key) as control,
    ):
        yield Scene(Caller(http, server.contract, key), control)


def post(control: httpx.Client, path: str, body: Any = None) -> dict[str, Any]:
    """Send a request to the control API and return its body."""
    response = control.post(f"/_mock/{path}", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_a_whole_deposit_story_passes_without_a_violation(scene: Scene) -> None:
    """Every operation is called at least once, from an added card to a paid plan."""
    card = _add_a_card(scene.prism.call)
    _deposit_with_a_promo_code(scene.prism.call, scene.control)
    _spend_until_it_recharges(scene.prism.call, scene.control)
    _watch_usage(scene.prism.call)
    _verify(scene.prism.call, scene.control)
    _subscribe(scene.prism.call, scene.control)
    scene.prism.call("remove_payment_method", payment_method_id=card)
    assert scene.prism.call("list_audit_log", limit=100)["total"] > 10
    assert scene.control.get("/_mock/invariants").json() == {"ok": True, "violations": []}
    _read_all(scene.prism)
    missing = set(scene.prism.contract.operations) - scene.prism.called
    assert not missing, f"call {sorted(missing)} in this test"


def _read_all(caller: Caller, key: str | None = None) -> None:
    """Call every GET without path parameters, with the largest pages."""
    for name, operation in caller.contract.operations.items():
        if operation.method == "get" and "{" not in operation.path:
            parameters = {parameter["name"] for parameter in operation.parameters}
            sizes = dict.fromkeys(parameters & {"limit", "per_page"}, 100)
            caller.call(name, key=key, **sizes)


def _add_a_card(call: Call) -> str:
    call("create_setup_intent")
    card: str = call("add_payment_method", {"payment_method_id": "pm_card_mastercard"})["id"]
    call("set_default_payment_method", payment_method_id=card)
    assert call("list_payment_methods")["default_method_id"] == card
    return card


def _deposit_with_a_promo_code(call: Call, control: httpx.Client) -> None:
    before = call("get_balance")["balance_microcents"]
    assert call("validate_promo_code", {"code": "BONUS5"})["valid"] is True
    body = {
        "amount_cents": 5000,
        "promo_code": "BONUS5",
        "success_url": f"{SHOP}/done",
        "cancel_url": SHOP,
    }
    deposit = call("create_deposit", body)
    assert call("get_balance")["balance_microcents"] == before
    post(control, f"checkout-sessions/{deposit['session_id']}/complete")
    assert call("get_balance")["balance_microcents"] == before + 5_500_000_000
    assert call("validate_promo_code", {"code": "BONUS5"})["valid"] is False
    newest = call("list_credit_transactions", limit=2)["transactions"]
    assert [entry["type"] for entry in newest] == ["bonus", "deposit"]
    assert (
        call("list_credit_transactions", reference_type="promo", offset=0)["transactions"][0]
        == newest[0]
    )
    assert call("list_invoices", limit=1)["invoices"][0]["amount_cents"] == 5000
    assert "deposit" in {
        activity["type"] for activity in call("list_recent_activity", limit=10)["activities"]
    }


def _spend_until_it_recharges(call: Call, control: httpx.Client) -> None:
    settings = {
        "enabled": True,
        "threshold_microcents": 2_000_000_000,
        "recharge_amount_cents": 3000,
    }
    assert call("update_auto_recharge", settings)["enabled"] is True
    call("check_auto_recharge")
    left = call("get_balance")["balance_microcents"]
    post(control, "usage", {"type": "light", "requests": (left - 1_990_000_000) // 20_000})
    assert call("get_balance")["balance_microcents"] > 4_900_000_000
    assert call("list_auto_recharge_history", page=1, per_page=5)["total"] == 1
    assert call("get_auto_recharge")["enabled"] is True
    call("disable_auto_recharge")


def _watch_usage(call: Call) -> None:
    alerts = {"enabled": True, "threshold_50_enabled": True, "webhook_url": f"{SHOP}/hooks"}
    assert call("update_usage_alerts", alerts)["threshold_50_enabled"] is True
    assert call("get_usage_alerts")["webhook_url"] == f"{SHOP}/hooks"
    assert (
        call("get_usage_breakdown")["total_credits"]
        == call("get_usage_realtime")["credits_used_month"]
    )
    assert len(call("get_usage_chart", days=7)["data"]) == 7
    assert call("get_cost_projection")["credits_used"] > 0


def _verify(call: Call, control: httpx.Client) -> None:
    challenge = call("initiate_verification", {"action": "change_plan", "method": "sms"})[
        "challenge_id"
    ]
    assert (
        call("confirm_verification", {"challenge_id": challenge, "code": "x"})["success"] is False
    )
    code = control.get("/_mock/outbox").json()["messages"][0]["code"]
    assert (
        call("confirm_verification", {"challenge_id": challenge, "code": code})["success"] is True
    )


def _subscribe(call: Call, control: httpx.Client) -> None:
    assert call("get_subscription")["status"] == "none"
    body = {"price_id": "price_starter_monthly", "success_url": SHOP, "cancel_url": SHOP}
    session = call("create_checkout_session", body)
    post(control, f"checkout-sessions/{session['session_id']}/complete")
    assert call("get_subscription")["plan"] == "starter"
    assert call("change_plan", {"price_id": "price_growth_monthly"})["plan"] == "growth"
    assert call("change_plan")["plan"] == "growth"
    call("create_portal_session")


def test_every_kind_of_refusal_passes_without_a_violation(scene: Scene) -> None:
    """The mock's 400, 401, 402, 403, 404, 409, 410 and 429; Prism itself refuses a 422."""
    call, control = scene.prism.call, scene.control
    call("create_deposit", {"amount_cents": 5000, "promo_code": "SPRING2025"}, status=400)
    call("get_balance", key="sk_live_never", status=401)
    call("add_payment_method", {"payment_method_id": "pm_card_chargeDeclined"}, status=402)
    call("list_invoices", X_Organization_Id=ORGANIZATION, status=403)
    call("remove_payment_method", payment_method_id="pm_card_unknown", status=404)
    call("add_payment_method", {"payment_method_id": "pm_card_visa"}, status=409)
    challenge = call("initiate_verification", {"action": "anything"})["challenge_id"]
    post(control, "clock/advance", {"seconds": 601})
    call("confirm_verification", {"challenge_id": challenge, "code": "000000"}, status=410)
    for _ in range(5):
        call("get_balance", key="sk_test_rate_limited")
    call("get_balance", key="sk_test_rate_limited", status=429)


@pytest.mark.parametrize("key", ["sk_test_org_owner", "sk_test_org_member"])
def test_an_organizations_responses_pass_without_a_violation(scene: Scene, key: str) -> None:
    """The responses for an organization are documented."""
    takers = [
        name
        for name, operation in scene.prism.contract.operations.items()
        if any(parameter["name"] == "X-Organization-Id" for parameter in operation.parameters)
    ]
    assert takers
    for name in takers:
        scene.prism.call(name, key=key, X_Organization_Id=ORGANIZATION)


@pytest.mark.parametrize(
    "key",
    [
        "sk_test_new",
        "sk_test_low_balance",
        "sk_test_exhausted",
        "sk_test_card_declined",
        "sk_test_card_expiring",
        "sk_test_past_due",
        "sk_test_subscriber",
        "sk_test_power_user",
    ],
)
def test_all_reads_of_a_persona_pass_without_a_violation(scene: Scene, key: str) -> None:
    """Personas have the rarer values."""
    _read_all(scene.prism, key)
    assert scene.prism.called


def test_prism_does_find_violations(make_server: ServerFactory, tmp_path: Path) -> None:
    """A request and a response that break the contract are both stopped."""
    other = tmp_path / "openapi.yaml"
    text = SPEC.read_text()
    old = "enum: [free, basic, growth, scale, high_volume, enterprise]"
    assert text.count(old) == 1
    other.write_text(text.replace(old, "enum: [bronze, silver, gold]"))
    server = make_server()
    with prism_before(server.url, tmp_path, other) as address:
        headers = {"X-API-Key": "sk_test_default"}
        with httpx.Client(base_url=address, headers=headers, timeout=20, trust_env=False) as client:
            refused = client.post("/api/v1/billing/deposit", json={"amount_cents": 1})
            assert refused.status_code == 422
            assert refused.headers["content-type"] == "application/problem+json"
            stopped = client.get("/api/v1/billing/balance")
            assert stopped.status_code == 500
            assert "VIOLATIONS" in stopped.text
