"""Parsed documents, kept between runs: JSON is read thirty times as fast as YAML.

An entry belongs to the bytes of a source and the version of the parser, not to a path. It is used
only if its checksum, keyed by the source, is right. The cache is off until it has a folder. Every
failure, such as a read-only or full disk, leaves it as if it were empty.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

PARSER_VERSION = 1
"""Must change when ``parser`` reads the same bytes as another document."""
MAX_ENTRIES = 128
MAX_ENTRY_BYTES = 8 * 1024 * 1024
MAX_BYTES = 64 * 1024 * 1024
"""The size of all entries."""
_FOLDER_NAME = "alterlab-billing-mock"
_NAME = re.compile(r"[0-9a-f]{40}\.parsed(-[0-9]+)?")
"""The names of entries, and of those that are being written."""
_DIGEST_BYTES = 20

_folder: Path | None = None


def use(folder: Path | None) -> None:
    """Keep entries in a folder, which is created when it is needed. None switches the cache off."""
    global _folder  # noqa: PLW0603 (one cache for a process, as for compiled modules)
    _folder = folder


def default_folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder within the user's cache folder; None if there is no such folder."""
    base = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # the XDG specification ignores relative paths
        home = environment.get("HOME", "")
        base = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    return Path(base, _FOLDER_NAME) if base else None


class Entry(Struct, frozen=True):
    """The place of one parsed document in the cache. It need not exist."""

    path: Path
    key: bytes

    def load(self) -> Any:
        """Return the document; None if the entry is missing, damaged or foreign."""
        try:
            if not self.path.is_file():  # opening a pipe would wait for its other end
                return None
            with self.path.open("rb") as file:
                data = file.read(MAX_ENTRY_BYTES + _DIGEST_BYTES)
            if data[:_DIGEST_BYTES] != self._checksum(data[_DIGEST_BYTES:]):
                return None
            return orjson.loads(data[_DIGEST_BYTES:])
        except (OSError, ValueError):
            return None

    def save(self, document: Any) -> None:
        """Write the document in one step, and remove the oldest entries beyond the bounds."""
        with suppress(OSError, TypeError):
            payload = orjson.dumps(document)
            if len(payload) > MAX_ENTRY_BYTES:
                return
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = self.path.with_name(f"{self.path.name}-{os.getpid()}")
            try:
                temporary.write_bytes(self._checksum(payload) + payload)
                temporary.replace(self.path)
            finally:
                temporary.unlink(missing_ok=True)
            _evict(self.path.parent)

    def _checksum(self, payload: bytes) -> bytes:
        return blake2b(payload, digest_size=_DIGEST_BYTES, key=self.key).digest()


def entry_of(source: bytes, *, is_json: bool) -> Entry | None:
    """Return the entry of a source; None if the cache is off."""
    if _folder is None:
        return None
    person = f"parsed {PARSER_VERSION} {is_json:d}".encode()
    digest = blake2b(source, digest_size=32, person=person)
    return Entry(_folder / f"{digest.hexdigest()[:40]}.parsed", digest.digest())


def _evict(folder: Path) -> None:
    """Remove the oldest entries beyond the bounds. Other files in the folder are left alone."""
    entries = []
    with os.scandir(folder) as files:
        for file in files:
            if _NAME.fullmatch(file.name):
                with suppress(OSError):
                    status = file.stat()
                    entries.append((status.st_mtime_ns, status.st_size, file.path))
    size = 0
    for count, (_, bytes_, path) in enumerate(sorted(entries, reverse=True), start=1):
        size += bytes_
        if count > MAX_ENTRIES or size > MAX_BYTES:
            with suppress(OSError):
                os.unlink(path)
