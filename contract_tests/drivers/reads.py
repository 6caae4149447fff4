"""Reads everything that an account shows, page by page and twice, so that its views can be held against each other."""

from __future__ import annotations

from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account, read_organization
from contract_tests.http.client import Caller


def drive(run: Run) -> None:
    """All reads of the account; on the mock, of every persona."""
    callers = [run.account()]
    if run.settings.mock:
        personas = callers[0].control("GET", "personas").object["personas"]
        names = [each["key"].removeprefix("sk_test_") for each in personas if each["key"]]
        callers += [
            run.persona(name) for name in names if name not in ("power_user", "rate_limited")
        ]
    for caller in callers:
        read_account(run, caller, thoroughly=True)
    for organization in _organizations(run, callers[0]):
        read_organization(run, *organization)
    read_account(run, callers[0])


def _organizations(run: Run, caller: Caller) -> list[tuple[Caller, str]]:
    """Who belongs to which organization, as far as that is known."""
    if run.settings.organization_id:
        return [(caller, run.settings.organization_id)]
    if not run.settings.mock:
        run.skip("organizations", "none was named (--organization-id)")
        return []
    personas = caller.control("GET", "personas").object["personas"]
    members = [each for each in personas if each["member_of"] and each["key"]]
    return [
        (run.persona(each["key"].removeprefix("sk_test_")), each["member_of"]) for each in members
    ]
