"""The view of an account: as it was, cheap to make, and read by another thread."""

from __future__ import annotations

import threading
from datetime import timedelta

import httpx
import msgspec
import pytest

from mockserver.billing import history, invariants, usage
from mockserver.billing.account import Account
from mockserver.billing.account_view import unpack, view_of
from tests.conftest import API, NOON, ServerFactory
from tests.worlds import every_key, make_world, new_context, shared_world

POWER_USER = "sk_test_power_user"


def plain(account: Account) -> object:
    return msgspec.to_builtins(account, enc_hook=list)


@every_key
def test_a_view_is_the_account(key: str) -> None:
    """A view has every field, unpacked or not, and violates the same invariants."""
    account = shared_world(NOON).state.tenant(key).account
    view = view_of(account)
    assert plain(view) == plain(account)
    unpack(view)
    assert plain(view) == plain(account)
    catalogue = shared_world(NOON).state.catalogue
    assert invariants.checks(view, catalogue, NOON) == invariants.checks(account, catalogue, NOON)


def test_a_view_stays_as_it_is() -> None:
    """What happens to the account later does not reach the view."""
    context = new_context("sk_test_subscriber")
    view = view_of(context.account)
    before = plain(view)
    account, catalogue = context.account, context.catalogue
    for _ in range(200):
        usage.record(context, "light", 1)
    make_world()  # another account
    context = context.at(NOON + timedelta(days=90), "system")
    account.wallet.cards.clear()
    account.usage_alerts.enabled = False
    for session in account.checkout_sessions.values():
        session.bonus_cents += 1
    assert plain(view) == before != plain(account)
    assert invariants.violations(view, catalogue, NOON) == []


def test_a_view_unpacks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making one reads no packed block of the histories."""
    account = make_world().state.tenant(POWER_USER).account
    read: list[int] = []
    monkeypatch.setattr(history, "_read", lambda block: read.append(len(block)))
    view_of(account)
    assert read == []


class Reads:
    """Counts the unpacked blocks by thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.threads: list[str] = []
        original = history._read

        def read(block: bytes) -> object:
            self.threads.append(threading.current_thread().name)
            return original(block)

        monkeypatch.setattr(history, "_read", read)

    def take(self) -> list[str]:
        taken, self.threads = self.threads, []
        return taken


@pytest.mark.slow
def test_books_of_a_large_account_do_not_block(
    make_server: ServerFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread of the server unpacks no block, and unchanged books are not examined again."""
    with make_server(now=NOON).client(POWER_USER) as client:
        client.get(f"{API}/balance").raise_for_status()
        reads = Reads(monkeypatch)
        first = client.get("/_mock/books").json()
        taken = reads.take()
        assert len(taken) > 100
        assert not any(map(is_of_server, taken))
        assert (client.get("/_mock/books").json(), reads.take()) == (first, [])
        charge(client)
        second = client.get("/_mock/books").json()
        assert second["points"][-1]["balance_microcents"] == second["balance_microcents"]
        assert second["balance_microcents"] < first["balance_microcents"]
        assert reads.take() != []
        assert client.get("/_mock/invariants").json() == {"ok": True, "violations": []}
        assert not any(map(is_of_server, reads.take()))


def is_of_server(thread: str) -> bool:
    """Return whether a thread is that of ``running_server``, which serves all requests."""
    return thread.startswith("Thread-")


def charge(client: httpx.Client) -> None:
    client.post("/_mock/usage", json={"type": "light", "requests": 1}).raise_for_status()
