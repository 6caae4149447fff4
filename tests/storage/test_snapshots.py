"""Snapshots are packed, share what did not change, and can be deleted."""

from __future__ import annotations

import msgspec
import pytest

from mockserver.billing import checkout, usage
from mockserver.billing.accounts import packed_json
from mockserver.billing.accounts.accounts import Accounts
from mockserver.engine.world import MAX_SNAPSHOTS, TooManySnapshots, UnknownSnapshot, World
from tests.api.account import Accounts as ServerAccounts
from tests.worlds import KEYS, exported, make_world


@pytest.fixture
def world() -> World[Accounts]:
    return make_world()


def packed_bytes(world: World[Accounts]) -> int:
    """Return the size of all snapshots; what they share counts once."""
    parts = {
        id(part): len(part)
        for snapshot in world.snapshots()
        for packed in snapshot.dump.tenants.values()
        for part in packed.parts
    }
    return sum(parts.values())


def change(world: World[Accounts], key: str) -> None:
    """Open a deposit, pay it, and use credits."""
    context = world.state.context(world.state.tenant(key))
    session = checkout.open_deposit(context, 5_000)
    checkout.complete(context, session.id, checkout.ANY_WORKING_CARD)
    usage.record(context, "js", 1)


@pytest.mark.parametrize("key", KEYS)
def test_the_parts_of_an_account_make_the_account(world: World[Accounts], key: str) -> None:
    """Cutting the JSON into parts loses nothing, and keeps the order."""
    json = msgspec.json.encode(world.state.tenant(key), enc_hook=list)
    parts = packed_json.split(json)
    assert msgspec.json.decode(packed_json.join(parts)) == msgspec.json.decode(json)


def test_an_unchanged_account_is_shared(world: World[Accounts]) -> None:
    """A second snapshot of the same state takes no memory, also after the first was restored."""
    exported(world)
    world.take_snapshot("first")
    size = packed_bytes(world)
    world.take_snapshot("second")
    world.restore_snapshot("first")
    exported(world)
    world.take_snapshot("third")
    assert packed_bytes(world) == size


def test_a_changed_account_shares_its_history(world: World[Accounts]) -> None:
    """A snapshot of a changed account takes about half of what the first one takes."""
    keys = [f"sk_test_{number}" for number in range(5)]
    for key in keys:
        change(world, key)
    world.take_snapshot("0")
    first = packed_bytes(world)
    for number in range(1, MAX_SNAPSHOTS):
        for key in keys:
            change(world, key)
        world.take_snapshot(str(number))
    assert packed_bytes(world) < first * MAX_SNAPSHOTS * 0.6
    assert first / len(keys) < 12_000


def test_a_snapshot_can_be_deleted(world: World[Accounts]) -> None:
    """It makes room for another one, and the others are kept."""
    for number in range(MAX_SNAPSHOTS):
        world.take_snapshot(str(number))
    with pytest.raises(TooManySnapshots, match=f"There are {MAX_SNAPSHOTS} snapshots already"):
        world.take_snapshot("new")
    assert world.delete_snapshot("3").name == "3"
    world.take_snapshot("new")
    with pytest.raises(UnknownSnapshot):
        world.restore_snapshot("3")
    with pytest.raises(UnknownSnapshot):
        world.delete_snapshot("3")


def test_a_snapshot_is_deleted_over_http(accounts: ServerAccounts) -> None:
    """The response is the snapshot; the second time it is a 404."""
    client = accounts.without_key
    taken = client.post("/_mock/snapshots", json={"name": "mine"}).json()
    deleted = client.delete("/_mock/snapshots/mine")
    assert (deleted.status_code, deleted.json()) == (200, taken)
    assert client.delete("/_mock/snapshots/mine").status_code == 404
    assert client.get("/_mock/snapshots").json() == {"snapshots": []}


def test_the_bound_is_reported(accounts: ServerAccounts) -> None:
    """The error names the bound and what to do."""
    client = accounts.without_key
    for number in range(MAX_SNAPSHOTS):
        assert client.post("/_mock/snapshots", json={"name": str(number)}).status_code == 200
    response = client.post("/_mock/snapshots", json={"name": "more"})
    assert response.status_code == 409
    assert response.json()["detail"] == (
        f"There are {MAX_SNAPSHOTS} snapshots already, and no more are kept. "
        "Delete one, or take one of the same name again."
    )
