"""Writes what a deployment does otherwise as an overlay of its contract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from contract_tests.errors import UsageError
from contract_tests.findings import amounts
from contract_tests.findings.causes import Group
from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange
from contract_tests.judge.form import KINDS, FormJudge
from contract_tests.judge.openapi_core import WITNESS, OpenApiCore
from contract_tests.openapi.contract import Contract, Node
from contract_tests.openapi.reading import read_document, resolve
from contract_tests.overlay.changes import Changes, sentence_of
from contract_tests.overlay.document import ACCEPTED, CAUSES, Action, Overlay, applied, overlaid
from contract_tests.overlay.json_path import parse, path_of
from contract_tests.reports.files import write_file
from contract_tests.reports.headlines import headline

VERSION = "1.1.0"
_MAX_ROUNDS = 8
"""Changes may uncover what they hid, such as the body of a status that was not declared."""


class _Row(list[str]):
    """A list that is written in one row."""


@dataclass(frozen=True)
class Acceptance:
    """Who accepts, why and since when."""

    owner: str
    reason: str
    date: date

    def of(self, cause: str, operations: Iterable[str]) -> Node:
        """Return the extension of an action."""
        return {
            "owner": self.owner,
            "reason": self.reason,
            "date": str(self.date),
            "cause": cause,
            "operations": _Row(sorted(set(operations))),
        }


@dataclass
class Lesson:
    """The actions that were learnt."""

    actions: list[Node] = field(default_factory=list)
    causes: set[str] = field(default_factory=set)
    """The keys of the causes that they accept."""


def learn(
    contract: Contract,
    groups: Sequence[Group],
    evidence: Sequence[Exchange],
    acceptance: Acceptance,
) -> Lesson:
    """Return actions that make a contract accept groups of findings, and the responses seen."""
    lesson = Lesson(causes={group.cause.key for group in groups})
    changes = _changes(contract, evidence)
    for change, action in changes.actions():
        lesson.causes.add(change.cause)
        accepted = acceptance.of(change.cause, change.operations)
        lesson.actions.append(_ordered(action, sentence_of(change), accepted))
    after = applied(contract, [_action(node) for node in lesson.actions])
    for group in groups:
        left = _left(group.findings, after)
        if left:
            lesson.actions.append(_of_cause(group, left, contract, acceptance))
    return lesson


def write(path: Path, lesson: Lesson, contract: Contract, title: str) -> str:
    """Write a new overlay, or extend one. Return what a person should know of it."""
    if not path.exists():
        name = contract.path.name
        head = {
            "overlay": VERSION,
            "info": {"title": title, "version": "1.0.0"},
            "extends": name,
        }
        write_file(path, _text({**head, "actions": lesson.actions}))
        return "written to"
    document = read_document(path)
    document["actions"] = [*document["actions"], *lesson.actions]
    write_file(path, _extended(path, lesson.actions))
    with suppress(UsageError):  # a text to which nothing can be appended
        if read_document(path) == document:
            return "added to"
    write_file(path, _text(document))
    return "added, without the comments of the file, to"


def check(path: Path, contract: Contract, others: Sequence[Overlay]) -> None:
    """Raise UsageError with the line of an action that was written and cannot be applied."""
    overlaid(contract, [*others, Overlay.load(path)])


def _changes(contract: Contract, evidence: Sequence[Exchange]) -> Changes:
    changes = Changes(contract)
    judge = FormJudge(contract)
    for _ in range(_MAX_ROUNDS):
        is_new = [changes.note(judge, exchange) for exchange in evidence]
        if not any(is_new):
            break
        actions = [_action(node) for _, node in changes.actions()]
        judge = FormJudge(applied(contract, actions))
        changes.next_round()
    return changes


def _action(node: Node) -> Action:
    return Action(
        Path(),
        0,
        node["target"],
        parse(node["target"]),
        node.get("update"),
        node.get("remove", False),
    )


def _ordered(action: Node, description: str, accepted: Node) -> Node:
    node: Node = {"target": action["target"], "description": description, ACCEPTED: accepted}
    return node | {name: action[name] for name in ("update", "remove") if name in action}


def _left(findings: Iterable[Finding], after: Contract) -> list[Finding]:
    """Return the findings that a changed contract does not end."""
    judge, second = FormJudge(after), OpenApiCore(after)
    left = []
    for finding in findings:
        exchange = finding.exchange
        if finding.kind not in KINDS or exchange is None:
            left.append(finding)
            continue
        shown = judge.findings(exchange)
        matched = after.match(exchange.method, exchange.path)
        if WITNESS in finding.witnesses and matched is not None:
            shown += second.findings(exchange, matched[0])
        if finding.key in {other.key for other in shown}:
            left.append(finding)
    return left


def _of_cause(
    group: Group, findings: Sequence[Finding], contract: Contract, acceptance: Acceptance
) -> Node:
    """Return an action that accepts a cause by its name."""
    operations = list(dict.fromkeys(finding.operation for finding in findings))
    entry: dict[str, Any] = {"cause": group.cause.key}
    sizes = {
        finding.where: list(finding.sizes) for finding in findings if finding.kind in amounts.KINDS
    }
    if sizes:
        entry["sizes"] = sizes
    if any(finding.kind in KINDS for finding in findings):
        entry["places"] = sorted({f"{finding.operation} {finding.where}" for finding in findings})
    owner = contract.operations.get(operations[0])
    is_of_one = len(operations) == 1 and owner is not None
    names_it = operations[0] in group.cause.subject.split()
    target = path_of(owner.place.pointer) if owner and is_of_one and names_it else "$"
    accepted = acceptance.of(group.cause.key, operations)
    return _ordered({"target": target, "update": {CAUSES: [entry]}}, headline(group), accepted)


# ------------------------------------------------------------------------------------------ writing


def _text(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=96, indent=2)


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, and lists below their key with an indent."""

    def ignore_aliases(self, _: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, *_: Any, **__: Any) -> None:
        super().increase_indent(flow, False)


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Return a text in quotes if it would be read as another value without them."""
    try:
        is_text = resolve(text) == text
    except ValueError:
        is_text = False
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_text else "'")


_Dumper.add_representer(str, _text_node)
_Dumper.add_representer(
    _Row,
    lambda dumper, row: dumper.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True),
)


def _extended(path: Path, actions: Sequence[Node]) -> str:
    """Return the text of a file with actions after the last one, comments kept."""
    text = path.read_text(encoding="utf-8").rstrip() + "\n"
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(tree, yaml.MappingNode):
        raise UsageError(f"{path}:1: is no overlay")
    key, value = tree.value[-1]
    is_block = isinstance(value, yaml.SequenceNode) and not value.flow_style
    if key.value != "actions" or not is_block:
        return text
    indent = " " * value.start_mark.column
    return text + "".join(f"{indent}{line}\n" for line in _text(list(actions)).splitlines())
