"""Changes of the contract that make it accept the responses that were seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract_tests.drift.profile import json_type
from contract_tests.findings.causes import cause_of
from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange
from contract_tests.judge.form import FormJudge
from contract_tests.judge.response import of_breach
from contract_tests.openapi.contract import JSON, Contract, Node, Operation, Place
from contract_tests.openapi.provenance import unescape
from contract_tests.openapi.schemas import Breach
from contract_tests.overlay.document import copied
from contract_tests.overlay.json_path import path_of, quoted

_MAX_DEPTH = 20
_MAX_ENUM = 50
Key = tuple[str, str, str]


@dataclass
class Change:
    """One change: of what sort, at which place, and what was seen there."""

    sort: str
    """``property``, ``required``, ``null``, ``type``, ``enum``, ``drop``, ``header``, ``status``
    or ``media``."""
    pointer: str
    name: str
    cause: str
    """The key of the cause that it ends."""
    values: list[Any] = field(default_factory=list)
    operations: dict[str, None] = field(default_factory=dict)
    copy: Node | None = None
    """The shared schema to which the place refers: the place gets a copy of it, to be changed."""
    round: int = 0
    """The round in which it changed last."""


class Changes:
    """The changes that a contract needs, in the order in which they must be made."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._current = contract
        """The contract with the changes so far."""
        self._changes: dict[Key, Change] = {}
        self._round = 0
        self._copied: set[str] = set()
        """The places that do not refer to a shared schema any more."""
        self._required: dict[str, list[str]] = {}
        """The required properties of each object that lacked some, before the changes."""

    def __iter__(self) -> Iterator[Change]:
        return iter(self._changes.values())

    def actions(self) -> Iterator[tuple[Change, Node]]:
        """Yield the actions of an overlay, with their changes."""
        for change in self:
            if change.sort == "required" and self._lacks_all(change.pointer):
                if change is self._first(change):
                    # A list without entries is not valid.
                    yield change, _removal(f"{change.pointer}/required")
            elif change.copy is not None:
                yield change, _removal(f"{change.pointer}/$ref")
                yield change, {"target": path_of(change.pointer), "update": _copy(change)}
            else:
                yield change, _action_of(change, self._contract)

    def _first(self, change: Change) -> Change:
        same = change.sort, change.pointer
        return next(other for other in self if (other.sort, other.pointer) == same)

    def _lacks_all(self, pointer: str) -> bool:
        required = self._required[pointer]
        return all(("required", pointer, name) in self._changes for name in required)

    def next_round(self) -> None:
        """Begin to judge by the contract with the changes so far."""
        self._round += 1

    def note(self, judge: FormJudge, exchange: Exchange) -> bool:
        """Note what one response needs. Return whether that is new."""
        matched = judge.contract.match(exchange.method, exchange.path)
        found = judge.findings(exchange)
        if matched is None or not found:
            return False
        operation = matched[0]
        self._current = judge.contract
        is_new = [
            self._of_finding(finding, exchange)
            for finding in found
            if finding.kind not in ("response_schema", "unknown_field")
        ]
        if len(is_new) < len(found):
            is_new += [
                self._of_breach(breach, exchange, operation)
                for breach in _breaches(judge, exchange, operation)
            ]
        return any(is_new)

    def _of_finding(self, finding: Finding, exchange: Exchange) -> bool:
        cause = cause_of(finding).key
        if finding.kind == "undocumented_status":
            return self._add("status", finding.spec, str(exchange.status), cause, finding, exchange)
        if finding.kind == "content_type":
            pointer, name = finding.spec.removesuffix("/content"), exchange.media_type
            return bool(name) and self._add("media", pointer, name, cause, finding, exchange)
        if finding.keyword == "required":
            return self._add("header", finding.spec, "required", cause, finding)
        owner = finding.spec.rpartition("/")[0]
        if finding.keyword == "type":
            return self._add("drop", owner, "type", cause, finding)
        return self._add("drop", owner, finding.keyword, cause, finding)

    def _of_breach(self, breach: Breach, exchange: Exchange, operation: Operation) -> bool:
        finding = of_breach(breach, exchange, operation, self._contract)
        cause, value = cause_of(finding).key, breach.value
        name = unescape(breach.where.rpartition("/")[2])
        if breach.keyword == "unknown_field":
            return self._add("property", breach.spec, name, cause, finding, value)
        if breach.keyword == "required":
            place = self._current.at(breach.spec.rpartition("/properties/")[0])
            self._required.setdefault(place.pointer, place.node["required"])
            return self._add("required", place.pointer, name, cause, finding)
        if breach.keyword not in ("type", "enum"):
            owner = breach.spec.rpartition("/")[0]
            return self._add("drop", owner, breach.keyword, cause, finding)
        sort = "null" if value is None else breach.keyword
        owner, copy = self._own(breach.via.rpartition("/")[0])
        if self._change_failed(sort, owner):
            return self._add("drop", owner, breach.keyword, cause, finding)
        return self._add(sort, owner, sort, cause, finding, value, copy=copy)

    def _own(self, via: str) -> tuple[str, Node | None]:
        """Return a place before its own reference is followed, and the schema it refers to."""
        before, _, last = via.rpartition("/")
        parent = self._current.at(before)
        node: Any = parent.node
        child = node[int(last)] if isinstance(node, list) else node[unescape(last)]
        own = f"{parent.pointer}/{last}"
        is_shared = isinstance(child, dict) and "$ref" in child
        return own, self._current.at(own).node if is_shared else None

    def _change_failed(self, sort: str, pointer: str) -> bool:
        """Return whether a change was made in an earlier round and cannot be widened."""
        change = self._changes.get((sort, pointer, sort))
        return change is not None and change.round < self._round and sort != "type"

    def _add(
        self,
        sort: str,
        pointer: str,
        name: str,
        cause: str,
        finding: Finding,
        *values: Any,
        copy: Node | None = None,
    ) -> bool:
        """Add what was seen to a change. Return whether it is new."""
        if sort not in ("null", "type", "enum"):
            pointer = self._current.at(pointer).pointer  # overlays do not follow references
        key = sort, pointer, name
        is_new = key not in self._changes
        change = self._changes.setdefault(key, Change(sort, pointer, name, cause))
        if copy is not None and pointer not in self._copied:
            self._copied.add(pointer)
            change.copy = copy
        change.operations[finding.operation] = None
        for value in values:
            shown = json_type(value) if sort == "type" else value
            if sort in ("type", "enum") and shown in change.values:
                continue
            change.values.append(shown)
            is_new = is_new or sort in ("type", "enum")
        if is_new:
            change.round = self._round
        return is_new


