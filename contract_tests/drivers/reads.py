"""Reads everything that an account shows, page by page and twice."""

from __future__ import annotations

from itertools import chain

from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account, read_scope
from contract_tests.http.client import Client

OWN, SCOPES = "the account", "shared accounts"
"""Pieces of work beside the accounts of the mock that have a past."""


def drive(run: Run) -> None:
    """Read the account; on the mock, every account that has a past, too."""
    first = run.account()
    situations = run.knowledge.situations(first) if run.settings.mock else ()
    names = [situation.name for situation in situations if situation.is_ordinary]
    chosen = run.portion.of("reads", [OWN, SCOPES, *names])
    others = (run.mock_account(name) for name in names if name in chosen)
    own = [first] if OWN in chosen else []
    for client in chain(own, others if run.budget is not None else list(others)):
        read_account(run, client, thoroughly=True)
    for client, scope in _scopes(run, first) if SCOPES in chosen else ():
        read_scope(run, client, scope)
    if OWN in chosen:
        read_account(run, first)


def _scopes(run: Run, client: Client) -> list[tuple[Client, str]]:
    """Return the accounts that belong to a shared one, with its id."""
    if not run.knowledge.identifiers.scope_header:
        return []
    if run.settings.organization_id:
        return [(client, run.settings.organization_id)]
    if not run.settings.mock:
        run.skip("organizations", "none was named (--organization-id)")
        return []
    situations = run.knowledge.situations(client)
    return [
        (run.mock_account(situation.name), situation.scope)
        for situation in situations
        if situation.scope
    ]
