"""The balance in the headers of every response of an account."""

from __future__ import annotations

import pytest

from tests.api.account import CREDIT, DOLLAR, Account, Accounts
from tests.conftest import API


@pytest.mark.parametrize(
    ("left", "display", "warning"),
    [
        (DOLLAR, "$1.00", None),
        (DOLLAR // 2, "$0.50", None),
        (DOLLAR // 2 - CREDIT, "$0.49", "low"),
        (DOLLAR // 10, "$0.10", "low"),
        (DOLLAR // 10 - CREDIT, "$0.09", "critical"),
        (CREDIT, "$0.0002", "critical"),
        (0, "$0.00", "exhausted"),
    ],
)
def test_every_response_has_the_balance(
    newcomer: Account, left: int, display: str, warning: str | None
) -> None:
    """A warning is added below $0.50, below $0.10 and at zero."""
    newcomer.leave(left)
    for response in (
        newcomer.call("GET", "invoices"),
        newcomer.call("POST", "deposit", json={"amount_cents": 1}),
    ):
        assert response.headers["X-AlterLab-Balance"] == display
        assert response.headers.get("X-AlterLab-Balance-Warning") == warning


def test_the_balance_in_the_header_is_that_after_the_request(newcomer: Account) -> None:
    """The credits of a new plan are included at once."""
    newcomer.post("payment-methods", {"payment_method_id": "pm_card_visa"})
    response = newcomer.call("POST", "change-plan", json={"price_id": "price_starter_monthly"})
    assert (
        response.headers["X-AlterLab-Balance"]
        == newcomer.get("balance")["balance_display"]
        == "$31.00"
    )


def test_without_an_account_there_is_no_balance_header(accounts: Accounts) -> None:
    """Responses with 401 and 404 have no balance."""
    for path in ("balance", "nothing"):
        assert "X-AlterLab-Balance" not in accounts.without_key.get(f"{API}/{path}").headers
