"""The same seed, clock and requests give the same bytes; another seed gives other bytes."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.account import ORGANIZATION, PAGES, Account, Accounts
from tests.api.operations import CONTRACT
from tests.conftest import NOON, RunningServer, ServerFactory, running_server

Exchange = tuple[str, int, list[tuple[bytes, bytes]], bytes]
PERSONAS = (
    "default",
    "low_balance",
    "card_declined",
    "subscriber",
    "past_due",
    "org_member",
    "somebody",
)


def play(server: RunningServer) -> list[Exchange]:
    """Run all operations with good and bad requests and clock steps, and return every response."""
    recorded: list[Exchange] = []

    def record(response: httpx.Response) -> None:
        line = f"{response.request.method} {response.request.url.raw_path.decode()}"
        recorded.append((line, response.status_code, response.headers.raw, response.read()))

    accounts = Accounts(server)
    personas = [accounts(name) for name in PERSONAS]
    for account in personas:
        account.client.event_hooks = {"response": [record]}
        # URLs in responses contain the requested host, and the ports of two servers differ.
        account.client.headers["Host"] = "127.0.0.1:8080"
    for _ in range(2):
        for account in personas:
            play_one(account)
        personas[0].wait(days=16)
    for account in personas:
        account.state()
    covered = {
        request["operation_id"]
        for request in personas[0].client.get("/_mock/requests?limit=1000").json()["requests"]
    }
    assert covered == set(CONTRACT.operations)
    accounts.close()
    return recorded


def play_one(account: Account) -> None:
    """Call every operation at least once; refusals must be repeatable too."""
    deposit = account.post("deposit", {"amount_cents": 5_000, "auto_recharge_enabled": True})
    account.pay(deposit["session_id"])
    account.call("POST", "deposit", json={"amount_cents": 2_500, "promo_code": "BONUS5"})
    pack = account.post("checkout", {"price_id": "price_credits_25", "mode": "payment", **PAGES})
    account.pay(pack["session_id"], "pm_card_mastercard")
    for card in ("pm_card_amex", "pm_1AnyOtherCard", "pm_card_chargeDeclined"):
        account.call("POST", "payment-methods", json={"payment_method_id": card})
    account.call("POST", "payment-methods/pm_card_amex/default")
    account.call("PUT", "auto-recharge", json={"enabled": True, "threshold_microcents": 10**10})
    account.call(
        "PUT",
        "usage-alerts",
        json={"threshold_50_enabled": True, "webhook_url": "https://a.example/hook"},
    )
    for type in ("light", "js", "pdf", "ocr", "crawl"):
        account.client.post("/_mock/usage", json={"type": type, "requests": 30_000})
    account.call("POST", "auto-recharge/test")
    account.call("DELETE", "auto-recharge")
    account.call("DELETE", "payment-methods/pm_1AnyOtherCard")
    account.call("POST", "setup-intent")
    account.call("POST", "portal")
    account.call("POST", "promo/validate", json={"code": "WELCOME10"})
    account.call("POST", "change-plan", json={"price_id": "price_growth_monthly"})
    challenge = account.post("verify/initiate", {"action": "close_account"})
    for code in ("nonsense", account.messages()[0]["code"]):
        account.call(
            "POST", "verify/confirm", json={"challenge_id": challenge["challenge_id"], "code": code}
        )
    for operation in CONTRACT.operations.values():
        if operation.method == "get":
            for headers in ({}, {"X-Organization-Id": ORGANIZATION}, {"X-API-Key": "wrong"}):
                account.client.get(operation.path, headers=headers)
    account.client.get("/nothing")
    account.wait(seconds=61)


@pytest.fixture(scope="module")
def story() -> Iterator[list[Exchange]]:
    """The responses of the first server."""
    with running_server(now=NOON, seed=7) as server:
        yield play(server)


@pytest.mark.slow
def test_two_servers_give_the_same_bytes(make_server: ServerFactory, story: list[Exchange]) -> None:
    """Status, headers and body of hundreds of responses are equal."""
    again = play(make_server(now=NOON, seed=7))
    assert len(story) > 500
    for first, second in zip(story, again, strict=True):
        assert first == second


@pytest.mark.slow
def test_a_reset_server_gives_the_same_bytes(
    make_server: ServerFactory, story: list[Exchange]
) -> None:
    """After a reset the responses are those of a new server."""
    server = make_server(now=NOON, seed=7)
    with server.client("sk_test_somebody_else") as client:
        Account(client).deposit(5_000)
        Account(client).wait(days=3)
        client.post("/_mock/reset", headers={"X-API-Key": ""}).raise_for_status()
    for first, second in zip(story, play(server), strict=True):
        assert first == second


@pytest.mark.slow
def test_another_seed_gives_other_bytes(make_server: ServerFactory, story: list[Exchange]) -> None:
    """With another seed, responses that contain ids differ."""
    other = play(make_server(now=NOON, seed=8))
    assert len(other) == len(story)
    seen = [
        (first[3], second[3])
        for first, second in zip(story, other, strict=True)
        if first[1] == second[1] == 200
        and first[0] in ("GET /api/v1/billing/payment-methods", "GET /_mock/state")
    ]
    assert len(seen) > len(PERSONAS)
    assert all(first != second for first, second in seen)


def test_the_order_of_accounts_does_not_matter(make_server: ServerFactory) -> None:
    """Ids and random values depend on the account's own counter, not on other accounts."""
    first, second = make_server(now=NOON, seed=7), make_server(now=NOON, seed=7)
    seen = []
    for server, names in ((first, ("one", "other")), (second, ("other", "one"))):
        accounts = Accounts(server)
        for name in names:
            accounts(name).deposit(5_000)
        seen.append(
            [accounts(name).client.get("/_mock/state").content for name in ("one", "other")]
        )
        accounts.close()
    assert seen[0] == seen[1]
