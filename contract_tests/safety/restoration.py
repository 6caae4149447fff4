"""Puts accounts back as a journal records them: sets, removes, and reads them again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contract_tests.errors import Unreachable, UsageError
from contract_tests.http.channel import Channel, Limits
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.http.network import network
from contract_tests.http.redaction import Keyring
from contract_tests.knowledge import CollectionPart, Knowledge
from contract_tests.openapi.contract import Contract
from contract_tests.safety.account_state import Json, Reader, Unusable
from contract_tests.safety.journal_file import JournalFile, Record
from contract_tests.settings import Settings, key_from

SETTLE = 2.0
"""Seconds that a request may be on its way which was sent before the run broke off."""
ROUNDS = 2
"""How often changes are put back, if they do not stay."""


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
            left = self._account(account, Client(self._channel, account))
            self.left += left
            if not left:
                self._write_done(account)

    def _account(self, account: str, client: Client) -> list[Left]:
        owner, now_owner = self._record.owners.get(account), self._reader.owner(client)
        if owner is not None and now_owner is not None and owner != now_owner:
            raise UsageError(
                f"the key of {self._record.keys.get(account)} is that of another account "
                "than the journal's; nothing was changed"
            )
        self._refusals.clear()
        left, now = self._compare(account, client)
        for _ in range(ROUNDS):
            if left:
                self._change(account, client, now)
                left, now = self._compare(account, client)
        if left:  # a replica may still show the state before
            time.sleep(SETTLE)
            left, now = self._compare(account, client)
        return left

    def _compare(self, account: str, client: Client) -> tuple[list[Left], dict[str, Json]]:
        """Return what is not as it was, and the state as it is now."""
        reader, left = self._reader, []
        now: dict[str, Json] = {}
        for part, before in self._record.before[account].items():
            try:
                now[part] = reader.read(client, part, before)
            except Unusable as error:
                left.append(Left(account, part, str(error)))
                continue
            for text in reader.differences(part, before, now[part]):
                refusal = self._refusals.get(part, "")
                left.append(Left(account, reader.write_of(part), text + refusal))
            if reader.collection is not None and part == reader.collection.read:
                left += self._new_things(account, reader.collection, now[part])
        return left, now

    def _new_things(self, account: str, part: CollectionPart, state: Json) -> Iterator[Left]:
        may_be_ours = any(sent.is_open for sent in self._record.additions)
        before = self._reader.ids(self._record.before[account][part.read])
        for id, name in self._reader.ids(state).items():
            shown = f"{part.noun} {id} ({name})"
            if id in before:
                continue
            if self._is_ours(account, id, name):
                refusal = self._refusals.get(id, "")
                text = f"{shown}, which the run added, is still there{refusal}"
                yield Left(account, part.remove, text)
            elif may_be_ours:
                text = (
                    f"{shown} was not there before, and may be one that the run added without "
                    "hearing of it: remove it by hand if it is nobody's"
                )
                yield Left(account, part.read, text)
            else:
                self.notes[id] = (
                    f"{account}: {shown} was added by somebody else meanwhile, and stays"
                )

    def _is_ours(self, account: str, id: str, name: str) -> bool:
        part = self._reader.collection
        was_there = part is not None and any(
            id in self._reader.ids(parts[part.read])
            for parts in self._record.before.values()
            if part.read in parts
        )
        return not was_there and (
            id in self._record.created or name in self._record.claims(account)
        )

    def _change(self, account: str, client: Client, now: dict[str, Json]) -> None:
        """Put back the default thing first, which settings use, and remove added things last."""
        reader, before = self._reader, self._record.before[account]
        part = reader.collection
        if part is not None and part.read in now:
            default = before[part.read]["default"]
            if default in reader.ids(now[part.read]) and now[part.read]["default"] != default:
                title = f"default {part.noun}"
                self._send(client, part.read, title, part.set_default, path=default)
        for name, state in now.items():
            settings = reader.settings.get(name)
            if settings is not None and any(reader.differences(name, before[name], state)):
                self._send(client, name, settings.title, settings.write, body=before[name])
        if part is not None and part.read in now:
            for id, name in reader.ids(now[part.read]).items():
                if self._is_ours(account, id, name):
                    self._send(client, id, f"{part.noun} {id} ({name})", part.remove, path=id)

    def _send(
        self,
        client: Client,
        key: str,
        what: str,
        operation: str,
        *,
        body: Any = None,
        path: str = "",
    ) -> None:
        args = () if body is None else (body,)
        part = self._reader.collection
        names = {part.parameter: path} if part is not None else {}
        response = client.call(operation, *args, path=names)
        if 200 <= response.status < 300:
            self._refusals.pop(key, None)
            is_removal = part is not None and operation == part.remove
            self.done.append(f"{client.key}: {what} {'removed' if is_removal else 'put back'}")
        else:
            method = self._channel.contract.operations[operation].method
            why = response.object.get("detail", "")
            detail = f": {self._channel.keyring.text(why)}" if isinstance(why, str) and why else ""
            self._refusals[key] = (
                f" ({method} responds with {response.status or response.error}{detail})"
            )


def put_back(
    file: JournalFile,
    settings: Settings,
    variables: Mapping[str, str],
    knowledge_of: Callable[[Contract], Knowledge],
) -> Restoration:
    """Put back what a journal holds, with the keys of these variables. Raises KitError."""

    def write_done(account: str) -> None:
        try:
            file.append({"entry": "done", "account": account}, keyring)
        except OSError as error:
            raise UsageError(f"{file.path}: cannot be written ({error.strerror})") from None

    contract = Contract.load(settings.spec)
    keyring = Keyring(contract.credential, public=contract.text)
    for account, variable in variables.items():
        keyring.add(account, key_from(settings.environment, variable))
    limits = Limits(settings.timeout, settings.per_second, None, network(settings, keyring))
    channel = Channel(settings.url, contract, keyring, limits=limits)
    reader = Reader(contract, keyring, knowledge_of(contract))
    if missing := {part for parts in file.record.before.values() for part in parts}.difference(
        reader.parts
    ):
        raise UsageError(f"{settings.spec}: has no '{min(missing)}', of which the journal speaks")
    age = (datetime.now(UTC) - file.record.latest).total_seconds()
    time.sleep(
        min(SETTLE, max(0.0, SETTLE - age))
    )  # what was sent just before the crash may still arrive
    for account, variable in variables.items():
        _refuse_no_response(Client(channel, account).call(reader.parts[0]), settings.url, variable)
    restoration = Restoration(file.record, reader, channel, write_done)
    restoration.run()
    return restoration


def _refuse_no_response(response: Exchange, url: str, variable: str) -> None:
    if response.status == 0:
        raise Unreachable(f"{url} cannot be reached: {response.error}")
    if response.status in (401, 403):
        raise Unreachable(f"{url} refuses the key of {variable} with {response.status}")
