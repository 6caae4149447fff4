"""Where a HAR file is read from: a file, with bodies in files beside it, or a zip archive."""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol
from zipfile import BadZipFile, ZipFile

from contract_tests.errors import UsageError

MAX_ATTACHED = 16 * 1024 * 1024
"""The most bytes of an attached body. A larger one is not judged."""
MAX_ATTACHED_IN_ALL = 1024 * 1024 * 1024
"""The most bytes of all attached bodies of a file. Those after it are not judged."""
MAX_HAR_IN_ARCHIVE = 2 * 1024 * 1024 * 1024
"""The most bytes of a HAR file in an archive."""

_ZIP = b"PK\3\4"
UNREADABLE = (BadZipFile, zlib.error, EOFError, RuntimeError)
"""Errors of ``zipfile``: an archive is damaged, encrypted, or compressed in an unknown way."""


class Source(Protocol):
    """The HAR file, and the files that it names."""

    def open(self) -> IO[bytes]:
        """Open the HAR file. Raise OSError or UsageError."""

    def size(self, name: str) -> int:
        """Return the size of an attached file. Raise OSError or KeyError."""

    def read(self, name: str) -> bytes:
        """Return an attached file. Raise OSError or an error of ``zipfile``."""


class Attachments:
    """The bodies that entries name with ``_file``. The sum of their sizes is bounded."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = MAX_ATTACHED_IN_ALL

    def __call__(self, name: object) -> bytes | None:
        """Return a body; None if there is none of this name, or if it is too large."""
        if not isinstance(name, str) or not _is_plain(name):
            return None
        with suppress(OSError, KeyError, *UNREADABLE):
            size = self._source.size(name)
            if size <= min(MAX_ATTACHED, self._left):
                self._left -= size
                return self._source.read(name)
        return None


def source_of(path: Path) -> Source:
    """Return the source of a file. Raise OSError, or UsageError for an archive without a HAR."""
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(_ZIP)) == _ZIP:
                return _Archive(path)
    return _Folder(path)


def _is_plain(name: str) -> bool:
    """Return whether a name leads to no other folder."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\:\0")


class _Folder:
    """A HAR file, and the files beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self) -> IO[bytes]:
        return self._path.open("rb")

    def size(self, name: str) -> int:
        return self._attached(name).stat().st_size

    def read(self, name: str) -> bytes:
        with self._attached(name).open("rb") as file:
            return file.read(MAX_ATTACHED)

    def _attached(self, name: str) -> Path:
        path = self._path.parent / name
        if path.is_symlink() or not path.is_file():  # a link may lead out of the folder
            raise FileNotFoundError(name)
        return path


class _Archive:
    """A zip archive with one HAR file, and the files that it names."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = ZipFile(path)
        except UNREADABLE as error:
            raise UsageError(f"{path}: is no readable zip archive ({error})") from None
        self._infos = {info.filename: info for info in self._archive.infolist()}
        names = [name for name in self._infos if name.endswith(".har") and _is_plain(name)]
        if len(names) != 1:
            raise UsageError(f"{path}: has {len(names)} HAR files, and must have one")
        self._har = self._infos[names[0]]
        if self._har.file_size > MAX_HAR_IN_ARCHIVE:
            raise UsageError(
                f"{path}: {names[0]} has {self._har.file_size:,} bytes; unpack it to replay it"
            )

    def open(self) -> IO[bytes]:
        return self._archive.open(self._har)

    def size(self, name: str) -> int:
        return self._infos[name].file_size

    def read(self, name: str) -> bytes:
        with self._archive.open(self._infos[name]) as file:  # no more than it says of its size
            return file.read()
