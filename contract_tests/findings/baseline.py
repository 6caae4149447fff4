"""Known failures: a YAML list of findings that are accepted until a date, with owner and reason.

    - operation: get_balance
      kind: response_schema
      where: /response/200/body/tier
      keyword: enum
      owner: payments team
      reason: BILL-123, the new tier is announced for May
      expires: 2026-05-31

An entry is for exactly one finding: operation, kind, JSON pointer and keyword must be the same. So
a new failure beside a known one still fails, and an edit elsewhere in the contract changes nothing.
An entry about an amount has a ``size``, or several with commas: it accepts differences of these
sizes only. An entry without one accepts any.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import yaml

from contract_tests.errors import UsageError
from contract_tests.findings.finding import Finding, Key
from contract_tests.findings.known import was_tried
from contract_tests.openapi.reading import check_depth

_KEY = ("operation", "kind", "where", "keyword")
_FIELDS = (*_KEY, "owner", "reason", "expires")
_SIZE = "size"
ACCEPTED_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Entry:
    """A finding that has an owner."""

    key: Key
    owner: str
    reason: str
    expires: date
    """The last day on which it is accepted."""
    line: int
    sizes: frozenset[str] | None = None
    """The accepted sizes of a difference between amounts; None for any."""

    def holds(self, finding: Finding) -> bool:
        """Return whether it accepts a difference of this size."""
        return self.sizes is None or self.sizes.issuperset(finding.sizes)


@dataclass(frozen=True)
class Baseline:
    """The known failures of one file."""

    path: Path
    entries: Sequence[Entry]
    today: date

    @classmethod
    def load(cls, path: Path, today: date) -> Baseline:
        """Read a file. Raise UsageError with the line that is wrong."""
        try:
            text = path.read_text(encoding="utf-8")
            check_depth(path, text)
            tree = yaml.compose(text, Loader=yaml.SafeLoader)
        except OSError as error:
            raise UsageError(f"--baseline {path}: cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise UsageError(f"--baseline {path}: is not UTF-8 text") from None
        except yaml.MarkedYAMLError as error:
            line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
            raise UsageError(f"{path}{line}: is not valid YAML ({error.problem})") from None
        except (yaml.YAMLError, RecursionError) as error:
            raise UsageError(f"{path}: is not valid YAML ({str(error).splitlines()[0]})") from None
        if tree is None:
            return cls(path, [], today)
        if not isinstance(tree, yaml.SequenceNode):
            raise UsageError(
                f"{path}:1: a baseline is a list of entries, each with {', '.join(_FIELDS)}"
            )
        entries = [_entry(node, path) for node in tree.value]
        _refuse_twice(entries, path)
        return cls(path, entries, today)

    @property
    def accepted(self) -> dict[Key, Entry]:
        """The entries that are in force."""
        return {entry.key: entry for entry in self.entries if entry.expires >= self.today}

    def accepts(self, finding: Finding) -> str:
        """Return who accepts a finding, why and until when; empty if nobody does."""
        entry = self.accepted.get(finding.key)
        if entry is None or not entry.holds(finding):
            return ""
        return f"{entry.owner}: {entry.reason}, until {entry.expires}"

    def apply(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings, with accepted ones marked as known."""
        return [
            replace(finding, known=self.accepts(finding) or finding.known) for finding in findings
        ]

    def notes(self, findings: Iterable[Finding], tried: set[str]) -> list[str]:
        """Return notes on entries that have expired, that match nothing, or another size."""
        found = {finding.key: finding for finding in findings}
        notes = []
        for entry in self.entries:
            where = f"{self.path}:{entry.line}"
            if entry.key in found and not entry.holds(found[entry.key]):
                sizes = ", ".join(found[entry.key].sizes)
                notes.append(
                    f"{where}: the difference is now {sizes}, and {', '.join(entry.sizes or ())} "
                    "is accepted"
                )
            elif entry.key not in found and was_tried(entry.key[0], tried):
                notes.append(
                    f"{where}: nothing is found here any more ({' '.join(entry.key)}); "
                    "remove the entry"
                )
            elif entry.expires < self.today:
                notes.append(
                    f"{where}: expired on {entry.expires} and accepts nothing "
                    f"({entry.owner}: {entry.reason})"
                )
        return notes


def text(findings: Iterable[Finding], owner: str, reason: str, today: date) -> str:
    """Return a baseline that accepts these findings from today on."""
    more = {"owner": owner, "reason": reason, "expires": str(today + ACCEPTED_FOR)}
    entries = [
        dict(zip(_KEY, finding.key, strict=True))
        | more
        | ({_SIZE: ", ".join(finding.sizes)} if finding.sizes else {})
        for finding in findings
    ]
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=120)


def _entry(node: yaml.Node, path: Path) -> Entry:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        raise UsageError(f"{path}:{line}: an entry must have the fields {', '.join(_FIELDS)}")
    values: dict[str, str] = {}
    for key, value in node.value:
        where = f"{path}:{key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode) or key.value not in (*_FIELDS, _SIZE):
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            raise UsageError(
                f"{where}: '{name}' is no field of an entry; its fields are {', '.join(_FIELDS)}"
            )
        if not isinstance(value, yaml.ScalarNode) or not value.value.strip():
            raise UsageError(f"{where}: '{key.value}' must be text, not empty")
        if key.value in values:
            raise UsageError(f"{where}: '{key.value}' is given twice")
        values[key.value] = value.value.strip()
    missing = [name for name in _FIELDS if name not in values]
    if missing:
        raise UsageError(f"{path}:{line}: the entry misses {', '.join(missing)}")
    try:
        expires = date.fromisoformat(values["expires"])
    except ValueError:
        raise UsageError(
            f"{path}:{line}: 'expires' must be a date such as 2026-05-31, not '{values['expires']}'"
        ) from None
    key = (values["operation"], values["kind"], values["where"], values["keyword"])
    sizes = values.get(_SIZE)
    held = frozenset(map(str.strip, sizes.split(","))) if sizes is not None else None
    return Entry(key, values["owner"], values["reason"], expires, line, held)


def _refuse_twice(entries: Iterable[Entry], path: Path) -> None:
    lines: dict[Key, int] = {}
    for entry in entries:
        if entry.key in lines:
            raise UsageError(
                f"{path}:{entry.line}: is the same finding as the entry of line {lines[entry.key]}"
            )
        lines[entry.key] = entry.line
