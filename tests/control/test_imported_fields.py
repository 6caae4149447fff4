"""An imported state is refused, or every later request can be served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.account import Account, Accounts
from tests.conftest import API

Path = tuple[str | int, ...]

ODD_TEXTS = ["", " ", "\0\n", "pm_", "pm_ü", "http", "x" * 5_000, "9999-12-31T23:59:59Z"]
ODD_NUMBERS = [-1, 0, 2**53, 2**63 - 1]
UNUSABLE = [
    (("auto_recharge", "stripe_payment_method_id"), ""),
    (("auto_recharge", "stripe_payment_method_id"), "pm_"),
    (("auto_recharge", "stripe_payment_method_id"), "pm_a b"),
    (("usage_alerts", "webhook_url"), ""),
    (("usage_alerts", "webhook_url"), "javascript:alert(1)"),
    (("usage_alerts", "webhook_url"), "http://" + "x" * 2_048),
    (("wallet", "cards", 0, "stripe_id"), ""),
    (("wallet", "cards", 0, "stripe_id"), "pm_ü"),
    (("checkout_sessions", "*", "success_url"), ""),
    (("checkout_sessions", "*", "cancel_url"), "javascript:alert(1)"),
]


def fields(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield all fields with their values; of a list, only its first and last item."""
    if path:
        yield path, node
    if isinstance(node, dict):
        for name, value in node.items():
            yield from fields(value, (*path, name))
    elif isinstance(node, list) and node:
        for index in sorted({0, len(node) - 1}):
            yield from fields(node[index], (*path, index))


def odd(value: Any) -> list[Any]:
    """Return values that a field could be given by mistake."""
    if isinstance(value, bool):
        return [not value, None]
    if isinstance(value, int):
        return [*ODD_NUMBERS, None]
    if isinstance(value, str):
        return [*ODD_TEXTS, None]
    if value is None:
        return [*ODD_TEXTS, *ODD_NUMBERS, True]
    return [[], None] if isinstance(value, list) else [{}, None]


def changed(state: Any, path: Path, value: Any) -> Any:
    """Return a copy of a state with another value; ``*`` stands for the first key."""
    copy = node = json.loads(json.dumps(state))
    for name in path[:-1]:
        node = node[next(iter(node)) if name == "*" else name]
    node[path[-1]] = value
    return copy


def put(account: Account, state: Any) -> Any:
    return account.client.put("/_mock/state", json=state)


@pytest.fixture
def state(account: Account) -> Any:
    """An account with a disabled auto-recharge, an open session, and a challenge."""
    session = {
        "amount_cents": 5_000,
        "success_url": "https://a.test",
        "cancel_url": "https://a.test",
    }
    account.post("deposit", session)
    account.post("setup-intent")
    account.post("verify/initiate", {"action": "change_email", "method": "email"})
    return account.state()


@pytest.mark.parametrize(("path", "value"), UNUSABLE)
def test_a_field_that_no_response_can_have_is_refused(
    account: Account, state: Any, path: Path, value: str
) -> None:
    """A sentence names the field, and nothing changes."""
    response = put(account, changed(state, path, value))
    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert str(path[-1]) in problem["msg"]
    assert account.state() == state


@pytest.mark.slow
@pytest.mark.parametrize("persona", ["default", "past_due", "card_declined"])
def test_whatever_is_imported_can_be_read(accounts: Accounts, state: Any, persona: str) -> None:
    """No accepted state turns a later GET of the contract into an error."""
    account = accounts(persona)
    if persona != "default":
        state = account.state()
    paths = [
        operation.path
        for operation in accounts.server.contract.operations.values()
        if operation.method == "get"
    ]
    assert f"{API}/balance" in paths
    broken = []
    for path, value in fields(state):
        for other in odd(value):
            response = put(account, changed(state, path, other))
            assert response.status_code in (200, 422), (path, other, response.text)
            if response.status_code == 422:
                continue
            for read in [*paths, "/_mock/state", "/_mock/outbox", "/_mock/accounts"]:
                if account.client.get(read).status_code >= 500:
                    broken.append((path, other, read))
    assert not broken
