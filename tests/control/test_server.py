"""Health, reset, personas, accounts and snapshots over HTTP."""

from __future__ import annotations

import time

import httpx
import pytest

from mockserver import packaged
from tests.conftest import API, RunningServer, ServerFactory

NOON_TEXT = "2026-03-18T12:00:00.000Z"
BALANCE = f"{API}/balance"


def as_key(key: str) -> dict[str, str]:
    return {"X-API-Key": key}


def balance(mock: httpx.Client, key: str) -> int:
    return int(mock.get(BALANCE, headers=as_key(key)).json()["balance_microcents"])


def spend(mock: httpx.Client, key: str, requests: int = 1_000) -> None:
    body = {"type": "light", "requests": requests}
    mock.post("/_mock/usage", json=body, headers=as_key(key)).raise_for_status()


def test_health_has_what_it_takes_to_repeat_a_run(mock: httpx.Client) -> None:
    """Health needs no key, and has clock and seed."""
    health = mock.get("/_mock/health").json()
    assert health.pop("version") == packaged.version()
    assert health.pop("uptime_seconds") >= 0
    clock = {"now": NOON_TEXT, "frozen": True}
    assert health == {"status": "ok", **clock, "seed": 1, "accounts": 0, "evictions": 0}


def test_the_uptime_is_real_time(mock: httpx.Client) -> None:
    """It grows although the clock is frozen."""
    before = mock.get("/_mock/health").json()["uptime_seconds"]
    time.sleep(0.01)
    assert mock.get("/_mock/health").json()["uptime_seconds"] > before


def test_health_counts_accounts(mock: httpx.Client) -> None:
    """An account exists from its first request on."""
    spend(mock, "sk_test_new")
    assert mock.get("/_mock/health").json()["accounts"] == 1


def test_the_control_api_spends_no_tokens(mock: httpx.Client) -> None:
    """The limited persona may read the outbox without a limit."""
    statuses = {
        mock.get("/_mock/outbox", headers=as_key("sk_test_rate_limited")).status_code
        for _ in range(10)
    }
    assert statuses == {200}
    assert (
        mock.get(BALANCE, headers=as_key("sk_test_rate_limited")).headers["X-RateLimit-Remaining"]
        == "4"
    )


def test_reset_with_a_key_resets_that_account_only(mock: httpx.Client) -> None:
    """Other accounts, snapshots and requests stay."""
    fresh = balance(mock, "sk_test_mine")
    spend(mock, "sk_test_mine")
    spend(mock, "sk_test_new")
    theirs = balance(mock, "sk_test_new")
    mock.post("/_mock/snapshots", json={"name": "kept"})
    reset = mock.post("/_mock/reset", headers=as_key("sk_test_mine")).json()
    assert reset == {"scope": "account", "now": NOON_TEXT, "accounts": 1}
    assert balance(mock, "sk_test_mine") == fresh
    assert balance(mock, "sk_test_new") == theirs
    assert mock.get("/_mock/snapshots").json()["snapshots"]
    assert mock.get("/_mock/requests").json()["total"]


def test_reset_without_a_key_resets_everything(mock: httpx.Client) -> None:
    """There is no account, snapshot or request, and the clock is at its start."""
    spend(mock, "sk_test_new")
    balance(mock, "sk_test_new")
    mock.post("/_mock/snapshots", json={"name": "gone"})
    mock.post("/_mock/clock/advance", json={"days": 40})
    assert mock.post("/_mock/reset").json() == {
        "scope": "everything",
        "now": NOON_TEXT,
        "accounts": 0,
    }
    assert mock.get("/_mock/snapshots").json() == {"snapshots": []}
    assert mock.get("/_mock/requests").json()["total"] == 0


def test_reset_to_a_moment_restarts_there(mock: httpx.Client) -> None:
    """It acts like ``--now`` with any time; the next plain reset returns to the original start."""
    earlier = "2025-12-31T23:59:00.000Z"
    spend(mock, "sk_test_new")
    reset = mock.post("/_mock/reset", json={"now": earlier}).json()
    assert reset == {"scope": "everything", "now": earlier, "accounts": 0}
    assert mock.get("/_mock/clock").json() == {"now": earlier, "frozen": True}
    assert mock.post("/_mock/reset").json()["now"] == NOON_TEXT


