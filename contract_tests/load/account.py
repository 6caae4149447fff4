"""The run of one process, and the accounts on which its users play."""

from __future__ import annotations

import copy
from typing import NoReturn

from contract_tests.context import Run
from contract_tests.drivers.read_write_lock import ReadWriteLock
from contract_tests.drivers.stories import FAILED_STEP
from contract_tests.http.channel import Outgoing, Withheld
from contract_tests.http.client import Client
from contract_tests.knowledge import Knowledge
from contract_tests.openapi.contract import CONTROL

_SHARED = "it would change the accounts of all users"


class LoadRun(Run):
    """The run of one user. All users of a process share the judge, the keys and the findings."""

    refusal = ""
    """Why the step was not played, if so."""
    _client: Client | None = None

    def of(self, client: Client) -> LoadRun:
        """Return the run of one step of a user."""
        own = copy.copy(self)
        own.channel, own._client = client.channel, client
        return own

    def account(self) -> Client:
        """Return the account of the user, once: it has no second one."""
        client, self._client = self._client, None
        if client is None:
            raise Withheld("it needs a second account")
        return client

    def skip(self, what: str, why: str) -> None:
        """Note why a story was not played, unless one of its steps failed."""
        if not what.endswith(FAILED_STEP):
            self.refusal = why

    def mock_account(self, name: str) -> Client:
        """Refuse the accounts that the mock has ready: other users would play on them, too."""
        raise Withheld(f"{_SHARED} (the account '{name}' of the mock)")

    def other(self) -> Client | None:
        """Return no second account: it belongs to another user."""
        return None


class OwnAccountOnly:
    """The gate that withholds calls of the mock's control API that concern all accounts."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._own = [f"{CONTROL}/reset", *knowledge.effects.control]

    def before(self, outgoing: Outgoing) -> None:
        """Raise Withheld for what would change the accounts of all users."""
        path = outgoing.path
        is_control = outgoing.operation is None and path.startswith(f"{CONTROL}/")
        if not is_control or outgoing.method == "GET":
            return
        if not any(_fits(path, pattern) for pattern in self._own):
            self._refuse()

    def after(self, outgoing: Outgoing, exchange: object) -> None:
        """Do nothing: responses decide nothing."""

    def _refuse(self) -> NoReturn:
        raise Withheld(_SHARED)


class Account:
    """One account, and the order of what its users do."""

    def __init__(self, alias: str, *, is_judged: bool) -> None:
        self.alias = alias
        self.is_judged = is_judged
        self.lock = ReadWriteLock()
        """Users may share an account: one changes it, or several read it."""


def _fits(path: str, pattern: str) -> bool:
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(
        want in ("*", part) for part, want in zip(parts, wanted, strict=True)
    )
