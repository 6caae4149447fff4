"""The journal as a file: a JSON value on each line, on the disk before the event that it records.

    {"entry": "journal", "tool": "contract-tests", "version": 1, "url": ..., "spec": ...,
     "keys": {"api-key": "NAME"}}
    {"entry": "owner", "account": "api-key", "id": ...}                   whose account it is
    {"entry": "before", "account": ..., "part": ..., "state": ...}        what is to be put back
    {"entry": "changes", "account": ..., "operation": ...}            the first change of this sort
    {"entry": "sends", "number": 1, "account": ..., "operation": ..., "names": [...], "adds": true}
    {"entry": "response", "number": 1, "status": 200, "id": ...}          what came of it
    {"entry": "done", "account": ...}                                     all is as it was

Keys stand in it by the names of their variables only.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.http.redaction import Keyring

Json = dict[str, Any]

VERSION = 1
_HEAD = {"entry": "journal", "tool": "contract-tests"}
_BEGINNING = json.dumps(_HEAD)[:-1].encode()


@dataclass
class Sent:
    """A request that makes something."""

    account: str
    operation: str
    names: tuple[str, ...] = ()
    """What is added, by its names outside of the API."""
    adds: bool = False
    """Whether it adds a thing that can be removed again."""
    status: int = 0
    """0 as long as no response came."""
    id: str = ""
    """Of what was made."""

    @property
    def was_refused(self) -> bool:
        return 400 <= self.status < 500 or self.status == 501

    @property
    def is_open(self) -> bool:
        """Whether something may have been made whose id nobody knows."""
        return not self.id and not self.was_refused


@dataclass
class Record:
    """What a journal tells."""

    url: str = ""
    spec: str | None = None
    """The contract's file, if it was not the packaged one."""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    latest: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the last line was written."""
    keys: dict[str, str] = field(default_factory=dict)
    """The accounts, each with the variable that holds its key."""
    owners: dict[str, str] = field(default_factory=dict)
    before: dict[str, dict[str, Json]] = field(default_factory=dict)
    """What there was in each part of each account."""
    sent: dict[int, Sent] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def apply(self, entry: Json) -> None:
        """Apply a line. Raise KeyError, TypeError or ValueError if it is no line of a journal."""
        kind, self.latest = entry["entry"], datetime.fromisoformat(entry["time"])
        if kind == "journal":
            if entry["version"] != VERSION:
                raise ValueError(
                    f"it is of version {entry['version']}, and this kit knows version {VERSION}"
                )
            self.url, self.spec, self.keys = str(entry["url"]), entry["spec"], dict(entry["keys"])
            self.began = self.latest
        elif kind == "owner":
            self.owners[entry["account"]] = entry["id"]
        elif kind == "before":
            if entry["account"] in self.done:  # it was reset, and is read anew
                self.done.discard(entry["account"])
                self.before.pop(entry["account"], None)
            self.before.setdefault(entry["account"], {})[entry["part"]] = entry["state"]
        elif kind == "sends":
            names = tuple(entry["names"])
            self.sent[entry["number"]] = Sent(
                entry["account"], entry["operation"], names, entry.get("adds", bool(names))
            )
        elif kind in ("response", "answered"):  # "answered" in journals of version 0.2
            self.sent[entry["number"]].status, self.sent[entry["number"]].id = (
                entry["status"],
                entry["id"],
            )
        elif kind == "done":
            self.done.add(entry["account"])
        elif kind != "changes":
            raise ValueError(f"'{kind}' is no entry")

    @property
    def unfinished(self) -> list[str]:
        """The accounts that may not be as they were."""
        return [account for account in self.before if account not in self.done]

    @property
    def additions(self) -> list[Sent]:
        """Requests that add a thing."""
        return [request for request in self.sent.values() if request.adds]

    @property
    def created(self) -> set[str]:
        """Ids of the things that were added."""
        return {request.id for request in self.additions if request.id}

    def claims(self, account: str) -> set[str]:
        """Names of things that may have been added to an account, if they were not there before.

        Of requests that named no known key nobody can say to which account they went.
        """
        return {
            name
            for request in self.additions
            if not request.id and (request.account == account or request.account not in self.keys)
            for name in request.names
        }

    def irreversible(self) -> Iterator[str]:
        """Yield what cannot be undone, a line for each operation."""
        made: dict[str, list[Sent]] = {}
        for request in self.sent.values():
            if not request.adds and not request.was_refused:
                made.setdefault(request.operation, []).append(request)
        for operation, several in made.items():
            ids = [request.id for request in several if request.id]
            shown = f": {', '.join(ids[:3])}{', ...' if len(ids) > 3 else ''}" if ids else ""
            times = "once" if len(several) == 1 else f"{len(several):,} times"
            yield f"{operation}, {times}{shown}"


class JournalFile:
    """A journal that is open, for this process alone."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open it. Raises UsageError."""
        self.path = path
        self.record = Record()
        self._failure = ""
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: is no file")
        try:
            self._descriptor = os.open(
                path, os.O_RDWR | os.O_APPEND | (os.O_CREAT if create else 0), 0o600
            )
        except OSError as error:
            raise UsageError(
                f"{path}: cannot be {'written' if create else 'opened'} ({error.strerror})"
            ) from None
        try:
            _lock(self._descriptor, path)
            self._read()
        except BaseException:
            self.close()
            raise

    def begin(self, header: Json, keyring: Keyring) -> None:
        """Begin anew. Raises UsageError if there is something to be put back."""
        if self.record.unfinished:
            raise UsageError(
                f"{self.path}: an earlier run has left something behind at {self.record.url}; "
                f"put it back first: contract-tests cleanup {self.path}"
            )
        self.record = Record()
        try:
            os.ftruncate(self._descriptor, 0)
            self.append({**_HEAD, "version": VERSION, **header}, keyring)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be written ({error.strerror})") from None

    def append(self, entry: Json, keyring: Keyring) -> None:
        """Write a line without secrets to the disk. Raise OSError, and from then on each time."""
        if self._failure:
            raise OSError(errno.EIO, self._failure)
        entry = {**entry, "time": datetime.now(UTC).isoformat(timespec="milliseconds")}
        line = keyring.text(json.dumps(entry)).encode() + b"\n"
        try:
            if os.write(self._descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._descriptor)
        except OSError as error:  # half a line may be there, and after it nothing can be read
            self._failure = str(error.strerror)
            raise
        self.record.apply(json.loads(line))

    def close(self) -> None:
        """Let others have it."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _read(self) -> None:
        """Take in all lines; one that a crash has cut off is dropped. Raises UsageError."""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            begins = file.read(len(_BEGINNING))
            if not _BEGINNING.startswith(begins):
                raise UsageError(f"{self.path}: is no journal of contract-tests")
            file.seek(0)
            size = 0
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    os.ftruncate(self._descriptor, size)
                    break
                size += len(line)
                try:
                    self.record.apply(json.loads(line))
                except (KeyError, TypeError, ValueError) as error:
                    why = str(error) if type(error) is ValueError else "is no line of a journal"
                    raise UsageError(f"{self.path}:{number}: cannot be read: {why}") from None


def _lock(descriptor: int, path: Path) -> None:
    """Lock the file until this process closes it or ends. Raise UsageError."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(f"{path}: the run that writes it is still going on") from None
