"""The state file: the whole world, saved when the server stops and loaded when it starts.

The file is a ZIP archive. Accounts are stored in their packed form. Each part of one is stored
once, under its digest.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO
from zipfile import ZipFile

import msgspec

from mockserver.clock import ClockState
from mockserver.engine.state import Archive
from mockserver.engine.world import SavedState, Snapshot, World
from mockserver.faults.registry import SavedFaults
from mockserver.openapi.yaml_file import FileError
from mockserver.webhooks.dispatcher import SavedWebhooks
from mockserver.webhooks.target import RefusedUrl

FORMAT = "mockserver state"
VERSION = 2
"""The version of the format. Increase it with every change of what the file contains."""

_HEADER, _WORLD, _PARTS = "header.json", "world.json", "parts/"


class _Header(msgspec.Struct):
    """What is checked before anything else is read."""

    format: str
    version: int
    fixtures: str = ""
    seed: int = 0


class _Archive(msgspec.Struct):
    """A dump. ``parts`` are pairs of a name and digests."""

    facts: Any
    parts: list[tuple[str, list[str]]]


class _Snapshot(msgspec.Struct):
    name: str
    created_at: datetime
    clock: ClockState
    accounts: int
    archive: _Archive
    labels: dict[str, str]


class _World(msgspec.Struct):
    clock: ClockState
    counters: Any
    accounts: _Archive
    snapshots: list[_Snapshot]
    webhooks: SavedWebhooks
    faults: SavedFaults
    labels: dict[str, str]


@contextmanager
def opened(path: Path, world: World[Any]) -> Iterator[None]:
    """Load the world from a file, and save it there at the end.

    Raises FileError. A file that cannot be loaded is not replaced.
    """
    target = path.resolve()
    with _locked(path, target):
        _load(path, target, world)
        world.save = lambda: _save(path, target, world)
        try:
            yield
        finally:
            with _without_interrupts():
                world.save_state()


@contextmanager
def _locked(path: Path, target: Path) -> Iterator[None]:
    """Hold the lock of a state file. Raises FileError if another server holds it."""
    name = target.with_name(f"{target.name}.lock")
    try:
        file = _lock(name)
    except BlockingIOError:
        raise FileError(
            path, "another server uses this state file. Give each server a file of its own"
        ) from None
    except OSError as error:
        raise FileError(path, f"cannot be locked: {error.strerror}") from None
    try:
        yield
    finally:
        name.unlink(missing_ok=True)
        file.close()


def _lock(name: Path) -> BinaryIO:
    """Create and lock a file. Raises BlockingIOError if it is locked."""
    while True:
        file = name.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its previous owner may have deleted it in the meantime.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), name.stat()):
                    return file
        except BaseException:
            file.close()
            raise
        file.close()


def _load(path: Path, target: Path, world: World[Any]) -> None:
    """Replace the world by that of a file, if the file exists. Raises FileError."""
    try:
        if not target.exists():
            return
        if not target.is_file():
            raise FileError(path, "is not a regular file")
        with ZipFile(target) as file:
            _check(path, msgspec.json.decode(file.read(_HEADER), type=_Header), world)
            saved = msgspec.json.decode(file.read(_WORLD), type=_World)
            archives = [saved.accounts, *(snapshot.archive for snapshot in saved.snapshots)]
            digests = {
                digest for archive in archives for _, named in archive.parts for digest in named
            }
            parts = {digest: file.read(_PARTS + digest) for digest in digests}
        dumps = world.state.unarchive([_archive_of(archive, parts) for archive in archives])
        _apply(saved, dumps, world)
    except FileError:
        raise
    except RefusedUrl as error:
        raise FileError(path, f"contains a webhook endpoint that is refused: {error}") from None
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from None
    except Exception as error:  # zipfile and zlib raise a dozen kinds of errors on a damaged file
        reason = " ".join(str(error).split()) or type(error).__name__
        raise FileError(path, f"is damaged, or is not a state file: {reason}") from None


def _check(path: Path, header: _Header, world: World[Any]) -> None:
    """Raise FileError if a file cannot be loaded by this server."""
    if header.format != FORMAT or header.version != VERSION:
        raise FileError(
            path,
            f"was saved by another version of the mock: it has format {header.version}, "
            f"and this version reads format {VERSION}",
        )
    if header.fixtures != world.state.fingerprint:
        raise FileError(
            path,
            "was saved with other fixtures, or for another API. Start the server with those "
            "fixtures, or choose another --state",
        )
    if header.seed != world.seed:
        raise FileError(
            path,
            f"was saved with the seed {header.seed}. Start the server with --seed {header.seed}, "
            "or choose another --state",
        )


def _archive_of(archive: _Archive, parts: Mapping[str, bytes]) -> Archive:
    return Archive(
        archive.facts,
        {name: [parts[digest] for digest in digests] for name, digests in archive.parts},
    )


def _apply(saved: _World, dumps: list[Any], world: World[Any]) -> None:
    """Put a world that was read into use."""
    world.webhooks.restore(saved.webhooks)  # first, because it may refuse a URL
    world.faults.restore(saved.faults)
    world.clock.state = saved.clock
    accounts, *snapshots = dumps
    world.state.counters = saved.counters
    world.state.load(accounts)
    world.labels = saved.labels
    world.replace_snapshots(
        Snapshot(given.name, given.created_at, given.clock, given.accounts, dump, given.labels)
        for given, dump in zip(saved.snapshots, snapshots, strict=True)
    )


def _save(path: Path, target: Path, world: World[Any]) -> SavedState:
    """Write a world to a file, which is replaced in one step. Raises FileError."""
    try:
        with NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as temporary:
            try:
                _write(temporary, world)
                temporary.flush()
                os.fsync(temporary.fileno())
                size = temporary.tell()
                os.replace(temporary.name, target)
            except BaseException:
                Path(temporary.name).unlink(missing_ok=True)
                raise
        _sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(path, f"the state was not saved: {reason}. The file is unchanged") from None
    return SavedState(str(path), size)


def _write(file: Any, world: World[Any]) -> None:
    """Write the archive of a world."""
    parts: dict[str, bytes] = {}
    snapshots = [
        _Snapshot(
            snapshot.name,
            snapshot.created_at,
            snapshot.clock,
            snapshot.accounts,
            _collect(world.state.archive(snapshot.dump), parts),
            snapshot.labels,
        )
        for snapshot in world.snapshots()
    ]
    saved = _World(
        world.clock.state,
        world.state.counters,
        _collect(world.state.archive(world.state.dump()), parts),
        snapshots,
        world.webhooks.saved(),
        world.faults.saved(),
        world.labels,
    )
    header = _Header(FORMAT, VERSION, world.state.fingerprint, world.seed)
    with ZipFile(file, "w") as archive:
        archive.writestr(_HEADER, msgspec.json.encode(header))
        archive.writestr(_WORLD, msgspec.json.encode(saved))
        for digest, part in parts.items():
            archive.writestr(_PARTS + digest, part)


def _collect(archive: Archive, parts: dict[str, bytes]) -> _Archive:
    """Add the parts of an archive by digest, and return the archive with digests."""
    named = []
    for name, given in archive.parts.items():
        digests = [sha256(part).hexdigest()[:32] for part in given]
        parts.update(zip(digests, given, strict=True))
        named.append((name, digests))
    return _Archive(archive.facts, named)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems cannot do it
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ignore further signals to stop, which would interrupt the final save."""
    before = {}
    with suppress(ValueError):  # outside of the main thread
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
