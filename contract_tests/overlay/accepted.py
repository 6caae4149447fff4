"""What overlays accept: the changed contract, and the causes that no schema can express."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from contract_tests.findings import amounts
from contract_tests.findings.causes import cause_of
from contract_tests.findings.finding import Finding, Key, Verdicts
from contract_tests.findings.known import was_tried
from contract_tests.http.exchange import Exchange
from contract_tests.judge.form import FormJudge
from contract_tests.openapi.contract import Contract, Node
from contract_tests.overlay.document import Action, Overlay, applied, overlaid
from contract_tests.overlay.json_path import select
from contract_tests.text import shortened


@dataclass(frozen=True)
class _Entry:
    """A cause that is accepted by its name."""

    action: Action
    node: Node
    operation: str
    """The operation for which it is accepted; empty for all."""

    def is_about(self, finding: Finding) -> bool:
        """Return whether a finding has its cause and its place, whatever its size."""
        places = self.node.get("places")
        return (
            self.node["cause"] == cause_of(finding).key
            and self.operation in ("", finding.operation)
            and (places is None or f"{finding.operation} {finding.where}" in places)
        )

    def holds(self, finding: Finding) -> bool:
        """Return whether a difference between amounts has an accepted size."""
        sizes = self.node.get("sizes")
        if finding.kind not in amounts.KINDS or sizes is None:
            return True
        known = sizes.get(finding.where)
        return known is not None and set(map(str, known)).issuperset(finding.sizes)


@dataclass
class Accepted:
    """Listens to exchanges, and notes what the contract alone would have found.

    It accepts the causes that the overlays name. What a change of the contract accepts is no
    finding any more; ``found`` returns it.
    """

    base: Contract
    overlays: Sequence[Overlay]
    contract: Contract = field(init=False)
    """The contract with the overlays applied."""

    def __post_init__(self) -> None:
        self.contract = overlaid(self.base, self.overlays)
        self._actions = [action for overlay in self.overlays for action in overlay.actions]
        self._entries = list(self._named_causes())
        self._before, self._after = FormJudge(self.base), FormJudge(self.contract)
        self._found = Verdicts()
        self._witnesses: dict[Key, Exchange] = {}

    def __call__(self, exchange: Exchange) -> None:
        """Note what an exchange shows that only the overlays allow."""
        found = self._before.findings(exchange)
        if not found:
            return
        left = {finding.key for finding in self._after.findings(exchange)}
        for finding in found:
            if finding.key not in left:
                self._found.add(replace(finding, source=exchange.source))
                self._witnesses.setdefault(finding.key, exchange)

    def found(self, others: Iterable[Finding]) -> list[Finding]:
        """Return what the changes of the contract accept, as known findings."""
        keys = {finding.key for finding in others}
        return [
            replace(finding, known=self._reason(finding))
            for finding in self._found
            if finding.key not in keys
        ]

    def accepts(self, finding: Finding) -> str:
        """Return who accepts the cause of a finding, and why; empty if nobody does."""
        entry = next(
            (entry for entry in self._entries if entry.is_about(finding) and entry.holds(finding)),
            None,
        )
        return entry.action.reason if entry is not None else ""

    def notes(self, findings: Iterable[Finding], tried: set[str]) -> list[str]:
        """Return notes on actions that accept nothing any more, or a difference of another size."""
        found = list(findings)
        obsolete: dict[tuple[Path, str], list[Action]] = {}
        for action, cause in self._obsolete(found, tried):
            obsolete.setdefault((action.path, cause), []).append(action)
        return [
            *(_obsolete_note(cause, actions) for (_, cause), actions in obsolete.items()),
            *(note for entry in self._entries for note in _size_notes(entry, found)),
        ]

    def _obsolete(self, found: list[Finding], tried: set[str]) -> Iterator[tuple[Action, str]]:
        """Yield the actions that accept nothing any more, each with its cause."""
        for entry in self._entries:
            is_found = any(entry.is_about(finding) for finding in found)
            if not is_found and self._was_tried(entry.action, tried):
                yield entry.action, entry.node["cause"]
        places = set()
        for action in self._actions:
            is_change = action.accepted and not action.causes and _place(action) not in places
            places.add(_place(action))
            if is_change and self._was_tried(action, tried) and not self._is_needed(action):
                yield action, str(action.accepted.get("cause", action.target))

    def _named_causes(self) -> Iterator[_Entry]:
        by_pointer = {
            operation.place.pointer: operation.id for operation in self.base.operations.values()
        }
        for action in self._actions:
            for location in select(self.base.document, list(action.steps)):
                pointer = "#" + "".join(f"/{_escaped(key)}" for key in location)
                for node in action.causes:
                    yield _Entry(action, node, by_pointer.get(pointer, ""))

    def _reason(self, finding: Finding) -> str:
        cause = cause_of(finding).key
        action = next(
            (action for action in self._actions if action.accepted.get("cause") == cause),
            self._actions[0],
        )
        return action.reason

    def _was_tried(self, action: Action, tried: set[str]) -> bool:
        """Return whether a run tried all the operations that had shown a difference."""
        operations = action.accepted.get("operations") or list(tried)
        return bool(tried) and all(was_tried(str(name), tried) for name in operations)

    def _is_needed(self, action: Action) -> bool:
        """Return whether a response breaks the contract that lacks this action only.

        A place that gets a copy of a shared schema has two actions, which belong together.
        """
        place = _place(action)
        others = [other for other in self._actions if _place(other) != place]
        without = FormJudge(applied(self.base, others))
        for exchange in self._witnesses.values():
            after = {finding.key for finding in self._after.findings(exchange)}
            if any(finding.key not in after for finding in without.findings(exchange)):
                return True
        return False


def _place(action: Action) -> tuple[str, str]:
    return action.target.removesuffix("['$ref']"), repr(action.accepted)


def _escaped(key: str | int) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def _size_notes(entry: _Entry, found: list[Finding]) -> Iterator[str]:
    for finding in found:
        if entry.is_about(finding) and not entry.holds(finding):
            known = ", ".join(map(str, entry.node["sizes"].get(finding.where, ["none"])))
            yield (
                f"{entry.action.place}: {finding.operation} {finding.where}: the difference is "
                f"now {', '.join(finding.sizes)}, and {known} is accepted"
            )


def _obsolete_note(cause: str, actions: list[Action]) -> str:
    first, *others = sorted(actions, key=lambda action: action.line)
    more = f", and of lines {', '.join(str(action.line) for action in others)}" if others else ""
    return (
        f"{first.place}: nothing is found here any more ({shortened(cause, 100)}); "
        f"remove the action{more}"
    )
