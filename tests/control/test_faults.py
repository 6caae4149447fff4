"""Faults over the control API: rules are added, listed, counted and deleted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import packaged
from mockserver.faults import sets
from tests.conftest import API

MINE, OTHER = {"X-API-Key": "sk_test_new"}, {"X-API-Key": "sk_test_0123456789"}
SETS = sorted(sets.load(packaged.fixtures() / "faults"))


def create(
    mock: httpx.Client, rule: dict[str, Any], headers: dict[str, str] | None = None
) -> dict[str, Any]:
    response = mock.post("/_mock/faults", json=rule, headers=headers)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def listed(mock: httpx.Client, headers: dict[str, str] | None = None, **filters: str) -> list[str]:
    """Return the names of the rules, in the order of evaluation."""
    found = mock.get("/_mock/faults", params=filters, headers=headers).json()["faults"]
    return [rule["name"] for rule in found]


def refused(mock: httpx.Client, rule: Any) -> dict[tuple[Any, ...], str]:
    """Return the problems of a refused rule by place, and check that no rule was added."""
    response = mock.post("/_mock/faults", json=rule)
    assert response.status_code == 422, response.text
    assert listed(mock) == []
    return {tuple(problem["loc"]): problem["msg"] for problem in response.json()["detail"]}


def test_the_response_to_a_rule_is_the_whole_rule(mock: httpx.Client) -> None:
    """Fields that were left out are null, and counts start at zero."""
    rule = {
        "name": "broken-reads",
        "operations": ["get_balance"],
        "share": 0.5,
        "connection": "reset",
        "latency": {"min_ms": 1, "max_ms": 2},
    }
    left_out = dict.fromkeys(
        ("next", "status", "detail", "headers", "retry_after_seconds", "account", "set")
    )
    made = create(mock, rule)
    counts = {"seen": 0, "applied": 0, "remaining": None}
    assert made == {"id": "fault_1", **rule, **left_out, **counts}
    assert mock.get("/_mock/faults").json() == {"faults": [made]}


def test_null_is_the_same_as_left_out(mock: httpx.Client) -> None:
    """A program may send all fields."""
    rule = dict.fromkeys(
        ("name", "operations", "next", "share", "detail", "headers", "connection", "latency")
    )
    made = create(mock, {**rule, "status": 503})
    assert (made["name"], made["status"]) == ("status-503", 503)


def test_a_rule_belongs_to_the_account_of_the_key(mock: httpx.Client) -> None:
    """A persona's key is shown whole, another key is shortened, and no key is null."""
    shown = [create(mock, {"status": 503}, headers)["account"] for headers in (MINE, OTHER, None)]
    assert shown == ["sk_test_new", "sk_test_01***", None]
    assert "0123456789" not in mock.get("/_mock/faults").text


def test_rules_are_listed_in_the_order_of_evaluation(mock: httpx.Client) -> None:
    """The newest is first; with a key, only the account's rules are listed."""
    create(mock, {"name": "first", "status": 500})
    create(mock, {"name": "second", "status": 500}, MINE)
    create(mock, {"name": "third", "status": 500}, OTHER)
    assert listed(mock) == ["third", "second", "first"]
    assert listed(mock, MINE) == ["second"]


def test_a_rule_is_deleted_by_its_id(mock: httpx.Client) -> None:
    """The response is the rule in its last state; a second request finds none."""
    made = create(mock, {"status": 503, "next": 2})
    create(mock, {"name": "kept", "status": 503, "operations": ["create_deposit"]})
    mock.get(f"{API}/balance", headers=MINE)
    deleted = mock.delete(f"/_mock/faults/{made['id']}").json()
    assert deleted == {**made, "seen": 1, "applied": 1, "remaining": 1}
    assert listed(mock) == ["kept"]
    assert mock.get(f"{API}/balance", headers=MINE).status_code == 200
    again = mock.delete(f"/_mock/faults/{made['id']}")
    assert (again.status_code, again.json()) == (
        404,
        {"detail": f"There is no fault '{made['id']}'."},
    )


def test_all_rules_are_deleted_at_once(mock: httpx.Client) -> None:
    """Filters are the account and the set."""
    for headers in (MINE, OTHER, None):
        create(mock, {"status": 503}, headers)
    mock.post("/_mock/fault-sets/slow-3g/apply", headers=MINE)
    mock.post("/_mock/fault-sets/slow-3g/apply")
    deleted = [
        mock.delete("/_mock/faults", params=params, headers=headers).json()["deleted"]
        for params, headers in (
            ({"set": "slow-3g"}, MINE),
            ({}, MINE),
            ({"set": "slow-3g"}, None),
            ({}, None),
            ({}, None),
        )
    ]
    assert deleted == [1, 1, 1, 2, 0]


def test_reset_with_a_key_deletes_the_rules_of_that_account(mock: httpx.Client) -> None:
    """Rules of other accounts and rules for all stay."""
    for name, headers in (("mine", MINE), ("other", OTHER), ("all", None)):
        create(mock, {"name": name, "status": 503}, headers)
    mock.post("/_mock/reset", headers=MINE)
    assert listed(mock) == ["all", "other"]


def test_reset_without_a_key_deletes_all_rules(mock: httpx.Client) -> None:
    """Ids restart as on a new server."""
    first = create(mock, {"status": 503})
    mock.post("/_mock/reset")
    assert listed(mock) == []
    assert create(mock, {"status": 503}) == first


