"""Status faults over HTTP."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from mockserver.openapi.contract import JSON, Operation
from mockserver.openapi.schemas import compile_schema
from tests.api.account import Account, Accounts, assert_envelope, body_of
from tests.api.headers import SHOP, allows_shop
from tests.api.operations import CONTRACT, OPERATIONS, body_example, each_operation, path_of
from tests.conftest import NOON, ServerFactory
from tests.faults.rules import fault, last_request, listed
from tests.invented import invent_header

INVENTED = invent_header(CONTRACT.document, "X-Invented")
LIMITED = [operation for operation in OPERATIONS if 429 in operation.statuses]
DOCUMENTED = [
    pytest.param(operation, status, id=f"{operation.operation_id}-{status}")
    for operation in OPERATIONS
    for status in operation.statuses
    if status >= 400
]


def call(account: Account, operation: Operation, **request: Any) -> httpx.Response:
    """Send a valid request to an operation, with the contract's examples."""
    return account.client.request(
        operation.method, path_of(operation), json=body_example(operation), **request
    )


@each_operation
def test_a_status_fault_replaces_every_operation(account: Account, operation: Operation) -> None:
    """The account's exported state is unchanged."""
    fault(account, name="down", operations=[operation.operation_id], status=503, next=1)
    before = account.client.get("/_mock/state").content
    response = call(account, operation)
    assert (response.status_code, response.headers["X-Mock-Fault"]) == (503, "down")
    assert response.json() == {"detail": "Service Unavailable."}
    assert account.client.get("/_mock/state").content == before
    assert call(account, operation).headers.get("X-Mock-Fault") is None


def test_a_replaced_response_has_the_warnings(account: Account) -> None:
    """A misspelt key is named beside an injected error, as beside any response."""
    fault(account, for_all=True, name="down", operations=["get_balance"], status=503, next=1)
    response = account.client.get(
        "/api/v1/billing/balance", headers={"X-API-Key": "sk_test_defualt"}
    )
    assert (response.status_code, response.headers["X-Mock-Fault"]) == (503, "down")
    assert "Did you mean 'sk_test_default'?" in response.headers["X-Mock-Warning"]


@pytest.mark.parametrize(("operation", "status"), DOCUMENTED)
@pytest.mark.parametrize("detail", [None, "Chosen by the test."])
def test_a_documented_status_has_the_documented_body(
    account: Account, operation: Operation, status: int, detail: str | None
) -> None:
    """The body fits its schema, with the contract's text or the rule's own."""
    fault(account, operations=[operation.operation_id], status=status, detail=detail)
    response = call(account, operation)
    assert response.status_code == status
    assert_envelope(response)
    schema = CONTRACT.follow(operation.node["responses"][str(status)])["content"][JSON]["schema"]
    assert compile_schema(schema, CONTRACT.schemas, closed=True).is_valid(response.json())
    assert detail is None or detail in response.text


def test_a_fault_without_a_detail_uses_a_documented_example(account: Account) -> None:
    """The text is what the real API would send."""
    fault(account, operations=["add_payment_method"], status=402)
    response = account.call("POST", "payment-methods", json={"payment_method_id": "pm_card_visa"})
    documented_402 = CONTRACT.follow(
        CONTRACT.operations["add_payment_method"].node["responses"]["402"]
    )
    examples = [
        example["value"] for example in documented_402["content"][JSON]["examples"].values()
    ]
    assert response.json() in examples


@pytest.mark.parametrize("operation", LIMITED, ids=lambda operation: operation.operation_id)
def test_a_429_has_retry_after(account: Account, operation: Operation) -> None:
    """It points to the next minute of the clock, and the headers are documented."""
    fault(account, operations=[operation.operation_id], status=429)
    response = call(account, operation)
    reset = int(response.headers["X-RateLimit-Reset"])
    assert (response.status_code, response.headers["X-RateLimit-Remaining"]) == (429, "0")
    assert int(response.headers["Retry-After"]) == reset - int(NOON.timestamp()) == 60
    assert response.json() == {"detail": "Rate limit exceeded. Try again in 60 seconds."}
    documented = CONTRACT.follow(operation.node["responses"]["429"])["headers"]
    assert {name.lower() for name in documented} - set(response.headers) <= {
        "x-alterlab-balance-warning"
    }


def test_a_429_can_have_another_retry_after(account: Account) -> None:
    """Header, text and reset agree."""
    fault(account, status=429, retry_after_seconds=2)
    response = account.call("GET", "balance")
    assert (response.headers["Retry-After"], response.json()["detail"][-10:]) == ("2", "2 seconds.")
    assert int(response.headers["X-RateLimit-Reset"]) == int(NOON.timestamp()) + 2


