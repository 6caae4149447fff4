"""``Prefer`` returns any documented response of any operation without touching an account."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from mockserver.engine import preference
from mockserver.engine.errors import PreferenceRefused
from mockserver.openapi.contract import JSON, Operation
from tests.api.account import Account, Accounts
from tests.api.operations import CONTRACT, OPERATIONS, each_operation, path_of
from tests.conftest import API, RunningServer

DOCUMENTED = [(operation, status) for operation in OPERATIONS for status in operation.statuses]
EXAMPLES = [
    (operation, status, name)
    for operation, status in DOCUMENTED
    for name in CONTRACT.follow(operation.node["responses"][str(status)])["content"][JSON].get(
        "examples", {}
    )
]
KEY = {"X-API-Key": "sk_test_prefers"}


def ask(accounts: Accounts, operation: Operation, prefer: str, **headers: str) -> httpx.Response:
    """Call an operation with a preference and without a body."""
    return accounts.without_key.request(
        operation.method, path_of(operation), headers={"Prefer": prefer, **headers}
    )


def schema_of(operation: Operation, status: int) -> Any:
    documented = CONTRACT.follow(operation.node["responses"][str(status)])
    return documented, CONTRACT.validator(documented["content"][JSON]["schema"], closed=True)


@pytest.mark.parametrize("dynamic", ["", ", dynamic=true"])
@pytest.mark.parametrize(
    ("operation", "status"),
    DOCUMENTED,
    ids=lambda operation: getattr(operation, "operation_id", operation),
)
def test_any_documented_response_can_be_requested(
    accounts: Accounts, operation: Operation, status: int, dynamic: str
) -> None:
    """Status, body and required headers are those of the contract, whatever the request lacks."""
    response = ask(accounts, operation, f"code={status}{dynamic}")
    documented, validator = schema_of(operation, status)
    assert response.status_code == status
    assert not [error.message for error in validator.iter_errors(response.json())]
    assert response.headers["preference-applied"] == f"code={status}{dynamic}"
    required = [
        name
        for name, header in documented["headers"].items()
        if CONTRACT.follow(header).get("required")
    ]
    assert all(name in response.headers for name in required)


@pytest.mark.parametrize(
    ("operation", "status", "name"),
    EXAMPLES,
    ids=lambda operation: getattr(operation, "operation_id", operation),
)
def test_any_example_can_be_requested_by_its_name(
    accounts: Accounts, operation: Operation, status: int, name: str
) -> None:
    """The body is the value of the example."""
    response = ask(accounts, operation, f"code={status}, example={name}")
    documented = CONTRACT.follow(operation.node["responses"][str(status)])
    example = CONTRACT.follow(documented["content"][JSON]["examples"][name])
    assert (response.status_code, response.json()) == (status, example["value"])


@each_operation
def test_an_undocumented_status_or_example_is_400(accounts: Accounts, operation: Operation) -> None:
    """The error lists the documented ones."""
    response = ask(accounts, operation, "code=418")
    assert response.status_code == 400
    assert response.json()["detail"].startswith(
        f"Prefer: {operation.operation_id} documents no 418. It documents 200, "
    )
    response = ask(accounts, operation, "example=nonsense")
    assert response.status_code == 400
    assert "has no such example. It has " in response.json()["detail"]
    assert "preference-applied" not in response.headers


@each_operation
def test_no_account_is_created(accounts: Accounts, operation: Operation) -> None:
    """A preferred response belongs to no account."""
    ask(accounts, operation, "code=200, dynamic=true", **KEY)
    assert accounts.without_key.get("/_mock/accounts").json()["total"] == 0


def test_nothing_changes_and_no_tokens_are_spent(account: Account) -> None:
    """A preferred response to a deposit opens no session."""
    before = account.state(), account.call("GET", "balance").headers["x-ratelimit-remaining"]
    shown = account.call(
        "POST", "deposit", json={"amount_cents": 5000}, headers={"Prefer": "code=200"}
    )
    assert shown.status_code == 200
    after = account.state(), account.call("GET", "balance").headers["x-ratelimit-remaining"]
    assert after == (before[0], str(int(before[1]) - 1))


def test_an_example_is_searched_in_all_responses(accounts: Accounts) -> None:
    """Without a code, the first response that has the example is sent."""
    operation = CONTRACT.operations["get_balance"]
    assert ask(accounts, operation, "example=slow_down").status_code == 429


def test_data_made_from_the_schema_is_the_same_for_the_same_request(accounts: Accounts) -> None:
    """Another query gives other data."""
    url = f"{API}/credit-transactions"
    first, again, other = (
        accounts.without_key.get(f"{url}?limit={limit}", headers={"Prefer": "dynamic=true"}).content
        for limit in (1, 1, 2)
    )
    assert first == again != other


def test_a_key_that_is_sent_is_checked(accounts: Accounts) -> None:
    """A live key is refused as usual; without a key the request is served."""
    operation = CONTRACT.operations["get_balance"]
    assert ask(accounts, operation, "code=200").status_code == 200
    live = "_".join(["sk", "live", "4eC39HqLyjWDarjtT1zdp7dc"])
    assert ask(accounts, operation, "code=200", **{"X-API-Key": live}).status_code == 401


def test_a_delay_comes_before_the_real_response(account: Account) -> None:
    """``delay`` alone changes only the time."""
    began = time.monotonic()
    response = account.call("GET", "balance", headers={"Prefer": "delay=300"})
    assert time.monotonic() - began >= 0.3
    assert response.headers["preference-applied"] == "delay=300"
    assert response.json() == account.get("balance")


def test_other_preferences_are_ignored(account: Account) -> None:
    """By RFC 7240, unknown preferences are ignored."""
    response = account.call(
        "GET", "balance", headers={"Prefer": "respond-async, wait=100, return=minimal"}
    )
    assert response.json() == account.get("balance")
    assert "preference-applied" not in response.headers


@pytest.mark.parametrize(
    "prefer",
    [
        *(
            "code=abc",
            "code=",
            "code=99",
            "code=600",
            "code=-1",
            "code=4e2",
            f"code={'9' * 5000}",
            "code=\xb2",
        ),
        *("delay=-1", "delay=60001", "delay=1s", "dynamic=maybe"),
    ],
)
def test_an_invalid_preference_is_400(account: Account, prefer: str) -> None:
    """The error says what is valid, and the operation is not carried out."""
    before = account.state()
    headers = httpx.Headers([(b"Prefer", prefer.encode("latin-1"))])
    response = account.call("POST", "deposit", json={"amount_cents": 5000}, headers=headers)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("Prefer: ")
    assert account.state() == before


def test_the_control_api_ignores_preferences(accounts: Accounts) -> None:
    """Preferences are for the Billing API only."""
    response = accounts.without_key.get("/_mock/health", headers={"Prefer": "code=403"})
    assert response.status_code == 200


def test_a_page_may_send_and_read_preferences(frozen_server: RunningServer) -> None:
    """The preflight allows ``Prefer``, and ``Preference-Applied`` is exposed."""
    page = {"Origin": "http://localhost:3000"}
    with frozen_server.client(None) as client:
        preflight = {
            **page,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "prefer",
        }
        assert client.options(f"{API}/balance", headers=preflight).status_code == 200
        response = client.get(f"{API}/balance", headers={**page, "Prefer": "code=429"})
    assert "Preference-Applied" in response.headers["access-control-expose-headers"]
    assert int(response.headers["retry-after"]) >= 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["code=404"], {"code": 404}),
        (["Code = 404"], {"code": 404}),
        (['code="404"; foo=bar'], {"code": 404}),
        (["code=404, code=200"], {"code": 404}),
        (["code=404", "example=x"], {"code": 404, "example": "x"}),
        (['example="a, \\"b\\"", dynamic'], {"example": 'a, "b"', "dynamic": True}),
        (["dynamic=false, delay=0"], {}),
        ([""], {}),
        ([",,;=,"], {}),
    ],
)
def test_the_header_is_parsed_by_the_rfc(headers: list[str], expected: dict[str, Any]) -> None:
    """Names in any case, quoted values, parameters and several headers; the first of two counts."""
    pairs = [(b"prefer", header.encode()) for header in headers]
    assert preference.read(pairs) == preference.Preference(**expected)


def test_only_prefer_is_read() -> None:
    """Other headers have no preferences."""
    assert not preference.read([(b"x-prefer", b"code=404")]).wants_sample
    with pytest.raises(PreferenceRefused):
        preference.read([(b"x-prefer", b"code=404"), (b"prefer", b"code=no")])