@pytest.mark.parametrize(
    ("moment", "status"),
    [("1960-01-01T00:00:00Z", 409), ("yesterday", 422), ("2016-12-31T23:59:60Z", 422), (7, 422)],
)
def test_reset_to_an_invalid_moment_resets_nothing(
    mock: httpx.Client, moment: object, status: int
) -> None:
    """It is refused before anything is removed."""
    spend(mock, "sk_test_new")
    assert mock.post("/_mock/reset", json={"now": moment}).status_code == status
    assert mock.get("/_mock/health").json()["accounts"] == 1


def test_reset_of_an_account_takes_no_moment(mock: httpx.Client) -> None:
    """The clock is shared, so a reset of one account cannot set it."""
    spend(mock, "sk_test_new")
    refused = mock.post(
        "/_mock/reset", json={"now": "2026-01-01T00:00:00Z"}, headers=as_key("sk_test_new")
    )
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "now"])
    assert balance(mock, "sk_test_new") == 80_000_000


def test_reset_with_a_bad_key_resets_nothing(mock: httpx.Client) -> None:
    """A mistyped key is not treated as no key."""
    spend(mock, "sk_test_new")
    assert mock.post("/_mock/reset", headers=as_key("new")).status_code == 401
    assert mock.get("/_mock/health").json()["accounts"] == 1


def test_personas_are_those_of_the_fixtures(
    mock: httpx.Client, frozen_server: RunningServer
) -> None:
    """Each has its key or its organization."""
    personas = {
        persona["slug"]: persona for persona in mock.get("/_mock/personas").json()["personas"]
    }
    assert set(personas) == set(frozen_server.world.state.personas)
    assert personas["new"]["key"] == "sk_test_new"
    organization = personas["organization"]
    assert organization["key"] is None
    assert personas["org_owner"]["member_of"] == organization["organization_id"]


def test_accounts_are_listed_newest_first(mock: httpx.Client) -> None:
    """An account is listed after its first request."""
    spend(mock, "sk_test_new")
    balance(mock, "sk_test_subscriber")
    listed = mock.get("/_mock/accounts").json()
    assert (listed["total"], listed["has_more"]) == (2, False)
    subscriber, new = listed["accounts"]
    assert (subscriber["name"], subscriber["persona"]) == ("sk_test_subscriber", "subscriber")
    assert subscriber["plan"]
    assert (new["name"], new["balance_display"], new["tier"], new["plan"]) == (
        "sk_test_new",
        "$0.80",
        "free",
        None,
    )


def test_unknown_keys_are_shortened(mock: httpx.Client) -> None:
    """Only the key of a persona is shown whole."""
    balance(mock, "sk_test_4f5e6d7c8b")
    listed = mock.get("/_mock/accounts")
    assert listed.json()["accounts"][0]["name"] == "sk_test_4f***"
    assert "4f5e6d7c8b" not in listed.text


def test_an_organization_is_listed_by_its_id(
    mock: httpx.Client, frozen_server: RunningServer
) -> None:
    """It exists after a member's first request."""
    organization = frozen_server.world.state.personas["organization"].organization_id or ""
    headers = as_key("sk_test_org_owner") | {"X-Organization-Id": organization}
    mock.get(f"{API}/invoices", headers=headers).raise_for_status()
    names = [account["name"] for account in mock.get("/_mock/accounts").json()["accounts"]]
    assert names == [organization, "sk_test_org_owner"]


def test_the_list_of_accounts_can_be_limited(mock: httpx.Client) -> None:
    """``has_more`` is true then."""
    for key in ("sk_test_a1", "sk_test_b2"):
        balance(mock, key)
    listed = mock.get("/_mock/accounts", params={"limit": 1}).json()
    assert [account["name"] for account in listed["accounts"]] == ["sk_test_b***"]
    assert (listed["total"], listed["has_more"]) == (2, True)


@pytest.mark.parametrize("path", ["accounts", "requests", "outbox"])
@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", "", "9" * 400])
def test_a_limit_has_bounds(mock: httpx.Client, path: str, limit: str) -> None:
    """A limit is a whole number from 1 to 1000."""
    response = mock.get(f"/_mock/{path}", params={"limit": limit}, headers=as_key("sk_test_new"))
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "limit"]


