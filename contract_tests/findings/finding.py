"""Findings: what a deployment does otherwise than the contract says. Each is kept once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from contract_tests.findings import amounts
from contract_tests.findings.severity import (
    FAIL_ON,
    SEVERITIES,
    FailOn,
    Nature,
    Severity,
    nature_of,
)
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Provenance

Grade = Literal["failure", "difference", "drift"]
"""``failure``: fails the run. ``difference``: a question to the deployment or to the contract.
``drift``: shows more than the contract declares."""

Key = tuple[str, str, str, str]


STATELESS = frozenset({"auth", "method", "unknown_path"})
"""Kinds of findings to which no earlier request leads."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    operation: str
    """An operationId, or ``METHOD path`` where there is none."""
    kind: str
    """What sort of fault it is: ``response_schema``, ``state``, ``money``, ..."""
    where: str
    """JSON pointer into the exchange, lists generalised: ``/response/body/transactions/*/id``."""
    keyword: str
    """The schema's keyword, or the name of the rule."""
    provenance: Provenance
    """Of the rule that is broken."""
    expected: str
    got: str
    spec: str
    """JSON pointer into the contract: where the rule stands, or what it is about."""
    exchange: Exchange | None = None
    """The exchange that shows it."""
    steps: tuple[Exchange, ...] = ()
    """The changes before it that led there, oldest first."""
    source: str = ""
    """The driver that found it."""
    witnesses: tuple[str, ...] = ("kit",)
    """The judges that say so."""
    times: int = 1
    known: str = ""
    """Why it is accepted, if the baseline says so."""
    nature: Nature | None = None
    """What the rule states of its own severity; None for that of its kind."""
    sizes: tuple[str, ...] = ()
    """The distinct sizes of the difference, if it is between amounts."""

    @property
    def key(self) -> Key:
        """The identity of a finding, which is independent of edits elsewhere in the contract."""
        return self.operation, self.kind, self.where, self.keyword

    @property
    def severity(self) -> Severity:
        return self._nature.severity

    @property
    def contradicts_itself(self) -> bool:
        """Whether the deployment's own responses contradict each other."""
        return self._nature.basis == "deployment"

    @property
    def _nature(self) -> Nature:
        return self.nature or nature_of(self.kind, self.keyword, self.where)

    def grade(self, fail_on: FailOn = "major") -> Grade:
        """Return the grade under a policy."""
        if self.keyword == "unknown_field":
            return "failure" if fail_on == "drift" else "drift"
        return "failure" if self._fails(fail_on) else "difference"

    def _fails(self, fail_on: FailOn) -> bool:
        if fail_on in ("difference", "drift"):
            return True
        is_firm = self.provenance == "documented" or (
            self.severity == "critical" and self.contradicts_itself
        )
        return is_firm and SEVERITIES.index(self.severity) <= FAIL_ON.index(fail_on)


MAX_PLACES = 300
"""Findings of one kind on one operation that are kept."""
MAX_FINDINGS = 10_000
"""Findings of one run that are kept."""


@dataclass
class Verdicts:
    """All findings of a run, each once, in the order in which they were first seen."""

    on_new: Callable[[Finding], None] | None = None
    recent: set[Key] = field(default_factory=set)
    """Keys of the findings, new or known, since this was cleared last."""
    left_out: int = 0
    """How often a finding was not kept, because there are too many."""
    _held: list[Finding] | None = None
    """The findings that are held back at the moment."""
    _places: Counter[tuple[str, str]] = field(default_factory=Counter)
    _found: dict[Key, Finding] = field(default_factory=dict)
    _latest: dict[Key, int] = field(default_factory=dict)
    """The exchange that showed each finding last: two judges of one exchange count once."""

    def add(self, finding: Finding) -> bool:
        """Add a finding, and return whether it is new.

        Of several that have one key the gravest is kept, then the one with the largest difference
        between amounts, then the one with the fewest steps.
        """
        if self._held is not None:
            self._held.append(finding)
            return True
        sizes = amounts.sizes_of(finding.kind, finding.expected, finding.got)
        finding = replace(finding, sizes=finding.sizes or sizes)
        before = self._found.get(finding.key)
        if before is None and self._is_full(finding):
            self.left_out += 1
            return False
        self.recent.add(finding.key)
        if before is None:
            self._found[finding.key] = finding
            self._note(finding)
            if self.on_new is not None:
                self.on_new(finding)
            return True
        is_another = finding.exchange is None or finding.exchange.number != self._latest.get(
            finding.key
        )
        self._found[finding.key] = replace(
            _more_telling(before, finding),
            times=before.times + is_another,
            witnesses=tuple(dict.fromkeys(before.witnesses + finding.witnesses)),
            sizes=tuple(dict.fromkeys(before.sizes + finding.sizes))[: amounts.MAX_SIZES],
        )
        self._note(finding)
        return False

    def shorten(self, key: Key, steps: tuple[Exchange, ...]) -> None:
        """Replace the steps of a finding by fewer ones that also lead to it."""
        self._found[key] = replace(self._found[key], steps=steps)

    @contextmanager
    def holding(self) -> Iterator[list[Finding]]:
        """Collect the findings within the block instead of adding them."""
        held: list[Finding] = []
        self._held = held
        try:
            yield held
        finally:
            self._held = None

    def _is_full(self, finding: Finding) -> bool:
        """Return whether there is no place for a new finding; else take one."""
        kind = (finding.operation, finding.kind)
        if self._places[kind] >= MAX_PLACES or len(self._found) >= MAX_FINDINGS:
            return True
        self._places[kind] += 1
        return False

    def _note(self, finding: Finding) -> None:
        if finding.exchange is not None:
            self._latest[finding.key] = finding.exchange.number

    def shown_by(self, number: int) -> list[Finding]:
        """Return the findings that an exchange was the last to show."""
        return [self._found[key] for key, latest in self._latest.items() if latest == number]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, key: Key) -> bool:
        return key in self._found


def _weight(finding: Finding) -> tuple[bool, int]:
    """Return the rank of a finding by its severity, the gravest first."""
    return finding.grade() != "failure", SEVERITIES.index(finding.severity)


def _more_telling(before: Finding, finding: Finding) -> Finding:
    if _weight(before) != _weight(finding):
        return min(before, finding, key=_weight)
    larger = amounts.largest(finding.sizes) - amounts.largest(before.sizes)
    if larger:
        return finding if larger > 0 else before
    return finding if len(finding.steps) < len(before.steps) else before
