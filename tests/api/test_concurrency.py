"""Many requests at once on one account: no update is lost or repeated, and the books add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx
import pytest

from tests.api.account import CREDIT, DOLLAR, Account, Accounts

MANY = 100
WORKERS = 20

Item = TypeVar("Item")
Result = TypeVar("Result")


@pytest.fixture(scope="module")
def crowd() -> Iterator[ThreadPoolExecutor]:
    """A pool of clients that send requests at the same time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        yield pool


def at_once(
    crowd: ThreadPoolExecutor, do: Callable[[Item], Result], items: list[Item]
) -> list[Result]:
    return list(crowd.map(do, items, timeout=30))


def statuses(responses: list[httpx.Response]) -> dict[int, int]:
    """Count the responses of each status."""
    found = [response.status_code for response in responses]
    return {status: found.count(status) for status in sorted(set(found))}


def test_a_hundred_deposits_are_a_hundred_deposits(
    account: Account, crowd: ThreadPoolExecutor
) -> None:
    """Parallel deposits are each credited, invoiced and logged once."""
    before = account.get("balance")
    invoices = account.get("invoices")["total"]

    def pay_in(amount_cents: int) -> str:
        return str(account.deposit(amount_cents)["session_id"])

    amounts = [1_000 + number for number in range(MANY)]
    sessions = at_once(crowd, pay_in, amounts)
    assert len(set(sessions)) == MANY

    balance = account.get("balance")
    assert balance["balance_microcents"] == before["balance_microcents"] + sum(amounts) * 1_000_000
    assert balance["total_deposited_cents"] == before["total_deposited_cents"] + sum(amounts)
    entries = account.get("credit-transactions", limit=100)["transactions"]
    assert sorted(entry["reference_id"] for entry in entries) == sorted(sessions)
    assert sorted(entry["amount_microcents"] for entry in entries) == [
        amount * 1_000_000 for amount in amounts
    ]
    written = account.get("invoices", limit=100)
    assert written["total"] == invoices + MANY
    assert len({invoice["number"] for invoice in written["invoices"]}) == MANY
    log = [entry["action"] for entry in account.state()["audit_log"]][-2 * MANY :]
    assert (log.count("deposit.created"), log.count("deposit.completed")) == (MANY, MANY)
    account.check_books()


def test_a_session_that_many_pay_is_paid_once(account: Account, crowd: ThreadPoolExecutor) -> None:
    """All requests get the same response, and the money is credited once."""
    session = account.post("deposit", {"amount_cents": 5_000, "promo_code": "BONUS5"})
    before = account.balance
    responses = at_once(crowd, account.pay, [session["session_id"]] * MANY)
    assert statuses(responses) == {200: MANY}
    assert len({response.content for response in responses}) == 1
    assert account.balance == before + 55 * DOLLAR
    kinds = [
        transaction["type"]
        for transaction in account.get("credit-transactions", limit=3)["transactions"]
    ]
    assert kinds[:2] == ["bonus", "deposit"]
    assert kinds[2] not in ("bonus", "deposit")
    account.check_books()


def test_a_promo_code_is_redeemed_once(newcomer: Account, crowd: ThreadPoolExecutor) -> None:
    """Of several open deposits with one code, only the first that is paid gets the bonus."""
    sessions = [
        newcomer.post("deposit", {"amount_cents": 5_000, "promo_code": "BONUS5"}) for _ in range(30)
    ]
    paid = at_once(crowd, newcomer.pay, [session["session_id"] for session in sessions])
    assert sorted(response.json()["bonus_cents"] for response in paid) == [0] * 29 + [500]
    assert newcomer.balance == (100 + 30 * 5_000 + 500) * 1_000_000
    newcomer.check_books()


