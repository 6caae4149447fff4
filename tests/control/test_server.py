"""Health, reset, personas, accounts and snapshots over HTTP."""

from __future__ import annotations

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


def test_health_tells_what_it_takes_to_repeat_a_run(mock: httpx.Client) -> None:
    """Health answers without a key, with clock and seed."""
    health = mock.get("/_mock/health").json()
    assert health.pop("version") == packaged.version()
    assert health == {"status": "ok", "now": NOON_TEXT, "frozen": True, "seed": 1, "accounts": 0}


def test_health_counts_accounts(mock: httpx.Client) -> None:
    """An account exists from its first request on."""
    spend(mock, "sk_test_new")
    assert mock.get("/_mock/health").json()["accounts"] == 1


def test_answers_of_the_control_api_spend_no_tokens(mock: httpx.Client) -> None:
    """The one who is limited to five requests a minute may look at the outbox as often as he wants."""
    statuses = {
        mock.get("/_mock/outbox", headers=as_key("sk_test_rate_limited")).status_code
        for _ in range(10)
    }
    assert statuses == {200}
    assert (
        mock.get(BALANCE, headers=as_key("sk_test_rate_limited")).headers["X-RateLimit-Remaining"]
        == "4"
    )


def test_reset_with_a_key_forgets_that_account_alone(mock: httpx.Client) -> None:
    """Parallel tests reset their own account; others, snapshots and requests stay."""
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


def test_reset_without_a_key_forgets_everything(mock: httpx.Client) -> None:
    """As if the server had just started: no account, snapshot or request, and the clock where it began."""
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


def test_reset_to_a_moment_starts_anew_there(mock: httpx.Client) -> None:
    """As if the server had been started with --now, earlier than before or later; the next plain reset forgets it."""
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
def test_reset_to_no_moment_of_the_clock_resets_nothing(
    mock: httpx.Client, moment: object, status: int
) -> None:
    """What the clock cannot show is refused before anything is forgotten."""
    spend(mock, "sk_test_new")
    assert mock.post("/_mock/reset", json={"now": moment}).status_code == status
    assert mock.get("/_mock/health").json()["accounts"] == 1


def test_reset_of_an_account_takes_no_moment(mock: httpx.Client) -> None:
    """The clock is everybody's: a reset of one account cannot move it."""
    spend(mock, "sk_test_new")
    refused = mock.post(
        "/_mock/reset", json={"now": "2026-01-01T00:00:00Z"}, headers=as_key("sk_test_new")
    )
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "now"])
    assert balance(mock, "sk_test_new") == 80_000_000


def test_reset_with_a_bad_key_resets_nothing(mock: httpx.Client) -> None:
    """A mistyped key must not be taken for no key."""
    spend(mock, "sk_test_new")
    assert mock.post("/_mock/reset", headers=as_key("new")).status_code == 401
    assert mock.get("/_mock/health").json()["accounts"] == 1


def test_personas_are_those_of_the_fixtures(
    mock: httpx.Client, frozen_server: RunningServer
) -> None:
    """Everybody one can be, with the key or organization to name them by."""
    personas = {
        persona["slug"]: persona for persona in mock.get("/_mock/personas").json()["personas"]
    }
    assert set(personas) == set(frozen_server.world.state.personas)
    assert personas["new"]["key"] == "sk_test_new"
    organization = personas["organization"]
    assert organization["key"] is None
    assert personas["org_owner"]["member_of"] == organization["organization_id"]


def test_accounts_lists_who_exists_the_latest_first(mock: httpx.Client) -> None:
    """An account is listed from its first request on, with what it has."""
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


def test_accounts_shows_no_unknown_key(mock: httpx.Client) -> None:
    """A key that is no persona's might be somebody's: only its beginning is shown."""
    balance(mock, "sk_test_4f5e6d7c8b")
    listed = mock.get("/_mock/accounts")
    assert listed.json()["accounts"][0]["name"] == "sk_test_4f***"
    assert "4f5e6d7c8b" not in listed.text


def test_accounts_shows_an_organization_by_its_id(
    mock: httpx.Client, frozen_server: RunningServer
) -> None:
    """An organization's account is there once a member asked for it."""
    organization = frozen_server.world.state.personas["organization"].organization_id or ""
    headers = as_key("sk_test_org_owner") | {"X-Organization-Id": organization}
    mock.get(f"{API}/invoices", headers=headers).raise_for_status()
    names = [account["name"] for account in mock.get("/_mock/accounts").json()["accounts"]]
    assert names == [organization, "sk_test_org_owner"]