def test_a_503_can_have_retry_after(account: Account) -> None:
    """Without the field there is no header."""
    fault(account, status=503)
    assert "Retry-After" not in account.call("GET", "balance").headers
    fault(account, status=503, retry_after_seconds=5)
    assert account.call("GET", "balance").headers["Retry-After"] == "5"


def test_a_fault_has_the_headers_of_its_rule(account: Account) -> None:
    """Each header is sent once, even if the mock sends it too."""
    fault(
        account,
        status=429,
        headers={"RETRY-AFTER": "Wed, 18 Mar 2026 12:05:00 GMT", INVENTED: "42"},
    )
    headers = account.call("GET", "balance").headers
    assert headers.get_list("Retry-After") == ["Wed, 18 Mar 2026 12:05:00 GMT"]
    assert headers[INVENTED] == "42"


def test_a_fault_takes_no_tokens(account: Account) -> None:
    """The limit is shown, and the request is not counted."""
    fault(account, status=503, next=2)
    before = account.call("GET", "balance").headers["X-RateLimit-Remaining"]
    assert account.call("GET", "balance").headers["X-RateLimit-Remaining"] == before
    assert int(account.call("GET", "balance").headers["X-RateLimit-Remaining"]) == int(before) - 1


def test_a_fault_for_all_comes_before_authentication(account: Account) -> None:
    """Without a key the headers show an untouched limit."""
    fault(account, for_all=True, status=503, next=1)
    fault(account, for_all=True, status=429, next=1)
    responses = [
        account.call("GET", "balance", headers={"X-API-Key": key}) for key in ("", "sk_test_", "")
    ]
    assert [response.status_code for response in responses] == [429, 503, 401]
    assert responses[0].headers["X-RateLimit-Remaining"] == "0"
    assert "X-Mock-Fault" not in responses[2].headers


def test_a_fault_comes_before_the_body_is_validated(account: Account) -> None:
    """An invalid body gets the fault, and is recorded."""
    fault(account, operations=["create_deposit"], status=500)
    for request in (
        {"json": {"amount_cents": "x"}},
        {"content": "?", "headers": {"Content-Type": "text/plain"}},
    ):
        assert account.call("POST", "deposit", **request).status_code == 500
    fault(account, operations=["create_deposit"], status=500)
    account.call("POST", "deposit", json={"amount_cents": "x"})
    assert last_request(account)["request_body"] == {"amount_cents": "x"}


def test_a_recorded_request_has_its_fault(account: Account) -> None:
    """It has account, response and rules; a request without a fault has null."""
    fault(account, name="down", status=503, next=1)
    account.call("GET", "balance")
    shown = last_request(account)
    assert (shown["operation_id"], shown["status"], shown["fault"]) == ("get_balance", 503, "down")
    assert shown["response_body"] == {"detail": "Service Unavailable."}
    account.get("balance")
    assert (last_request(account)["status"], last_request(account)["fault"]) == (200, None)


def test_other_accounts_and_operations_are_left_alone(accounts: Accounts) -> None:
    """A rule of an account applies to that account and its operations only."""
    mine, other = accounts("default"), accounts("new")
    fault(mine, operations=["get_balance"], status=503)
    assert mine.call("GET", "balance").status_code == 503
    assert "X-Mock-Fault" not in mine.call("GET", "invoices").headers
    assert "X-Mock-Fault" not in other.call("GET", "balance").headers


def test_the_control_api_and_the_pages_have_no_faults(account: Account) -> None:
    """Otherwise faults could not be switched off."""
    fault(account, for_all=True, status=503)
    for path in ("/_mock/health", "/_mock/faults", "/_mock/state", "/openapi.json"):
        assert account.client.get(path).status_code == 200
    assert account.call("GET", "nowhere").status_code == 404


def test_a_page_of_another_origin_may_read_a_fault(account: Account) -> None:
    """The CORS headers are sent, and the fault's own header is exposed."""
    fault(account, status=503, next=1)
    response = account.call("GET", "balance", headers=SHOP)
    assert response.status_code == 503
    assert allows_shop(response)
    assert "X-Mock-Fault" in response.headers["access-control-expose-headers"]


def test_the_counts_of_a_rule_are_listed(account: Account) -> None:
    """A rule has the number of seen, hit and remaining requests."""
    fault(account, operations=["get_balance"], status=503, next=3)
    account.call("GET", "balance")
    account.call("GET", "invoices")
    account.call("GET", "balance")
    (shown,) = listed(account)
    assert (shown["seen"], shown["applied"], shown["remaining"]) == (2, 2, 1)


