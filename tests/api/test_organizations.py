"""Organizations: some views show their account, to their members and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import ORGANIZATION, Account, Accounts
from tests.api.operations import OPERATIONS, READS
from tests.conftest import API

DOCUMENTED = {
    "cost-projection",
    "credit-transactions",
    "invoices",
    "usage-breakdown",
    "usage-chart",
    "usage-realtime",
}
"""What the published page says: the views with the header."""


def _views(*, with_header: bool) -> list[str]:
    """Return the paths of the views that take the header, or of those that do not."""
    return [
        operation.path.removeprefix(f"{API}/")
        for operation in READS
        if "{" not in operation.path
        and with_header
        == any(parameter["name"] == "X-Organization-Id" for parameter in operation.parameters)
    ]


TAKERS, OTHERS = _views(with_header=True), _views(with_header=False)


def read_view(account: Account, path: str, organization: str = ORGANIZATION) -> dict[str, Any]:
    response = account.call("GET", path, headers={"X-Organization-Id": organization})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_the_documented_views_take_the_header() -> None:
    """The views that the published page names take the header; only views do."""
    assert set(TAKERS) >= DOCUMENTED
    assert [
        operation.operation_id
        for operation in OPERATIONS
        if operation.method != "get"
        and any(parameter["name"] == "X-Organization-Id" for parameter in operation.parameters)
    ] == []


@pytest.mark.parametrize("path", TAKERS)
def test_both_members_see_the_same(accounts: Accounts, path: str) -> None:
    """The organization's account, which is neither member's own."""
    owner, member = accounts("org_owner"), accounts("org_member")
    shared = read_view(owner, path)
    assert read_view(member, path) == shared
    assert shared != owner.get(path)
    assert shared != member.get(path)


@pytest.mark.parametrize("path", OTHERS)
def test_the_other_operations_ignore_the_header(accounts: Accounts, path: str) -> None:
    """They answer for the caller, whatever it says."""
    owner = accounts("org_owner")
    for organization in (ORGANIZATION, "not-a-uuid"):
        assert read_view(owner, path, organization) == owner.get(path)


def test_the_ledger_of_the_organization_adds_up(accounts: Accounts) -> None:
    """Its newest entry has the sum of all, and its month agrees with its usage."""
    member = accounts("org_member")
    pages = [
        member.call(
            "GET",
            "credit-transactions",
            params={"limit": 100, "offset": offset},
            headers={"X-Organization-Id": ORGANIZATION},
        ).json()
        for offset in range(0, 700, 100)
    ]
    entries = [entry for page in pages for entry in page["transactions"]]
    assert len(entries) == pages[0]["total"]
    assert entries[0]["balance_after_microcents"] == sum(
        entry["amount_microcents"] for entry in entries
    )
    assert (
        read_view(member, "usage-breakdown")["total_credits"]
        == read_view(member, "usage-realtime")["credits_used_month"]
    )


@pytest.mark.parametrize("path", TAKERS)
def test_a_stranger_learns_nothing(accounts: Accounts, path: str) -> None:
    """403 in the same words, whether the organization exists or not."""
    stranger = accounts("default")
    words = {
        stranger.refused(403, "GET", path, headers={"X-Organization-Id": organization})
        for organization in (ORGANIZATION, "5b16f4d3-a07c-4e82-9d65-e8c4307b91fa")
    }
    assert len(words) == 1
    assert ORGANIZATION not in words.pop()


def test_a_member_of_one_is_a_stranger_to_another(accounts: Accounts) -> None:
    """Membership is of one organization."""
    accounts("org_owner").refused(
        403,
        "GET",
        "invoices",
        headers={"X-Organization-Id": "5b16f4d3-a07c-4e82-9d65-e8c4307b91fa"},
    )


@pytest.mark.parametrize("path", TAKERS)
@pytest.mark.parametrize(
    "organization", ["", "not-a-uuid", ORGANIZATION + "0", ORGANIZATION.replace("-", ""), "null"]
)
def test_what_is_no_uuid_is_422(accounts: Accounts, path: str, organization: str) -> None:
    """With the place where it stands."""
    problems = accounts("org_owner").refused(
        422, "GET", path, headers={"X-Organization-Id": organization}
    )
    assert {tuple(problem["loc"]) for problem in problems} == {("header", "X-Organization-Id")}


def test_without_the_header_a_member_has_an_account_of_its_own(accounts: Accounts) -> None:
    """A deposit of the member is not the organization's."""
    member = accounts("org_member")
    before = read_view(member, "credit-transactions")
    member.deposit(5_000)
    assert read_view(member, "credit-transactions") == before
    assert member.get("credit-transactions")["total"] == 2
