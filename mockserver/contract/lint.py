"""Lints a document: our habits as rules, one line for each finding.

The rules are in ``lint_rules`` and ``lint_schema_rules``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from mockserver.contract.parts import Node, Part
from mockserver.openapi import references
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.problems import Pointer, shorten, written


class Subject(Struct, frozen=True, dict=True):
    """The document that is linted."""

    contract: Contract

    @property
    def root(self) -> Part:
        """The whole document."""
        return Part(self.contract.document, self.contract.document, ())

    @cached_property
    def operations(self) -> list[tuple[Operation, Part]]:
        """The operations, each with its place."""
        return [
            (operation, self.root.get("paths", operation.path, operation.method))
            for operation in self.contract.operations.values()
        ]

    @cached_property
    def schemas(self) -> list[Part]:
        """All schemas, those within others included."""
        return [part for place, part in self.objects if references.is_schema(place)]

    @cached_property
    def objects(self) -> list[tuple[references.Place, Part]]:
        """All objects that are not values of the API."""
        root = self.contract.document
        return [
            (place, Part(root, node, tuple(references.pointer_of(place))))
            for place, node in references.objects(root)
        ]

    def parameters(self, operation: Operation, part: Part) -> Iterator[Part]:
        """Yield the parameters of an operation, where they are defined."""
        for owner in (self.root.get("paths", operation.path), part):
            for index in range(len(owner.object.get("parameters") or ())):
                yield owner.get("parameters", index).followed()

    @cached_property
    def sent(self) -> set[int]:
        """The identities of all schemas that request bodies and parameters reach."""
        roots: list[Part] = []
        for operation, part in self.operations:
            content = part.get("requestBody").followed().get("content")
            roots += [content.get(name, "schema") for name in content.object]
            roots += [found.get("schema") for found in self.parameters(operation, part)]
        return reached(roots)


def reached(roots: Sequence[Part]) -> set[int]:
    """Return the identities of all schemas that some schemas contain or refer to."""
    seen: set[int] = set()
    left = [part.node for part in roots if isinstance(part.node, dict)]
    root = roots[0].root if roots else {}
    while left:
        for place, node in references.objects(left.pop()):
            del place
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node.get("$ref"), str):
                target = Part(root, node, ()).followed().node
                left += [target] if isinstance(target, dict) and id(target) not in seen else []
    return seen


class Rule(Struct, frozen=True):
    """A habit, and what finds the parts of a document that break it."""

    name: str
    sentence: str
    """What the rule asks for."""
    find: Callable[[Subject], Iterator[tuple[Pointer, str]]]


class Finding(Struct, frozen=True):
    """A part of the document that breaks a rule."""

    rule: str
    pointer: Pointer
    text: str
    path: Path
    line: int | None

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        shown = "".join(letter if letter.isprintable() else "?" for letter in self.text)
        return f"{where}: {self.rule}: {written(self.pointer)}: {shown}"


def lint(contract: Contract, rules: Sequence[Rule]) -> list[Finding]:
    """Return all findings of some rules, by file and line."""
    subject = Subject(contract)
    found = [
        (rule.name, pointer, shorten(text))
        for rule in rules
        for pointer, text in dict.fromkeys(rule.find(subject))
    ]
    places = contract.problems.places([pointer for _, pointer, _ in found])
    findings = [
        Finding(rule, pointer, text, path, line)
        for (rule, pointer, text), (path, line) in zip(found, places, strict=True)
    ]
    return sorted(findings, key=lambda finding: (str(finding.path), finding.line or 0))


def texts(part: Part, *keywords: str) -> Iterator[tuple[str, str]]:
    """Yield the words of a part by keyword."""
    node: Node = part.object
    for keyword in keywords:
        value = node.get(keyword)
        if isinstance(value, str):
            yield keyword, value