def test_the_sets_are_those_of_the_fixtures(mock: httpx.Client) -> None:
    """Each has its purpose and its rules in the form of the API."""
    found = mock.get("/_mock/fault-sets").json()["sets"]
    assert (
        [rule["name"] for rule in found] == SETS == ["flaky", "outage", "rate-limited", "slow-3g"]
    )
    assert all(rule["title"] and rule["about"] and rule["rules"] for rule in found)


@pytest.mark.parametrize("name", SETS)
def test_a_listed_rule_of_a_set_can_be_posted(mock: httpx.Client, name: str) -> None:
    """It becomes the same rule."""
    (found,) = (
        fault_set
        for fault_set in mock.get("/_mock/fault-sets").json()["sets"]
        if fault_set["name"] == name
    )
    applied = mock.post(f"/_mock/fault-sets/{name}/apply").json()["faults"]
    assert [rule["set"] for rule in applied] == [name] * len(found["rules"])
    for rule, fault in zip(found["rules"], applied, strict=True):
        assert {**fault, **rule} == fault
        sent = create(mock, rule)
        assert {**sent, **rule} == sent


def test_a_set_is_applied_to_one_account(mock: httpx.Client) -> None:
    """It applies to the account of the key, or to all without one."""
    applied = mock.post("/_mock/fault-sets/rate-limited/apply", headers=MINE).json()["faults"]
    assert [(rule["name"], rule["account"], rule["set"]) for rule in applied] == [
        ("rate-limited", "sk_test_new", "rate-limited")
    ]
    statuses = [
        mock.get(f"{API}/balance", headers=headers).status_code for headers in (MINE, OTHER)
    ]
    assert statuses == [429, 200]
    mock.post("/_mock/fault-sets/rate-limited/apply")
    assert mock.get(f"{API}/balance", headers=OTHER).status_code == 429


def test_the_error_of_an_unknown_set_lists_the_sets(mock: httpx.Client) -> None:
    """The status is 404."""
    response = mock.post("/_mock/fault-sets/slow/apply")
    detail = "There is no set of faults 'slow'. There are: flaky, outage, rate-limited, slow-3g."
    assert (response.status_code, response.json()) == (404, {"detail": detail})


@pytest.mark.parametrize(
    ("rule", "loc", "words"),
    [
        ({}, ("body",), "The rule has no effect"),
        (
            {"status": 503, "operations": ["get_balnce"]},
            ("body", "operations", 0),
            "Known: get_balance, ",
        ),
        ({"status": 503, "share": 0}, ("body", "share"), "share must be more than 0"),
        ({"status": 503, "share": 1.5}, ("body", "share"), "less than or equal to 1"),
        (
            {"status": 503, "next": 1, "share": 0.5},
            ("body", "share"),
            "share cannot be combined with next",
        ),
        (
            {"status": 503, "connection": "reset"},
            ("body", "connection"),
            "connection cannot be combined with status",
        ),
        ({"status": 200}, ("body", "status"), "greater than or equal to 400"),
        ({"status": "503"}, ("body", "status"), "integer"),
        ({"connection": "cut"}, ("body", "connection"), "answer_lost"),
        ({"latency": {"ms": 1, "p95_ms": 2}}, ("body", "latency"), "latency must be 'ms' alone"),
        (
            {"latency": {"min_ms": 2, "max_ms": 1}},
            ("body", "latency", "max_ms"),
            "max_ms must not be less than min_ms",
        ),
        ({"latency": {"ms": 60_001}}, ("body", "latency", "ms"), "60000"),
        (
            {"status": 503, "headers": {"A B": "x"}},
            ("body", "headers", "A B"),
            "is not a valid header name",
        ),
        ({"stauts": 503}, ("body",), "not permitted: stauts"),
    ],
    ids=str,
)
def test_an_invalid_rule_is_422(
    mock: httpx.Client, rule: dict[str, Any], loc: tuple[Any, ...], words: str
) -> None:
    """The error has the place and a sentence."""
    found = refused(mock, rule)
    assert list(found) == [loc]
    assert words in found[loc]


def test_all_problems_are_reported_at_once(mock: httpx.Client) -> None:
    """One request is enough to see them."""
    found = refused(
        mock, {"status": 503, "connection": "reset", "next": 1, "share": 0.5, "operations": ["x"]}
    )
    assert set(found) == {("body", "connection"), ("body", "share"), ("body", "operations", 0)}


def test_one_rule_too_many_is_refused(mock: httpx.Client) -> None:
    """The 409 says what to do; spent rules do not count."""
    for _ in range(100):
        create(mock, {"status": 503, "next": 1})
    response = mock.post("/_mock/faults", json={"status": 503})
    assert response.status_code == 409
    assert response.json() == {
        "detail": "There are 100 faults, and at most 100 are kept. Delete some first."
    }
    assert mock.post("/_mock/fault-sets/flaky/apply").status_code == 409
    mock.get(f"{API}/balance", headers=MINE)
    assert mock.post("/_mock/faults", json={"status": 503}).status_code == 200
    assert len(listed(mock)) == 100


def test_a_key_in_a_name_is_not_shown(mock: httpx.Client) -> None:
    """Lists of rules are shared by people."""
    create(mock, {"name": "sk_test_0123456789", "status": 503})
    mock.get(f"{API}/balance", headers=MINE)
    assert listed(mock) == ["sk_test_***"]
    assert mock.get("/_mock/requests").json()["requests"][0]["fault"] == "sk_test_***"
