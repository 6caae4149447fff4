"""The accounts of all callers: opened when they are first used, exported, saved and restored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from mockserver.engine.state import Archive, UnusableState
from mockserver.resources.account import Account, Kind

logger = logging.getLogger(__name__)

Dump = Mapping[str, bytes]
"""Accounts by key, as JSON, the least recently used first."""


class Accounts:
    """The accounts by the credentials of their callers. The least recently used one is evicted."""

    def __init__(self, seed: int, title: str, max_accounts: int) -> None:
        self._seed = seed
        self._title = title
        self._max_accounts = max_accounts
        self._accounts: dict[str, Account] = {}
        self.evictions = 0
        """The number of accounts evicted since the start or the last reset."""
        self.on_eviction: Callable[[str, str], None] = lambda *_: None
        """Called with the key and the id of an evicted account."""

    def __len__(self) -> int:
        return len(self._accounts)

    def open(self, key: str, now: datetime, caller: Kind = "other") -> Account:
        """Return the account of a key. It is created when it is first used.

        A guest has the main account that was used last. An account that guests used before there
        was a main one belongs to the next main caller.
        """
        key = self._key_of_guest(key) if caller == "guest" else key
        account = self._accounts.pop(key, None)
        if account is None and caller == "main":
            account = self._guest()
        if account is None:
            account = Account(self._id_of(key), now, caller=caller)
            if len(self._accounts) >= self._max_accounts:
                self._evict(next(iter(self._accounts)))
        if caller == "main":
            account.caller = caller
        self._accounts[key] = account
        return account

    def others(self, account: Account) -> Iterator[Account]:
        """Yield all other accounts, the most recently used first."""
        yield from (other for other in reversed(self._accounts.values()) if other is not account)

    def _key_of_guest(self, key: str) -> str:
        """Return the key of the account that a guest uses: one without credentials has none."""
        if key and key in self._accounts:
            return key
        return self._latest("main") or (not key and self._latest("guest")) or key

    def _latest(self, caller: Kind) -> str | None:
        """Return the key of the account that a kind of caller used last."""
        accounts = reversed(self._accounts.items())
        return next((key for key, account in accounts if account.caller == caller), None)

    def _guest(self) -> Account | None:
        """Remove and return the account that a guest used last; None if there is none."""
        key = self._latest("guest")
        return self._accounts.pop(key) if key is not None else None

    @property
    def fingerprint(self) -> str:
        """Identifies the document that all accounts belong to."""
        return "document:" + blake2b(self._title.encode(), digest_size=16).hexdigest()

    @property
    def counters(self) -> Any:
        """The number of evictions."""
        return {"evictions": self.evictions}

    @counters.setter
    def counters(self, counters: Any) -> None:
        self.evictions = int(counters["evictions"])

    def names(self) -> list[str]:
        """Return the keys of all accounts, the most recently used one last."""
        return list(self._accounts)

    def key_of(self, account_id: str) -> str | None:
        """Return the key of an account by its public id; None if it does not exist."""
        keys = (key for key, account in self._accounts.items() if account.id == account_id)
        return next(keys, None)

    def account_id(self, key: str) -> str | None:
        """Return the public id of an account; None if it does not exist."""
        account = self._accounts.get(key)
        return account.id if account is not None else None

    def export(self, key: str) -> Any:
        """Return one account's state as plain JSON; an empty object if it does not exist."""
        account = self._accounts.get(key)
        return msgspec.to_builtins(account) if account is not None else {}

    def replace(self, key: str, state: Any) -> None:
        """Replace one account's state by an exported one. Raises UnusableState."""
        if state == {}:
            self.forget(key)
            return
        try:
            account = msgspec.convert(state, Account)
        except msgspec.ValidationError as error:
            raise UnusableState([f"The state cannot be imported: {error}."]) from None
        account.id = self._id_of(key)
        self._accounts[key] = account

    def forget(self, key: str | None = None) -> None:
        """Forget one account, or everything."""
        if key is not None:
            self._accounts.pop(key, None)
            return
        self._accounts.clear()
        self.evictions = 0

    def dump(self) -> Dump:
        """Return everything as JSON. Later changes do not affect it."""
        return {key: msgspec.json.encode(account) for key, account in self._accounts.items()}

    def load(self, dump: Dump) -> None:
        """Restore a dump."""
        self._accounts = {key: _decoded(part) for key, part in dump.items()}

    def archive(self, dump: Dump) -> Archive:
        """Return a dump as a state file stores it."""
        return Archive(None, {key: [part] for key, part in dump.items()})

    def unarchive(self, archives: Sequence[Archive]) -> list[Dump]:
        """Return the dumps of a state file. Raises UnusableState."""
        dumps: list[Dump] = [
            {key: b"".join(parts) for key, parts in archive.parts.items()} for archive in archives
        ]
        try:
            for dump in dumps:
                for part in dump.values():
                    _decoded(part)
        except msgspec.DecodeError as error:
            raise UnusableState([f"An account cannot be read: {error}."]) from None
        return dumps

    def catch_up(self) -> None:
        """Do nothing: no work falls due."""

    def publish(self) -> None:
        """Do nothing: there are no events."""

    def reload(self, fixtures: Path) -> Callable[[], None]:  # noqa: ARG002
        """Return a function that does nothing: no fixtures are used."""
        return lambda: None

    def _id_of(self, key: str) -> str:
        digest = blake2b(f"{self._seed}/{key}".encode(), digest_size=8)
        return f"acct_{digest.hexdigest()}"

    def _evict(self, key: str) -> None:
        """Evict an account and log it. The log has a line for every doubling."""
        account = self._accounts.pop(key)
        self.evictions += 1
        if self.evictions.bit_count() == 1:
            logger.warning(
                "Account %s was evicted with its state: more than %s accounts were used. "
                "Raise --max-accounts to keep more. Evictions so far: %s",
                account.id,
                f"{self._max_accounts:,}",
                f"{self.evictions:,}",
            )
        self.on_eviction(key, account.id)


def _decoded(part: bytes) -> Account:
    return msgspec.json.decode(part, type=Account)