def test_accounts_can_be_cut(mock: httpx.Client) -> None:
    """`limit` cuts the list, and `has_more` says so."""
    for key in ("sk_test_a1", "sk_test_b2"):
        balance(mock, key)
    listed = mock.get("/_mock/accounts", params={"limit": 1}).json()
    assert [account["name"] for account in listed["accounts"]] == ["sk_test_b***"]
    assert (listed["total"], listed["has_more"]) == (2, True)


@pytest.mark.parametrize("path", ["accounts", "requests", "outbox"])
@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", "", "9" * 400])
def test_a_limit_has_bounds(mock: httpx.Client, path: str, limit: str) -> None:
    """1 to 1000, and nothing but a whole number."""
    answer = mock.get(f"/_mock/{path}", params={"limit": limit}, headers=as_key("sk_test_new"))
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "limit"]


def test_a_snapshot_brings_back_the_whole_world(mock: httpx.Client) -> None:
    """Accounts and clock are as they were; who came later is gone; it can be restored again."""
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
    """A name stands for one snapshot."""
    mock.post("/_mock/snapshots", json={"name": "one"})
    mock.post("/_mock/snapshots", json={"name": "two"})
    spend(mock, "sk_test_new")
    mock.post("/_mock/snapshots", json={"name": "one"})
    listed = {
        snapshot["name"]: snapshot["accounts"]
        for snapshot in mock.get("/_mock/snapshots").json()["snapshots"]
    }
    assert listed == {"one": 1, "two": 0}


def test_so_many_snapshots_and_no_more(mock: httpx.Client) -> None:
    """The twenty-first is refused, and one of a known name is not."""
    for number in range(20):
        assert mock.post("/_mock/snapshots", json={"name": f"s{number}"}).status_code == 200
    assert mock.post("/_mock/snapshots", json={"name": "s20"}).status_code == 409
    assert mock.post("/_mock/snapshots", json={"name": "s0"}).status_code == 200


@pytest.mark.parametrize(
    "name", ["", ".hidden", "a b", "a/b", "a" * 65, "\u00fc", "a\n", None, 1, ["a"]]
)
def test_a_snapshot_needs_a_plain_name(mock: httpx.Client, name: object) -> None:
    """Letters, digits, dots, dashes and underscores, at most 64."""
    answer = mock.post("/_mock/snapshots", json={"name": name})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "name"]
    assert mock.get("/_mock/snapshots").json() == {"snapshots": []}


def test_an_unknown_snapshot_cannot_be_restored(mock: httpx.Client) -> None:
    """404, and the world is as it was."""
    spend(mock, "sk_test_new")
    answer = mock.post("/_mock/snapshots/nowhere/restore")
    assert answer.status_code == 404
    assert "nowhere" in answer.json()["detail"]
    assert mock.post("/_mock/snapshots/%20/restore").status_code == 422
    assert mock.get("/_mock/health").json()["accounts"] == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/_mock/reset"), ("PATCH", "/_mock/clock")])
def test_a_wrong_method_is_told_the_right_ones(mock: httpx.Client, method: str, path: str) -> None:
    """405 with Allow, in the one envelope."""
    answer = mock.request(method, path)
    assert answer.status_code == 405
    assert isinstance(answer.json()["detail"], str)
    assert (
        answer.headers["Allow"] == {"/_mock/reset": "POST", "/_mock/clock": "GET, PUT, HEAD"}[path]
    )


@pytest.mark.parametrize("path", ["/_mock", "/_mock/", "/_mock/nothing", "/_mock/health/"])
def test_an_unknown_path_is_404(mock: httpx.Client, path: str) -> None:
    """Also a known one with a slash too many."""
    answer = mock.get(path)
    assert answer.status_code == 404
    assert isinstance(answer.json()["detail"], str)


def test_strangers_are_refused_in_the_one_envelope(mock: httpx.Client) -> None:
    """The guard stands before every operation and speaks as they do."""
    for headers in (
        {"Origin": "http://localhost:3000"},
        {"Host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = mock.post("/_mock/reset", headers=headers)
        assert answer.status_code == 403
        assert isinstance(answer.json()["detail"], str)
        assert "access-control-allow-origin" not in answer.headers


def test_a_token_that_the_server_has_must_be_sent(make_server: ServerFactory) -> None:
    """Without it 403, with it everything as usual; the Billing API does not ask for it."""
    with make_server(control_token="a-token-of-a-test").client("sk_test_new") as client:
        assert client.get("/_mock/health").status_code == 403
        assert (
            client.get(
                "/_mock/health", headers={"X-Control-Token": "a-token-of-a-test"}
            ).status_code
            == 200
        )
        assert client.get(BALANCE).status_code == 200
