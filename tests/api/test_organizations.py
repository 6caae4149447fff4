"""Organizations: some views show the organization's account, to its members only."""

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
"""The views that take the header by the published page."""


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
    """Return a view, read for an organization."""
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
    """Both see the organization's account, which is neither member's own."""
    owner, member = accounts("org_owner"), accounts("org_member")
    shared = read_view(owner, path)
    assert read_view(member, path) == shared
    assert shared != owner.get(path)
    assert shared != member.get(path)


@pytest.mark.parametrize("path", OTHERS)
def test_the_other_operations_ignore_the_header(accounts: Accounts, path: str) -> None:
    """They return the caller's own account, whatever the header says."""
    owner = accounts("org_owner")
    for organization in (ORGANIZATION, "not-a-uuid"):
        assert read_view(owner, path, organization) == owner.get(path)


def test_the_ledger_of_the_organization_adds_up(accounts: Accounts) -> None:
    """The newest balance is the sum of all entries, and the month agrees with its usage."""
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
def test_a_non_member_learns_nothing(accounts: Accounts, path: str) -> None:
    """The 403 has the same text whether the organization exists or not."""
    outsider = accounts("default")
    words = {
        outsider.refused(403, "GET", path, headers={"X-Organization-Id": organization})
        for organization in (ORGANIZATION, "5b16f4d3-a07c-4e82-9d65-e8c4307b91fa")
    }
    assert len(words) == 1
    assert ORGANIZATION not in words.pop()


def test_a_member_of_one_organization_is_refused_by_another(accounts: Accounts) -> None:
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
def test_an_id_that_is_not_a_uuid_is_422(accounts: Accounts, path: str, organization: str) -> None:
    """The error names the header."""
    problems = accounts("org_owner").refused(
        422, "GET", path, headers={"X-Organization-Id": organization}
    )
    assert {tuple(problem["loc"]) for problem in problems} == {("header", "X-Organization-Id")}


def test_without_the_header_a_member_has_an_account_of_its_own(accounts: Accounts) -> None:
    """A member's own deposit is not in the organization's ledger."""
    member = accounts("org_member")
    before = read_view(member, "credit-transactions")
    member.deposit(5_000)
    assert read_view(member, "credit-transactions") == before
    assert member.get("credit-transactions")["total"] == 2
