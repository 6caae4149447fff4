"""Accounts are put back as a journal says that they were: what differs is set, what was added is removed, and then it
is read whether all is as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contract_tests.errors import Unreachable, UsageError
from contract_tests.http.channel import Channel, Limits
from contract_tests.http.client import Caller
from contract_tests.http.exchange import Exchange
from contract_tests.http.redaction import Keyring
from contract_tests.judge.effects import CARDS
from contract_tests.openapi.contract import Contract
from contract_tests.safety.account_state import (
    TITLES,
    WRITES,
    Json,
    Reader,
    Unusable,
    differences,
    ids,
)
from contract_tests.safety.journal_file import JournalFile, Record
from contract_tests.settings import Settings, key_from

SETTLE = 2.0
"""Seconds that a request may be on its way which was sent before the run broke off."""
_ROUNDS = 2


@dataclass(frozen=True)
class Left:
    """Something that is not as it was."""

    account: str
    operation: str
    """The operation by which it should be put back."""
    text: str


class Restoration:
    """The way back of all accounts of one journal."""

    def __init__(
        self, record: Record, reader: Reader, channel: Channel, write_done: Callable[[str], None]
    ) -> None:
        self.done: list[str] = []
        """What was put back, a line each."""
        self.left: list[Left] = []
        self.notes: dict[str, str] = {}
        """Cards that are nobody's business, each with a line."""
        self._record = record
        self._reader = reader
        self._channel = channel
        self._write_done = write_done
        self._refusals: dict[str, str] = {}
        """What came of the last try to put something back, if it was refused."""

    def run(self) -> None:
        """Put back every account that may not be as it was. Raises KitError."""
        for account in self._record.unfinished:
            left = self._account(account, Caller(self._channel, account))
            self.left += left
            if not left:
                self._write_done(account)

    def _account(self, account: str, caller: Caller) -> list[Left]:
        owner, now_owner = self._record.owners.get(account), self._reader.owner(caller)
        if owner is not None and now_owner is not None and owner != now_owner:
            raise UsageError(
                f"the key of {self._record.keys.get(account)} is that of another account than the journal's; "
                "nothing was changed"
            )
        self._refusals.clear()
        left, now = self._compare(account, caller)
        for _ in range(_ROUNDS):
            if left:
                self._change(account, caller, now)
                left, now = self._compare(account, caller)
        return left

    def _compare(self, account: str, caller: Caller) -> tuple[list[Left], dict[str, Json]]:
        """What is not as it was, and how it is now."""
        left: list[Left] = []
        now: dict[str, Json] = {}
        for part, before in self._record.before[account].items():
            try:
                now[part] = self._reader.read(caller, part)
            except Unusable as error:
                left.append(Left(account, part, str(error)))
                continue
            for text in differences(part, before, now[part]):
                left.append(Left(account, WRITES[part], text + self._refusals.get(part, "")))
            if part == CARDS:
                left += self._new_cards(account, now[part])
        return left, now

    def _new_cards(self, account: str, cards: Json) -> Iterator[Left]:
        may_be_ours = any(each.is_open for each in self._record.additions)
        for id, name in ids(cards).items():
            if id in ids(self._record.before[account][CARDS]):
                continue
            if self._is_ours(account, id, name):
                text = f"card {id} ({name}), which the run added, is still there{self._refusals.get(id, '')}"
                yield Left(account, WRITES[CARDS], text)
            elif may_be_ours:
                text = (
                    f"card {id} ({name}) was not there before, and may be one that the run added without hearing of "
                    "it: remove it by hand if it is nobody's"
                )
                yield Left(account, CARDS, text)
            else:
                self.notes[id] = (
                    f"{account}: card {id} ({name}) was added by somebody else meanwhile, and stays"
                )

    def _is_ours(self, account: str, id: str, name: str) -> bool:
        was_there = any(
            id in ids(parts[CARDS]) for parts in self._record.before.values() if CARDS in parts
        )
        return not was_there and (
            id in self._record.created or name in self._record.claims(account)
        )

    def _change(self, account: str, caller: Caller, now: dict[str, Json]) -> None:
        """Make it as it was. The default card first, for it is what an enabled auto-recharge charges; the cards that
        were added last, for settings may name them."""
        before = self._record.before[account]
        if CARDS in now:
            default = before[CARDS]["default"]
            if default in ids(now[CARDS]) and now[CARDS]["default"] != default:
                self._send(
                    caller, CARDS, "default card", "set_default_payment_method", path=default
                )
        for part, state in now.items():
            if part != CARDS and any(differences(part, before[part], state)):
                self._send(caller, part, TITLES[part], WRITES[part], body=before[part])
        for id, name in ids(now.get(CARDS, {"cards": []})).items():
            if self._is_ours(account, id, name):
                self._send(caller, id, f"card {id} ({name})", WRITES[CARDS], path=id)

    def _send(
        self,
        caller: Caller,
        key: str,
        what: str,
        operation: str,
        *,
        body: Any = None,
        path: str = "",
    ) -> None:
        args = () if body is None else (body,)
        answer = caller.call(operation, *args, path={"payment_method_id": path})
        if 200 <= answer.status < 300:
            self._refusals.pop(key, None)
            self.done.append(
                f"{caller.key}: {what} {'removed' if operation == WRITES[CARDS] else 'put back'}"
            )
        else:
            method = self._channel.contract.operations[operation].method
            why = answer.object.get("detail", "")
            told = f": {self._channel.keyring.text(why)}" if isinstance(why, str) and why else ""
            self._refusals[key] = f" ({method} answers {answer.status or answer.error}{told})"


def put_back(file: JournalFile, settings: Settings, variables: Mapping[str, str]) -> Restoration:
    """Put back what a journal holds, with the keys of these variables. Raises KitError."""

    def write_done(account: str) -> None:
        try:
            file.append({"entry": "done", "account": account}, keyring)
        except OSError as error:
            raise UsageError(f"{file.path}: cannot be written ({error.strerror})") from None

    keyring = Keyring()
    for account, variable in variables.items():
        keyring.add(account, key_from(settings.environment, variable))
    contract = Contract.load(settings.spec)
    limits = Limits(settings.timeout, settings.per_second, None, settings.ca_bundle)
    channel = Channel(settings.url, contract, keyring, limits=limits)
    reader = Reader(contract, keyring)
    if missing := {part for parts in file.record.before.values() for part in parts}.difference(
        reader.parts
    ):
        raise UsageError(f"{settings.spec}: has no '{min(missing)}', of which the journal speaks")
    age = (datetime.now(UTC) - file.record.latest).total_seconds()
    time.sleep(
        min(SETTLE, max(0.0, SETTLE - age))
    )  # what was sent just before the crash may still arrive
    for account, variable in variables.items():
        _refuse_no_answer(Caller(channel, account).call(reader.parts[0]), settings.url, variable)
    restoration = Restoration(file.record, reader, channel, write_done)
    restoration.run()
    return restoration


def _refuse_no_answer(answer: Exchange, url: str, variable: str) -> None:
    if answer.status == 0:
        raise Unreachable(f"{url} cannot be reached: {answer.error}")
    if answer.status in (401, 403):
        raise Unreachable(f"{url} refuses the key of {variable} with {answer.status}")