def _breaches(judge: FormJudge, exchange: Exchange, operation: Operation) -> list[Breach]:
    response = operation.response(exchange.status)
    content = response.node.get("content") or {} if response is not None else {}
    media_type = exchange.media_type if exchange.media_type in content else JSON
    if response is None or "schema" not in content.get(media_type, {}):
        return []
    pointer = response.child("content", media_type, "schema")
    return list(judge.schemas.breaches(pointer, exchange.json))


# --------------------------------------------------------------------------------------- as actions


def _action_of(change: Change, contract: Contract) -> Node:
    """Return a change as an action of an overlay."""
    path, name, values = path_of(change.pointer), change.name, change.values
    if change.sort == "required":
        return {"target": f"{path}.required[?@ == {quoted(name)}]", "remove": True}
    if change.sort == "drop" or (change.sort == "type" and _type(values) is None):
        return _removal(f"{change.pointer}/{name}")
    return {"target": path, "update": _update(change, contract)}


def _copy(change: Change) -> Node:
    """Return the changed copy of a shared schema."""
    copy = copied(change.copy)
    if change.sort == "type":
        kept = {name: value for name, value in copy.items() if name != "type"}
        type = _type(change.values)
        return kept | ({"type": type} if type is not None else {})
    if change.sort == "enum":
        return {**copy, "enum": [*copy["enum"], *change.values[:_MAX_ENUM]]}
    return {**copy, "nullable": True}


def _removal(pointer: str) -> Node:
    return {"target": path_of(pointer), "remove": True}


