"""The gate that writes down what must be put back, and withholds what could not be put back.

Before the first write it reads the state of every account whose key is known. What a request makes
is on the disk before the request is sent, and its id before the driver sees it. ``journal_file``
has the format.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote

from contract_tests.errors import UsageError
from contract_tests.http.channel import Channel, Limits, Outgoing
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange, NotJson, parse
from contract_tests.http.network import network
from contract_tests.http.redaction import Keyring
from contract_tests.knowledge import Knowledge
from contract_tests.openapi.contract import Contract
from contract_tests.safety.account_state import Reader, Unusable
from contract_tests.safety.guard import READS
from contract_tests.safety.journal_file import JournalFile, Record
from contract_tests.safety.restoration import ROUNDS, SETTLE, Restoration
from contract_tests.settings import Settings, base_url, packaged_spec

_TRIES = 3
"""How often a part of an account is tried to be read."""
_IDS = ("id", "session_id", "challenge_id")
_MAX_NAME = 300

Withhold = Callable[[str], NoReturn]


class Journal:
    """Sees all writes of a run on a deployment that is not the mock."""

    def __init__(
        self,
        settings: Settings,
        contract: Contract,
        keyring: Keyring,
        keys: Mapping[str, str],
        *,
        withhold: Withhold,
        knowledge: Knowledge,
        take: Callable[[], None] | None = None,
    ) -> None:
        self._settings = settings
        self._keyring = keyring
        self._keys = dict(keys)
        self._withhold = withhold
        self._reader = Reader(contract, keyring, knowledge)
        self._reversible = knowledge.safety.reversible
        # What it reads and puts back is not judged, and has no deadline and no other gate.
        limits = Limits(
            settings.timeout, settings.per_second, None, network(settings, keyring), take
        )
        self._channel = Channel(base_url(settings.url), contract, keyring, limits=limits)
        self._file: JournalFile | None = None
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        """Never held while something is sent."""
        self._local = threading.local()
        self._known: set[str] = set()
        """Accounts whose owner was asked for."""
        self._tries: Counter[tuple[str, str]] = Counter()
        self._unusable: dict[tuple[str, str], str] = {}
        self._foreign: set[str] = set()
        """Names of things that are somebody's, in small letters."""
        self._announced: set[tuple[str, str]] = set()
        self._exempt: set[str] = set()
        """Accounts that a hook has made for the run."""
        self._count = 0
        self._pending = 0
        """Writes of which nobody knows whether they have arrived."""
        self._is_over = False

    @property
    def path(self) -> Path:
        return self._settings.journal

    @property
    def record(self) -> Record:
        return self._file.record if self._file is not None else Record()

    @property
    def most_requests(self) -> int:
        """The most requests by which accounts are read and put back, without what the run adds."""
        parts, changes = len(self._reader.parts), len(self._reader.settings) + 1
        return len(self._keys) * (1 + _TRIES * parts + 1 + parts + ROUNDS * (changes + parts))

    def begin(self) -> None:
        """Begin the file. Raises UsageError."""
        spec = (
            None if self._settings.spec == packaged_spec() else str(self._settings.spec.resolve())
        )
        file = JournalFile(self._settings.journal, create=True)
        try:
            file.begin(
                {"url": self._channel.base_url, "spec": spec, "keys": self._keys}, self._keyring
            )
        except UsageError:
            file.close()
            raise
        self._file = file

    # ------------------------------------------------------------------------------------ the gate

    def before(self, outgoing: Outgoing) -> None:
        """Write down what a request may change. Raises Withheld for what could not be put back."""
        self._local.number = self._local.is_pending = None
        if outgoing.method in READS or outgoing.account in self._exempt:
            return
        touched = self._reader.touched(outgoing.operation)
        with self._reading:
            for account in self._keys:
                self._learn(account)
            # A key that is none may be taken for any.
            for account in [outgoing.account] if outgoing.account in self._keys else self._keys:
                for part in sorted(touched - self.record.before.get(account, {}).keys()):
                    self._withhold(self._unusable[account, part])
        if outgoing.method == "DELETE" and self._is_of_others(outgoing.path):
            self._withhold(
                f"the {self._noun} is not one that the run has added, and not its to remove"
            )
        with self._writing:
            if self._is_over:
                self._withhold("the run is over")
            self._announce(outgoing)
            self._pending += 1
            self._local.is_pending = True

    def after(self, outgoing: Outgoing, exchange: Exchange) -> None:
        """Write down what came of it."""
        if outgoing.account in self._exempt:
            return
        collection = self._reader.collection
        name = outgoing.operation.id if outgoing.operation is not None else ""
        if collection is not None and name == collection.read and exchange.status == 200:
            self._note_things(exchange)
        if self._local.is_pending is None:
            return
        with self._writing:
            if self._local.is_pending and exchange.status:
                self._pending -= 1
                self._local.is_pending = False
            if self._local.number is not None:
                self._write(
                    entry="response",
                    number=self._local.number,
                    status=exchange.status,
                    id=self._id(exchange),
                )

    def _learn(self, account: str) -> None:
        """Read what is not known yet of an account, and write it down."""
        caller = Client(self._channel, account)
        if account not in self._known:
            self._known.add(account)
            if (owner := self._reader.owner(caller)) is not None:
                with self._writing:
                    self._write(entry="owner", account=account, id=owner)
        collection = self._reader.collection
        for part in self._reader.parts:
            if part in self.record.before.get(account, {}) or self._tries[account, part] >= _TRIES:
                continue
            self._tries[account, part] += 1
            try:
                state = self._reader.read(caller, part)
            except Unusable as error:
                self._unusable[account, part] = str(error)
                continue
            with self._writing:
                if collection is not None and part == collection.read:
                    pairs = self._reader.ids(state).items()
                    self._foreign |= {name.lower() for pair in pairs for name in pair}
                self._write(entry="before", account=account, part=part, state=state)

    def _announce(self, outgoing: Outgoing) -> None:
        """Write down a request that is about to leave. Raises Withheld when that cannot be done."""
        operation = outgoing.operation
        name = (
            operation.id
            if operation is not None
            else f"{outgoing.method} {outgoing.path}"[:_MAX_NAME]
        )
        more: dict[str, Any] = {"account": outgoing.account, "operation": name}
        collection = self._reader.collection
        adds = collection is not None and name == collection.add
        if operation is None or adds or name not in self._reversible:
            self._count += 1
            names = _named(outgoing.body, collection.parameter) if collection and adds else []
            more |= {"number": self._count, "names": names, "adds": adds}
            self._write(entry="sends", **more)
            self._local.number = self._count
        elif (outgoing.account, name) not in self._announced:
            self._write(entry="changes", **more)
            self._announced.add((outgoing.account, name))

    def _write(self, **entry: Any) -> None:
        if self._file is None:
            self._withhold("there is no journal that it could be written to")
        try:
            self._file.append(entry, self._keyring)
        except OSError as error:
            # An entry about the past may be missing: earlier entries are enough for a cleanup.
            if entry["entry"] not in ("response", "done"):
                self._withhold(f"{self._file.path} cannot be written any more ({error.strerror})")

    @property
    def _noun(self) -> str:
        collection = self._reader.collection
        return collection.noun if collection is not None else "thing"

    def _note_things(self, exchange: Exchange) -> None:
        """Remember whose things are listed: those that the run has not added are somebody's."""
        try:
            things = self._reader.ids(self._reader.things(exchange))
        except Unusable:
            return
        with self._writing:
            record = self.record
            added = record.created | {
                name for account in self._keys for name in record.claims(account)
            }
            for pair in things.items():
                if added.isdisjoint(pair):
                    self._foreign |= {name.lower() for name in pair}

    def _id(self, exchange: Exchange) -> str:
        """Return the id that a response gives to what was made; empty if it gives none."""
        named = (exchange.object.get(name) for name in _IDS) if exchange.status < 300 else ()
        id = next((value for value in named if isinstance(value, str)), "")
        return id if id == self._keyring.text(id) else ""

    def _is_of_others(self, path: str) -> bool:
        return not self._foreign.isdisjoint(
            part.strip().lower() for part in unquote(path).split("/")
        )

    # -------------------------------------------------------------------------------- the way back

    def exempt(self, account: str) -> None:
        """Write down nothing of an account that was made for the run: nobody needs it back."""
        if account not in self._keys:
            self._exempt.add(account)

    def forget(self, account: str) -> None:
        """Forget the state of an account that was reset: it is read anew before the next write."""
        with self._reading:
            if account in self._keys:
                with self._writing:
                    self._write(entry="done", account=account)
                self.record.before.pop(account, None)
                for key in [key for key in self._tries if key[0] == account]:
                    del self._tries[key]

    def put_back(self) -> Restoration:
        """Put everything back. From now on nothing else leaves. Raises KitError."""
        with self._writing:
            self._is_over = True
            pending = self._pending
        if pending and self.record.unfinished:
            time.sleep(SETTLE)  # it may still arrive
        restoration = Restoration(self.record, self._reader, self._channel, self._write_done)
        restoration.run()
        return restoration

    def close(self) -> None:
        """Let others have the file."""
        if self._file is not None:
            self._file.close()

    def _write_done(self, account: str) -> None:
        with self._writing:
            self._write(entry="done", account=account)


def _named(body: bytes, parameter: str) -> list[str]:
    """Return the thing that a body names."""
    try:
        sent = parse(body)
    except NotJson:
        return []
    name = sent.get(parameter) if isinstance(sent, dict) else None
    return [name[:_MAX_NAME]] if isinstance(name, str) else []
