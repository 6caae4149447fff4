"""A response that breaks the contract is never sent: it is a 500, and the log has the place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from mockserver.billing.api import behaviour, render
from mockserver.billing.api.operations import HANDLERS
from tests.api.account import Accounts, assert_envelope
from tests.api.headers import SHOP, allows_shop, limits_of
from tests.conftest import NOON, running_server

Handler = Callable[[Any], Any]


class Faulty:
    """A server in which a test can replace the handlers of operations."""

    account: Accounts

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    def handler(self, name: str) -> Handler:
        def handle(call: Any) -> Any:
            return self.handlers.get(name, HANDLERS[name])(call)

        return handle


@pytest.fixture(scope="module")
def faulty_server() -> Iterator[Faulty]:
    faulty = Faulty()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(behaviour, "HANDLERS", {name: faulty.handler(name) for name in HANDLERS})
        with running_server(now=NOON) as running:
            faulty.account = Accounts(running)
            yield faulty
            faulty.account.close()


@pytest.fixture
def faulty(faulty_server: Faulty) -> Faulty:
    """The server with its real handlers."""
    faulty_server.handlers = {}
    return faulty_server


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"tier": "gold"}, "/tier"),
        ({"balance_microcents": 1.5}, "/balance_microcents"),
        ({"balance_display": None}, "/balance_display"),
        ({"auto_recharge": {"enabled": True}}, "/auto_recharge"),
        ({"more_than_documented": 1}, "more_than_documented"),
    ],
)
def test_a_response_that_breaks_the_contract_is_never_sent(
    faulty: Faulty, caplog: pytest.LogCaptureFixture, change: dict[str, Any], pointer: str
) -> None:
    """The 500 and the log name the place by its JSON pointer."""

    def broken(call: Any) -> Any:
        return {**render.balance(call.context.account), **change}

    faulty.handlers["get_balance"] = broken
    account = faulty.account("new")
    response = account.call("GET", "balance", headers=SHOP)
    assert response.status_code == 500
    assert_envelope(response)
    assert "get_balance" in response.json()["detail"]
    assert pointer in response.json()["detail"]
    assert allows_shop(response)
    limits_of(response)
    assert account.call("GET", "invoices").status_code == 200
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert pointer in record.getMessage()


def test_a_pointer_leads_into_a_list(faulty: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    """It names the field of the entry that is wrong."""

    working: Handler = HANDLERS["list_payment_methods"]

    def broken(call: Any) -> Any:
        response = working(call)
        response["payment_methods"][0]["card_exp_month"] = 13
        return response

    faulty.handlers["list_payment_methods"] = broken
    response = faulty.account("default").call("GET", "payment-methods")
    assert response.status_code == 500
    assert "/payment_methods/0/card_exp_month" in response.json()["detail"]
    assert "/payment_methods/0/card_exp_month" in caplog.text


def test_every_entry_of_a_page_is_checked(faulty: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    """One wrong entry is found anywhere on the page, even if the page was valid before."""
    account = faulty.account("default")
    size = account.get("credit-transactions", limit=100)["total"]
    assert size > 50

    def broken(call: Any) -> Any:
        entries = call.context.account.ledger.entries
        entries[-50] = replace(entries[-50], reference_type="wrong")
        return HANDLERS["list_credit_transactions"](call)

    faulty.handlers["list_credit_transactions"] = broken
    response = account.call("GET", "credit-transactions", params={"limit": 100})
    assert response.status_code == 500
    assert "/transactions/49/reference_type" in response.json()["detail"]
    assert "/transactions/49/reference_type" in caplog.text
    account.client.post("/_mock/reset").raise_for_status()


def test_a_status_that_is_not_documented_is_never_sent(
    faulty: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    """An undocumented refusal is a defect of the mock."""

    def not_found(call: Any) -> Any:
        call.params = {"payment_method_id": "pm_none"}
        return HANDLERS["remove_payment_method"](call)

    faulty.handlers["get_balance"] = not_found
    response = faulty.account("new").call("GET", "balance")
    assert response.status_code == 500
    assert_envelope(response)
    assert "404" in response.json()["detail"]
    assert "404" in caplog.text


@pytest.mark.parametrize(
    "error",
    [RuntimeError("boom"), KeyError("boom"), RecursionError("boom"), AssertionError("boom")],
    ids=repr,
)
def test_an_unexpected_error_is_a_500_without_details(
    faulty: Faulty, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """The log has the traceback, the response has the error body, and the server goes on."""

    def fail(_: Any) -> Any:
        raise error

    faulty.handlers["create_deposit"] = fail
    account = faulty.account("new")
    before = account.state()
    response = account.call("POST", "deposit", json={"amount_cents": 5_000}, headers=SHOP)
    assert response.status_code == 500
    assert_envelope(response)
    for word in ("boom", type(error).__name__, "Traceback", ".py"):
        assert word not in response.text
    assert allows_shop(response)
    limits_of(response)
    assert account.state() == before
    assert "boom" in caplog.text
    assert any(record.exc_info for record in caplog.records)
