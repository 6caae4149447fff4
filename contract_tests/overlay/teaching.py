"""The known differences of a command: what its files accept, and what is learnt for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from contract_tests.findings.baseline import Baseline
from contract_tests.findings.causes import Group, grouped
from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.findings.known import Known, marked
from contract_tests.http.channel import Listener
from contract_tests.openapi.contract import Contract
from contract_tests.overlay.accepted import Accepted
from contract_tests.overlay.document import Overlay
from contract_tests.overlay.evidence import Evidence
from contract_tests.overlay.learning import Acceptance, check, learn, write
from contract_tests.reports.sentences import counted
from contract_tests.settings import Settings
from contract_tests.text import printable, shortened

_MAX_NAMED = 3


class Teaching:
    """What ``--overlay``, ``--baseline`` and ``--learn`` mean for one command.

    The file of ``--learn`` is an overlay of the command too, if it exists: what it accepts already
    is not learnt again.
    """

    def __init__(self, settings: Settings, contract: Contract) -> None:
        """Read the files. Raise UsageError with the line that is wrong."""
        self._settings = settings
        self._base = contract
        paths = [*settings.overlay]
        if settings.learn is not None and settings.learn.exists():
            paths.append(settings.learn)
        self._overlays = [Overlay.load(path) for path in dict.fromkeys(paths)]
        self.accepted = Accepted(contract, self._overlays) if self._overlays else None
        self._baseline = (
            Baseline.load(settings.baseline, date.today()) if settings.baseline else None
        )
        self._evidence: Evidence | None = None

    @property
    def contract(self) -> Contract:
        """The contract with the overlays applied."""
        return self.accepted.contract if self.accepted is not None else self._base

    @property
    def known(self) -> list[Known]:
        """What the overlays and the baseline accept."""
        return [known for known in (self.accepted, self._baseline) if known is not None]

    def applied(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings, known ones marked, and those that the overlays hide."""
        hidden = self.accepted.found(findings) if self.accepted is not None else []
        return [*marked(findings, self.known), *hidden]

    def notes(self, findings: Iterable[Finding], tried: set[str]) -> list[str]:
        """Return notes on entries that accept nothing any more, given what was tried."""
        found = list(findings)
        return [note for known in self.known for note in known.notes(found, tried)]

    def listeners(self, verdicts: Verdicts | None = None) -> list[Listener]:
        """Return what must listen to the exchanges, after the judge whose verdicts are given."""
        found: list[Listener] = [self.accepted] if self.accepted is not None else []
        if self._settings.learn is not None:
            self._evidence = Evidence(self.contract, verdicts)
            found.append(self._evidence)
        return found

    def learn(self, findings: Iterable[Finding]) -> list[str]:
        """Write what was found to the file of ``--learn``. Return notes."""
        target, settings = self._settings.learn, self._settings
        if target is None or self._evidence is None:
            return []
        groups = grouped([finding for finding in findings if not finding.known], settings.policy)
        critical = [] if settings.learn_critical else [g for g in groups if _is_critical(g)]
        left = [group for group in groups if group not in critical]
        notes = [_not_learnt(critical)] if critical else []
        acceptance = Acceptance(settings.owner, settings.reason, date.today())
        lesson = learn(self.contract, left, self._evidence.exchanges, acceptance)
        if not lesson.actions:
            return [*notes, f"nothing to learn: {target} is as it was"]
        how = write(target, lesson, self._base, f"Known differences of {settings.url}")
        check(target, self._base, [overlay for overlay in self._overlays if overlay.path != target])
        learnt = (
            f"{counted(len(lesson.causes), 'cause')} in {counted(len(lesson.actions), 'action')}"
        )
        return [*notes, f"learnt {learnt}, {how} {target}"]


def _is_critical(group: Group) -> bool:
    """Return whether a cause fails a run that only critical findings fail."""
    return any(finding.grade("critical") == "failure" for finding in group.findings)


def _not_learnt(groups: Sequence[Group]) -> str:
    names = [printable(shortened(group.cause.key, 60)) for group in groups[:_MAX_NAMED]]
    more = f" and {len(groups) - _MAX_NAMED} more" if len(groups) > _MAX_NAMED else ""
    return f"critical, and not learnt without --learn-critical: {', '.join(names)}{more}"