def test_the_same_requests_meet_the_same_faults(accounts: Accounts) -> None:
    """After a reset, a share applies to the same requests, whatever others did."""
    account, other = accounts("default"), accounts("new")

    def run() -> list[int]:
        account.client.post("/_mock/reset")
        fault(account, share=0.5, status=503)
        found = []
        for _ in range(30):
            other.get("balance")
            found.append(account.call("GET", "balance").status_code)
        return found

    fault(account, for_all=True, name="unlucky", share=0.3, status=500)
    other.client.delete("/_mock/faults", headers={"X-API-Key": ""})
    first = run()
    assert {200, 503} == set(first)
    assert run() == first


def test_latency_is_real_time_and_delays_no_other_account(accounts: Accounts) -> None:
    """The mock's clock is frozen, and another account is served meanwhile."""
    account, other = accounts("default"), accounts("new")
    fault(account, latency={"ms": 300})
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        slow = pool.submit(account.call, "GET", "balance")
        other.get("balance")
        assert not slow.done()
        response = slow.result()
    assert time.monotonic() - began >= 0.3
    assert (response.status_code, response.headers["X-Mock-Fault"]) == (200, "latency")
    assert last_request(account)["fault"] == "latency"


def test_a_client_that_gives_up_does_not_stop_the_operation(account: Account) -> None:
    """The request was sent, so it is carried out."""
    fault(account, operations=["add_payment_method"], latency={"ms": 400})
    card = {"payment_method_id": "pm_card_mastercard"}
    with pytest.raises(httpx.ReadTimeout):
        account.call("POST", "payment-methods", json=card, timeout=0.05)
    assert "pm_card_mastercard" not in str(account.get("payment-methods"))
    deadline = time.monotonic() + 5
    while "pm_card_mastercard" not in str(account.get("payment-methods")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_latency_can_be_combined_with_a_status(account: Account) -> None:
    """The error is sent late."""
    fault(account, status=504, latency={"ms": 120})
    began = time.monotonic()
    assert account.call("GET", "balance").status_code == 504
    assert time.monotonic() - began >= 0.12


def test_snapshots_hold_no_faults(account: Account) -> None:
    """A restore changes accounts and clock; rules and counts stay."""
    fault(account, status=503, next=2)
    account.client.post("/_mock/snapshots", json={"name": "before"})
    account.call("GET", "balance")
    account.client.post("/_mock/snapshots/before/restore")
    assert [rule["remaining"] for rule in listed(account)] == [1]
    account.client.delete("/_mock/faults")
    account.client.post("/_mock/snapshots/before/restore")
    assert listed(account) == []


def test_sets_that_are_on_at_the_start_are_on_again_after_a_reset(
    make_server: ServerFactory,
) -> None:
    """Deleting removes them; only a reset of everything restores them."""
    server = make_server(now=NOON, faults=("rate-limited",))
    with server.client("sk_test_new") as client:
        statuses = [client.get("/api/v1/billing/balance").status_code]
        for method, path, key in (
            ("POST", "/_mock/reset", "sk_test_new"),
            ("DELETE", "/_mock/faults", ""),
            ("POST", "/_mock/reset", ""),
        ):
            body_of(client.request(method, path, headers={"X-API-Key": key}))
            statuses.append(client.get("/api/v1/billing/balance").status_code)
    assert statuses == [429, 429, 200, 429]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"json": {"amount_cents": 5_000}}, 200),
        ({"json": {"amount_cents": 1}}, 422),
        ({"content": b" " * 1_000_001}, 413),
        ({"content": iter([b" " * 600_000] * 2)}, 413),
        ({"content": b"a=1", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"json": {"amount_cents": 5_000}, "headers": {"X-API-Key": ""}}, 401),
    ],
    ids=["good", "refused", "too large", "too large in pieces", "no JSON", "no key"],
)
def test_a_rule_that_does_not_hit_changes_nothing(
    account: Account, request_: dict[str, Any], status: int
) -> None:
    """The request is read first, and validated as usual."""
    fault(account, for_all=True, operations=["create_deposit"], share=1e-12, status=503)
    response = account.call("POST", "deposit", **request_)
    assert response.status_code == status
    assert "X-Mock-Fault" not in response.headers
    seen = [
        fault["seen"]
        for fault in body_of(account.client.get("/_mock/faults", headers={"X-API-Key": ""}))[
            "faults"
        ]
    ]
    assert seen == [1]