def sentence_of(change: Change) -> str:
    """Return what a change says of the deployment."""
    name, values = change.name, change.values
    return {
        "property": f"'{name}' is sent, too",
        "required": f"'{name}' may be missing",
        "null": "may be null",
        "type": f"is {' or '.join(sorted(map(str, values)))}",
        "enum": f"may also be {', '.join(map(str, values[:3]))}",
        "drop": f"breaks the {name} of the contract",
        "header": "the header may be missing",
        "status": f"{name} is returned, too",
        "media": f"the media type may be {name}",
    }[change.sort]


def _update(change: Change, contract: Contract) -> Node:
    mark = {"x-provenance": "observed"} if contract.marks_provenance else {}
    updates: dict[str, Callable[[], Node]] = {
        "property": lambda: {"properties": {change.name: inferred(change.values) | mark}},
        "null": lambda: {"nullable": True},
        "type": lambda: {"type": _type(change.values)},
        "enum": lambda: {"enum": change.values[:_MAX_ENUM]},
        "header": lambda: {"required": False},
        "media": lambda: {"content": {change.name: _media(change.values)}},
        "status": lambda: {change.name: _response(change, contract) | mark},
    }
    return updates[change.sort]()


def _type(types: Sequence[str]) -> str | None:
    """Return the type that covers all types; None if there is none."""
    if set(types) == {"integer", "number"}:
        return "number"
    return types[0] if len(types) == 1 else None


def _media(exchanges: Sequence[Exchange]) -> Node:
    bodies = [exchange.json for exchange in exchanges]
    return {"schema": inferred(bodies)} if all(body is not None for body in bodies) else {}


def _response(change: Change, contract: Contract) -> Node:
    """Return a response with a schema of the operation that fits, or one that was inferred."""
    exchanges: list[Exchange] = change.values
    response: Node = {"description": "Seen, but not in the contract."}
    media_types = dict.fromkeys(exchange.media_type for exchange in exchanges)
    content: Node = {}
    for name in filter(None, media_types):
        shown = [exchange for exchange in exchanges if exchange.media_type == name]
        schema = _declared(change, contract, shown) if name == JSON else None
        content[name] = {"schema": schema} if schema is not None else _media(shown)
    return response | ({"content": content} if content else {})


def _declared(change: Change, contract: Contract, exchanges: Sequence[Exchange]) -> Node | None:
    """Return the schema of the first response of the same class; of errors, one that accepts."""
    operation = next(
        operation
        for operation in contract.operations.values()
        if operation.place.child("responses") == change.pointer
    )
    schemas = FormJudge(contract).schemas
    for status, place in operation.responses.items():
        pointer = place.child("content", JSON, "schema")
        is_alike = status // 100 == int(change.name) // 100
        if not is_alike or not _has(contract, pointer):
            continue
        fits = all(schemas.accepts(pointer, exchange.json) for exchange in exchanges)
        if fits or status < 400:
            schema: Node = copied(_raw(place))
            return schema
    return None


def _has(contract: Contract, pointer: str) -> bool:
    try:
        contract.at(pointer)
    except (KeyError, TypeError, IndexError):
        return False
    return True


def _raw(response: Place) -> Node:
    """Return the schema of a response as it is written, references kept."""
    schema: Node = response.node["content"][JSON]["schema"]
    return schema


def inferred(values: Sequence[Any], depth: int = 0) -> Node:
    """Return a schema that accepts the values, as strict as they are alike."""
    types = dict.fromkeys(map(json_type, values))
    node: Node = {"nullable": True} if "null" in types else {}
    type = _type([name for name in types if name != "null"])
    if type is None or depth > _MAX_DEPTH:
        return node
    node["type"] = type
    if type == "array":
        node["items"] = inferred([entry for value in values for entry in value or ()], depth + 1)
    if type == "object":
        shown = [value for value in values if value]
        names = dict.fromkeys(str(name) for value in shown for name in value)
        if names:
            node["properties"] = {
                name: inferred([value[name] for value in shown if name in value], depth + 1)
                for name in names
            }
    return node
