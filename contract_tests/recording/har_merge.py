"""One HAR file from those of several runs, such as the shards of one.

Entries are in the order in which their responses came. They get new numbers, and so do the findings
that refer to them. Files that would not mean the same together are refused.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.recording.har import Har, HarFile, Json

_SAME = {"baseUrl": "URL", "mock": "--mock", "strict": "--strict", "overheard": "kind of recording"}
"""What must be the same in all files, with its name."""


@dataclass
class _Recording:
    """The file of one run."""

    har: Har
    began: datetime
    ended: datetime
    numbers: dict[int, int] = field(default_factory=dict)
    """The new numbers of its entries, by their own."""

    def findings(self) -> Iterator[Json]:
        """Yield its findings, which refer to entries by the new numbers."""
        for finding in self.har.about.get("findings", []):
            yield {
                **finding,
                "exchange": self.numbers.get(finding["exchange"]),
                "steps": [self.numbers[step] for step in finding["steps"] if step in self.numbers],
            }


def merge_hars(paths: Sequence[Path], to: Path) -> None:
    """Write one HAR file of several. Raise UsageError if they cannot be merged, or not written."""
    recordings = [_recording(path) for path in paths]
    _refuse_different(recordings)
    _refuse_overlapping(recordings)
    about = {name: value for name, value in recordings[0].har.about.items() if name != "findings"}
    file = HarFile(to, about)
    try:
        merged = heapq.merge(*map(_entries, recordings), key=lambda found: found[0])
        for number, (_, recording, entry) in enumerate(merged, 1):
            recording.numbers[entry["_number"]] = number
            file.add({**entry, "_number": number})
        findings = [finding for recording in recordings for finding in recording.findings()]
    except (AttributeError, KeyError, TypeError):
        file.discard()
        raise UsageError(f"{to}: an entry or a finding does not have the format of a run") from None
    except BaseException:
        file.discard()
        raise
    file.finish(findings)


def _recording(path: Path) -> _Recording:
    """Read a file once, which shows whether it is whole. Raise UsageError."""
    if not path.is_file():
        raise UsageError(f"{path}: is missing; run each shard with --report json,har")
    har = Har(path)
    times = [_times(path, entry) for entry in har.entries()]
    if not har.is_ours:
        raise UsageError(f"{path}: is not a HAR file of contract-tests")
    if not times:
        raise UsageError(f"{path}: has no entries")
    return _Recording(har, min(began for began, _ in times), max(ended for _, ended in times))


def _entries(recording: _Recording) -> Iterator[tuple[datetime, _Recording, Any]]:
    """Yield the entries with the moments at which their responses came."""
    for entry in recording.har.entries():
        yield _times(recording.har.path, entry)[1], recording, entry


def _times(path: Path, entry: Any) -> tuple[datetime, datetime]:
    """Return when an entry began and ended. Raise UsageError."""
    try:
        began = datetime.fromisoformat(entry["startedDateTime"])
        return began, began + timedelta(seconds=entry["_seconds"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise UsageError(f"{path}: an entry does not have the format of a run") from None


def _refuse_different(recordings: Sequence[_Recording]) -> None:
    first, *others = recordings
    for other in others:
        for name, what in _SAME.items():
            if first.har.about.get(name) != other.har.about.get(name):
                raise UsageError(f"{first.har.path} and {other.har.path} have a different {what}")


def _refuse_overlapping(recordings: Sequence[_Recording]) -> None:
    """Raise UsageError for runs on mocks at the same time: accounts of one name are not the same.

    Each shard has a mock of its own there. On a deployment, both runs used the same account.
    """
    if not recordings[0].har.about.get("mock"):
        return
    for earlier, later in pairwise(sorted(recordings, key=lambda recording: recording.began)):
        if later.began < earlier.ended:
            raise UsageError(
                f"{earlier.har.path} and {later.har.path} were recorded at the same time on mocks "
                "with accounts of the same names; replay each of them"
            )
