"""Overlay documents (OpenAPI Overlay Specification 1.0 and 1.1): read, checked, applied.

An action may have ``x-accepted``: ``owner``, ``reason`` and ``date`` of a known difference, its
``cause``, and the ``operations`` that showed it. A cause that no schema can express is an entry of
``x-contract-tests-accepted`` in the update of the document or of an operation: ``cause``; for
amounts also ``sizes`` by place; ``places``, if it is accepted there only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import jsonschema_rs
from openapi_spec_validator.schemas import schema_v30

from contract_tests.errors import UsageError
from contract_tests.openapi.contract import Contract, Json, Node
from contract_tests.openapi.reading import lines_of, read_document
from contract_tests.overlay.json_path import Location, Step, parse, select

ACCEPTED = "x-accepted"
CAUSES = "x-contract-tests-accepted"
_VERSION = re.compile(r"1\.[01]\.\d+")
_FIELDS = ("overlay", "info", "extends", "actions")
_INFO_FIELDS = ("title", "version", "description")
_ACTION_FIELDS = ("target", "description", "update", "remove")
_ACCEPTED_FIELDS = ("owner", "reason", "date", "cause", "operations")
_CAUSE_FIELDS = ("cause", "sizes", "places")


@dataclass(frozen=True)
class Action:
    """One change of the contract."""

    path: Path
    line: int
    target: str
    steps: Sequence[Step] = field(repr=False, compare=False)
    update: Json = None
    is_removal: bool = False
    accepted: Mapping[str, Any] = field(default_factory=dict)
    """The owner, reason, date and cause of a known difference; empty for any other change."""

    @property
    def place(self) -> str:
        """The file and the line."""
        return f"{self.path}:{self.line}"

    @property
    def reason(self) -> str:
        """By whom, why and since when it is accepted."""
        if not self.accepted:
            return f"changed by {self.place}"
        values = self.accepted
        return f"{values.get('owner')}: {values.get('reason')}, since {values.get('date')}"

    @property
    def causes(self) -> list[Node]:
        """The causes that it accepts and that no schema can express."""
        entries = self.update.get(CAUSES) if isinstance(self.update, dict) else None
        return entries if isinstance(entries, list) else []

    def apply(self, document: Node) -> int:
        """Change a document in place, and return how many nodes were selected. Raise ValueError."""
        found = select(document, list(self.steps))
        for location in reversed(found):
            if self.is_removal:
                _remove(document, location)
            else:
                _put(document, location, self.update)
        return len(found)


@dataclass(frozen=True)
class Overlay:
    """An overlay document."""

    path: Path
    actions: Sequence[Action]

    @classmethod
    def load(cls, path: Path) -> Overlay:
        """Read a file. Raise UsageError with the line that is wrong."""
        return _Reader(path).overlay()


def overlaid(contract: Contract, overlays: Sequence[Overlay]) -> Contract:
    """Return the contract with overlays applied. Raise UsageError with the line of an action."""
    actions = [action for overlay in overlays for action in overlay.actions]
    document = copied(contract.document)
    for action in actions:
        try:
            count = action.apply(document)
        except ValueError as error:
            raise UsageError(f"{action.place}: 'update' {error}") from None
        if not count:
            raise UsageError(
                f"{action.place}: the target {action.target} matches nothing in {contract.path}"
            )
    if _fault(document, contract) and not _fault(contract.document, contract):
        raise UsageError(_first_fault(contract, actions))
    return Contract(contract.path, document)


def applied(contract: Contract, actions: Sequence[Action]) -> Contract:
    """Return the contract with actions applied; those that cannot be applied are left out."""
    document = copied(contract.document)
    for action in actions:
        try:
            action.apply(document)
        except ValueError:
            continue
    return Contract(contract.path, document)


def copied(node: Json) -> Json:
    """Return a deep copy in which nothing is shared: aliases of YAML share what they name."""
    if isinstance(node, dict):
        return {key: copied(value) for key, value in node.items()}
    return [copied(value) for value in node] if isinstance(node, list) else node


def _first_fault(contract: Contract, actions: Sequence[Action]) -> str:
    document = copied(contract.document)
    for action in actions:
        action.apply(document)
        if fault := _fault(document, contract):
            return f"{action.place}: the change breaks the contract: {fault}"
    raise AssertionError("the document with all actions has a fault")


def _fault(document: Node, contract: Contract) -> str:
    """Return what makes a document no OpenAPI document; empty if it is one."""
    error = next(iter(_validator().iter_errors(document)), None)
    if error is not None:
        where = "".join(f"/{part}" for part in error.instance_path)
        return f"#{where} is not valid in OpenAPI 3.0 ({error.kind.name})"
    try:
        Contract(contract.path, document).operations  # noqa: B018 (reads all of it)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return str(error)
    return ""


@lru_cache(maxsize=1)
def _validator() -> jsonschema_rs.Draft4Validator:
    return jsonschema_rs.Draft4Validator(dict(schema_v30))


# ------------------------------------------------------------------------------------- application


def _remove(document: Node, location: Location) -> None:
    if not location:
        raise ValueError("cannot remove the document")
    parent = _at(document, location[:-1])
    del parent[location[-1]]


def _put(document: Node, location: Location, update: Json) -> None:
    node = _at(document, location)
    if isinstance(node, dict) and isinstance(update, dict):
        _merge(node, update, "")
    elif isinstance(node, list):
        node.extend(copied(update if isinstance(update, list) else [update]))
    elif isinstance(node, dict) or isinstance(update, dict | list):
        raise ValueError(f"must be {_noun(node)}, as the target is one")
    else:
        _at(document, location[:-1])[location[-1]] = update


def _merge(node: Node, update: Node, where: str) -> None:
    for key, value in update.items():
        place, old = f"{where}/{key}", node.get(key)
        if key not in node:
            node[key] = copied(value)
        elif isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value, place)
        elif isinstance(old, list) and isinstance(value, list):
            old.extend(copied(value))
        elif isinstance(old, dict | list) or isinstance(value, dict | list):
            raise ValueError(f"{place} must be {_noun(old)}, as it is in the contract")
        else:
            node[key] = value


def _at(document: Node, location: Location) -> Any:
    node: Any = document
    for key in location:
        node = node[key]
    return node


def _noun(node: Any) -> str:
    if isinstance(node, dict | list):
        return "an object" if isinstance(node, dict) else "a list"
    return "a single value"


# ----------------------------------------------------------------------------------------- reading


class _Reader:
    """Reads one file, and knows its lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._document = read_document(path)
        self._lines = lines_of(path)

    def overlay(self) -> Overlay:
        document = self._object("", self._document)
        version = document.get("overlay")
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            self._refuse("/overlay", "is no overlay: it has no line such as 'overlay: 1.1.0'")
        self._fields("", document, _FIELDS, ("info", "actions"))
        info = self._object("/info", document["info"])
        self._fields("/info", info, _INFO_FIELDS, ("title", "version"))
        actions = document["actions"]
        if not isinstance(actions, list) or not actions:
            self._refuse("/actions", "'actions' must be a list with at least one action")
        return Overlay(
            self._path, [self._action(index, node) for index, node in enumerate(actions)]
        )

    def _action(self, index: int, node: Any) -> Action:
        where = f"/actions/{index}"
        action = self._object(where, node)
        self._fields(where, action, _ACTION_FIELDS, ("target",))
        removal = action.get("remove", False)
        if not isinstance(removal, bool):
            self._refuse(f"{where}/remove", "'remove' must be true or false")
        if removal == ("update" in action):
            self._refuse(where, "an action has either 'update' or 'remove: true'")
        target = action["target"]
        try:
            steps = parse(str(target))
        except ValueError as error:
            self._refuse(f"{where}/target", f"'target' is no path: {error}")
        accepted = self._object(f"{where}/{ACCEPTED}", action.get(ACCEPTED, {}))
        if accepted:
            self._fields(f"{where}/{ACCEPTED}", accepted, _ACCEPTED_FIELDS, ("owner", "reason"))
        read = Action(
            self._path,
            self._lines(where),
            target,
            steps,
            action.get("update"),
            removal,
            accepted,
        )
        self._causes(where, action.get("update"))
        return read

    def _causes(self, where: str, update: Any) -> None:
        entries = update.get(CAUSES, []) if isinstance(update, dict) else []
        place = f"{where}/update/{CAUSES}"
        if not isinstance(entries, list):
            self._refuse(place, f"'{CAUSES}' must be a list of causes")
        for index, node in enumerate(entries):
            entry = self._object(f"{place}/{index}", node)
            self._fields(f"{place}/{index}", entry, _CAUSE_FIELDS, ("cause",))
            sizes = self._object(f"{place}/{index}/sizes", entry.get("sizes", {}))
            if not all(isinstance(known, list) for known in sizes.values()):
                self._refuse(f"{place}/{index}/sizes", "'sizes' has a list for each place")

    def _object(self, where: str, node: Any) -> Node:
        if not isinstance(node, dict):
            name = where.rpartition("/")[2]
            what = f"'{name}'" if name and not name.isdigit() else "it"
            self._refuse(where, f"{what} must be an object with fields")
        return dict(node)

    def _fields(
        self, where: str, node: Node, fields: Sequence[str], required: Sequence[str]
    ) -> None:
        for name in node:
            if name not in fields and not str(name).startswith("x-"):
                self._refuse(
                    f"{where}/{name}", f"'{name}' is no field here; the fields are {_list(fields)}"
                )
        missing = [name for name in required if name not in node]
        if missing:
            self._refuse(where, f"misses {_list(missing)}")

    def _refuse(self, where: str, why: str) -> NoReturn:
        raise UsageError(f"{self._path}:{self._lines(where)}: {why}")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