def test_a_snapshot_brings_back_the_whole_world(mock: httpx.Client) -> None:
    """Accounts and clock are restored, later accounts are gone, and it can be restored again."""
    before = balance(mock, "sk_test_new")
    taken = mock.post("/_mock/snapshots", json={"name": "before"}).json()
    assert taken == {"name": "before", "created_at": NOON_TEXT, "frozen": True, "accounts": 1}
    for _ in range(2):
        spend(mock, "sk_test_new")
        balance(mock, "sk_test_late")
        mock.post("/_mock/clock/advance", json={"days": 3})
        assert mock.post("/_mock/snapshots/before/restore").json() == taken
        assert mock.get("/_mock/clock").json()["now"] == NOON_TEXT
        assert mock.get("/_mock/health").json()["accounts"] == 1
        assert balance(mock, "sk_test_new") == before


def test_a_snapshot_of_the_same_name_replaces_the_older_one(mock: httpx.Client) -> None:
    """Names are unique."""
    mock.post("/_mock/snapshots", json={"name": "one"})
    mock.post("/_mock/snapshots", json={"name": "two"})
    spend(mock, "sk_test_new")
    mock.post("/_mock/snapshots", json={"name": "one"})
    listed = {
        snapshot["name"]: snapshot["accounts"]
        for snapshot in mock.get("/_mock/snapshots").json()["snapshots"]
    }
    assert listed == {"one": 1, "two": 0}


def test_the_number_of_snapshots_is_bounded(mock: httpx.Client) -> None:
    """The twenty-first is refused, unless its name is known."""
    for number in range(20):
        assert mock.post("/_mock/snapshots", json={"name": f"s{number}"}).status_code == 200
    assert mock.post("/_mock/snapshots", json={"name": "s20"}).status_code == 409
    assert mock.post("/_mock/snapshots", json={"name": "s0"}).status_code == 200


@pytest.mark.parametrize(
    "name", ["", ".hidden", "a b", "a/b", "a" * 65, "\u00fc", "a\n", None, 1, ["a"]]
)
def test_a_snapshot_needs_a_plain_name(mock: httpx.Client, name: object) -> None:
    """A name has letters, digits, dots, dashes and underscores, at most 64."""
    response = mock.post("/_mock/snapshots", json={"name": name})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "name"]
    assert mock.get("/_mock/snapshots").json() == {"snapshots": []}


def test_an_unknown_snapshot_cannot_be_restored(mock: httpx.Client) -> None:
    """The status is 404, and the world is unchanged."""
    spend(mock, "sk_test_new")
    response = mock.post("/_mock/snapshots/nowhere/restore")
    assert response.status_code == 404
    assert "nowhere" in response.json()["detail"]
    assert mock.post("/_mock/snapshots/%20/restore").status_code == 422
    assert mock.get("/_mock/health").json()["accounts"] == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/_mock/reset"), ("PATCH", "/_mock/clock")])
def test_a_wrong_method_is_405_with_allow(mock: httpx.Client, method: str, path: str) -> None:
    """The error has the usual body."""
    response = mock.request(method, path)
    assert response.status_code == 405
    assert isinstance(response.json()["detail"], str)
    assert (
        response.headers["Allow"]
        == {"/_mock/reset": "POST", "/_mock/clock": "GET, PUT, HEAD"}[path]
    )


@pytest.mark.parametrize("path", ["/_mock/nothing", "/_mock/health/", "/_mock/workbench"])
def test_an_unknown_path_is_404(mock: httpx.Client, path: str) -> None:
    """A known path with another slash is unknown too."""
    response = mock.get(path)
    assert response.status_code == 404
    assert isinstance(response.json()["detail"], str)


def test_the_guards_refusal_has_the_usual_body(mock: httpx.Client) -> None:
    """The guard comes before every operation."""
    for headers in (
        {"Origin": "http://localhost:3000"},
        {"Host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        response = mock.post("/_mock/reset", headers=headers)
        assert response.status_code == 403
        assert isinstance(response.json()["detail"], str)
        assert "access-control-allow-origin" not in response.headers


def test_a_token_that_the_server_has_must_be_sent(make_server: ServerFactory) -> None:
    """Without it the status is 403; the Billing API does not need it."""
    with make_server(control_token="a-token-of-a-test").client("sk_test_new") as client:
        assert client.get("/_mock/clock").status_code == 403
        headers = {"X-Control-Token": "a-token-of-a-test"}
        assert client.get("/_mock/clock", headers=headers).status_code == 200
        assert client.get("/_mock/health").status_code == 200
        assert client.get(BALANCE).status_code == 200