def test_the_balance_is_never_spent_twice(newcomer: Account, crowd: ThreadPoolExecutor) -> None:
    """One dollar covers fifty charges of two cents; the others are refused."""
    usage = {"type": "light", "requests": 100}
    responses = at_once(
        crowd, lambda _: newcomer.client.post("/_mock/usage", json=usage), list(range(MANY))
    )
    assert statuses(responses) == {200: 50, 402: 50}
    assert sorted(
        response.json()["balance_microcents"]
        for response in responses
        if response.status_code == 200
    ) == [left * 100 * CREDIT for left in range(50)]
    assert newcomer.balance == 0
    assert newcomer.get("usage-realtime")["credits_used_today"] == 5_000
    newcomer.check_books()


def test_charges_in_parallel_recharge_once(accounts: Accounts, crowd: ThreadPoolExecutor) -> None:
    """Although every charge finds the balance below the threshold, the card is charged once."""
    low = accounts("low_balance")
    low.leave(5 * DOLLAR)
    usage = {"type": "light", "requests": 10}
    responses = at_once(
        crowd, lambda _: low.client.post("/_mock/usage", json=usage), list(range(50))
    )
    assert statuses(responses) == {200: 50}
    assert low.get("auto-recharge/history")["total"] == 1
    assert low.balance == 55 * DOLLAR - 500 * CREDIT
    low.check_books()


def test_a_card_is_added_once(account: Account, crowd: ThreadPoolExecutor) -> None:
    """One request succeeds; the others are refused with 409."""
    body = {"payment_method_id": "pm_card_amex"}
    responses = at_once(
        crowd, lambda _: account.call("POST", "payment-methods", json=body), list(range(40))
    )
    assert statuses(responses) == {200: 1, 409: 39}
    assert len(account.get("payment-methods")["payment_methods"]) == 2
    account.check_books()


def test_a_card_is_removed_once(account: Account, crowd: ThreadPoolExecutor) -> None:
    """One request succeeds; the others are refused with 404."""
    responses = at_once(
        crowd, lambda _: account.call("DELETE", "payment-methods/pm_card_visa"), list(range(40))
    )
    assert statuses(responses) == {200: 1, 404: 39}
    account.check_books()


def test_a_code_succeeds_once(account: Account, crowd: ThreadPoolExecutor) -> None:
    """Of several confirmations with the right code, one succeeds."""
    challenge = account.post("verify/initiate", {"action": "close_account"})
    body = {"challenge_id": challenge["challenge_id"], "code": account.messages()[0]["code"]}
    responses = at_once(
        crowd, lambda _: account.call("POST", "verify/confirm", json=body), list(range(40))
    )
    assert statuses(responses) == {200: 1, 409: 39}


def test_reads_beside_writes_always_add_up(account: Account, crowd: ThreadPoolExecutor) -> None:
    """The newest entry of a page has the balance that the header shows."""

    def do(number: int) -> httpx.Response | None:
        if number % 2:
            account.deposit(1_000)
            return None
        return account.call("GET", "credit-transactions", params={"limit": 2})

    pages = [page for page in at_once(crowd, do, list(range(60))) if page is not None]
    assert len(pages) == 30
    for page in pages:
        newest, older = page.json()["transactions"]
        assert page.headers["X-AlterLab-Balance"] == newest["balance_after_display"]
        difference = newest["balance_after_microcents"] - older["balance_after_microcents"]
        assert difference == newest["amount_microcents"]


def test_accounts_in_parallel_do_not_mix(accounts: Accounts, crowd: ThreadPoolExecutor) -> None:
    """Each of ten accounts has only its own deposits."""
    ten = [accounts(f"crowd_{number}") for number in range(10)]
    before = [account.balance for account in ten]
    at_once(
        crowd,
        lambda number: ten[number % 10].deposit(1_000 * (1 + number % 10)),
        list(range(40)),
    )
    for number, account in enumerate(ten):
        assert account.balance == before[number] + 4 * 1_000 * (1 + number) * 1_000_000
        account.check_books()
